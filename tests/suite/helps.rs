//! Helps lead out. The edits of a help make its finding go away, and bring no other finding that is as bad. A help that says
//! what to write, set, use, name or remove has edits, or `WITHOUT_EDITS` says why not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{env, fs};

use mesh::advice::{Resolver, TextEdit};
use mesh::lint::{Diagnostic, Severity, rules};
use rayon::prelude::*;

use crate::cases;
use crate::example::{Example, Linted};
use crate::shared;

/// A directory of real manifests is linted again for so many edits, those of different findings first.
const MOST_EDITS: usize = 60;
/// More edits are tried together first, and only together if the directory has many files.
const TOGETHER: usize = 4;
const MANY_FILES: usize = 40;

/// Findings that an edit of another one does not bring, but reveals: before, the mistake hid them. Each with the reason.
const REVEALED: &[(&str, &str, &str)] = &[
    ("wrong-type/value", "invalid-tls/rejected", "a mode that is not valid needs no certificates"),
    ("unknown-kind/unknown", "missing-field/rejected", "an unknown kind is not checked"),
    ("unknown-host/unknown", "unknown-host/unknown", "a Service that is certainly meant shows that others are missing"),
    ("unknown-host/unknown", "missing-subset/nowhere-defined", "an unknown host has no subsets"),
    ("unknown-namespace/missing", "contradictory-rule/excluded-values", "the namespace is also excluded"),
    ("wrong-type/type", "crd-schema/rejected", "only texts are compared with patterns"),
    ("impossible-match/dead-route", "unreachable-route/route", "a route that matches nothing cannot be shadowed"),
    (
        "service-selects-nothing/no-workload",
        "unknown-target-port/undeclared-number",
        "a Service without workloads has no target ports",
    ),
    (
        "service-selects-nothing/no-workload",
        "unknown-target-port/missing-name",
        "a Service without workloads has no target ports",
    ),
    (
        "conflicting-fields/rejected",
        "entry-without-endpoints/none-at-gateway",
        "a rejected ServiceEntry reaches no gateway",
    ),
    (
        "envoy-filter-operation/wrong-filter",
        "terminal-filter/after-terminal",
        "a patch that matches nothing has no order",
    ),
    ("unattached-route/missing-gateway", "unattached-route/kind-not-allowed", "an unknown Gateway has no listeners"),
];

/// Each finding, with the highest severity and the number of times that an example has it.
type Counts = BTreeMap<String, (Severity, usize)>;

