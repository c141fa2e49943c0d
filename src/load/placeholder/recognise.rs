//! Placeholders within the text of a value.

use super::notation::Notation;
use super::position::{Object, Position};

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// Some of the text is unknown.
    Unknown(Notation),
    /// All placeholders have defaults, as in `${NAME:=default}`: the text with them.
    Default(String),
}

/// Finds a placeholder in the text of a field. `None` if it is an ordinary text.
pub(super) fn in_text(text: &str, position: Position, object: Object) -> Option<Finding> {
    if position == Position::Opaque {
        return None;
    }
    if let Some(notation) = of_secret(text) {
        return Some(Finding::Unknown(notation));
    }
    if !text.bytes().any(|byte| b"$<{_%@#[(".contains(&byte)) {
        return words(text, position).map(Finding::Unknown);
    }
    if let Some(notation) = double_braces(text) {
        return Some(Finding::Unknown(notation));
    }
    let mut with_defaults = None;
    match dollars(text, position, object) {
        Some(Finding::Default(text)) => with_defaults = Some(text),
        unknown @ Some(_) => return unknown,
        None => {}
    }
    let text = with_defaults.as_deref().unwrap_or(text);
    let unknown = delimited(text, position, object).or_else(|| words(text, position));
    unknown.map(Finding::Unknown).or(with_defaults.map(Finding::Default))
}

/// The notation of a name, host or namespace, if it has a placeholder.
pub(super) fn in_name(text: &str) -> Option<Notation> {
    let object = Object { of_mesh: true, ..Object::default() };
    match in_text(text, Position::Name, object)? {
        Finding::Unknown(notation) => Some(notation),
        Finding::Default(_) => None,
    }
}

/// Encrypted values and references to secrets.
fn of_secret(text: &str) -> Option<Notation> {
    if text.starts_with("ENC[") && text.ends_with(']') {
        return Some(Notation::Sops);
    }
    let is_vals = text.starts_with("ref+") && text.contains("://");
    let is_bank_vaults = text.starts_with("vault:") && text.contains('#');
    (is_vals || is_bank_vaults).then_some(Notation::SecretReference)
}

/// `{{ … }}`, in any field: nothing else looks like it.
fn double_braces(text: &str) -> Option<Notation> {
    let start = text.find("{{")?;
    let body = &text[start + 2..];
    let body = &body[..body.find("}}")?];
    if text[..start].ends_with('$') {
        return Some(Notation::OpenShift);
    }
    Some(of_double_braces(body))
}

/// The tool that the expression in double braces is for.
pub(super) fn of_double_braces(body: &str) -> Notation {
    const HELM: [&str; 9] =
        [".Values", ".Release", ".Chart", ".Capabilities", ".Files", "include ", "tpl ", "template ", "$."];
    if HELM.iter().any(|word| body.contains(word)) { Notation::Helm } else { Notation::DoubleBraces }
}

/// `${…}`, `$(…)` and `$NAME`. `$$` is an escaped dollar.
fn dollars(text: &str, position: Position, object: Object) -> Option<Finding> {
    let mut replaced = String::new();
    let mut has_default = false;
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        replaced.push_str(before);
        let follows_word = before.ends_with(|letter: char| letter.is_ascii_alphanumeric());
        rest = after;
        match after.as_bytes().first() {
            Some(b'$') => {
                // Flux and Terraform leave `${NAME}` of `$${NAME}`.
                replaced.push('$');
                rest = &after[1..];
                if let Some(literal) = rest.strip_prefix('{') {
                    replaced.push('{');
                    rest = literal;
                }
            }
            Some(b'{') if !object.without_flux => {
                let Some(end) = after.find('}') else { continue };
                match braced(&after[1..end]) {
                    Some(Braced::Unknown) => return Some(Finding::Unknown(Notation::Braces)),
                    Some(Braced::Default(default)) => {
                        has_default = true;
                        replaced.push_str(default);
                        rest = &after[end + 1..];
                    }
                    None => replaced.push('$'),
                }
            }
            Some(b'(') if position != Position::Pattern => {
                let name = after[1..].split(')').next().unwrap_or_default();
                if after[1..].len() > name.len() && is_identifier(name, "_-.") {
                    return Some(Finding::Unknown(Notation::Parentheses));
                }
                replaced.push('$');
            }
            Some(_) if position != Position::Pattern && object.of_mesh && !follows_word => {
                let is_capital =
                    |letter: &char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || *letter == '_';
                let length = after.chars().take_while(is_capital).count();
                let is_whole = before.is_empty() && length == after.len();
                if after.starts_with(|first: char| first.is_ascii_uppercase()) && (length >= 3 || is_whole) {
                    return Some(Finding::Unknown(Notation::Dollar));
                }
                replaced.push('$');
            }
            _ => replaced.push('$'),
        }
    }
    has_default.then(|| Finding::Default(replaced + rest))
}

