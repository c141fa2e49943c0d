//! The fields in which texts may look like placeholders, although they are valid.

use crate::yaml::Node;

/// The kind of text that a field holds. It decides which notations are placeholders there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// Code, or a text for another program: no notation counts.
    Opaque,
    /// A regular expression, in which `$`, `(`, `<` and braces have a meaning.
    Pattern,
    /// A path or a header, in which Envoy's `%NAME%` and the `{name}` of URI templates are valid.
    Text,
    /// The annotations of an object. Other programs read most of them, so only those of Istio count.
    Annotations,
    /// A value of any other field.
    Plain,
    /// A host, name or URL, which is never in capitals.
    Name,
}

/// The object that a field belongs to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Object {
    /// Whether it is a ConfigMap or a Secret, whose data is for other programs.
    pub has_data: bool,
    /// Whether it is an EnvoyFilter, whose patches are configuration of Envoy.
    pub is_envoy_filter: bool,
    /// Whether it is a resource of Istio or of the Gateway API.
    pub of_mesh: bool,
    /// Whether the Vault plugin of Argo CD replaces placeholders in it.
    pub of_vault_plugin: bool,
    /// Whether Flux does not replace placeholders in it.
    pub without_flux: bool,
}

impl Object {
    /// The object that a mapping describes, if it has a type.
    pub fn of(node: &Node) -> Option<Self> {
        let kind = node.get("kind")?.as_str()?;
        let api_version = node.get("apiVersion")?.as_str()?;
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let tag = |field: &str, key: &str| node.get("metadata")?.get(field)?.get(key)?.as_str();
        const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";
        Some(Self {
            has_data: matches!(kind, "ConfigMap" | "Secret"),
            is_envoy_filter: kind == "EnvoyFilter",
            of_mesh: group.ends_with(".istio.io") || group.ends_with("gateway.networking.k8s.io"),
            of_vault_plugin: tag("annotations", "avp.kubernetes.io/path").is_some(),
            without_flux: ["annotations", "labels"].iter().any(|it| tag(it, SUBSTITUTE) == Some("disabled")),
        })
    }
}

/// Fields whose text is code, or is read by another program.
const OPAQUE: [&str; 22] = [
    "accessLogEncoding",
    "accessLogFormat",
    "args",
    "body",
    "caBundle",
    "celExpressions",
    "command",
    "env",
    "environmentVariables",
    "expression",
    "inlineBytes",
    "inlineCode",
    "inlineString",
    "inline_code",
    "inline_string",
    "logFormat",
    "managedFields",
    "matchConditions",
    "openAPIV3Schema",
    "pluginConfig",
    "schema",
    "status",
];

/// Fields with regular expressions, and with rewrites that refer to their groups.
const PATTERNS: [&str; 6] =
    ["regex", "regex_rewrite", "safeRegex", "safe_regex", "uriRegexRewrite", "uri_regex_rewrite"];

/// Fields with paths, headers and values of requests.
const TEXTS: [&str; 20] = [
    "add",
    "cookie",
    "exact",
    "headers",
    "literal",
    "notPaths",
    "notValues",
    "path",
    "paths",
    "prefix",
    "queryParams",
    "query_params",
    "replaceFullPath",
    "replacePrefixMatch",
    "set",
    "uri",
    "value",
    "values",
    "withoutHeaders",
    "without_headers",
];

/// Fields with hosts, names of resources, and URLs.
const NAMES: [&str; 22] = [
    "address",
    "addresses",
    "authority",
    "credentialName",
    "exportTo",
    "fromNamespaces",
    "gateways",
    "host",
    "hostname",
    "hostnames",
    "hosts",
    "ipBlocks",
    "issuer",
    "jwksUri",
    "jwks_uri",
    "namespace",
    "namespaces",
    "notHosts",
    "notNamespaces",
    "principals",
    "sniHosts",
    "url",
];

/// Fields with references, in which `name` is the name of another resource.
const REFERENCES: [&str; 7] =
    ["backendRefs", "certificateRefs", "delegate", "metadata", "parentRefs", "targetRef", "targetRefs"];

impl Position {
    /// The position of the value of a key. `parent` is the key above it; empty for a field of the resource itself.
    /// `is_pattern` says whether the mapping declares that its `value` is a regular expression.
    pub fn below(self, object: Object, parent: &str, key: &str, is_pattern: bool) -> Self {
        match self {
            Self::Opaque | Self::Pattern => return self,
            Self::Annotations => return if key.contains("istio.io/") { Self::Plain } else { Self::Opaque },
            _ => {}
        }
        if key == "annotations" && parent == "metadata" {
            return Self::Annotations;
        }
        let is_data = object.has_data && parent.is_empty() && matches!(key, "data" | "stringData" | "binaryData");
        let is_patch = object.is_envoy_filter && key == "value" && parent == "patch";
        if is_data || is_patch || OPAQUE.contains(&key) {
            return Self::Opaque;
        }
        if PATTERNS.contains(&key) || (key == "value" && is_pattern) {
            return Self::Pattern;
        }
        if self == Self::Text || TEXTS.contains(&key) {
            return Self::Text;
        }
        if NAMES.contains(&key) || (key == "name" && REFERENCES.contains(&parent)) { Self::Name } else { self }
    }
}
