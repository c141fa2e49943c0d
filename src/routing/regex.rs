//! Regular expressions as Envoy runs them: RE2, and the whole text has to match.
//!
//! The engine is Rust's, whose syntax differs from RE2's in places. [`translate`] rewrites what means something else
//! there and refuses what RE2 refuses, as far as people write it.
//!
//! Envoy has RE2 take every byte for a character of Latin-1, in expressions and in texts: `.` is one byte of `é`. The
//! engine gets the same characters as UTF-8 ([`characters`]).

use std::borrow::Cow;
use std::fmt;

use regex_automata::meta;

/// A compiled expression.
#[derive(Clone)]
pub struct Regex {
    source: String,
    engine: meta::Regex,
}

/// Why an expression is none of RE2's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRegex(pub String);

/// RE2 refuses larger counts.
const MOST_REPEATS: u32 = 1000;

/// What a compiled expression may need, so that one expression cannot eat the memory.
const LARGEST: usize = 8 << 20;

impl Regex {
    /// Compiles an expression that has to match a whole text.
    pub fn new(source: &str) -> Result<Self, InvalidRegex> {
        let whole = format!("^(?:{})$", translate(&expression(source))?);
        let engine = meta::Regex::builder()
            .configure(meta::Config::new().nfa_size_limit(Some(LARGEST)))
            .build(&whole)
            .map_err(|error| InvalidRegex(first_line(&error)))?;
        Ok(Self { source: source.to_owned(), engine })
    }

    /// Compiles an expression that may match anywhere.
    pub fn unanchored(source: &str) -> Result<Self, InvalidRegex> {
        let engine =
            meta::Regex::new(&translate(&expression(source))?).map_err(|error| InvalidRegex(first_line(&error)))?;
        Ok(Self { source: source.to_owned(), engine })
    }

    /// Whether the expression matches.
    pub fn matches(&self, text: &[u8]) -> bool {
        self.engine.is_match(characters(text).as_ref())
    }

    /// Replaces every match; `\1` in the replacement stands for the first group.
    pub fn replace_all(&self, text: &[u8], replacement: &[u8]) -> Vec<u8> {
        let text = characters(text);
        let mut replaced = Vec::new();
        let mut end = 0;
        for captures in self.engine.captures_iter(text.as_ref()) {
            let Some(whole) = captures.get_match() else { continue };
            replaced.extend(bytes(&text[end..whole.start()]).as_ref());
            let group = |group| captures.get_group(group).map_or(Cow::Borrowed(&[][..]), |it| bytes(&text[it.range()]));
            expand(replacement, group, &mut replaced);
            end = whole.end();
        }
        replaced.extend(bytes(&text[end..]).as_ref());
        replaced
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Regex").field(&self.source).finish()
    }
}

fn first_line(error: &meta::BuildError) -> String {
    let text = error.syntax_error().map_or_else(|| error.to_string(), ToString::to_string);
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// Every byte as the character of Latin-1 that it is, in UTF-8.
fn characters(text: &[u8]) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes())
}

/// The bytes that [`characters`] made characters of.
fn bytes(characters: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(characters) {
        Ok(text) if !text.is_ascii() => text.chars().filter_map(|letter| u8::try_from(letter).ok()).collect(),
        _ => Cow::Borrowed(characters),
    }
}

/// An expression with every byte as a character.
fn expression(source: &str) -> Cow<'_, str> {
    if source.is_ascii() { Cow::Borrowed(source) } else { source.bytes().map(char::from).collect() }
}

fn expand<'t>(replacement: &[u8], group: impl Fn(usize) -> Cow<'t, [u8]>, out: &mut Vec<u8>) {
    let mut letters = replacement.iter();
    while let Some(&letter) = letters.next() {
        if letter != b'\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some(digit) if digit.is_ascii_digit() => out.extend(group(usize::from(digit - b'0')).as_ref()),
            Some(&other) => out.push(other),
            None => out.push(letter),
        }
    }
}

