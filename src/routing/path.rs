//! Path normalization, which Envoy does before routing.

use std::borrow::Cow;

use crate::world::PathNormalization;

/// Normalizes a path by the mode of the mesh (Envoy: `maybeNormalizePath`): decodes escaped slashes, then normalizes
/// the rest, then merges slashes, as far as the mode says so.
pub fn normalize_path(path: &[u8], mode: PathNormalization) -> Cow<'_, [u8]> {
    match mode {
        PathNormalization::None => Cow::Borrowed(path),
        PathNormalization::Base => base(path),
        PathNormalization::MergeSlashes => merge_slashes(base(path)),
        PathNormalization::DecodeAndMergeSlashes => {
            let decoded = decode_slashes(path);
            merge_slashes(Cow::Owned(base(&decoded).into_owned()))
        }
    }
}

/// Replaces the first `length` bytes of a path (Envoy: `prefix_rewrite`).
pub fn replace_prefix(path: &[u8], length: usize, replacement: &str) -> Vec<u8> {
    [replacement.as_bytes(), path.get(length..).unwrap_or_default()].concat()
}

/// Decodes `%2F` and `%5C`.
fn decode_slashes(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some(&byte) = rest.first() {
        let (byte, length) = match rest {
            [b'%', b'2', b'f' | b'F', ..] => (b'/', 3),
            [b'%', b'5', b'c' | b'C', ..] => (b'\\', 3),
            _ => (byte, 1),
        };
        decoded.push(byte);
        rest = &rest[length..];
    }
    decoded
}

fn merge_slashes(path: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if !path.windows(2).any(|pair| pair == b"//") {
        return path;
    }
    let mut merged = path.into_owned();
    merged.dedup_by(|a, b| *a == b'/' && *b == b'/');
    Cow::Owned(merged)
}

/// Normalizes a path by the default mode: resolves dot segments and drops their parameters, decodes escaped unreserved
/// characters, escapes characters that no URL may contain, and turns backslashes into slashes. Slashes are not merged.
fn base(path: &[u8]) -> Cow<'_, [u8]> {
    if !path.iter().any(|byte| IS_NORMALIZED[usize::from(*byte)]) {
        return Cow::Borrowed(path);
    }
    let plain = normalize_characters(&without_parameters_of_dots(path));
    let Some(rest) = plain.strip_prefix(b"/") else { return Cow::Owned(plain) };
    let mut segments: Vec<&[u8]> = Vec::new();
    let mut ends_in_directory = false;
    for segment in rest.split(|byte| *byte == b'/') {
        ends_in_directory = false;
        match segment {
            b"." => ends_in_directory = true,
            b".." => {
                segments.pop();
                ends_in_directory = true;
            }
            name => segments.push(name),
        }
    }
    // `/a/..` ends in a slash: it names a directory.
    if ends_in_directory {
        segments.push(b"");
    }
    Cow::Owned([b"/", segments.join(&b'/').as_slice()].concat())
}

/// The characters that Envoy escapes in a path.
const NOT_IN_URLS: &[u8] = b"\"<>^`{|}";

/// The bytes for which a path may have to change.
const IS_NORMALIZED: [bool; 256] = {
    let mut table = [false; 256];
    let (others, mut index) = (b"%\\.", 0);
    while index < others.len() {
        table[others[index] as usize] = true;
        index += 1;
    }
    index = 0;
    while index < NOT_IN_URLS.len() {
        table[NOT_IN_URLS[index] as usize] = true;
        index += 1;
    }
    table
};

/// Drops the parameters of the segments `.;…` and `..;…`, so that they are dot segments. Envoy recognizes them only
/// after a slash and without escapes.
fn without_parameters_of_dots(path: &[u8]) -> Vec<u8> {
    let plain = |segment: &'_ [u8]| match segment {
        [b'.', b';', ..] => b".".to_vec(),
        [b'.', b'.', b';', ..] => b"..".to_vec(),
        other => other.to_vec(),
    };
    let segments: Vec<Vec<u8>> = path.split(|byte| *byte == b'/').map(plain).collect();
    segments.join(&b'/')
}

/// Turns backslashes into slashes, decodes the escapes of letters, digits and `-._~`, keeps all other escapes, and
/// escapes characters that no URL may contain.
fn normalize_characters(path: &[u8]) -> Vec<u8> {
    let mut normal = Vec::with_capacity(path.len());
    let mut at = 0;
    while let Some(&byte) = path.get(at) {
        let escaped = path.get(at + 1..at + 3).filter(|_| byte == b'%');
        let escaped = escaped.and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(plain) if plain.is_ascii_alphanumeric() || b"-._~".contains(&plain) => {
                normal.push(plain);
                at += 3;
            }
            _ if NOT_IN_URLS.contains(&byte) => {
                normal.extend(format!("%{byte:02X}").bytes());
                at += 1;
            }
            _ => {
                normal.push(if byte == b'\\' { b'/' } else { byte });
                at += 1;
            }
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envoy_normalizes_paths() {
        for (path, normal) in [
            ("/a/../b", "/b"),
            ("/./b", "/b"),
            ("/%62", "/b"),
            ("/%2e/b", "/b"),
            ("/a\\b", "/a/b"),
            ("/a%5cb", "/a%5cb"),
            ("//b", "//b"),
            ("/a%2Fb", "/a%2Fb"),
            ("/a/..", "/"),
            ("/a/b/.", "/a/b/"),
            ("/a%", "/a%"),
            ("/{a}|\"<b>^`", "/%7Ba%7D%7C%22%3Cb%3E%5E%60"),
            ("/a/..;x=1/b", "/b"),
            ("/a/.;/b", "/a/b"),
            ("/a/..;x\\b/c", "/c"),
            ("/a/%2e.;/b", "/a/..;/b"),
            ("/a\\..;/b", "/a/..;/b"),
            ("/a;x/../b;y", "/b;y"),
        ] {
            assert_eq!(normalize_path(path.as_bytes(), PathNormalization::Base), normal.as_bytes(), "{path}");
        }
    }

    #[test]
    fn the_mode_decides_how_much_is_normalized() {
        let normal = |mode| {
            let path = normalize_path(b"/a//b/../%2F%62", mode);
            String::from_utf8(path.into_owned()).unwrap()
        };
        assert_eq!(normal(PathNormalization::None), "/a//b/../%2F%62");
        assert_eq!(normal(PathNormalization::Base), "/a//%2Fb");
        assert_eq!(normal(PathNormalization::MergeSlashes), "/a/%2Fb");
        assert_eq!(normal(PathNormalization::DecodeAndMergeSlashes), "/a/b");
    }
}
