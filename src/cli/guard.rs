//! A guard against commands in the output: CI systems carry out lines that look like one.

use std::io::{self, Write};

/// Writes text so that no line begins with a workflow command of GitHub (`::error::`) or a logging command of Azure
/// (`##vso[…]`, `##[…]`). Names from manifests could otherwise hide or fake messages, or set variables.
pub struct Guard<W> {
    out: W,
    state: State,
}

/// The place of the next byte on its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The start of a line, and blanks.
    Start,
    /// Characters at the start of a line that may begin a command, and are held back.
    Held(&'static [u8]),
    /// Something else on the line.
    Inside,
}

impl<W: Write> Guard<W> {
    pub fn new(out: W) -> Self {
        Self { out, state: State::Start }
    }

    /// Writes what is held back, unless the next byte makes it a command: then its first character is escaped.
    fn release(&mut self, held: &[u8], next: Option<u8>) -> io::Result<()> {
        let is_command = matches!((held, next), (b":", Some(b':')) | (b"##", Some(b'[' | b'v')));
        let first = held[0];
        match is_command {
            true => write!(self.out, "\\u{{{first:x}}}")?,
            false => self.out.write_all(&held[..1])?,
        }
        self.out.write_all(&held[1..])
    }
}

impl<W: Write> Write for Guard<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some((&first, others)) = rest.split_first() {
            match (self.state, first) {
                (State::Inside, _) => {
                    let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
                    self.out.write_all(&rest[..end])?;
                    if rest[end - 1] == b'\n' {
                        self.state = State::Start;
                    }
                    rest = &rest[end..];
                    continue;
                }
                (State::Start, b' ' | b'\t' | b'\r' | b'\n') => self.out.write_all(&[first])?,
                (State::Start, b':') => self.state = State::Held(b":"),
                (State::Start, b'#') => self.state = State::Held(b"#"),
                (State::Held(b"#"), b'#') => self.state = State::Held(b"##"),
                (State::Start, _) => {
                    self.state = State::Inside;
                    continue;
                }
                (State::Held(held), next) => {
                    self.release(held, Some(next))?;
                    self.state = State::Inside;
                    continue;
                }
            }
            rest = others;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if let State::Held(held) = self.state {
            self.release(held, None)?;
            self.state = State::Inside;
        }
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The output for some writes.
    fn guarded(writes: &[&str]) -> String {
        let mut guard = Guard::new(Vec::new());
        writes.iter().for_each(|text| guard.write_all(text.as_bytes()).unwrap());
        guard.flush().unwrap();
        String::from_utf8(guard.out).unwrap()
    }

    #[test]
    fn no_line_begins_with_a_command() {
        for (text, expected) in [
            ("::error::x\n", "\\u{3a}:error::x\n"),
            ("a ::error::x\n  ::add-mask::y\n", "a ::error::x\n  \\u{3a}:add-mask::y\n"),
            ("##[group]\n##vso[task]\n", "\\u{23}#[group]\n\\u{23}#vso[task]\n"),
            ("## Heading\n### Heading\n# x\n#", "## Heading\n### Heading\n# x\n#"),
            (": a\n:\n:", ": a\n:\n:"),
            ("{\n  \"a\": 1\n}\n", "{\n  \"a\": 1\n}\n"),
        ] {
            assert_eq!(guarded(&[text]), expected);
            let each: Vec<String> = text.chars().map(String::from).collect();
            assert_eq!(guarded(&each.iter().map(String::as_str).collect::<Vec<_>>()), expected);
        }
    }
}
