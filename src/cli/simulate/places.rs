//! Which arguments are manifests, and which is the URL.

use std::path::{Path, PathBuf};

use super::args::Simulate;

/// The arguments, told apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The paths of the manifests.
    pub manifests: Vec<PathBuf>,
    /// The URL.
    pub url: Option<String>,
    /// The gateway that is named; empty if any is meant.
    pub gateway: Option<String>,
    /// The expected ends of the request; empty for any destination.
    pub expected: Vec<String>,
}

impl Places {
    /// Tells the arguments apart. The error names two URLs.
    pub fn new(args: &Simulate) -> Result<Self, String> {
        let mut places = Self { manifests: args.file.clone(), ..Self::default() };
        let mut arguments: Vec<(&str, bool)> = args.arguments.iter().map(|it| (it.as_str(), true)).collect();
        // An option whose value is optional takes the next argument.
        if let Some(value) = &args.gateway.gateway {
            let is_own = !is_argument(value);
            places.gateway = Some(if is_own { value.clone() } else { String::new() });
            arguments.extend((!is_own).then_some((value.as_str(), false)));
        }
        for value in &args.output.expect {
            let is_own = !is_argument(value);
            places.expected.push(if is_own { value.clone() } else { String::new() });
            arguments.extend((!is_own).then_some((value.as_str(), false)));
        }
        let has_files = !args.file.is_empty();
        let is_manifest = |(argument, is_positional): &(&str, bool), has_files: bool| {
            is_path(argument) || (*is_positional && exists(argument, has_files))
        };
        // A word that is also a directory is a host beside `--file`, unless another argument is the URL.
        let is_other = |other: &(&str, bool)| !is_manifest(other, has_files) && !is_manifest(other, false);
        let has_url = arguments.iter().any(is_other);
        for argument in arguments {
            if is_manifest(&argument, has_files && !has_url) {
                places.manifests.push(PathBuf::from(argument.0));
            } else if let Some(first) = places.url.replace(argument.0.to_owned()) {
                return Err(two_urls(&first, argument.0));
            }
        }
        Ok(places)
    }
}

/// Whether a text looks like a path, whether or not it exists.
fn is_path(text: &str) -> bool {
    let has_start = ["./", "../", "/", "~/"].iter().any(|start| text.starts_with(start));
    if text.contains("://") {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    let has_end = [".yaml", ".yml", ".json"].iter().any(|end| lower.ends_with(end));
    has_start || matches!(text, "-" | "." | "..") || (has_end && !names_port(text))
}

/// Whether a URL without a scheme begins with a host and a port, as `api:8080/openapi.json` does.
fn names_port(text: &str) -> bool {
    let authority = text.split('/').next().unwrap_or_default();
    authority.rsplit_once(':').is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|it| it.is_ascii_digit()))
}

/// Whether a text is a file or directory. Beside `--file` a single word is a host, even if a directory has its name.
fn exists(text: &str, has_files: bool) -> bool {
    let is_word = !text.contains(['/', '.']);
    let is_host = text.is_empty() || text.contains("://") || (has_files && is_word);
    !is_host && Path::new(text).exists()
}

/// Whether the value of an option is an argument of its own: a URL or a path.
fn is_argument(value: &str) -> bool {
    value.contains("://") || value.ends_with('/') || is_path(value)
}

fn two_urls(first: &str, second: &str) -> String {
    let is_file = |text: &&str| !text.contains("://") && !names_port(text) && text.contains('/');
    match [first, second].into_iter().find(is_file) {
        Some(path) => {
            format!("`{first}` and `{second}` cannot both be the URL, and no file or directory `{path}` exists")
        }
        None => {
            format!("one URL at a time: found `{first}` and `{second}`, and neither of them is a file or directory")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_urls_are_told_apart() {
        for path in ["./manifests", "../x", "/etc/mesh", "a.yaml", "a/b.YML", "list.json", "-", ".", "..", "./a:80"] {
            assert!(is_path(path), "{path}");
        }
        for url in
            ["http://a/b.json", "reviews", "reviews:9080", "api:8080/openapi.json", "file:///a.yaml", "[::1]:80/"]
        {
            assert!(!is_path(url), "{url}");
        }
        assert!(exists("Cargo.toml", true) && exists("src", false) && !exists("src", true) && exists("src/cli", true));
        assert!(!exists("nowhere", false) && !exists("", false));
    }

    #[test]
    fn optional_values_leave_urls_and_paths_alone() {
        for argument in ["http://a", "./manifests", "a.yaml", "shop.example.com/", "-"] {
            assert!(is_argument(argument), "{argument}");
        }
        for value in ["", "reviews/v2", "reviews:9080/v2", "404", "istio-system/istio-ingressgateway", "mesh"] {
            assert!(!is_argument(value), "{value}");
        }
    }
}
