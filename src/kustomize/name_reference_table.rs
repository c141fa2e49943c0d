//! The fields that kustomize knows to hold names of other objects.

use std::sync::LazyLock;

use super::field_spec::FieldSpec;

/// A field that holds the name of an object of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NameReference {
    /// The kind of the object that is named, as a spec without path.
    pub target: FieldSpec,
    /// The field, and the kind of the objects that have it.
    pub referrer: FieldSpec,
}

/// kustomize: `builtinpluginconsts`, `nameReference`.
pub(super) static DEFAULT: LazyLock<Vec<NameReference>> = LazyLock::new(table);

const PODS: [(&str, &str); 8] = [
    ("Pod", "spec"),
    ("PodTemplate", "template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
];

/// The kinds whose pods may refer to ServiceAccounts, claims and priorities.
const WORKLOADS: [(&str, &str); 7] = [
    ("Pod", "spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicationController", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
];

const CONFIG_MAP_FIELDS: [&str; 6] = [
    "volumes/configMap/name",
    "containers/env/valueFrom/configMapKeyRef/name",
    "initContainers/env/valueFrom/configMapKeyRef/name",
    "containers/envFrom/configMapRef/name",
    "initContainers/envFrom/configMapRef/name",
    "volumes/projected/sources/configMap/name",
];

const SECRET_FIELDS: [&str; 7] = [
    "volumes/secret/secretName",
    "containers/env/valueFrom/secretKeyRef/name",
    "initContainers/env/valueFrom/secretKeyRef/name",
    "containers/envFrom/secretRef/name",
    "initContainers/envFrom/secretRef/name",
    "imagePullSecrets/name",
    "volumes/projected/sources/secret/name",
];

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

fn table() -> Vec<NameReference> {
    let mut table = Vec::new();
    let mut add = |target: &FieldSpec, group, version, kind, path: String| {
        let referrer = FieldSpec { path: path.into(), ..FieldSpec::new(group, version, kind, "") };
        table.push(NameReference { target: target.clone(), referrer });
    };
    for kind in ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"] {
        let target = FieldSpec::new("", "", kind, "");
        add(&target, "", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name".into());
    }

    let config_map = FieldSpec::new("", "v1", "ConfigMap", "");
    let secret = FieldSpec::new("", "v1", "Secret", "");
    for (target, fields) in [(&config_map, &CONFIG_MAP_FIELDS[..]), (&secret, &SECRET_FIELDS[..])] {
        for (kind, spec) in PODS {
            let version = if kind == "Pod" { "v1" } else { "" };
            for field in fields {
                add(target, "", version, kind, format!("{spec}/{field}"));
            }
        }
        for kind in ["Role", "ClusterRole"] {
            add(target, "", "", kind, "rules/resourceNames".into());
        }
    }
    add(&config_map, "", "", "Node", "spec/configSource/configMap".into());
    let annotation = |name: &str| format!("metadata/annotations/{name}");
    add(&config_map, "", "", "Ingress", annotation("nginx.ingress.kubernetes.io\\/fastcgi-params-configmap"));
    add(&secret, "", "", "Ingress", "spec/tls/secretName".into());
    for name in [
        "ingress.kubernetes.io\\/auth-secret",
        "nginx.ingress.kubernetes.io\\/auth-secret",
        "nginx.ingress.kubernetes.io\\/auth-tls-secret",
    ] {
        add(&secret, "", "", "Ingress", annotation(name));
    }
    add(&secret, "", "", "ServiceAccount", "imagePullSecrets/name".into());
    for field in ["secretName", "adminSecretName", "userSecretName", "secretRef"] {
        add(&secret, "", "", "StorageClass", format!("parameters/{field}"));
    }
    let knative = "spec/template/spec/containers/env/valueFrom/secretKeyRef/name";
    add(&secret, "serving.knative.dev", "v1", "Service", knative.into());
    add(&secret, "", "", "PersistentVolume", "spec/azureFile/secretName".into());

    let service = FieldSpec::new("", "v1", "Service", "");
    add(&service, "apps", "", "StatefulSet", "spec/serviceName".into());
    for field in [
        "spec/rules/http/paths/backend/serviceName",
        "spec/backend/serviceName",
        "spec/rules/http/paths/backend/service/name",
        "spec/defaultBackend/service/name",
    ] {
        add(&service, "", "", "Ingress", field.into());
    }
    add(&service, "apiregistration.k8s.io", "", "APIService", "spec/service/name".into());
    for kind in ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"] {
        add(&service, ADMISSION, "", kind, "webhooks/clientConfig/service".into());
    }

    add(&FieldSpec::new(RBAC, "", "Role", ""), RBAC, "", "RoleBinding", "roleRef/name".into());
    let cluster_role = FieldSpec::new(RBAC, "", "ClusterRole", "");
    let service_account = FieldSpec::new("", "v1", "ServiceAccount", "");
    for kind in ["RoleBinding", "ClusterRoleBinding"] {
        add(&cluster_role, RBAC, "", kind, "roleRef/name".into());
        add(&service_account, RBAC, "", kind, "subjects".into());
    }
    let claim = FieldSpec::new("", "v1", "PersistentVolumeClaim", "");
    let priority = FieldSpec::new("scheduling.k8s.io", "v1", "PriorityClass", "");
    for (kind, spec) in WORKLOADS {
        add(&service_account, "", "", kind, format!("{spec}/serviceAccountName"));
        add(&claim, "", "", kind, format!("{spec}/volumes/persistentVolumeClaim/claimName"));
        add(&priority, "", "", kind, format!("{spec}/priorityClassName"));
    }

    let volume = FieldSpec::new("", "v1", "PersistentVolume", "");
    add(&volume, "", "", "PersistentVolumeClaim", "spec/volumeName".into());
    add(&volume, "", "", "ClusterRole", "rules/resourceNames".into());
    let storage = FieldSpec::new("storage.k8s.io", "v1", "StorageClass", "");
    add(&storage, "", "", "PersistentVolume", "spec/storageClassName".into());
    add(&storage, "", "", "PersistentVolumeClaim", "spec/storageClassName".into());
    add(&storage, "", "", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName".into());
    // kustomize 5.5 writes the version into the group, so no IngressClass ever fits.
    let ingress_class = FieldSpec::new("networking.k8s.io/v1", "v1", "IngressClass", "");
    add(&ingress_class, "", "", "Ingress", "spec/ingressClassName".into());
    let policy = FieldSpec::new(ADMISSION, "", "ValidatingAdmissionPolicy", "");
    add(&policy, ADMISSION, "", "ValidatingAdmissionPolicyBinding", "spec/policyName".into());
    table
}
