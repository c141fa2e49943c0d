//! Regular expressions as Envoy runs them: RE2's syntax and meaning, on an automaton of Rust's.
//!
//! `parser` reads RE2's grammar (its default options: UTF-8, Perl's classes, `.` without newline) and gives RE2's verdict.
//! What it accepts becomes a `regex_syntax` [`Hir`], built from its parts and never from a text, so that nothing of Rust's
//! own syntax can leak in. `regex_automata` runs it over bytes, since `\C` matches half characters.
//!
//! Known differences from RE2, none of which a usual expression meets:
//!
//! - RE2 limits the memory of a program. The number of its instructions is estimated here (`piece`), so close to the limit,
//!   at hundreds of thousands of them, the verdict may differ.
//! - What nests more than a hundred deep is refused, which RE2 does not do.
//! - Unicode is that of `regex-syntax`, without what is newer than RE2's version. U+1171E is in another category since.
//! - `\x{` at the very end is "invalid UTF-8" to RE2; here it is a bad escape.
//! - Joined alternatives: RE2 also joins those of nested groups, see `piece`. It shows on texts that are not UTF-8.
//! - How far a search goes, and what groups hold, in loops around loops that may be empty and prefer to be: one of ten
//!   thousand random expressions made of these, and only for [`Regex::replace_all`]. RE2 there takes another round.

mod charset;
mod class;
mod cursor;
mod error;
mod escape;
mod language;
mod parser;
mod piece;
mod rewrite;
mod sample;
mod unicode;

#[cfg(test)]
mod tests;

use std::fmt;

use regex_automata::Input;
use regex_automata::meta;
use regex_automata::util::syntax;
use regex_syntax::hir::{Hir, Look};

pub use error::{InvalidRegex, InvalidRewrite};
pub use language::{Language, Search, find_text};

use error::Fault;

/// What an automaton may need, in bytes. RE2's own limit is reached first.
const LARGEST: usize = 128 << 20;

/// A compiled expression.
#[derive(Clone)]
pub struct Regex {
    source: String,
    hir: Hir,
    groups: usize,
    engine: meta::Regex,
}

impl Regex {
    /// Compiles an expression that has to match a whole text (`RE2::FullMatch`).
    ///
    /// # Errors
    ///
    /// If RE2 refuses the expression: [`InvalidRegex`] says why, and which part of it.
    pub fn new(source: &str) -> Result<Self, InvalidRegex> {
        Self::compile(source, |hir| Hir::concat(vec![Hir::look(Look::Start), hir, Hir::look(Look::End)]))
    }

    /// Compiles an expression that may match anywhere (`RE2::PartialMatch`, `RE2::GlobalReplace`).
    ///
    /// # Errors
    ///
    /// If RE2 refuses the expression: [`InvalidRegex`] says why, and which part of it.
    pub fn unanchored(source: &str) -> Result<Self, InvalidRegex> {
        Self::compile(source, |hir| hir)
    }

    fn compile(source: &str, anchor: impl FnOnce(Hir) -> Hir) -> Result<Self, InvalidRegex> {
        let parsed = parser::parse(source)?;
        let hir = parsed.piece.hir;
        let config = meta::Config::new().utf8_empty(false).nfa_size_limit(Some(LARGEST));
        let engine = meta::Regex::builder()
            .configure(config)
            .syntax(syntax::Config::new().utf8(false))
            .build_from_hir(&anchor(hir.clone()))
            .map_err(|_| Fault::TooLarge.at(source, 0..source.len()))?;
        Ok(Self { source: source.to_owned(), hir, groups: parsed.groups, engine })
    }

    /// Whether the expression matches.
    pub fn matches(&self, text: &[u8]) -> bool {
        self.engine.is_match(text)
    }

    /// Replaces every match (`RE2::GlobalReplace`). In the replacement, `\0` is the match, `\1` to `\9` are groups and
    /// `\\` is a backslash.
    ///
    /// An empty match right after another match is none. A replacement that [`Regex::check_rewrite`] refuses does what it
    /// does to RE2: with a group too many the text stays as it is, and of other errors the replacement ends there.
    pub fn replace_all(&self, text: &[u8], replacement: &[u8]) -> Vec<u8> {
        if rewrite::highest_group(replacement) > self.groups {
            return text.to_vec();
        }
        let mut replaced = Vec::with_capacity(text.len());
        let mut captures = self.engine.create_captures();
        let mut at = 0;
        let mut last_end = None;
        while at <= text.len() {
            self.engine.search_captures(&Input::new(text).span(at..text.len()), &mut captures);
            let Some(found) = captures.get_match() else { break };
            replaced.extend_from_slice(&text[at..found.start()]);
            if found.is_empty() && last_end == Some(found.start()) {
                let skipped = &text[at..(at + rewrite::character_length(&text[at..])).min(text.len())];
                replaced.extend_from_slice(skipped);
                at += skipped.len().max(1);
                continue;
            }
            rewrite::expand(replacement, |group| captures.get_group(group).map(|span| &text[span]), &mut replaced);
            at = found.end();
            last_end = Some(at);
        }
        replaced.extend_from_slice(text.get(at..).unwrap_or_default());
        replaced
    }

    /// Checks what is to replace the matches (`RE2::CheckRewriteString`).
    ///
    /// # Errors
    ///
    /// If a backslash is followed by neither a digit nor a backslash, or a group is asked for that does not exist.
    pub fn check_rewrite(&self, replacement: &str) -> Result<(), InvalidRewrite> {
        rewrite::check(replacement, self.groups)
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// What the expression means, without the anchors of [`Regex::new`]. It is one over bytes, not over UTF-8.
    pub fn hir(&self) -> &Hir {
        &self.hir
    }

    /// How many groups capture, the whole match not counted.
    pub fn group_count(&self) -> usize {
        self.groups
    }
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Regex").field(&self.source).finish()
    }
}
