//! Regular expressions as Envoy runs them: RE2's syntax and semantics, on the automata of `regex-automata`.
//!
//! `parser` reads RE2's grammar (with its default options: UTF-8, Perl's classes, `.` without newline) and gives RE2's
//! verdict. It builds a `regex_syntax` [`Hir`] from parts and never from text, so that Rust's own syntax cannot leak in.
//! `regex_automata` runs it over bytes, since `\C` matches half characters.
//!
//! Known differences from RE2, which no usual expression shows:
//!
//! - RE2 limits the memory of a program. The number of instructions is estimated here (`fragment`), so close to the limit,
//!   at hundreds of thousands of instructions, the verdict may differ.
//! - Expressions that nest more than a hundred deep are rejected. RE2 has no such limit.
//! - The Unicode tables are those of `regex-syntax`, without characters newer than RE2's version. U+1171E has moved to
//!   another category since.
//! - RE2 calls `\x{` at the very end "invalid UTF-8"; here it is a bad escape.
//! - RE2 also joins the alternatives of nested groups, see `fragment`. This shows on texts that are not UTF-8.
//! - In nested loops that may be empty and prefer to be, RE2 iterates once more. The extent of a match and its groups
//!   then differ, in one of ten thousand random expressions of this form, and only for [`Re2::replace_all`].

mod charset;
mod class;
mod cursor;
mod error;
mod escape;
mod fragment;
mod language;
mod notation;
mod parser;
mod partition;
mod quote;
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
pub use notation::{Glob, from_glob, from_javascript};
pub use partition::{Part, Pattern, partition};
pub use quote::quote;

use error::ErrorCode;

/// The largest automaton, in bytes. RE2's own limit is reached first.
const LARGEST: usize = 128 << 20;

/// A compiled expression.
#[derive(Clone)]
pub struct Re2 {
    source: String,
    hir: Hir,
    groups: usize,
    engine: meta::Regex,
}

impl Re2 {
    /// Compiles an expression that must match a whole text (`RE2::FullMatch`).
    ///
    /// # Errors
    ///
    /// If RE2 rejects the expression. The error marks the part that is not valid.
    pub fn new(source: &str) -> Result<Self, InvalidRegex> {
        Self::compile(source, |hir| Hir::concat(vec![Hir::look(Look::Start), hir, Hir::look(Look::End)]))
    }

    /// Compiles an expression that may match anywhere (`RE2::PartialMatch`, `RE2::GlobalReplace`).
    ///
    /// # Errors
    ///
    /// If RE2 rejects the expression. The error marks the part that is not valid.
    pub fn unanchored(source: &str) -> Result<Self, InvalidRegex> {
        Self::compile(source, |hir| hir)
    }

    fn compile(source: &str, anchor: impl FnOnce(Hir) -> Hir) -> Result<Self, InvalidRegex> {
        let parsed = parser::parse(source)?;
        let hir = parsed.fragment.hir;
        let config = meta::Config::new().utf8_empty(false).nfa_size_limit(Some(LARGEST));
        let engine = meta::Regex::builder()
            .configure(config)
            .syntax(syntax::Config::new().utf8(false))
            .build_from_hir(&anchor(hir.clone()))
            .map_err(|_| ErrorCode::TooLarge.at(source, 0..source.len()))?;
        Ok(Self { source: source.to_owned(), hir, groups: parsed.groups, engine })
    }

    /// Whether the expression matches.
    pub fn matches(&self, text: &[u8]) -> bool {
        self.engine.is_match(text)
    }

    /// Replaces every match (`RE2::GlobalReplace`). In the replacement, `\0` is the match, `\1` to `\9` are groups and
    /// `\\` is a backslash.
    ///
    /// An empty match directly after another match does not count. A replacement that [`Re2::check_rewrite`] rejects acts
    /// as in RE2: if a group does not exist, the text stays unchanged; other errors end the replacement.
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

    /// Checks a replacement (`RE2::CheckRewriteString`).
    ///
    /// # Errors
    ///
    /// If a backslash precedes neither a digit nor a backslash, or a group does not exist.
    pub fn check_rewrite(&self, replacement: &str) -> Result<(), InvalidRewrite> {
        rewrite::check(replacement, self.groups)
    }

    /// The source of the expression.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The expression without the anchors of [`Re2::new`]. It matches bytes, not UTF-8.
    pub fn hir(&self) -> &Hir {
        &self.hir
    }

    /// The number of capturing groups, without the whole match.
    pub fn group_count(&self) -> usize {
        self.groups
    }
}

impl fmt::Debug for Re2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Re2").field(&self.source).finish()
    }
}