#[test]
fn edits_of_examples_lead_out() {
    let faults = rules::ALL.par_iter().flat_map_iter(|rule| {
        let examples = cases::examples(rule).into_iter().enumerate();
        examples.flat_map(|(index, example)| faults(&format!("example {index} of {}", rule.name), &example, usize::MAX))
    });
    let faults: Vec<String> = faults.collect();
    assert!(faults.is_empty(), "{} edits do not lead out:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn edits_of_real_manifests_lead_out() {
    let mut directories = Vec::new();
    for data in ["bad", "reports", "corpus"].iter().filter_map(|name| shared::data(name)) {
        let entries = fs::read_dir(data).expect("it can be listed").map(|entry| entry.expect("it can be read").path());
        directories.extend(entries.filter(|path| path.is_dir()));
    }
    directories.sort();
    let faults = directories.par_iter().flat_map_iter(|directory| {
        let example = Example::of_files(manifests(directory));
        faults(&directory.display().to_string(), &example, MOST_EDITS)
    });
    let faults: Vec<String> = faults.collect();
    assert!(faults.is_empty(), "{} edits do not lead out:\n{}", faults.len(), faults.join("\n"));
}

/// The texts of the manifests in a directory.
fn manifests(directory: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(directory).sort_by_file_name() {
        let path = entry.expect("it can be listed").into_path();
        let is_manifest = path.extension().is_some_and(|it| it == "yaml" || it == "yml" || it == "json");
        if let Some(text) = is_manifest.then(|| fs::read_to_string(&path).ok()).flatten() {
            let name = path.strip_prefix(directory).expect("it is in the directory").display().to_string();
            files.insert(name, text);
        }
    }
    files
}

/// The edits of an example that do not lead out.
fn faults(name: &str, example: &Example, most: usize) -> Vec<String> {
    let before = example.lint();
    let mut resolver = Resolver::new(before.sources());
    let mut faults = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let with_edits = before.diagnostics().iter().filter_map(|it| Some((it, it.help.as_ref()?)));
    let mut all: Vec<_> = with_edits.flat_map(|(it, help)| help.fixes().iter().map(move |fix| (it, fix))).collect();
    // The sort is stable: the first of each finding come first.
    all.sort_by_cached_key(|(it, _)| {
        let times = seen.entry(name_of(it)).or_default();
        *times += 1;
        *times
    });
    let resolved = all.into_iter().filter_map(|(finding, fix)| Some((finding, resolver.text_edits(fix)?)));
    let resolved: Vec<(&Diagnostic, Vec<TextEdit>)> = resolved.take(most).collect();
    let has_many_files = before.sources().len() > MANY_FILES;
    let resolved = match has_many_files {
        true => resolved.into_iter().filter(|(finding, _)| is_tried_in_large(finding)).collect(),
        false => resolved,
    };
    if resolved.len() > TOGETHER || has_many_files {
        let brought = brought_together(example, &before, &resolved);
        if brought.is_empty() {
            return faults;
        } else if has_many_files {
            return vec![format!("{name}: {} edits together bring {brought:?}", resolved.len())];
        }
    }
    for (finding, edits) in resolved {
        let after = example.after(&edits, &before).lint();
        for fault in differences(finding, &before, &after) {
            let help = finding.help.as_ref().map(ToString::to_string).unwrap_or_default();
            let (file, line) = before.line_of(finding);
            let place = format!("{name}, {file}:{line}: {}: {}", name_of(finding), finding.message);
            faults.push(format!("{place}\n    help: {help}\n    {edits:?}\n    {fault}"));
        }
    }
    faults
}

/// Whether an edit is tried in a large directory. A guess can be wrong, and what a name refers to is checked only if it exists,
/// so that a mended name reveals other findings.
fn is_tried_in_large(finding: &Diagnostic) -> bool {
    let is_certain = finding.help.as_ref().is_some_and(|help| help.only_fix().is_some());
    is_certain && !finding.rule.name.starts_with("unknown-")
}

/// The findings that many edits bring together, from one run. One edit of each finding counts, if it does not touch the edits
/// of others.
fn brought_together(example: &Example, before: &Linted, resolved: &[(&Diagnostic, Vec<TextEdit>)]) -> BTreeSet<String> {
    let mut all: BTreeSet<TextEdit> = BTreeSet::new();
    let mut fixed: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (finding, edits) in resolved {
        let touches = |edit: &TextEdit| {
            let mut others = all.iter().filter(|other| other.span.file == edit.span.file);
            others.any(|other| edit.span.start <= other.span.end && other.span.start <= edit.span.end)
        };
        if seen.insert(std::ptr::from_ref(*finding)) && !edits.iter().any(touches) {
            all.extend(edits.iter().cloned());
            *fixed.entry(name_of(finding)).or_default() += 1;
        }
    }
    let all: Vec<TextEdit> = all.into_iter().collect();
    let after = counts(&example.after(&all, before).lint());
    let before = counts(before);
    let expected = |name: &str| before.get(name).map_or(0, |(_, count)| *count) - fixed.get(name).unwrap_or(&0);
    let is_revealed = |name: &str| REVEALED.iter().any(|(by, it, _)| *it == name && fixed.contains_key(*by));
    let more = after.into_iter().filter(|(name, (severity, count))| {
        *severity > Severity::Info && *count > expected(name) && !is_revealed(name)
    });
    more.map(|(name, _)| name).collect()
}

/// Why an edit for a finding does not lead out.
fn differences(finding: &Diagnostic, linted: &Linted, after: &Linted) -> Vec<String> {
    let (before, counts) = (counts(linted), counts(after));
    let count = |counts: &Counts, name: &str| counts.get(name).map_or(0, |(_, count)| *count);
    let own = name_of(finding);
    let mut faults = Vec::new();
    let same = |linted: &Linted| {
        linted.diagnostics().iter().filter(|it| name_of(it) == own && it.message == finding.message).count()
    };
    if same(after) >= same(linted) {
        faults.push("the finding is still there".to_owned());
    }
    for (name, (severity, number)) in &counts {
        let expected = count(&before, name) - usize::from(*name == own);
        let is_revealed = || REVEALED.iter().any(|(fixed, revealed, _)| (*fixed, *revealed) == (&*own, name));
        if *severity >= finding.severity && *number > expected && !is_revealed() {
            let new: Vec<&str> =
                after.diagnostics().iter().filter(|it| name_of(it) == *name).map(|it| it.message.as_str()).collect();
            faults.push(format!("the edit brings {name}: {new:?}"));
        }
    }
    faults
}

fn counts(linted: &Linted) -> Counts {
    let mut counts = Counts::new();
    for finding in linted.diagnostics() {
        let (severity, count) = counts.entry(name_of(finding)).or_insert((finding.severity, 0));
        *severity = finding.severity.max(*severity);
        *count += 1;
    }
    counts
}

fn name_of(finding: &Diagnostic) -> String {
    format!("{}/{}", finding.rule.name, finding.finding.name)
}

/// Every help that says exactly what to do has edits, or a reason for their absence.
#[test]
fn helps_that_say_what_to_write_have_edits() {
    let found: Vec<(String, String)> =
        rules::ALL.par_iter().flat_map_iter(|rule| cases::examples(rule)).flat_map_iter(without_edits).collect();
    let mut unlisted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let listed: BTreeSet<&str> = WITHOUT_EDITS.iter().map(|(name, _)| *name).collect();
    for (name, help) in found.iter().filter(|(name, _)| !listed.contains(name.as_str())) {
        unlisted.entry(name).or_default().insert(help);
    }
    if env::var_os("LIST").is_some() {
        for (name, helps) in &unlisted {
            helps.iter().for_each(|help| println!("{name}: {help}"));
        }
    }
    assert!(unlisted.is_empty(), "give these helps edits, or list them with a reason: {unlisted:#?}");
    let found: BTreeSet<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let stale: Vec<&&str> = listed.difference(&found).collect();
    assert!(stale.is_empty(), "all helps of these findings have edits, or none that can be exact: {stale:?}");
}

/// The findings of an example whose help says what to do, but has no edits.
fn without_edits(example: Example) -> Vec<(String, String)> {
    let linted = example.lint();
    let without = linted.diagnostics().iter().filter_map(|it| {
        let help = it.help.as_ref().filter(|help| help.fixes().is_empty() && is_exact(help.text()))?;
        Some((name_of(it), help.to_string()))
    });
    without.collect()
}

/// Whether a help says what to do: to remove something, or to write what stands in backticks. A help that leaves a choice, or
/// states a condition, does not.
fn is_exact(help: &str) -> bool {
    let plain: String = help.split('`').step_by(2).collect();
    let words = |text: &str, verbs: &[&str]| text.split(|it: char| !it.is_alphabetic()).any(|it| verbs.contains(&it));
    if words(&plain, &["or", "unless", "if", "one", "such", "another"]) {
        return false;
    }
    let Some((before, rest)) = help.split_once('`') else { return words(&plain, &["remove"]) };
    let adds_value = words(before, &["add"]) && rest.contains(": ");
    adds_value || words(&plain, &["remove"]) || words(before, &["write", "set", "use", "name", "mean", "change"])
}

/// The findings whose helps say what to do, but have no edits, each with the reason.
const WITHOUT_EDITS: &[(&str, &str)] = &[
    ("authorization-provider/invalid", "the MeshConfig has to change, which can be a text in another resource"),
    ("authorization-provider/unknown-port", "the MeshConfig has to change, which can be a text in another resource"),
    ("authorization-provider/unknown-service", "the MeshConfig has to change, which can be a text in another resource"),
    ("broken-kustomization/invalid", "the problem of the build has no edits"),
    ("broken-kustomization/several-matches", "the problem of the build has no edits"),
    (
        "conflicting-fields/rejected",
        "the entries of a list, or a field of another part of the resource, have to change",
    ),
    ("conflicting-service-entries/ignored", "removing the only host would leave an invalid ServiceEntry"),
    (
        "conflicting-service-entries/without-cluster",
        "the Service changes too, or another ServiceEntry may have the new host",
    ),
    ("cors-preflight/denied", "what else the rule should allow is not known"),
    ("crd-schema/rejected", "the query has to become a condition"),
    ("delegate-conflict/no-match-fits", "either match can be the right one"),
    ("denied-workload/gateway-not-allowed", "a new resource is needed"),
    ("denied-workload/route-denied", "whether the gateway may send requests is a choice"),
    ("deprecated-annotation/deprecated", "the value has to move into another annotation"),
    ("deprecated-field/removed-kind", "the resource goes away"),
    ("dropped-route/whole-route", "the place is that of the rule"),
    ("duplicate-destination-rule/not-merged", "either value can be the right one"),
    ("envoy-filter-name/short-name", "the name is a part of the value"),
    ("envoy-filter-order/order-for-version", "any higher number will do"),
    ("envoy-filter-order/order", "any higher number will do"),
    ("envoy-filter-order/unknown-filter-for-version", "any higher number will do"),
    ("envoy-filter-order/unknown-filter", "any higher number will do"),
    ("gateway-selects-nothing/no-workload", "the selector has to change as a whole"),
    ("gateway-selects-nothing/unselected-gateway", "the selector has to change as a whole"),
    ("host-without-service/misshapen", "another resource, or what the routes are for, may have to change"),
    ("host-without-service/pod-name", "another resource, or what the routes are for, may have to change"),
    ("host-without-service/short-entry", "another resource, or what the routes are for, may have to change"),
    ("http-rule-on-tcp/closes-server", "the ports are not known, or the rule has to become another one"),
    ("http-rule-on-tcp/denies-any-tcp", "the ports are not known, or the rule has to become another one"),
    ("http-rule-on-tcp/denies-at-gateway", "the ports are not known, or the rule has to become another one"),
    ("identity-without-mtls/any-namespace-at-gateway", "the source is not the place of the finding"),
    ("identity-without-mtls/any-namespace", "the source is not the place of the finding"),
    ("impossible-match/dead-match", "the kind of match has to change, or the expression is one of several readings"),
    ("impossible-match/dead-route", "the kind of match has to change, or the expression is one of several readings"),
    ("impossible-policy-value/asterisk", "one value becomes several"),
    ("impossible-policy-value/audience", "one value becomes several"),
    ("impossible-policy-value/notation", "one value becomes several"),
    ("impossible-policy-value/regex", "one value becomes several"),
    ("ineffective-kustomization/no-effect", "the problem of the build has no edits"),
    ("ineffective-selector/gateway-and-others", "the selector has to become a list of references"),
    ("ineffective-selector/gateway", "the selector has to become a list of references"),
    ("ineffective-selector/waypoint", "the selector has to become a list of references"),
    ("inert-destination-rule/external-name", "another resource may have to change"),
    ("inert-destination-rule/misshapen", "another resource may have to change"),
    ("inert-destination-rule/short-entry", "another resource may have to change"),
    ("invalid-annotation/partly-ignored", "the value is a text with fields"),
    ("invalid-annotation/rejected", "the value is a text with fields"),
    ("invalid-header/rejected", "the operation has to move to another field"),
    ("invalid-host/rejected", "the right host is not known"),
    ("invalid-host/warned", "the right host is not known"),
    ("invalid-policy/rejected", "the name or the values are not known"),
    ("invalid-port/rejected", "another resource has to change"),
    ("invalid-reference/rejected", "the namespace or the name is not known"),
    ("invalid-regex/rejected-by-proxy", "the expression has several readings"),
    ("invalid-regex/rejected", "the expression has several readings"),
    ("invalid-tls/rejected", "the namespace and the name are not known"),
    ("invalid-uri/rejected", "the segments or the URL are not known"),
    ("missing-ca-certificates/cluster-host", "the file is not known"),
    ("missing-ca-certificates/unverified", "the file is not known"),
    ("missing-field/rejected", "the value is not known"),
    ("missing-request-authentication/issuer", "the place is that of the list"),
    ("missing-tls-origination/external-port", "a new resource is needed, or another one has to change"),
    ("mistaken-match-type/empty-value", "the type and the value are two fields, or the match has to change as a whole"),
    (
        "mistaken-match-type/escaped-pattern",
        "the type and the value are two fields, or the match has to change as a whole",
    ),
    ("mistaken-match-type/open-regex", "the type and the value are two fields, or the match has to change as a whole"),
    (
        "mistaken-match-type/pattern-as-text",
        "the type and the value are two fields, or the match has to change as a whole",
    ),
    (
        "mistaken-match-type/text-as-regex",
        "the type and the value are two fields, or the match has to change as a whole",
    ),
    ("older-form/unreported", "another field is set too, or the value is not valid either"),
    ("older-form/warned", "another field is set too, or the value is not valid either"),
    ("overriding-policy/deny-all", "the policy has to be written anew"),
    ("overriding-policy/deny-over-allow", "the policy has to be written anew"),
    ("policy-selects-nothing/label", "the key can be wrong as well as the value"),
    ("port-required/gateway-port", "the service has to change first"),
    ("refusing-gateway/expects-tls", "another resource has to change"),
    ("refusing-gateway/unknown-host", "another resource has to change"),
    ("route-protocol/other-protocol", "the routes may be meant for another port"),
    ("routes-without-mesh/mesh-as-host", "the other hosts decide what is left"),
    ("shared-tcp-server/alternative", "another resource has to change"),
    ("shared-tcp-server/no-connections", "another resource has to change"),
    ("sidecar-in-ambient/sidecar-container", "the pods move to another data plane, to which other rules apply"),
    ("sidecar-unknown-host/misshapen", "the name has several readings"),
    ("subset-selects-nothing/single-workload", "the value is not known"),
    ("telemetry-provider/filter-without-provider", "the provider is not known"),
    ("terminal-filter/terminal-before", "the patch has to be written anew"),
    ("uneven-uri-case/regex", "the expression has to ignore case, which can be wrong"),
    ("unknown-backend/missing-service", "another resource may have to change"),
    ("unknown-credential/missing", "the place is that of a reference"),
    ("unknown-field/unknown", "the field that is meant may exist already"),
    ("unknown-gateway/generated-name", "another kind of resource is needed"),
    ("unknown-host/misshapen", "another resource may have to change"),
    ("unknown-host/not-a-service", "another resource may have to change"),
    ("unknown-host/short-entry", "another resource may have to change"),
    ("unknown-host/unknown", "another resource may have to change"),
    ("unknown-method/unknown", "one value becomes several"),
    ("unknown-principal/form", "the parts of the name are not known"),
    ("unknown-principal/scheme", "the parts of the name are not known"),
    ("unknown-principal/service-account", "the parts of the name are not known"),
    ("unknown-waypoint/missing", "another resource has to change, or is needed"),
    ("unknown-waypoint/namespace-not-allowed", "another resource has to change, or is needed"),
    ("unknown-waypoint/not-served", "another resource has to change, or is needed"),
    ("unrestricted-jwks-fetch/unrestricted", "a variable of istiod has to change"),
    ("unused-suppression/no-rule", "comments are not values"),
    ("unused-suppression/unknown-rule", "comments are not values"),
    ("waypoint-required/authorization-policy-target", "another resource has to change"),
    ("wrong-policy-port/service-port", "one port becomes several, or any of several will do"),
    ("wrong-policy-port/unknown-port", "one port becomes several, or any of several will do"),
];
