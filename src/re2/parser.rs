//! RE2's grammar.
//!
//! One pass without recursion: open groups are on a stack, so that no expression can exhaust ours. Where RE2 reports one
//! of several errors, this is the same one.

use regex_syntax::hir::Look;

use super::charset::CharSet;
use super::class;
use super::cursor::Cursor;
use super::error::{Fault, InvalidRegex};
use super::escape::{LAST, escape};
use super::piece::Piece;
use super::unicode;

/// RE2 refuses larger counts, and products of nested ones.
const MOST_REPEATS: u64 = 1000;

/// What RE2's default memory budget (8 MiB, two thirds of it for this) holds of its instructions.
const MOST_INSTRUCTIONS: u64 = 698_992;

/// How deep an expression may nest. RE2 has no such limit; the automaton's builder recurses.
const DEEPEST: u32 = 100;

/// An expression as it was understood.
#[derive(Debug)]
pub(super) struct Parsed {
    /// What the expression means.
    pub piece: Piece,
    /// How many groups capture.
    pub groups: usize,
}

/// Reads an expression.
pub(super) fn parse(pattern: &str) -> Result<Parsed, InvalidRegex> {
    let mut parser = Parser::new(pattern);
    while parser.cursor.peek().is_some() {
        parser.step()?;
    }
    parser.finish()
}

/// What `(?imsU)` switches.
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_takes_newline: bool,
    lazy: bool,
}

/// A group that is not closed yet; the outermost one is the expression.
#[derive(Debug, Default)]
struct Open {
    /// Where its parenthesis is.
    at: usize,
    /// Its number, if it captures.
    capture: Option<u32>,
    /// The flags that hold again after it.
    flags: Flags,
    /// The alternatives before the current one.
    alternatives: Vec<Piece>,
    /// The current alternative.
    sequence: Vec<Piece>,
}

impl Open {
    fn end_alternative(&mut self) {
        self.alternatives.push(Piece::sequence(std::mem::take(&mut self.sequence)));
    }

    fn close(mut self) -> Piece {
        self.end_alternative();
        let inner = Piece::alternatives(self.alternatives);
        match self.capture {
            Some(index) => inner.captured(index),
            None => inner,
        }
    }
}

struct Parser<'p> {
    cursor: Cursor<'p>,
    pattern: &'p str,
    flags: Flags,
    groups: u32,
    /// The groups around [`Parser::current`].
    outer: Vec<Open>,
    current: Open,
    /// Where the repetition operator begins that was read last, if nothing was read since.
    operator: Option<usize>,
}

impl<'p> Parser<'p> {
    fn new(pattern: &'p str) -> Self {
        Self {
            cursor: Cursor::new(pattern),
            pattern,
            flags: Flags::default(),
            groups: 0,
            outer: Vec::new(),
            current: Open::default(),
            operator: None,
        }
    }