/// Rewrites an expression of RE2's so that Rust's engine takes it for the same.
fn translate(source: &str) -> Result<String, InvalidRegex> {
    let letters: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len() + 8);
    let mut at = 0;
    let mut after_repetition = false;
    while at < letters.len() {
        let rest = &letters[at..];
        let (taken, is_repetition) = match rest {
            ['\\', 'Q', ..] => (literal_run(rest, &mut out), false),
            ['\\', escaped, ..] => (escape(*escaped, false, &mut out)?, false),
            ['[', ..] => (class(rest, &mut out)?, false),
            ['(', '?', ..] => (group(rest, &mut out)?, false),
            ['{', ..] => repetition(rest, &mut out)?,
            ['*' | '+' | '?', ..] => {
                let lazy = usize::from(rest.get(1) == Some(&'?'));
                out.extend(&rest[..=lazy]);
                (1 + lazy, true)
            }
            [letter, ..] => {
                out.push(*letter);
                (1, false)
            }
            [] => break,
        };
        if is_repetition && after_repetition {
            let operator: String = rest[..taken].iter().collect();
            return Err(InvalidRegex(format!("bad repetition operator: {operator} follows another one")));
        }
        after_repetition = is_repetition;
        at += taken;
    }
    Ok(out)
}

/// `\Q…\E`: everything between stands for itself.
fn literal_run(rest: &[char], out: &mut String) -> usize {
    let text: String = rest[2..].iter().collect();
    let (literal, closed) = text.split_once("\\E").map_or((text.as_str(), 0), |(literal, _)| (literal, 2));
    out.push_str(&regex_syntax::escape(literal));
    2 + literal.chars().count() + closed
}

