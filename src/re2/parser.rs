//! A parser of RE2's grammar.
//!
//! It makes one pass without recursion: open groups are on a heap-allocated stack, which no expression can exhaust. Of
//! several errors, it reports the same one as RE2.

use regex_syntax::hir::Look;

use super::charset::CharSet;
use super::class;
use super::cursor::Cursor;
use super::error::{ErrorCode, InvalidRegex};
use super::escape::{LAST, escape};
use super::fragment::Fragment;
use super::unicode;

/// The largest repeat count, and product of nested counts, that RE2 accepts.
const MOST_REPEATS: u64 = 1000;

/// The number of instructions that fit into RE2's default memory budget: two thirds of 8 MiB.
const MOST_INSTRUCTIONS: u64 = 698_992;

/// The deepest nesting. RE2 has no such limit, but the automaton's builder recurses.
const DEEPEST: u32 = 100;

/// A parsed expression.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The expression.
    pub fragment: Fragment,
    /// The number of capturing groups.
    pub groups: usize,
}

/// Parses an expression.
pub(super) fn parse(pattern: &str) -> Result<Parsed, InvalidRegex> {
    let mut parser = PatternParser::new(pattern);
    while parser.cursor.peek().is_some() {
        parser.step()?;
    }
    parser.finish()
}

/// The flags of `(?imsU)`.
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_takes_newline: bool,
    lazy: bool,
}

/// A group that is not closed yet. The outermost one is the expression.
#[derive(Debug, Default)]
struct OpenGroup {
    /// The offset of its parenthesis.
    at: usize,
    /// Its number, if it captures.
    capture: Option<u32>,
    /// The flags that its end restores.
    flags: Flags,
    /// The alternatives before the current one.
    alternatives: Vec<Fragment>,
    /// The current alternative.
    sequence: Vec<Fragment>,
}

impl OpenGroup {
    fn end_alternative(&mut self) {
        self.alternatives.push(Fragment::sequence(std::mem::take(&mut self.sequence)));
    }

    fn close(mut self) -> Fragment {
        self.end_alternative();
        let inner = Fragment::alternatives(self.alternatives);
        match self.capture {
            Some(index) => inner.captured(index),
            None => inner,
        }
    }
}

struct PatternParser<'p> {
    cursor: Cursor<'p>,
    pattern: &'p str,
    flags: Flags,
    groups: u32,
    /// The groups around `current`.
    outer: Vec<OpenGroup>,
    current: OpenGroup,
    /// The offset of a repetition operator directly before the cursor.
    operator: Option<usize>,
}

impl<'p> PatternParser<'p> {
    fn new(pattern: &'p str) -> Self {
        Self {
            cursor: Cursor::new(pattern),
            pattern,
            flags: Flags::default(),
            groups: 0,
            outer: Vec::new(),
            current: OpenGroup::default(),
            operator: None,
        }
    }

