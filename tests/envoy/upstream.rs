//! The upstream of all clusters: it answers with the request that it got.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

/// As many requests at a time can be answered; one client asks one after the other.
const WORKERS: usize = 3;

/// Starts answering on a socket, for the rest of the process. The answer's header `x-echo` has the request's head in
/// hexadecimal digits, so that bytes which no header could hold get back.
pub fn start(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    for _ in 0..WORKERS {
        let listener = listener.try_clone().unwrap();
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                // A connection that breaks is the proxy's to report.
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