enum Braced<'t> {
    Unknown,
    Default(&'t str),
}

/// The contents of `${…}`: a name, perhaps with a default or another operator of the shell.
fn braced(body: &str) -> Option<Braced<'_>> {
    let name = body.strip_prefix('#').unwrap_or(body);
    let length = name.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(byte)).count();
    // A default may start with a dash, which does not belong to the name.
    let length = name[..length].find('-').unwrap_or(length);
    if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        return None;
    }
    let operator = &name[length..];
    if operator.is_empty() {
        return Some(Braced::Unknown);
    }
    let default = [":=", ":-", "=", "-"].iter().find_map(|it| operator.strip_prefix(it));
    match default {
        Some(default) if !default.contains("${") => Some(Braced::Default(default)),
        Some(_) => Some(Braced::Unknown),
        None => operator.starts_with([':', '/', '#', '%', '^', ',', '+', '?']).then_some(Braced::Unknown),
    }
}

/// Placeholders between other delimiters.
fn delimited(text: &str, position: Position, object: Object) -> Option<Notation> {
    if text.contains("###") {
        let zarf = ["###ZARF_VAR_", "###ZARF_CONST_", "###ZARF_PKG_TMPL_", "###ZARF_REGISTRY"];
        if zarf.iter().any(|prefix| text.contains(prefix)) {
            return Some(Notation::Zarf);
        }
        if between(text, "###", "###").any(|name| is_capitals(name, "_-.")) {
            return Some(Notation::Hashes);
        }
    }
    if between(text, "__", "__").any(|name| is_capitals(name, "_") && !name.starts_with('_')) {
        return Some(Notation::Underscores);
    }
    if position == Position::Pattern {
        return None;
    }
    if let Some(notation) = angles(text, object) {
        return Some(notation);
    }
    if text.contains("(@=") && text.contains("@)") {
        return Some(Notation::Ytt);
    }
    if position == Position::Text {
        // `{NAME}` may be the parameter of a URI template, unless there is nothing else.
        let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        return inner.filter(|name| is_capitals(name, "_")).map(|_| Notation::SingleBraces);
    }
    let one = |open, close, others: &'static str| between(text, open, close).any(move |it| is_identifier(it, others));
    if between(text, "%", "%").any(|name| is_capitals(name, "_")) {
        return Some(Notation::Percents);
    }
    if between(text, "@", "@").any(|name| is_capitals(name, "_") || (name.contains('.') && is_identifier(name, "_.-")))
    {
        return Some(Notation::Ats);
    }
    if one("#{", "}", "_.-") {
        return Some(Notation::HashBraces);
    }
    // `$${NAME}` is the text `${NAME}`.
    if !text.contains("${") && one("{", "}", "_-") {
        return Some(Notation::SingleBraces);
    }
    let trimmed = |open, close| between(text, open, close).map(str::trim);
    if trimmed("[[", "]]").any(|name| is_identifier(name.strip_prefix('.').unwrap_or(name), "_-.")) {
        return Some(Notation::Brackets);
    }
    one("((", "))", "_-./").then_some(Notation::DoubleParentheses)
}

/// `<NAME>`, `<<NAME>>`, `<your-name>`, `<path:…>` and `<%= … %>`.
fn angles(text: &str, object: Object) -> Option<Notation> {
    // kubectl shows these words in place of values.
    const SHOWN: [&str; 4] = ["none", "unknown", "nil", "invalid"];
    if text.contains("<path:") && text.contains('#') && text.contains('>') {
        return Some(Notation::VaultPath);
    }
    if text.contains("<%=") && text.contains("%>") {
        return Some(Notation::Angles);
    }
    let is_name = |inner: &&str| {
        let words = inner.split([' ', '-', '_', '.', ':']).filter(|word| !word.is_empty()).count();
        let letters = inner.chars().all(|it| it.is_ascii_alphanumeric() || " _-.:".contains(it));
        letters && words > 0 && words <= 6 && inner.starts_with(|first: char| first.is_ascii_alphabetic())
    };
    // In `a < b and c > d`, a space follows.
    let inner = between(text, "<", ">").filter(|it| !it.starts_with(' ')).map(|it| it.trim_matches(['<', ' ']));
    let found = inner.into_iter().find(|it| is_name(it) && !SHOWN.contains(it))?;
    let key = found.split('|').next().unwrap_or_default().trim();
    let of_plugin = object.of_vault_plugin && is_identifier(key, "_-.");
    Some(if of_plugin { Notation::VaultPath } else { Notation::Angles })
}

