//! Verdicts and matches: tables written by hand, and two that RE2 itself produced (`verdicts.txt`, `matches.txt`).

use super::{InvalidRegex, Re2};

fn error(source: &str) -> InvalidRegex {
    Re2::new(source).expect_err(source)
}

/// The bytes of a percent-encoded text.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    bytes
}

fn decoded_text(text: &str) -> String {
    String::from_utf8(decoded(text)).unwrap()
}

/// The rows of a table, without its comments.
fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table.lines().filter(|line| !line.starts_with("# ")).map(|line| line.split('\t').collect())
}

#[test]
fn re2_gave_the_same_verdicts() {
    let mut wrong = Vec::new();
    for row in rows(include_str!("verdicts.txt")) {
        let (source, expected) = (decoded_text(row[0]), decoded_text(row[1]));
        let verdict = match Re2::new(&source) {
            Ok(regex) => format!("ok {}", regex.group_count()),
            Err(error) => error.message,
        };
        if verdict != expected {
            wrong.push(format!("{source:?}: {verdict}, RE2 says {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn re2_matched_and_replaced_the_same() {
    let mut wrong = Vec::new();
    for row in rows(include_str!("matches.txt")) {
        let (source, text) = (decoded_text(row[0]), decoded(row[1]));
        let (whole, part) = (Re2::new(&source).unwrap(), Re2::unanchored(&source).unwrap());
        let matches = match (whole.matches(&text), part.matches(&text)) {
            (true, _) => "whole",
            (_, true) => "part",
            (false, false) => "no",
        };
        let groups: String = (1..=part.group_count().min(3)).map(|group| format!(",\\{group}")).collect();
        let replaced = part.replace_all(&text, format!("<\\0{groups}>").as_bytes());
        if matches != row[2] || replaced != decoded(row[3]) {
            wrong.push(format!("{row:?}: {matches}, {:?}", String::from_utf8_lossy(&replaced)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_whole_text_has_to_match() {
    let regex = Re2::new("/a|/b").unwrap();
    assert!(regex.matches(b"/a") && regex.matches(b"/b") && !regex.matches(b"/ab"));
    assert!(Re2::unanchored("/a|/b").unwrap().matches(b"x/ab"));
}

#[test]
fn expressions_mean_what_they_mean_to_re2() {
    for (source, text, matches) in [
        ("/api/{id}", "/api/{id}", true),
        (r"\d+", "٣", false),
        (r"\w+", "é", false),
        (r"a\sb", "a b", true),
        (r"a\sb", "a\u{b}b", false),
        ("[a&&b]", "&", true),
        ("[[]", "[", true),
        (r"[\w.]+", "a.b", true),
        (r"\Qa.b\E+", "a.bb", true),
        (r"\Qa.b\E", "axb", false),
        (".", "é", true),
        (".", "\n", false),
        ("(?s).", "\n", true),
        ("a$", "a\n", false),
        ("(?i)ABC", "abc", true),
        ("(?i)k", "\u{212A}", true),
        ("a((?i)b|c)d", "aCd", true),
        ("a((?i)b|c)d", "aCD", false),
        (r"\101\x42\x{43}", "ABC", true),
        (r"[[:^alpha:]]", "é", true),
        ("^(.*?;)?(user=jason)(;.*)?$", "a=b; user=jason", false),
        ("^(.*?;)?(user=jason)(;.*)?$", "a=b;user=jason", true),
    ] {
        assert_eq!(Re2::new(source).unwrap().matches(text.as_bytes()), matches, "{source} on {text}");
    }
}

#[test]
fn texts_need_not_be_utf8() {
    assert!(Re2::new(r"a\Cb").unwrap().matches(b"a\xFFb"));
    assert!(!Re2::new("a.b").unwrap().matches(b"a\xFFb"));
    // RE2 takes overlong forms where everything beyond ASCII is wanted, and surrogates as characters.
    assert!(Re2::new("[^a]").unwrap().matches(b"\xE0\x80\x80"));
    assert!(!Re2::new("[^é]").unwrap().matches(b"\xE0\x80\x80"));
    assert!(Re2::new(r"[\x{D7FF}-\x{D810}]").unwrap().matches(b"\xED\xA0\x90"));
}

#[test]
fn errors_say_where() {
    for (source, message, range) in [
        ("/api/**", "bad repetition operator: **", 5..7),
        ("a*+?b", "bad repetition operator: *+?", 1..4),
        ("(*a)", "no argument for repetition operator: *", 1..2),
        ("é{1001}", "invalid repetition size: {1001}", 2..8),
        ("(a{500}){3}?b", "invalid repetition size: {3}?", 8..12),
        ("x(?=a)", "invalid perl operator: (?=", 1..4),
        ("x(?<!a)", "invalid perl operator: (?<!", 1..5),
        ("(?ix)", "invalid perl operator: (?ix", 0..4),
        (r"a\1", r"invalid escape sequence: \1", 1..3),
        (r"a\é", r"invalid escape sequence: \é", 1..4),
        (r"a\x{110000}", r"invalid escape sequence: \x{110000", 1..10),
        ("a[b-a]", "invalid character class range: b-a", 2..5),
        (r"\p{Foo}x", r"invalid character class range: \p{Foo}", 0..7),
        ("a[[:foo:]]", "invalid character class range: [:foo:]", 2..9),
        ("a[bc", "missing ]", 1..4),
        ("(a(b)(c", "missing )", 5..6),
        ("a)b", "unexpected )", 1..2),
        ("(?P<a-b>c)", "invalid named capture group: (?P<a-b>", 0..8),
        ("ab\\", "trailing \\", 2..3),
    ] {
        assert_eq!(error(source), InvalidRegex { message: message.to_owned(), range }, "{source}");
    }
}

#[test]
fn programs_are_limited() {
    let too_large = |source: &str| error(source).message;
    assert!(Re2::new(r"(?:\pL){20}").is_ok());
    assert_eq!(too_large(r"(?:\pL){1000}"), "pattern too large - compile failed");
    assert_eq!(too_large(&"a".repeat(699_000)), "pattern too large - compile failed");
    assert!(Re2::new(&"(?:".repeat(10_000).chars().chain(")".repeat(10_000).chars()).collect::<String>()).is_ok());
}

#[test]
fn nesting_does_not_exhaust_the_stack() {
    for (open, close, most) in [("(", ")", 100), ("(a", ")*", 33), ("(?:a|", "b)*", 33), ("(?:a", "b){0,1}", 50)] {
        let nested = |depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
        assert!(Re2::new(&nested(most)).is_ok(), "{open}");
        assert_eq!(error(&nested(100_000)).message, "expression nests too deeply");
    }
}

#[test]
fn groups_are_counted() {
    assert_eq!(Re2::new("(a)(?:b)(?P<c>d)(?<c>e)(f){0}").unwrap().group_count(), 4);
}

#[test]
fn replacement_is_global_and_knows_groups() {
    let replaced = |source: &str, text: &[u8], replacement: &str| {
        Re2::unanchored(source).unwrap().replace_all(text, replacement.as_bytes())
    };
    assert_eq!(replaced("/v([0-9])", b"/v1/x/v2", r"/w\1"), b"/w1/x/w2");
    assert_eq!(replaced("b*", b"abc", r"<\0>"), b"<>a<b>c<>");
    assert_eq!(replaced("", "é".as_bytes(), "-"), "-é-".as_bytes());
    assert_eq!(replaced("", b"\xC3\xFF", "-"), b"-\xC3-\xFF-");
    assert_eq!(replaced("^a", b"aaa", r"\\"), br"\aa");
    // Replacements that the check rejects.
    assert_eq!(replaced("a", b"aba", r"\1"), b"aba");
    assert_eq!(replaced("a", b"aba", r"x\yz"), b"xbx");
}

#[test]
fn replacements_are_checked() {
    let regex = Re2::unanchored("(a)").unwrap();
    assert!(regex.check_rewrite(r"x\0\1\\").is_ok());
    for (replacement, message, range) in [
        (r"x\2\3", "group 3 is requested, but the expression has only 1", 3..5),
        ("x\\", r"'\' not allowed at end", 1..2),
        (r"x\éy", r"'\' must be followed by a digit or '\'", 1..4),
    ] {
        let error = regex.check_rewrite(replacement).unwrap_err();
        assert_eq!((error.message.as_str(), error.range), (message, range));
    }
}
