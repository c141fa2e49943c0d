//! Patterns in the notation of something else: a literal of JavaScript, or a glob as in shells.
//!
//! Both are often valid expressions of RE2 too, which then match other texts than their authors want.

use super::{Language, Re2, Search, find_text};

/// The flags of a JavaScript literal.
const FLAGS: &str = "dgimsuvy";

/// The expression of RE2 that means the same as a JavaScript literal such as `/^v[0-9]+$/i`, for a comparison with a whole
/// text. `None` if the source is not such a literal.
///
/// If the texts that are compared can start with a slash, as paths do, a literal needs a sign that no such text has: an
/// escaped slash, or an anchor beside a delimiter.
pub fn from_javascript(source: &str, texts_have_slashes: bool) -> Option<String> {
    let (body, flags) = source.strip_prefix('/')?.rsplit_once('/')?;
    if body.is_empty() || body.ends_with('\\') || !flags.chars().all(|flag| FLAGS.contains(flag)) {
        return None;
    }
    let has_sign =
        body.starts_with(['^']) || body.starts_with("\\/") || (body.ends_with('$') && !body.ends_with("\\$"));
    let has_sign = has_sign || (!flags.is_empty() && body.contains("\\/"));
    if texts_have_slashes && !has_sign {
        return None;
    }
    let body = body.replace("\\/", "/");
    let options: String = flags.chars().filter(|flag| "is".contains(*flag)).collect();
    let options = if options.is_empty() { options } else { format!("(?{options})") };
    // A literal matches anywhere in a text. Each of several alternatives can have its own anchors.
    let is_anchored = body.contains(['^', '$']);
    if is_anchored && has_alternatives(&body) {
        return None;
    }
    let (start, rest) = match body.strip_prefix('^') {
        Some(rest) => ("", rest),
        None if body.starts_with(".*") => ("", body.as_str()),
        None => (".*", body.as_str()),
    };
    let (rest, end) = match rest.strip_suffix('$') {
        Some(rest) if !rest.ends_with('\\') => (rest, ""),
        _ if rest.ends_with(".*") && !rest.ends_with("\\.*") => (rest, ""),
        _ => (rest, ".*"),
    };
    let rest = if has_alternatives(rest) { format!("({rest})") } else { rest.to_owned() };
    let expression = format!("{options}{start}{rest}{end}");
    Re2::new(&expression).is_ok().then_some(expression)
}

/// Whether an expression has a `|` outside of groups and classes.
fn has_alternatives(expression: &str) -> bool {
    let mut depth = 0_i32;
    let mut is_escaped = false;
    expression.bytes().any(|byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'|' => return depth <= 0,
            _ => {}
        }
        false
    })
}

/// A glob in place of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    /// The expression that means the same.
    pub expression: String,
    /// A text that the glob matches, and the source does not. `None` if RE2 rejects the source.
    pub missed: Option<Vec<u8>>,
}

/// The expression of RE2 that means the same as a glob such as `/api/*` or `*.example.com`. `None` if the source is not a
/// glob, or already matches all that the glob does.
///
/// An asterisk counts as that of a glob if it repeats an ordinary character, or nothing.
pub fn from_glob(source: &str) -> Option<Glob> {
    let is_only_glob = !source.contains(['(', ')', '[', ']', '{', '}', '|', '+', '?', '\\']) && !source.contains(".*");
    let expression = if is_only_glob {
        let (start, rest) = source.strip_prefix('^').map_or(("", source), |rest| ("^", rest));
        let (rest, end) = rest.strip_suffix('$').map_or((rest, ""), |rest| (rest, "$"));
        if rest.contains(['^', '$']) || !has_glob(rest) {
            return None;
        }
        let rest = rest.replace("/**/", "/*").replace("**", "*");
        format!("{start}{}{end}", rest.replace('.', "\\.").replace('*', ".*"))
    } else {
        widened(source)?
    };
    let wide = Re2::new(&expression).ok()?;
    // RE2 rejects `*.example.com` and `/api/**`.
    let Ok(own) = Re2::new(source) else { return Some(Glob { expression, missed: None }) };
    match find_text(&[&Language::of_regex(&wide)?], &[&Language::of_regex(&own)?]) {
        Search::Text(missed) => Some(Glob { expression, missed: Some(missed) }),
        Search::Empty | Search::Undecided => None,
    }
}