    /// Reads one element.
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
                self.push(Fragment::class(&set));
            }
            '\\' => self.escape()?,
            '*' | '+' | '?' => {
                self.cursor.skip(1);
                let (least, most) = match letter {
                    '*' => (0, None),
                    '+' => (1, None),
                    _ => (0, Some(1)),
                };
                self.repeat(start, last_operator, |fragment, greedy| Ok(fragment.repeated(least, most, greedy)))?;
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
                let fragment = self.anchor_or_dot(letter);
                self.push(fragment);
            }
            _ => self.literal(),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Parsed, InvalidRegex> {
        if !self.outer.is_empty() {
            let open = self.current.at;
            return Err(self.cursor.fault_in(ErrorCode::MissingParen, open..open + 1));
        }
        let fragment = std::mem::take(&mut self.current).close();
        let whole = 0..self.pattern.len();
        if fragment.instructions > MOST_INSTRUCTIONS {
            return Err(self.cursor.fault_in(ErrorCode::TooLarge, whole));
        }
        if fragment.depth > DEEPEST {
            return Err(self.cursor.fault_in(ErrorCode::TooDeep, whole));
        }
        Ok(Parsed { fragment, groups: self.groups as usize })
    }

    fn push(&mut self, fragment: Fragment) {
        self.current.sequence.push(fragment);
    }

    fn literal(&mut self) {
        if let Some(letter) = self.cursor.take() {
            self.push(Fragment::literal(letter.into(), self.flags.fold_case));
        }
    }

    fn anchor_or_dot(&self, letter: char) -> Fragment {
        match (letter, self.flags.multi_line, self.flags.dot_takes_newline) {
            ('^', false, _) => Fragment::look(Look::Start),
            ('^', true, _) => Fragment::look(Look::StartLF),
            ('$', false, _) => Fragment::look(Look::End),
            ('$', true, _) => Fragment::look(Look::EndLF),
            (_, _, true) => Fragment::class(&CharSet::of(&[(0, LAST)])),
            (_, _, false) => Fragment::class(&CharSet::of(&[(0, 0x09), (0x0B, LAST)])),
        }
    }

    /// Reads an escape sequence.
    fn escape(&mut self) -> Result<(), InvalidRegex> {
        for (written, look) in
            [(r"\A", Look::Start), (r"\z", Look::End), (r"\b", Look::WordAscii), (r"\B", Look::WordAsciiNegate)]
        {
            if self.cursor.eat(written) {
                self.push(Fragment::look(look));
                return Ok(());
            }
        }
        if self.cursor.eat(r"\C") {
            self.push(Fragment::any_byte());
        } else if self.cursor.eat(r"\Q") {
            while !self.cursor.rest().is_empty() && !self.cursor.eat(r"\E") {
                self.literal();
            }
        } else if let Some(set) = class::escaped(&mut self.cursor, self.flags.fold_case, false)? {
            self.push(Fragment::class(&set));
        } else {
            let code = escape(&mut self.cursor)?;
            self.push(Fragment::literal(code, self.flags.fold_case));
        }
        Ok(())
    }

    /// Completes a repetition operator, of which everything but a final `?` is read, and applies it to the last
    /// fragment.
    fn repeat(
        &mut self,
        start: usize,
        last_operator: Option<usize>,
        apply: impl FnOnce(Fragment, bool) -> Result<Fragment, ErrorCode>,
    ) -> Result<(), InvalidRegex> {
        let greedy = self.cursor.eat("?") == self.flags.lazy;
        if let Some(last) = last_operator {
            return Err(self.cursor.fault(ErrorCode::RepeatOperator, last));
        }
        let repeated = match self.current.sequence.pop() {
            Some(fragment) => apply(fragment, greedy),
            None => Err(ErrorCode::RepeatArgument),
        };
        let fragment = repeated.map_err(|fault| self.cursor.fault(fault, start))?;
        self.push(fragment);
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
            return Err(self.cursor.fault(ErrorCode::RepeatSize, start));
        }
        // Larger counts fail before they are applied.
        let (least, most) = (least as u32, most.map(|most| most as u32));
        self.repeat(start, last_operator, |fragment, greedy| {
            let fragment = fragment.counted(least, most, greedy);
            let multiplies = least >= 2 || most.is_some_and(|most| most >= 2);
            if multiplies && fragment.copies > MOST_REPEATS { Err(ErrorCode::RepeatSize) } else { Ok(fragment) }
        })
    }

    fn open(&mut self, at: usize, captures: bool) {
        let capture = captures.then(|| {
            self.groups += 1;
            self.groups
        });
        let group = OpenGroup { at, capture, flags: self.flags, ..OpenGroup::default() };
        self.outer.push(std::mem::replace(&mut self.current, group));
    }

    fn close(&mut self) -> Result<(), InvalidRegex> {
        let start = self.cursor.at();
        self.cursor.skip(1);
        let Some(outer) = self.outer.pop() else {
            return Err(self.cursor.fault(ErrorCode::UnexpectedParen, start));
        };
        let group = std::mem::replace(&mut self.current, outer);
        self.flags = group.flags;
        self.push(group.close());
        Ok(())
    }

    /// Reads a construct that begins with `(?`: a named or non-capturing group, or flags.
    fn special_group(&mut self) -> Result<(), InvalidRegex> {
        let start = self.cursor.at();
        let rest = self.cursor.rest();
        // RE2 reports a shorter rest as an error of its last letter.
        for looks_around in ["(?=", "(?!", "(?<=", "(?<!"] {
            if rest.len() > looks_around.len() && rest.starts_with(looks_around) {
                self.cursor.skip(looks_around.len());
                return Err(self.cursor.fault(ErrorCode::PerlOperator, start));
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
            return Err(self.cursor.fault_to_end(ErrorCode::GroupName, start));
        };
        self.cursor.skip(name.len() + 1);
        if name.is_empty() || !name.chars().all(unicode::is_name_letter) {
            return Err(self.cursor.fault(ErrorCode::GroupName, start));
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
        // A flag must follow a minus.
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
                _ => return Err(self.cursor.fault(ErrorCode::PerlOperator, start)),
            }
            minus_waits = letter == Some('-');
        }
    }
}

/// The repeat count at the start of a text (`{2}`, `{2,}`, `{2,3}`), and its length. Any other brace is a literal.
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

/// A number as RE2 reads it: without leading zeros, and with at most nine digits.
fn number(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    if digits > 9 || (digits > 1 && number.starts_with('0')) {
        return None;
    }
    Some((number.parse().ok()?, rest))
}