    /// Reads one thing.
    fn step(&mut self) -> Result<(), InvalidRegex> {
        let start = self.cursor.at();
        let last_operator = self.operator.take();
        let Some(letter) = self.cursor.peek() else { return Ok(()) };
        match letter {
            '(' if self.cursor.rest().starts_with("(?") => self.special_group()?,
            '(' => {
                self.cursor.skip(1);
                self.open(start, true);
            }
            ')' => self.close()?,
            '|' => {
                self.cursor.skip(1);
                self.current.end_alternative();
            }
            '[' => {
                let set = class::bracketed(&mut self.cursor, self.flags.fold_case)?;
                self.push(Piece::class(&set));
            }
            '\\' => self.escape()?,
            '*' | '+' | '?' => {
                self.cursor.skip(1);
                let (least, most) = match letter {
                    '*' => (0, None),
                    '+' => (1, None),
                    _ => (0, Some(1)),
                };
                self.repeat(start, last_operator, |piece, greedy| Ok(piece.repeated(least, most, greedy)))?;
            }
            '{' => match count(self.cursor.rest()) {
                Some((length, least, most)) => {
                    self.cursor.skip(length);
                    self.repeat_by_count(start, last_operator, least, most)?;
                }
                None => self.literal(),
            },
            '^' | '$' | '.' => {
                self.cursor.skip(1);
                let piece = self.anchor_or_dot(letter);
                self.push(piece);
            }
            _ => self.literal(),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Parsed, InvalidRegex> {
        if !self.outer.is_empty() {
            let open = self.current.at;
            return Err(self.cursor.fault_in(Fault::MissingParen, open..open + 1));
        }
        let piece = std::mem::take(&mut self.current).close();
        let whole = 0..self.pattern.len();
        if piece.instructions > MOST_INSTRUCTIONS {
            return Err(self.cursor.fault_in(Fault::TooLarge, whole));
        }
        if piece.depth > DEEPEST {
            return Err(self.cursor.fault_in(Fault::TooDeep, whole));
        }
        Ok(Parsed { piece, groups: self.groups as usize })
    }

    fn push(&mut self, piece: Piece) {
        self.current.sequence.push(piece);
    }

    fn literal(&mut self) {
        if let Some(letter) = self.cursor.take() {
            self.push(Piece::literal(letter.into(), self.flags.fold_case));
        }
    }

    fn anchor_or_dot(&self, letter: char) -> Piece {
        match (letter, self.flags.multi_line, self.flags.dot_takes_newline) {
            ('^', false, _) => Piece::look(Look::Start),
            ('^', true, _) => Piece::look(Look::StartLF),
            ('$', false, _) => Piece::look(Look::End),
            ('$', true, _) => Piece::look(Look::EndLF),
            (_, _, true) => Piece::class(&CharSet::of(&[(0, LAST)])),
            (_, _, false) => Piece::class(&CharSet::of(&[(0, 0x09), (0x0B, LAST)])),
        }
    }

    /// A backslash and what it makes of the next letters.
    fn escape(&mut self) -> Result<(), InvalidRegex> {
        for (written, look) in
            [(r"\A", Look::Start), (r"\z", Look::End), (r"\b", Look::WordAscii), (r"\B", Look::WordAsciiNegate)]
        {
            if self.cursor.eat(written) {
                self.push(Piece::look(look));
                return Ok(());
            }
        }
        if self.cursor.eat(r"\C") {
            self.push(Piece::any_byte());
        } else if self.cursor.eat(r"\Q") {
            while !self.cursor.rest().is_empty() && !self.cursor.eat(r"\E") {
                self.literal();
            }
        } else if let Some(set) = class::escaped(&mut self.cursor, self.flags.fold_case, false)? {
            self.push(Piece::class(&set));
        } else {
            let code = escape(&mut self.cursor)?;
            self.push(Piece::literal(code, self.flags.fold_case));
        }
        Ok(())
    }

    /// Ends a repetition operator that starts at an offset and was read but for its `?`, and applies it to what was
    /// pushed last.
    fn repeat(
        &mut self,
        start: usize,
        last_operator: Option<usize>,
        apply: impl FnOnce(Piece, bool) -> Result<Piece, Fault>,
    ) -> Result<(), InvalidRegex> {
        let greedy = self.cursor.eat("?") == self.flags.lazy;
        if let Some(last) = last_operator {
            return Err(self.cursor.fault(Fault::RepeatOperator, last));
        }
        let repeated = match self.current.sequence.pop() {
            Some(piece) => apply(piece, greedy),
            None => Err(Fault::RepeatArgument),
        };
        let piece = repeated.map_err(|fault| self.cursor.fault(fault, start))?;
        self.push(piece);
        self.operator = Some(start);
        Ok(())
    }

    fn repeat_by_count(
        &mut self,
        start: usize,
        last_operator: Option<usize>,
        least: u64,
        most: Option<u64>,
    ) -> Result<(), InvalidRegex> {
        let too_many = least > MOST_REPEATS || most.is_some_and(|most| most > MOST_REPEATS || most < least);
        if too_many && last_operator.is_none() {
            self.cursor.eat("?");
            return Err(self.cursor.fault(Fault::RepeatSize, start));
        }
        // Both fit: they are at most a thousand, or this fails before it applies them.
        let (least, most) = (least as u32, most.map(|most| most as u32));
        self.repeat(start, last_operator, |piece, greedy| {
            let piece = piece.counted(least, most, greedy);
            let multiplies = least >= 2 || most.is_some_and(|most| most >= 2);
            if multiplies && piece.copies > MOST_REPEATS { Err(Fault::RepeatSize) } else { Ok(piece) }
        })
    }

    fn open(&mut self, at: usize, captures: bool) {
        let capture = captures.then(|| {
            self.groups += 1;
            self.groups
        });
        let group = Open { at, capture, flags: self.flags, ..Open::default() };
        self.outer.push(std::mem::replace(&mut self.current, group));
    }

    fn close(&mut self) -> Result<(), InvalidRegex> {
        let start = self.cursor.at();
        self.cursor.skip(1);
        let Some(outer) = self.outer.pop() else {
            return Err(self.cursor.fault(Fault::UnexpectedParen, start));
        };
        let group = std::mem::replace(&mut self.current, outer);
        self.flags = group.flags;
        self.push(group.close());
        Ok(())
    }

    /// Reads what begins with `(?`: a group with a name or without a number, or flags.
    fn special_group(&mut self) -> Result<(), InvalidRegex> {
        let start = self.cursor.at();
        let rest = self.cursor.rest();
        // What is too short to be anything else is reported for its last letter.
        for looks_around in ["(?=", "(?!", "(?<=", "(?<!"] {
            if rest.len() > looks_around.len() && rest.starts_with(looks_around) {
                self.cursor.skip(looks_around.len());
                return Err(self.cursor.fault(Fault::PerlOperator, start));
            }
        }
        for opening in ["(?P<", "(?<"] {
            if rest.len() > opening.len() && rest.starts_with(opening) {
                return self.named_group(opening);
            }
        }
        self.flags()
    }

    fn named_group(&mut self, opening: &str) -> Result<(), InvalidRegex> {
        let start = self.cursor.at();
        self.cursor.skip(opening.len());
        let Some((name, _)) = self.cursor.rest().split_once('>') else {
            return Err(self.cursor.fault_to_end(Fault::GroupName, start));
        };
        self.cursor.skip(name.len() + 1);
        if name.is_empty() || !name.chars().all(unicode::is_name_letter) {
            return Err(self.cursor.fault(Fault::GroupName, start));
        }
        self.open(start, true);
        Ok(())
    }

    /// Reads `(?i)`, `(?i-m:` and the like.
    fn flags(&mut self) -> Result<(), InvalidRegex> {
        let start = self.cursor.at();
        self.cursor.skip(2);
        let mut flags = self.flags;
        let mut on = true;
        // A minus has to be followed by flags.
        let mut minus_waits = false;
        loop {
            let letter = self.cursor.take();
            match letter {
                Some('i') => flags.fold_case = on,
                Some('m') => flags.multi_line = on,
                Some('s') => flags.dot_takes_newline = on,
                Some('U') => flags.lazy = on,
                Some('-') if on => on = false,
                Some(':' | ')') if !minus_waits => {
                    if letter == Some(':') {
                        self.open(start, false);
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => return Err(self.cursor.fault(Fault::PerlOperator, start)),
            }
            minus_waits = letter == Some('-');
        }
    }
}

/// The count that a text begins with (`{2}`, `{2,}`, `{2,3}`), and how long it is. Another brace is a letter as any.
fn count(text: &str) -> Option<(usize, u64, Option<u64>)> {
    let (least, rest) = number(text.strip_prefix('{')?)?;
    let (most, rest) = match rest.strip_prefix(',') {
        None => (Some(least), rest),
        Some(rest) if rest.starts_with('}') => (None, rest),
        Some(rest) => number(rest).map(|(most, rest)| (Some(most), rest))?,
    };
    let rest = rest.strip_prefix('}')?;
    Some((text.len() - rest.len(), least, most))
}

/// A number as RE2 reads it: without leading zeros, and of nine digits at most.
fn number(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    if digits > 9 || (digits > 1 && number.starts_with('0')) {
        return None;
    }
    Some((number.parse().ok()?, rest))
}
