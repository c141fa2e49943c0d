//! Regular expressions as Envoy runs them in RE2: each byte, of the expression and of the text, is a Latin-1 character.
//!
//! So `.` matches one byte of `é`, and `\pL` matches no letter beyond ASCII in a UTF-8 text. The engine gets the same
//! characters as UTF-8. (Known difference: `\C` on bytes beyond ASCII.)

use std::borrow::Cow;

use crate::re2::{InvalidRegex, InvalidRewrite, Language, Pattern, Re2, Search, find_text};

/// A compiled regular expression.
#[derive(Debug, Clone)]
pub struct EnvoyRegex {
    source: String,
    inner: Re2,
}

impl EnvoyRegex {
    /// Compiles an expression that must match a whole text.
    ///
    /// # Errors
    ///
    /// If RE2 rejects the expression.
    pub fn new(source: &str) -> Result<Self, InvalidRegex> {
        Self::compile(source, Re2::new)
    }

    /// Compiles an expression that may match anywhere.
    ///
    /// # Errors
    ///
    /// If RE2 rejects the expression.
    pub fn unanchored(source: &str) -> Result<Self, InvalidRegex> {
        Self::compile(source, Re2::unanchored)
    }

    fn compile(source: &str, engine: impl FnOnce(&str) -> Result<Re2, InvalidRegex>) -> Result<Self, InvalidRegex> {
        let expression: Cow<'_, str> =
            if source.is_ascii() { source.into() } else { source.bytes().map(char::from).collect() };
        // Each byte of the source is one character of the expression.
        let place = |at: usize| expression.get(..at).map_or(source.len(), |before| before.chars().count());
        let inner = engine(&expression).map_err(|error| InvalidRegex {
            range: place(error.range.start)..place(error.range.end),
            message: error.message,
        })?;
        Ok(Self { source: source.to_owned(), inner })
    }

    /// Whether the expression matches.
    pub fn matches(&self, text: &[u8]) -> bool {
        self.inner.matches(&characters(text))
    }

    /// Replaces every match; `\1` in the replacement refers to the first group.
    pub fn replace_all(&self, text: &[u8], replacement: &[u8]) -> Vec<u8> {
        let replaced = self.inner.replace_all(&characters(text), &characters(replacement));
        match std::str::from_utf8(&replaced) {
            Ok(characters) if !characters.is_ascii() => {
                characters.chars().filter_map(|it| u8::try_from(it).ok()).collect()
            }
            _ => replaced,
        }
    }

    /// Checks a replacement.
    ///
    /// # Errors
    ///
    /// If a backslash precedes neither a digit nor a backslash, or a group does not exist.
    pub fn check_rewrite(&self, replacement: &str) -> Result<(), InvalidRewrite> {
        self.inner.check_rewrite(replacement)
    }

    /// The language of texts that match as a whole, with each byte beyond ASCII as a character. `None` if the automaton
    /// would be too large.
    pub fn language(&self) -> Option<Language> {
        Language::of_regex(&self.inner)
    }

    /// The texts that match as a whole, to be cut by other patterns.
    pub fn pattern(&self) -> Pattern {
        Pattern::of_regex(&self.inner)
    }

    /// The only text that matches as a whole, if there is just one and it is ASCII.
    pub fn only_text(&self) -> Option<String> {
        self.language()?.only_text().filter(|text| text.is_ascii()).and_then(|text| String::from_utf8(text).ok())
    }

    /// Whether some text matches both expressions as a whole. `None` if that is not known.
    pub fn meets(&self, other: &Self) -> Option<bool> {
        match find_text(&[&self.language()?, &other.language()?], &[]) {
            Search::Text(_) => Some(true),
            Search::Empty => Some(false),
            Search::Undecided => None,
        }
    }

    /// Whether the expression matches all texts that another one does. `None` if that is not known.
    pub fn covers(&self, other: &Self) -> Option<bool> {
        match find_text(&[&other.language()?], &[&self.language()?]) {
            Search::Text(_) => Some(false),
            Search::Empty => Some(true),
            Search::Undecided => None,
        }
    }

    /// The common prefix of all texts that match as a whole, up to the first byte beyond ASCII.
    pub fn literal_prefix(&self) -> Vec<u8> {
        self.inner.literal_prefix().into_iter().take_while(u8::is_ascii).collect()
    }

    /// Some short ASCII text that matches as a whole, if one is easily found.
    pub fn sample(&self) -> Option<Vec<u8>> {
        self.inner.sample().filter(|text| text.is_ascii())
    }

    /// The source of the expression.
    pub fn as_str(&self) -> &str {
        &self.source
    }
}

/// Converts each byte to the Latin-1 character that it encodes, in UTF-8.
fn characters(text: &[u8]) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_characters() {
        for (source, text, matches) in [
            (".", "é", false),
            ("..", "é", true),
            ("é", "é", true),
            ("[é]+", "é", true),
            (r"\pL+", "vé", false),
            ("(?i)É", "é", false),
            (".+", "a", true),
        ] {
            assert_eq!(EnvoyRegex::new(source).unwrap().matches(text.as_bytes()), matches, "{source} on {text}");
        }
        assert!(EnvoyRegex::new(".+").unwrap().matches(b"\xff"));
    }

    #[test]
    fn replacements_keep_their_bytes() {
        let regex = EnvoyRegex::unanchored("(.)/").unwrap();
        assert_eq!(regex.replace_all("/é/ö".as_bytes(), br"\1-"), "/é-ö".as_bytes());
        assert_eq!(regex.replace_all(b"a/", "ü".as_bytes()), "ü".as_bytes());
    }

    #[test]
    fn errors_are_where_they_are_written() {
        assert_eq!(EnvoyRegex::new("éé(?=a)").unwrap_err().range.start, 4);
    }
}
