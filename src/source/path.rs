//! Paths as output shows them: with `/` as separator.

/// Joins a path to a directory, and resolves `.` and `..` without looking at links. The working directory is `""`.
pub fn join(directory: &str, path: &str) -> String {
    let is_absolute = path.starts_with('/') || directory.starts_with('/');
    let directory = if path.starts_with('/') { "" } else { directory };
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "." | "" => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if is_absolute => {}
            name => parts.push(name),
        }
    }
    let joined = parts.join("/");
    if is_absolute { format!("/{joined}") } else { joined }
}

/// The directory of a path; `""` for a file in the working directory.
pub fn directory(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((directory, _)) => directory,
        None => "",
    }
}

/// Whether a path is a directory or below it.
pub fn is_within(path: &str, directory: &str) -> bool {
    match directory {
        "" => !path.starts_with('/') && !path.starts_with("../") && path != "..",
        "/" => path.starts_with('/'),
        // The directory is above the working directory.
        _ if directory.split('/').all(|part| part == "..") => {
            let ups = |path: &str| path.split('/').take_while(|part| *part == "..").count();
            !path.starts_with('/') && ups(path) <= ups(directory)
        }
        _ => path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_resolve_dots() {
        for (directory, path, joined) in [
            ("", "a.yaml", "a.yaml"),
            ("a/b", "../c", "a/c"),
            ("a", "../../c", "../c"),
            ("../a", "../../c", "../../c"),
            ("a", "./b/./c/", "a/b/c"),
            ("a", "..", ""),
            ("/a", "../../b", "/b"),
            ("a", "/b", "/b"),
        ] {
            assert_eq!(join(directory, path), joined, "{directory} {path}");
        }
    }

    #[test]
    fn a_directory_holds_what_is_below_it() {
        for (path, directory, expected) in [
            ("a/b.yaml", "a", true),
            ("ab/c.yaml", "a", false),
            ("a", "a", true),
            ("b.yaml", "", true),
            ("../b.yaml", "", false),
            ("/b.yaml", "/", true),
            ("b.yaml", "..", true),
            ("../b.yaml", "..", true),
            ("../../b.yaml", "..", false),
            ("/b.yaml", "..", false),
        ] {
            assert_eq!(is_within(path, directory), expected, "{path} {directory}");
        }
    }
}