/// Classes are those of ASCII; escapes that only Rust has are refused.
fn escape(letter: char, in_class: bool, out: &mut String) -> Result<usize, InvalidRegex> {
    let brackets = |inner: &str| if in_class { inner.to_owned() } else { format!("[{inner}]") };
    match letter {
        'd' => out.push_str(&brackets("0-9")),
        'w' => out.push_str(&brackets("0-9A-Za-z_")),
        's' => out.push_str(&brackets(r"\t\n\f\r\x20")),
        'D' => out.push_str("[^0-9]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        'S' => out.push_str(r"[^\t\n\f\r\x20]"),
        'b' if !in_class => out.push_str(r"(?-u:\b)"),
        'B' if !in_class => out.push_str(r"(?-u:\B)"),
        'C' => out.push_str("(?s:.)"),
        'z' if !in_class => out.push_str(r"\z"),
        '<' | '>' => out.push(letter),
        'u' | 'U' | 'Z' | 'R' | 'h' | 'H' | 'X' | 'K' | '1'..='9' => {
            return Err(InvalidRegex(format!("invalid escape sequence: \\{letter}")));
        }
        _ => out.extend(['\\', letter]),
    }
    Ok(2)
}

/// A class: an opening bracket, `&&`, `~~` and the like have no meaning inside it.
fn class(rest: &[char], out: &mut String) -> Result<usize, InvalidRegex> {
    out.push('[');
    let mut at = 1;
    if rest.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    // A bracket that closes at once stands for itself.
    if rest.get(at) == Some(&']') {
        out.push_str("\\]");
        at += 1;
    }
    while let Some(&letter) = rest.get(at) {
        match letter {
            ']' => {
                out.push(']');
                return Ok(at + 1);
            }
            '[' if rest.get(at + 1) == Some(&':') => {
                let name: String = rest[at..].iter().take_while(|letter| **letter != ']').collect();
                out.push_str(&name);
                out.push(']');
                at += name.chars().count() + 1;
            }
            '\\' => {
                let Some(&escaped) = rest.get(at + 1) else { break };
                at += escape(escaped, true, out)?;
            }
            '[' | '&' | '~' => {
                out.extend(['\\', letter]);
                at += 1;
            }
            letter => {
                out.push(letter);
                at += 1;
            }
        }
    }
    Err(InvalidRegex("missing closing ]".to_owned()))
}

/// A group with a question mark: flags of RE2's, names, and nothing that looks around.
fn group(rest: &[char], out: &mut String) -> Result<usize, InvalidRegex> {
    match rest.get(2) {
        Some('P') if rest.get(3) == Some(&'<') => {}
        Some('<') if !matches!(rest.get(3), Some('=' | '!')) => {}
        Some('i' | 'm' | 's' | 'U' | '-' | ':') => {}
        _ => {
            let shown: String = rest.iter().take(4).collect();
            return Err(InvalidRegex(format!("invalid perl operator: {shown}")));
        }
    }
    out.push_str("(?");
    Ok(2)
}

/// A brace that is no count stands for itself.
fn repetition(rest: &[char], out: &mut String) -> Result<(usize, bool), InvalidRegex> {
    let inner: String = rest[1..].iter().take_while(|letter| **letter != '}').collect();
    let length = inner.chars().count() + 2;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (least, most) = inner.split_once(',').unwrap_or((&inner, &inner));
    let is_count = rest.get(length - 1) == Some(&'}') && is_number(least) && (most.is_empty() || is_number(most));
    if !is_count {
        out.push_str("\\{");
        return Ok((1, false));
    }
    // A number that does not even fit is too many as well.
    let too_many = |text: &str| is_number(text) && text.parse::<u32>().map_or(true, |number| number > MOST_REPEATS);
    if too_many(least) || too_many(most) {
        return Err(InvalidRegex(format!("bad repetition count: {{{inner}}} is more than {MOST_REPEATS}")));
    }
    let lazy = usize::from(rest.get(length) == Some(&'?'));
    out.extend(&rest[..length + lazy]);
    Ok((length + lazy, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_text_has_to_match() {
        let regex = Regex::new("/a|/b").unwrap();
        assert!(regex.matches(b"/a") && regex.matches(b"/b") && !regex.matches(b"/ab"));
    }

    #[test]
    fn expressions_mean_what_they_mean_to_re2() {
        for (source, text, matches) in [
            ("/api/{id}", "/api/{id}", true),
            (r"\d+", "٣", false),
            (r"\w+", "é", false),
            (r"a\sb", "a b", true),
            ("[a&&b]", "&", true),
            ("[[]", "[", true),
            (r"[\w.]+", "a.b", true),
            (r"\Qa.b\E+", "a.bb", true),
            (r"\Qa.b\E", "axb", false),
            (".", "é", false),
            ("..", "é", true),
            ("é", "é", true),
            (r"\pL+", "vé", false),
            ("(?i)É", "é", false),
            ("^(.*?;)?(user=jason)(;.*)?$", "a=b; user=jason", false),
            ("^(.*?;)?(user=jason)(;.*)?$", "a=b;user=jason", true),
            ("(?i)ABC", "abc", true),
            ("a{2}", "aa", true),
        ] {
            assert_eq!(Regex::new(source).unwrap().matches(text.as_bytes()), matches, "{source} on {text}");
        }
    }

    #[test]
    fn what_re2_refuses_is_refused() {
        for source in [
            "a**", "/api/**", "a*+", "a{1001}", "(?!a)", "(?=a)", "(?<=a)b", r"\1", "(?x)a", r"\u0041", "(", "[a", "a)",
        ] {
            assert!(Regex::new(source).is_err(), "{source}");
        }
    }

    #[test]
    fn replacement_is_global_and_knows_groups() {
        let regex = Regex::unanchored("/v([0-9])").unwrap();
        assert_eq!(regex.replace_all(b"/v1/x/v2", br"/w\1"), b"/w1/x/w2");
        let regex = Regex::unanchored("(.)/").unwrap();
        assert_eq!(regex.replace_all("/é/ö".as_bytes(), br"\1-"), "/é-ö".as_bytes());
    }
}
