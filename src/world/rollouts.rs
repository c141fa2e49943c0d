//! Argo Rollouts: what they change in other resources while they run.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::makers::fields;
use super::{DestinationRule, Settings};
use crate::model::ForeignResource;

/// The resources that Rollouts manage.
#[derive(Debug, Default)]
pub struct Rollouts {
    /// The Deployments whose pods a Rollout runs, by namespace and name.
    deployments: BTreeSet<(String, String)>,
    /// The subsets whose labels a Rollout sets, by namespace, DestinationRule and name.
    subsets: BTreeSet<(String, String, String)>,
}

impl Rollouts {
    pub(super) fn new(foreign: &[Arc<ForeignResource>], settings: &Settings) -> Self {
        const RULE: &str = "strategy.canary.trafficRouting.istio.destinationRule";
        let mut rollouts = Self::default();
        for rollout in foreign.iter().filter(|it| it.group == "argoproj.io" && it.kind == "Rollout") {
            let namespace = rollout.metadata.namespace.as_ref().map_or(&*settings.default_namespace, |it| it.as_str());
            let deployments = fields(&rollout.spec, "workloadRef.name").into_iter();
            rollouts.deployments.extend(deployments.map(|name| (namespace.to_owned(), name)));
            let subsets = ["canarySubsetName", "stableSubsetName"].map(|key| format!("{RULE}.{key}"));
            for rule in fields(&rollout.spec, &format!("{RULE}.name")) {
                let names = subsets.iter().flat_map(|path| fields(&rollout.spec, path));
                rollouts.subsets.extend(names.map(|name| (namespace.to_owned(), rule.clone(), name)));
            }
        }
        rollouts
    }

    /// Whether a Rollout runs the pods of a Deployment, which has no replicas then (Argo Rollouts: `workloadRef`).
    pub(super) fn run(&self, namespace: &str, deployment: &str) -> bool {
        !self.deployments.is_empty() && self.deployments.contains(&(namespace.to_owned(), deployment.to_owned()))
    }

    /// Whether a Rollout adds a label to a subset, so that the subset needs none (Argo Rollouts:
    /// `trafficRouting.istio.destinationRule`).
    pub fn label(&self, destination_rule: &DestinationRule<'_>, subset: &str) -> bool {
        let (namespace, name) = (&destination_rule.name.namespace, &destination_rule.name.name);
        !self.subsets.is_empty() && self.subsets.contains(&(namespace.to_string(), name.to_string(), subset.to_owned()))
    }
}
