//! Documents that are not manifests: settings of other tools, values of charts, saved output. Mistakes in their YAML are
//! not mistakes of the mesh.

use super::STDIN;
use crate::yaml::{Document, Node, Value};

/// Whether a document belongs to another tool. A manifest has `apiVersion` and `kind`: as fields, or, if the document
/// cannot be parsed, as words at places where keys can be. Standard input is a manifest in any case: nobody pipes other
/// files.
pub(super) fn is_foreign(path: &str, text: &str, document: &Document) -> bool {
    if path == STDIN || is_kustomization(path) {
        return false;
    }
    match &document.root {
        Some(root) if is_collection(root) => !KEYS.iter().any(|key| root.get(key).is_some()),
        // Without colons, the lines of a mapping are one long string.
        Some(_) | None => !KEYS.iter().all(|key| has_key(text, key)),
    }
}

fn is_collection(node: &Node) -> bool {
    matches!(node.value, Value::Mapping(_) | Value::Sequence(_))
}

/// Whether a document is saved output of `kubectl get`: a List with a resource version, whose items exist in a cluster. It
/// records a state, and nobody applies it.
pub(super) fn is_dump(document: &Document) -> bool {
    let Some(root) = &document.root else { return false };
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    let metadata = |node: &Node, key: &str| node.get("metadata").is_some_and(|metadata| metadata.get(key).is_some());
    let is_live = |item: &Node| metadata(item, "uid") || metadata(item, "managedFields");
    text(root, "kind").as_deref() == Some("List")
        && metadata(root, "resourceVersion")
        && root.get("items").is_some_and(|items| items.items().iter().any(is_live))
}

/// The fields that say what a manifest is.
const KEYS: [&str; 2] = ["apiVersion", "kind"];

/// Whether a file is a Kustomization, which needs neither of the fields.
fn is_kustomization(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("kustomization.yaml" | "kustomization.yml" | "Kustomization"))
}

/// Whether a text has a word where a key can be: first in its line, or in a flow mapping. The colon may be missing, as
/// the text may not be YAML for that reason.
fn has_key(text: &str, key: &str) -> bool {
    text.match_indices(key).any(|(at, _)| {
        let before = text[..at].trim_end_matches(['"', '\'', ' ', '\t', '-']);
        let after = text[at + key.len()..].chars().next();
        (before.is_empty() || before.ends_with(['\n', '\r', '{', ',', '\u{feff}']))
            && after.is_none_or(|after| !after.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml;

    fn is_foreign_file(path: &str, text: &str) -> bool {
        let file = Sources::default().add(path, text);
        let document = match path.ends_with(".json") {
            true => yaml::parse_json(file, text),
            false => yaml::parse(&yaml::split(file, text)[0], text),
        };
        is_foreign(path, text, &document)
    }

    #[test]
    fn settings_and_saved_output_are_foreign() {
        let foreign = [
            ("tsconfig.json", "{\n  // comments\n  \"compilerOptions\": {},\n}"),
            ("package.json", "{\"name\": \"a\", \"name\": \"b\"}"),
            ("output.json", "Error from server (NotFound): services \"kind\" not found"),
            ("docker-compose.yaml", "services:\n  web: {image: a}\n  web: {image: b}\n"),
            ("values.yaml", "workload:\n  kind: Deployment\n  image: @IMAGE@\n"),
            ("mkdocs.yml", "plugins: [\n"),
        ];
        for (path, text) in foreign {
            assert!(is_foreign_file(path, text), "{path}");
        }
    }

    #[test]
    fn lists_with_objects_of_a_cluster_are_dumps() {
        let is_dump_text = |text: &str| {
            let file = Sources::default().add("a.yaml", text);
            is_dump(&yaml::parse(&yaml::split(file, text)[0], text))
        };
        let list = |metadata: &str, item: &str| {
            format!("apiVersion: v1\nitems:\n- {{kind: Service, metadata: {item}}}\nkind: List\nmetadata: {metadata}\n")
        };
        let (version, live) = ("{resourceVersion: ''}", "{name: a, uid: x}");
        assert!(is_dump_text(&list(version, live)));
        assert!(is_dump_text(&list(version, "{name: a, managedFields: []}")));
        // The second list follows without `---`.
        assert!(is_dump_text(&list(version, live).repeat(2)));
        assert!(!is_dump_text(&list("{}", live)));
        assert!(!is_dump_text(&list(version, "{name: a}")));
        assert!(!is_dump_text("kind: Service\nmetadata: {uid: x, resourceVersion: ''}\n"));
    }

    #[test]
    fn broken_manifests_are_ours() {
        let ours = [
            ("a.json", "{\"apiVersion\": \"v1\", \"kind\": \"Service\",}"),
            ("a.yaml", "apiVersion: v1\nkind: Service\nmetadata: [\n"),
            ("a.yaml", "apiVersion v1\nkind Service\n"),
            ("a.yaml", "- apiVersion: v1\n  kind: Service\n metadata: {}\n"),
            ("a.yaml", "{apiVersion: v1, kind: Service, metadata: {\n"),
            ("a.yaml", "kind: Service\nkind: Service\n"),
            ("base/kustomization.yaml", "resources:\n- a\nresources:\n- b\n"),
            (STDIN, "a: [\n"),
        ];
        for (path, text) in ours {
            assert!(!is_foreign_file(path, text), "{path}: {text}");
        }
    }
}
