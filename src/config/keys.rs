//! The keys of the configuration. [`super::Config`] has the same ones; a test compares both.

use super::shape::{Key, Shape, Word, key, required, word};

/// The keys of the file.
pub(super) const CONFIG: Shape = Shape::Keys(&[
    key(
        "manifests",
        Shape::List(&PATH),
        "The files and directories to read if a command names none, relative to this file.",
    ),
    key("exclude", Shape::List(&Shape::PathPattern), "The files and directories to skip, relative to this file."),
    key("namespace", NAMESPACE, "The namespace of manifests that name none. Default: `default`."),
    key("mesh", Shape::Keys(MESH), "Mesh-wide settings. A MeshConfig among the manifests takes precedence."),
    key("inventory", INVENTORY, "Whether the manifests are complete. Default: decided for each namespace."),
    key("known", Shape::Keys(KNOWN), "Hosts and Services that exist outside of the manifests."),
    key(
        "meshes",
        Shape::List(&Shape::Keys(DECLARED_MESH)),
        "The sets of manifests that are applied together. Default: found in the manifests.",
    ),
    key(
        "helm",
        Shape::Or(&Shape::Flag, &Shape::Keys(HELM)),
        "Whether Helm renders the charts among the manifests, and how. Default: `false`.",
    ),
    key("check", Shape::List(&PATH), "The files of invariants that `mesh check` verifies, relative to this file."),
    key("tests", Shape::List(&PATH), "The files and directories of cases for `mesh test`, relative to this file."),
    key(
        "baseline",
        PATH,
        "The file with the known findings, which `mesh lint` does not report, relative to this file.",
    ),
    key("select", RULES, "The only rules whose findings are reported. Default: all rules."),
    key("ignore", RULES, "Rules whose findings are not reported."),
    key("rules", LEVELS, "The levels of rules."),
    key(
        "overrides",
        Shape::List(&Shape::Keys(OVERRIDE)),
        "Levels for some of the files. If several apply to a file, the last one counts.",
    ),
    key("suppress", Shape::List(&Shape::Keys(SUPPRESSION)), "Findings that are accepted, each with the reason."),
    key("minSeverity", SEVERITY, "The lowest severity that is reported and counted. Default: `info`."),
    key("failOn", SEVERITY, "The lowest severity that makes the exit status of `mesh lint` 1. Default: `error`."),
    key(
        "failOnUnchecked",
        Shape::Flag,
        "Whether a check that the manifests do not decide makes the exit status of `mesh lint` 1. Default: `false`.",
    ),
]);

const PATH: Shape = Shape::Text("a path");
const NAMESPACE: Shape = Shape::Text("the name of a namespace");
const RULES: Shape = Shape::OneOrMore(&Shape::Rule);
const DOMAIN: Shape = Shape::Text("a domain");
const EXPORT_TO: Shape = Shape::List(&Shape::Text("the name of a namespace, `.`, `~` or `*`"));
const LEVELS: Shape = Shape::ByRule(&LEVEL);

const LEVEL: Shape = Shape::Word(
    "a level",
    &[
        word("off", "Findings are dropped."),
        word("info", "Findings are infos."),
        word("warning", "Findings are warnings."),
        word("error", "Findings are errors."),
    ],
);

const SEVERITY: Shape = Shape::Word(
    "a severity",
    &[word("info", "All findings."), word("warning", "Warnings and errors."), word("error", "Errors only.")],
);

const EXTENT: Shape = Shape::Word("an extent of the manifests", EXTENTS);

const EXTENTS: &[Word] = &[
    word("complete", "A resource that the manifests do not define does not exist."),
    word("partial", "A resource that the manifests do not define may exist elsewhere."),
];

const INVENTORY: Shape = Shape::Or(&EXTENT, &Shape::Map("names of namespaces, or `*` for all others,", &EXTENT));

