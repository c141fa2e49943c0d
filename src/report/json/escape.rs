//! Characters that JSON may contain, but logs and terminals should not get.

use std::io;

use crate::report::visible::is_unsafe;

/// Whether some bytes may contain a character to escape.
fn may_need_escapes(bytes: &[u8]) -> bool {
    !bytes.is_ascii() || bytes.contains(&0x7f)
}

/// Escapes unsafe characters in JSON, which can only be inside of its strings.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        // All of them are in the basic plane.
        match is_unsafe(character) && character != '\n' {
            true => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => out.push(character),
        }
    }
    out
}

/// Escapes unsafe characters in the end of some JSON.
pub(super) fn escape_from(json: &mut Vec<u8>, start: usize) {
    if !may_need_escapes(&json[start..]) {
        return;
    }
    if let Ok(text) = std::str::from_utf8(&json[start..]) {
        let text = escaped(text);
        json.truncate(start);
        json.extend_from_slice(text.as_bytes());
    }
}

/// A writer of JSON that escapes unsafe characters. Each write has whole characters.
pub(super) struct Escaping<'w>(pub &'w mut dyn io::Write);

impl io::Write for Escaping<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(bytes) {
            Ok(text) if may_need_escapes(bytes) => self.0.write_all(escaped(text).as_bytes())?,
            _ => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_do_not_change_the_value() {
        let value = serde_json::json!({"a\u{7f}": ["\u{1b}[2J", "\u{9b}31m\u{202e}", "ü\n"]});
        let mut line = b"\xc2\x9b".to_vec();
        line.extend(serde_json::to_vec(&value).unwrap());
        escape_from(&mut line, 2);
        let mut pretty = Vec::new();
        serde_json::to_writer_pretty(Escaping(&mut pretty), &value).unwrap();
        for json in [&line[2..], &pretty] {
            let text = std::str::from_utf8(json).unwrap();
            assert!(!text.chars().any(|it| is_unsafe(it) && it != '\n'), "{text}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(text).unwrap(), value);
        }
        assert_eq!(&line[..2], b"\xc2\x9b");
    }
}
