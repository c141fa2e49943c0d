//! An HTTP/1.1 client that sends any bytes.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::case::ClientRequest;

/// A client with a connection to a proxy. It reconnects after the proxy closes the connection.
pub struct Client {
    socket: PathBuf,
    stream: Option<UnixStream>,
}

/// The head of a message: its first line, and its headers with names in lower case.
#[derive(Default)]
pub struct Head {
    /// The first line.
    pub first: Vec<u8>,
    /// The headers.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = String::from_utf8_lossy;
        let lines = self.headers.iter().map(|(name, value)| format!("{name}: {}", shown(value)));
        f.debug_list().entry(&shown(&self.first)).entries(lines).finish()
    }
}

impl Head {
    /// Reads a head.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut lines = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let first = lines.next().unwrap_or_default().to_vec();
        let headers = lines.filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
            Some((name, line[colon + 1..].trim_ascii().to_vec()))
        });
        Self { first, headers: headers.collect() }
    }

    /// The values of a header.
    pub fn values<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s [u8]> {
        self.headers.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_slice())
    }

    /// The first value of a header as text; empty if the header is missing.
    pub fn text(&self, name: &str) -> String {
        self.values(name).next().map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
    }
}

impl Client {
    /// A client of the proxy that listens on a socket.
    pub fn new(socket: &Path) -> Self {
        Self { socket: socket.to_owned(), stream: None }
    }

    /// Sends a request and waits for the head of the response.
    pub fn send(&mut self, request: &ClientRequest) -> io::Result<Head> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => UnixStream::connect(&self.socket)?,
        };
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(&message(request))?;
        let (head, closes) = receive(&mut stream, request.method == "HEAD")?;
        self.stream = (!closes).then_some(stream);
        Ok(head)
    }
}

fn message(request: &ClientRequest) -> Vec<u8> {
    let mut message = format!("{} ", request.method).into_bytes();
    message.extend(&request.target);
    message.extend(format!(" HTTP/1.1\r\nHost: {}\r\n", request.host).bytes());
    for header in &request.headers {
        message.extend(format!("{}: ", header.name).bytes());
        message.extend(&header.value);
        message.extend(b"\r\n");
    }
    message.extend(b"\r\n");
    message
}

/// The head of a response, and whether the connection closes after it.
fn receive(stream: &mut UnixStream, has_no_body: bool) -> io::Result<(Head, bool)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => bytes.extend(&buffer[..read]),
        }
    };
    let head = Head::parse(&bytes[..end]);
    let length: usize = head.text("content-length").parse().unwrap_or(0);
    let mut missing = if has_no_body { 0 } else { (end + length).saturating_sub(bytes.len()) };
    while missing > 0 {
        let wanted = missing.min(buffer.len());
        stream.read_exact(&mut buffer[..wanted])?;
        missing -= wanted;
    }
    let closes = head.text("connection") == "close" || !head.text("transfer-encoding").is_empty();
    Ok((head, closes))
}