const KNOWN: &[Key] = &[
    key(
        "hosts",
        Shape::List(&Shape::Text("a host")),
        "Hosts that other ServiceEntries define. `*.example.com` means all hosts of the domain.",
    ),
    key(
        "services",
        Shape::Map("names of namespaces", &Shape::List(&Shape::Text("the name of a Service"))),
        "Services that other manifests define, by namespace.",
    ),
];

const DECLARED_MESH: &[Key] = &[
    required("name", Shape::Text("a name"), "The name, for output and for `--mesh`."),
    required("paths", Shape::List(&PATH), "The files and directories, relative to this file. Meshes can share some."),
    key("namespace", NAMESPACE, "The namespace of manifests that name none. Default: that of the configuration."),
    key("inventory", INVENTORY, "Whether the manifests are complete. Default: that of the configuration."),
];

const HELM: &[Key] = &[required("charts", Shape::List(&Shape::Keys(CHART)), "How some of the charts are installed.")];

const CHART: &[Key] = &[
    required("path", PATH, "The directory of the chart, relative to this file."),
    key("release", Shape::Text("a name"), "The name of the release. Default: the name of the chart."),
    key("namespace", NAMESPACE, "The namespace of the release. Default: that of the configuration."),
    key("values", Shape::List(&PATH), "Files with values, relative to this file. Later ones take precedence."),
    key("render", Shape::Flag, "Whether the chart is rendered. Default: `true`."),
];

const OVERRIDE: &[Key] = &[
    required("paths", Shape::List(&Shape::PathPattern), "Patterns of the files, relative to this file."),
    required("rules", LEVELS, "The levels of rules in these files."),
];

const SUPPRESSION: &[Key] = &[
    required("rules", RULES, "The rules, families, findings or codes that are accepted."),
    key("kind", Shape::NamePattern, "A pattern of the kinds of resources. Default: all."),
    key("namespace", Shape::NamePattern, "A pattern of the namespaces of resources. Default: all."),
    key("name", Shape::NamePattern, "A pattern of the names of resources. Default: all."),
    key("paths", Shape::OneOrMore(&Shape::PathPattern), "Patterns of the files, relative to this file. Default: all."),
    required("reason", Shape::Text("a reason"), "The reason, for readers."),
    key("until", Shape::Date, "The last day on which the entry applies. Default: no end."),
];

const MESH: &[Key] = &[
    key("domain", DOMAIN, "The cluster's DNS domain. Default: `cluster.local`."),
    key("rootNamespace", NAMESPACE, "The namespace whose resources apply to all namespaces. Default: `istio-system`."),
    key("trustDomain", DOMAIN, "The trust domain of the mesh's identities. Default: `cluster.local`."),
    key(
        "trustDomainAliases",
        Shape::List(&DOMAIN),
        "Trust domains that are equivalent to `trustDomain`. Default: none.",
    ),
    key(
        "outboundTrafficPolicy",
        Shape::Keys(&[required("mode", OUTBOUND, "The mode.")]),
        "The policy for requests to unknown destinations. Default: `ALLOW_ANY`.",
    ),
    key("defaultServiceExportTo", EXPORT_TO, "`exportTo` of Services and ServiceEntries without it. Default: `*`."),
    key("defaultVirtualServiceExportTo", EXPORT_TO, "`exportTo` of VirtualServices without it. Default: `*`."),
    key("defaultDestinationRuleExportTo", EXPORT_TO, "`exportTo` of DestinationRules without it. Default: `*`."),
];

const OUTBOUND: Shape = Shape::Word(
    "a mode",
    &[
        word("ALLOW_ANY", "Clients reach unknown destinations at the address that they dial."),
        word("REGISTRY_ONLY", "Clients do not reach unknown destinations."),
        word(
            "ALLOW_ANY_DYNAMIC_DNS",
            "Clients reach unknown destinations at the address that the proxy resolves for the host.",
        ),
    ],
);
