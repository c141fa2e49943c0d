//! Properties of differences, on random meshes.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Change, ChangeKind, Diff};
use crate::load::Snapshot;
use crate::proof::samples::{manifests, request};
use crate::simulate::{Simulator, answer_differences};
use crate::source::Span;
use crate::world::{Settings, World};

/// Compares two sets of manifests, whether they are equal or not.
fn compared<T>(old: &str, new: &str, then: impl FnOnce(&Diff, &Simulator<'_>, &Simulator<'_>) -> T) -> T {
    let snapshots = [old, new].map(|text| Snapshot::of_texts([("a.yaml", text.to_owned())]));
    let worlds = snapshots.each_ref().map(|snapshot| World::new(snapshot, Settings::default()));
    let (before, after) = (Simulator::new(&worlds[0]), Simulator::new(&worlds[1]));
    then(&Diff::by_rules(&before, &after), &before, &after)
}

/// The kinds and places of changes, as they are or mirrored.
fn outline(diff: &Diff, is_mirrored: bool) -> BTreeSet<(ChangeKind, Option<Span>, Option<Span>, String)> {
    let place = |answer: &crate::simulate::Answer| answer.route.as_ref().map(|route| route.span);
    let outline = |change: &Change| {
        let places = (place(&change.before), place(&change.after));
        let mirrored = match change.kind {
            ChangeKind::NowReachable => ChangeKind::NowUnreachable,
            ChangeKind::NowUnreachable => ChangeKind::NowReachable,
            other => other,
        };
        let (kind, old, new) = match is_mirrored {
            true => (mirrored, places.1, places.0),
            false => (change.kind, places.0, places.1),
        };
        change.hosts.iter().map(move |host| (kind, old, new, host.clone())).collect::<Vec<_>>()
    };
    diff.changes.iter().flat_map(outline).collect()
}

/// A workload, and a policy for it with some rules.
fn with_policy(rules: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: shop, labels: {{app: web}}}}\n---\n\
         apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: web, namespace: shop}}\n\
         spec:\n  selector: {{matchLabels: {{app: web}}}}\n  rules:\n{rules}"
    )
}

/// A policy that allows more is one change with a request that shows it, and policies that say the same differently are
/// equal.
#[test]
fn policies_are_compared_for_all_requests() {
    let old =
        with_policy("  - {from: [{source: {namespaces: [ops]}}], to: [{operation: {paths: ['/admin/*', /a]}}]}\n");
    let same = with_policy(
        "  - {from: [{source: {namespaces: [ops]}}], to: [{operation: {paths: [/a]}}]}\n  - {to: [{operation: {paths: \
         ['/admin/*']}}], when: [{key: source.namespace, values: [ops]}]}\n",
    );
    let wide = with_policy("  - {from: [{source: {namespaces: [ops]}}], to: [{operation: {paths: ['/adm*', /a]}}]}\n");
    compared(&old, &same, |diff, _, _| assert!(diff.is_proof_of_equivalence(), "{diff:#?}"));
    compared(&old, &wide, |diff, _, _| {
        assert!(diff.incomplete.is_empty(), "{:?}", diff.incomplete);
        let [change] = diff.changes.as_slice() else { panic!("{diff:#?}") };
        assert_eq!((change.kind, change.witness.path.as_deref()), (ChangeKind::NowReachable, Some("/adm")));
        assert_eq!(change.hosts, ["shop/web"]);
    });
}

/// Nobody knows whether other pods do the same.
#[test]
fn other_pods_are_not_proven_to_be_the_same() {
    let service = |app: &str, version: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {{selector: {{app: {app}}}, ports: \
             [{{name: http, port: 80}}]}}\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: web, \
             namespace: shop}}\nspec: {{host: web, subsets: [{{name: v1, labels: {{version: {version}}}}}]}}\n"
        )
    };
    let incomplete = |old: &str, new: &str| compared(old, new, |diff, _, _| diff.incomplete.clone());
    assert_eq!(
        incomplete(&service("web", "v1"), &service("new", "v1")).into_iter().collect::<Vec<_>>(),
        ["`web.shop.svc.cluster.local` selects other pods, and the manifests do not have the pods"]
    );
    assert_eq!(
        incomplete(&service("web", "v1"), &service("web", "v9")).into_iter().collect::<Vec<_>>(),
        ["subset `v1` of DestinationRule `shop/web` selects other pods, and the manifests do not have the pods"]
    );
    assert_eq!(incomplete(&service("web", "v1"), &service("web", "v1")), BTreeSet::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Nothing differs from itself, and that is proven.
    #[test]
    fn a_mesh_equals_itself(text in manifests()) {
        compared(&text, &text, |diff, _, _| {
            prop_assert!(diff.is_proof_of_equivalence(), "{diff:#?}");
            Ok(())
        })?;
    }

    /// A request that two meshes treat differently is in one of the classes, and each witness shows what is claimed.
    #[test]
    fn every_difference_is_found(old in manifests(), new in manifests(), requests in vec(request(), 30)) {
        compared(&old, &new, |diff, before, after| {
            for change in &diff.changes {
                prop_assert_eq!(&before.simulate(&change.witness).unwrap(), &change.before);
                prop_assert_eq!(&after.simulate(&change.witness).unwrap(), &change.after);
            }
            for request in &requests {
                let (Ok(one), Ok(other)) = (before.simulate(request), after.simulate(request)) else { continue };
                let aspects = answer_differences(&one, &other);
                let place = |answer: &crate::simulate::Answer| answer.route.as_ref().map(|route| route.span);
                let has_places = |change: &&Change| {
                    (place(&change.before), place(&change.after)) == (place(&one), place(&other))
                };
                let is_found = diff.changes.iter().find(has_places).is_some();
                prop_assert!(aspects.is_empty() || is_found || !diff.incomplete.is_empty(), "{request:?} {one:?} {other:?}");
            }
            Ok(())
        })?;
    }

    /// The difference in the other direction is the same, mirrored.
    #[test]
    fn differences_can_be_mirrored(old in manifests(), new in manifests()) {
        let there = compared(&old, &new, |diff, _, _| outline(diff, false));
        let back = compared(&new, &old, |diff, _, _| outline(diff, true));
        prop_assert_eq!(there, back);
    }

    /// Other names and another order of resources change nothing.
    #[test]
    fn names_do_not_matter(text in manifests()) {
        let renamed = text.replace("{name: v0,", "{name: v00,").replace("{name: public,", "{name: public, labels: {a: b},");
        compared(&text, &renamed, |diff, _, _| {
            prop_assert!(diff.is_proof_of_equivalence(), "{diff:#?}");
            Ok(())
        })?;
    }
}