/// Whether an asterisk stands where a glob has it. `0*` is common in expressions.
fn has_glob(source: &str) -> bool {
    let bytes = source.as_bytes();
    let is_glob = |at: usize| match at.checked_sub(1).map(|before| bytes[before]) {
        None => true,
        Some(b'.' | b' ' | b'0') => false,
        Some(_) => true,
    };
    (0..bytes.len()).any(|at| bytes[at] == b'*' && is_glob(at))
}

/// An expression with `.*` in place of each asterisk after a slash, or at the start. `None` if it has none of these.
fn widened(source: &str) -> Option<String> {
    let bytes = source.as_bytes();
    let mut wide = String::with_capacity(source.len() + 4);
    let mut is_changed = false;
    let mut is_in_class = false;
    let mut is_escaped = false;
    for (at, letter) in source.char_indices() {
        let before = at.checked_sub(1).map(|before| bytes[before]);
        let follows_slash = before == Some(b'/') && !bytes[..at].ends_with(b"//");
        if letter == '*' && !is_in_class && !is_escaped && (at == 0 || follows_slash) {
            wide.push('.');
            is_changed = true;
        }
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => is_in_class = true,
            ']' => is_in_class = false,
            _ => {}
        }
        wide.push(letter);
    }
    is_changed.then_some(wide)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_javascript_are_recognised() {
        for (source, texts_have_slashes, expected) in [
            ("/^v[0-9]+$/", true, Some("v[0-9]+")),
            (r"/^\/api\/.*$/gi", true, Some("(?i)/api/.*")),
            (r"/\/api\/x/", true, Some(".*/api/x.*")),
            ("/a|b/i", false, Some("(?i).*(a|b).*")),
            ("/^a|b$/", false, None),
            ("/^(a|b)$/", false, Some("(a|b)")),
            ("/api/v1/", true, None),
            ("/api/v1/i", true, None),
            ("/api/v1/i", false, Some("(?i).*api/v1.*")),
            ("/api/v1", false, None),
            ("/", false, None),
            ("//", false, None),
            (r"/a\/", false, None),
        ] {
            let expected = expected.map(str::to_owned);
            assert_eq!(from_javascript(source, texts_have_slashes), expected, "{source}");
        }
    }

    #[test]
    fn a_glob_matches_what_the_expression_does_not() {
        assert_eq!(from_glob("/api/*").unwrap().missed, Some(b"/api/a".to_vec()));
        assert_eq!(from_glob("*a").unwrap().missed, None);
    }

    #[test]
    fn globs_are_recognised() {
        for (source, expected) in [
            ("/api/*", Some("/api/.*")),
            ("^/api/*$", Some("^/api/.*$")),
            ("/api/**", Some("/api/.*")),
            ("/a/*/b.html", Some(r"/a/.*/b\.html")),
            ("*.example.com", Some(r".*\.example\.com")),
            ("https://*.example.com", Some(r"https://.*\.example\.com")),
            ("foo*", Some("foo.*")),
            ("*", Some(".*")),
            ("/(a|b)/*", Some("/(a|b)/.*")),
            ("/v[0-9]+/*", Some("/v[0-9]+/.*")),
            ("/api/.*", None),
            ("/api/*.*", None),
            ("/api//*", Some("/api//.*")),
            ("/v[0-9]+//*", None),
            ("/[/*]", None),
            (r"/\*", None),
            (r"1\.0*", None),
            ("10*", None),
            ("(a*)", None),
            ("a; *b", None),
            (".*", None),
        ] {
            let found = from_glob(source).map(|glob| glob.expression);
            assert_eq!(found.as_deref(), expected, "{source}");
        }
    }
}
