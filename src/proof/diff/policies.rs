//! The AuthorizationPolicies of workloads: the verdicts that differ, for all requests.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Candidate, Found, Requests};
use crate::model::{LabelSet, label_set};
use crate::policy::CompiledPolicies;
use crate::proof::{context, policy_request, ports, vantage};
use crate::simulate::{Answer, Aspect, Request, WorkloadRef};
use crate::symbolic::{PolicyDifference, PolicyTable, differences};
use crate::world::World;

/// A workload, or all those of a namespace with some labels.
#[derive(Debug, Clone)]
struct Target {
    namespace: String,
    /// Its labels in the old mesh.
    labels: BTreeMap<String, String>,
    /// Its labels in the new mesh.
    new_labels: BTreeMap<String, String>,
    /// The name in both meshes, if they have the workload.
    name: Option<String>,
}

/// Compares the verdicts of the policies of all workloads.
pub fn compare(found: &mut Found<'_, '_>) {
    let (old, new) = (found.old.world(), found.new.world());
    if old.policies.authorization_policies().is_empty() && new.policies.authorization_policies().is_empty() {
        return;
    }
    let (before, after) = (CompiledPolicies::new(old), CompiledPolicies::new(new));
    for target in targets(&[old, new]) {
        let (old_labels, new_labels) = (label_set(&target.labels), label_set(&target.new_labels));
        let policies =
            (before.of_workload(&target.namespace, &old_labels), after.of_workload(&target.namespace, &new_labels));
        for is_tcp in [false, true] {
            let tables = (PolicyTable::new(&policies.0, is_tcp), PolicyTable::new(&policies.1, is_tcp));
            for difference in differences(&tables.0, &tables.1) {
                add(found, &target, is_tcp, &difference);
            }
        }
    }
}

/// Adds a difference, if a request shows it.
fn add(found: &mut Found<'_, '_>, target: &Target, is_tcp: bool, difference: &PolicyDifference) {
    let shown = difference.witness.as_ref().and_then(|witness| {
        let ports: Vec<u32> = match &target.name {
            Some(name) => ports::of_workload(&[found.old.world(), found.new.world()], name).all().collect(),
            None => vec![80],
        };
        let trust_domain = &found.old.world().settings.trust_domain;
        let requests = policy_request::requests(&target.request(), witness, &ports, is_tcp, trust_domain);
        requests.into_iter().find_map(|request| {
            let (before, after) = found.answers(&request)?;
            let is_shown =
                policy_request::shows(&before, &difference.old.1) && policy_request::shows(&after, &difference.new.1);
            is_shown.then_some((request, (before, after)))
        })
    });
    let Some((request, answers)) = shown else {
        let what = if is_tcp { "connections" } else { "requests" };
        found
            .diff
            .incomplete
            .insert(format!("the AuthorizationPolicies of {} may treat some {what} differently", target.words()));
        return;
    };
    let place = |answer: &Answer| answer.policy.as_ref().map(|policy| policy.span);
    let taken = (place(&answers.0), place(&answers.1), target.words());
    let aspects = BTreeSet::from([Aspect::Outcome]);
    let host = target.words();
    let requests = Requests::Meeting(if is_tcp { "connections like the example" } else { "requests like the example" });
    let candidate = Candidate { taken: &taken, vantage: None, host: &host, requests, aspects: &aspects };
    found.add(&candidate, request, answers);
}

impl Target {
    fn request(&self) -> Request {
        let to = match &self.name {
            Some(name) => WorkloadRef { name: Some(name.clone()), ..WorkloadRef::default() },
            None => WorkloadRef {
                namespace: Some(self.namespace.clone()),
                labels: self.labels.clone(),
                ..WorkloadRef::default()
            },
        };
        Request { to: Some(to), ..Request::default() }
    }

    /// The workload, as in `shop/web`.
    fn words(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => format!("workloads in {}", context::workloads(&self.namespace, &self.labels)),
        }
    }
}

/// The workloads of both meshes, and those that the selectors of policies stand for.
fn targets(worlds: &[&World<'_>]) -> Vec<Target> {
    let mut found: Vec<Target> = Vec::new();
    let owned = |labels: &LabelSet<'_>| -> BTreeMap<String, String> {
        labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    for workload in &worlds[0].workloads {
        let name = workload.name.to_string();
        let labels = owned(&workload.labels);
        if let Some(new) = worlds[1].workloads.iter().find(|it| it.name.to_string() == name) {
            let (namespace, new_labels) = (workload.name.namespace.to_string(), owned(&new.labels));
            found.push(Target { namespace, labels, new_labels, name: Some(name) });
        }
    }
    for policy in worlds.iter().flat_map(|world| world.policies.authorization_policies()) {
        let selector = policy.spec.selector.as_ref();
        let labels = selector.map(|selector| selector.match_labels.to_map()).unwrap_or_default();
        let namespace = policy.name.namespace.to_string();
        let is_like = |it: &Target| {
            it.namespace == namespace && labels.iter().all(|(key, value)| it.labels.get(key) == Some(value))
        };
        if !found.iter().any(is_like) {
            found.push(Target { namespace, new_labels: labels.clone(), labels, name: None });
        }
    }
    let joined = joined(&found);
    found.extend(joined);
    found
}

/// Workloads that two selectors without a workload select.
fn joined(targets: &[Target]) -> Vec<Target> {
    let unnamed: Vec<&Target> = targets.iter().filter(|it| it.name.is_none() && !it.labels.is_empty()).collect();
    let mut found = Vec::new();
    for (index, one) in unnamed.iter().enumerate() {
        for other in unnamed[..index].iter().filter(|it| it.namespace == one.namespace) {
            if let Some(labels) = vantage::joined(&one.labels, &other.labels) {
                found.push(Target { new_labels: labels.clone(), labels, ..(*one).clone() });
            }
        }
    }
    found
}
