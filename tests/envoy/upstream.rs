//! The upstream of all clusters. It echoes each request in its response.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

/// The number of connections that are served at the same time. The client sends one request after the other.
const WORKERS: usize = 3;

/// Starts to serve on a socket, until the process ends. The header `x-echo` of each response has the head of the request
/// in hexadecimal digits, because a header value cannot contain all bytes.
pub fn start(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    for _ in 0..WORKERS {
        let listener = listener.try_clone().unwrap();
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                // The proxy reports a broken connection.
                drop(answer(stream));
            }
        });
    }
}

fn answer(mut stream: UnixStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            read => head.extend(&buffer[..read]),
        }
    }
    let digits: String = head.iter().map(|byte| format!("{byte:02x}")).collect();
    write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\nx-echo: {digits}\r\n\r\n")
}
