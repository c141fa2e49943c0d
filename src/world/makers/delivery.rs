//! Helm charts, packages and applications that delivery tools install: what they make depends on files that are not here.

use super::table::Product::{AnyPods, Anything, Computed, In, Pods, Secret, Service};
use super::table::{MakerKind, Product, by_name, exact};
use super::{argo_cd, helm, kyverno};

/// The Services of Flux (flux2: `manifests/bases`).
const FLUX: Product = In(
    "flux-system",
    &[Service("source-controller", "80"), Service("notification-controller", "80"), Service("webhook-receiver", "80")],
);

pub(super) static MAKERS: &[MakerKind] = &[
    exact(
        &["helm.toolkit.fluxcd.io"],
        "HelmRelease",
        &[Anything("{spec.targetNamespace|@}"), Computed(helm::flux_release), FLUX],
    ),
    exact(&["helm.fluxcd.io"], "HelmRelease", &[Anything("{spec.targetNamespace|@}"), Computed(helm::flux_release)]),
    exact(&["kustomize.toolkit.fluxcd.io"], "Kustomization", &[FLUX]),
    exact(&["kustomize.toolkit.fluxcd.io"], "*", &[]),
    exact(&["source.toolkit.fluxcd.io", "notification.toolkit.fluxcd.io"], "*", &[FLUX]),
    exact(&["fluxcd.controlplane.io"], "FluxInstance", &[FLUX]),
    exact(&["fluxcd.controlplane.io"], "*", &[Anything("@")]),
    exact(&["helm.cattle.io"], "HelmChart", &[Anything("{spec.targetNamespace|@}")]),
    exact(&["argoproj.io"], "Application", &[Computed(argo_cd::application)]),
    exact(&["argoproj.io"], "ApplicationSet", &[Computed(argo_cd::application_set)]),
    // OLM: operators for all namespaces share these two.
    exact(&["operators.coreos.com"], "Subscription", &[Computed(helm::subscription)]),
    exact(
        &["kappctrl.k14s.io"],
        "App",
        &[Anything("{spec.cluster.namespace|@}"), Anything("{spec.deploy[].kapp.intoNs}")],
    ),
    exact(&["packaging.carvel.dev"], "PackageInstall", &[Anything("@")]),
    by_name(
        &["core.oam.dev"],
        "Application",
        &[
            Service("{spec.components[].name}", ""),
            Pods("app.oam.dev/component={spec.components[].name}"),
            Anything("@"),
        ],
    ),
    // Crossplane: claims are of kinds that nobody knows; these two install into this cluster.
    exact(&["helm.crossplane.io"], "Release", &[Anything("{spec.forProvider.namespace|@}")]),
    exact(
        &["kubernetes.crossplane.io"],
        "Object",
        &[
            Service("{spec.forProvider.manifest.metadata.name}", ""),
            In(
                "{spec.forProvider.manifest.metadata.namespace|@}",
                &[
                    Service("{spec.forProvider.manifest.metadata.name}", ""),
                    Secret("{spec.forProvider.manifest.metadata.name}"),
                    AnyPods,
                ],
            ),
        ],
    ),
    exact(&["apiextensions.crossplane.io"], "*", &[]),
    exact(&["kyverno.io", "policies.kyverno.io"], "*", &[Computed(kyverno::generated)]),
];
