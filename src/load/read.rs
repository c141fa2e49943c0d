//! From a file to its text.

use std::fs;
use std::io::Read;

use super::files::{File, Input, describe};

/// Positions are 32 bits wide.
const LARGEST: usize = u32::MAX as usize;

/// Why a file has no text.
pub(super) enum Failure {
    /// The file cannot be read.
    Unreadable(String),
    /// It can, but is not UTF-8.
    NotText {
        /// The text with what is not UTF-8 replaced; it is right up to `at`.
        readable: String,
        /// Byte offset of the first byte that is not UTF-8.
        at: usize,
        /// What is wrong.
        message: String,
    },
}

/// Reads a file or standard input.
pub(super) fn read(file: &File) -> Result<String, Failure> {
    let bytes = match &file.input {
        Input::Path(path) => fs::read(path),
        Input::Stdin => {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        }
    };
    let bytes = bytes.map_err(|error| Failure::Unreadable(describe(&error)))?;
    if bytes.len() > LARGEST {
        return Err(Failure::Unreadable("it is larger than 4 GiB; split it".to_owned()));
    }
    String::from_utf8(bytes).map_err(|error| not_text(&error))
}

fn not_text(error: &std::string::FromUtf8Error) -> Failure {
    let bytes = error.as_bytes();
    let at = error.utf8_error().valid_up_to();
    let message = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file is UTF-16; manifests are UTF-8".to_owned(),
        _ => format!("byte 0x{:02x} at offset {at} is not UTF-8", bytes[at]),
    };
    // Binary files can be large, and nobody reads their excerpt: the part before the fault and a little more will do.
    const SHOWN_AFTER: usize = 1024;
    let readable = String::from_utf8_lossy(&bytes[..bytes.len().min(at + SHOWN_AFTER)]).into_owned();
    Failure::NotText { readable, at, message }
}