/// Words that stand for values: `NAME_PLACEHOLDER`, `CHANGE_ME`, `your-domain`, and labels of hosts in capitals.
fn words(text: &str, position: Position) -> Option<Notation> {
    if position == Position::Pattern {
        return None;
    }
    if text.contains("PLACEHOLDER") || text.eq_ignore_ascii_case("placeholder") {
        return Some(Notation::Word);
    }
    if position == Position::Text {
        return None;
    }
    let is_name = position == Position::Name;
    let is_unfinished = || ["TODO", "FIXME", "TBD", "XXX"].iter().any(|it| text.eq_ignore_ascii_case(it));
    if is_name && is_unfinished() {
        return Some(Notation::Word);
    }
    // The path of a URL may be in capitals, and so may an IPv6 address.
    let host = match text.split_once("://") {
        Some((_, rest)) => rest.split('/').next().unwrap_or_default(),
        None => text,
    };
    let is_address = host.bytes().all(|byte| byte.is_ascii_hexdigit() || b":./[]".contains(&byte));
    // Nobody writes a placeholder beside a label such as `Example`: the case of such a host has no meaning.
    let is_mixed = host.split('.').any(|label| {
        label.starts_with(|first: char| first.is_ascii_uppercase())
            && label.contains(|it: char| it.is_ascii_lowercase())
    });
    let may_be_capitals = is_name && !is_address && !is_mixed && !API_WORDS.contains(&host);
    let stands_in = |label: &str| is_stand_in(label) || (may_be_capitals && is_host_in_capitals(label));
    let mut labels = host.split(['.', '/', ':', '@']).filter(|label| !label.is_empty());
    labels.any(stands_in).then_some(Notation::Word)
}

/// Whether a whole value or label asks somebody to replace it.
fn is_stand_in(label: &str) -> bool {
    const TOPICS: [&str; 18] = [
        "account",
        "app",
        "application",
        "cluster",
        "company",
        "domain",
        "gateway",
        "host",
        "hostname",
        "ip",
        "issuer",
        "namespace",
        "org",
        "organization",
        "project",
        "secret",
        "service",
        "tenant",
    ];
    let may_be = label.len() >= 5 && label.starts_with(['c', 'C', 'r', 'R', 'f', 'F', 'y', 'Y', 'I']);
    if !may_be {
        return false;
    }
    let lower = label.to_ascii_lowercase().replace('_', "-");
    if matches!(lower.as_str(), "changeme" | "change-me" | "replaceme" | "replace-me" | "fill-me-in" | "fillmein") {
        return true;
    }
    let in_capitals = is_capitals(label, "_-") && label.contains(['_', '-']);
    let of_topic = |rest: &str| TOPICS.contains(&rest.split('-').next().unwrap_or_default());
    match lower.split_once('-') {
        Some(("your", rest)) => in_capitals || of_topic(rest),
        Some(("replace", rest)) => in_capitals && (rest.starts_with("with-") || rest.starts_with("this-")),
        Some(("insert", rest)) => in_capitals && rest.ends_with("-here"),
        _ => false,
    }
}

/// Words of the API that are in capitals: protocols, modes and actions. In another field, they are a mistake.
const API_WORDS: [&str; 22] = [
    "HTTP",
    "HTTPS",
    "HTTP2",
    "GRPC",
    "TCP",
    "TLS",
    "UDP",
    "SIMPLE",
    "MUTUAL",
    "ISTIO_MUTUAL",
    "PASSTHROUGH",
    "DISABLE",
    "STRICT",
    "PERMISSIVE",
    "ALLOW",
    "DENY",
    "ROUND_ROBIN",
    "LEAST_REQUEST",
    "RANDOM",
    "MESH_EXTERNAL",
    "MESH_INTERNAL",
    "DNS",
];

/// Whether a label of a host is in capitals, as in `DEX_SERVICE.DEX_NAMESPACE.svc`. Hosts are written in lower case.
fn is_host_in_capitals(label: &str) -> bool {
    label.len() >= 2 && is_capitals(label, "_")
}

/// The texts between two delimiters.
fn between<'t>(text: &'t str, open: &'t str, close: &'t str) -> impl Iterator<Item = &'t str> {
    text.match_indices(open).filter_map(move |(at, _)| {
        let inner = &text[at + open.len()..];
        inner.find(close).map(|end| &inner[..end])
    })
}

/// Whether a text is a name of letters, digits and some other characters. It starts with a letter.
fn is_identifier(text: &str, others: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || others.contains(letter))
}

/// Whether a text is a name in capitals.
fn is_capitals(text: &str, others: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || others.contains(it))
}
