//! Placeholders by which a document is not YAML.

use super::mark::is_word;
use super::notation::Notation;
use super::recognise::of_double_braces;

/// The notation of a placeholder that YAML cannot read, in the text of a document that is not YAML: `%NAME%` and `@NAME@`
/// at the start of a value, `{NAME}` with more text after it, `${NAME}` in flow style, and double braces.
pub fn breaking_notation(text: &str) -> Option<Notation> {
    // A text can have very long indentations.
    let lines: Vec<&str> = text.lines().map(unindented).filter(|line| !line.starts_with("# ")).collect();
    if lines.iter().any(|line| line.starts_with("{%")) {
        return Some(Notation::DoubleBraces);
    }
    if let Some(start) = text.find("{{")
        && text[start..].contains("}}")
    {
        return Some(of_double_braces(text));
    }
    // In flow style, YAML ends a plain text at a brace.
    let in_flow = |line: &&str| {
        let at = line.match_indices("${").find(|(at, _)| line[at + 2..].contains('}')).map(|(at, _)| at);
        at.is_some_and(|at| line[..at].replace("${", "").contains(['[', '{']))
    };
    let braces = lines.iter().any(in_flow).then_some(Notation::Braces);
    lines.into_iter().flat_map(starts_of_values).find_map(of_value).or(braces)
}

fn unindented(line: &str) -> &str {
    let start = line.bytes().position(|byte| byte != b' ' && byte != b'\t').unwrap_or(line.len());
    &line[start..]
}

/// The rest of a line from each place where a value may start.
fn starts_of_values(line: &str) -> impl Iterator<Item = &str> {
    const BEFORE: [&str; 6] = [": ", "- ", "[", "{", ", ", ","];
    let starts =
        BEFORE.into_iter().flat_map(move |before| line.match_indices(before).map(move |(at, _)| at + before.len()));
    starts.filter_map(|at| Some(line.get(at..)?.trim_start()))
}

fn of_value(value: &str) -> Option<Notation> {
    let delimited = |open: char, close: char| {
        let inner = value.trim_start_matches(open);
        let (name, rest) = inner.split_once(close).filter(|_| inner.len() < value.len())?;
        is_word(name).then_some((name, rest))
    };
    if delimited('%', '%').is_some_and(|(name, _)| !name.contains('.')) {
        return Some(Notation::Percents);
    }
    if delimited('@', '@').is_some() {
        return Some(Notation::Ats);
    }
    let is_followed = |rest: &str| rest.starts_with(|next: char| !next.is_whitespace() && !",]}:#".contains(next));
    if delimited('{', '}').is_some_and(|(_, rest)| is_followed(rest)) {
        return Some(Notation::SingleBraces);
    }
    if let Some((name, rest)) = value.strip_prefix("[[").and_then(|inner| inner.split_once("]]"))
        && is_word(name.trim().trim_start_matches('.'))
        && is_followed(rest)
    {
        return Some(Notation::Brackets);
    }
    // A default with a colon and a space: `${NAME:-a: b}`.
    let braced = value.strip_prefix("${")?.split_once('}')?.0;
    (braced.contains(": ") && braced.contains(":-")).then_some(Notation::Braces)
}
