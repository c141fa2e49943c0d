//! Reading of files as text.

use std::fs;
use std::io::Read;

use super::files::{File, Input, describe};

/// The largest file, in bytes: offsets are 32 bits wide.
const LARGEST: usize = u32::MAX as usize;

/// The reason why a file has no text.
pub(super) enum ReadFailure {
    /// The file cannot be read.
    Unreadable(String),
    /// The file is not UTF-8.
    NotUtf8 {
        /// A part of the text, which equals the file up to `at`. Other bytes that are not UTF-8 are replaced.
        readable: String,
        /// The offset of the first byte that is not UTF-8.
        at: usize,
        /// The problem.
        message: String,
    },
}

/// Reads a file or standard input.
pub(super) fn read(file: &File) -> Result<String, ReadFailure> {
    let bytes = match &file.input {
        Input::Path(path) => fs::read(path),
        Input::Stdin { .. } => {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        }
    };
    let bytes = bytes.map_err(|error| ReadFailure::Unreadable(describe(&error)))?;
    if bytes.len() > LARGEST {
        return Err(ReadFailure::Unreadable("the file is larger than 4 GiB; split it".to_owned()));
    }
    String::from_utf8(bytes).map_err(|error| not_utf8(&error))
}

fn not_utf8(error: &std::string::FromUtf8Error) -> ReadFailure {
    let bytes = error.as_bytes();
    let at = error.utf8_error().valid_up_to();
    let message = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file is UTF-16, but manifests must be UTF-8".to_owned(),
        _ => format!("the file is not UTF-8: byte 0x{:02x} at offset {at} is not valid", bytes[at]),
    };
    // Binary files can be large, and only a short excerpt is shown.
    const SHOWN_AFTER: usize = 1024;
    let readable = String::from_utf8_lossy(&bytes[..bytes.len().min(at + SHOWN_AFTER)]).into_owned();
    ReadFailure::NotUtf8 { readable, at, message }
}
