//! The fields in which kustomize replaces `$(NAME)`.

use std::sync::LazyLock;

use super::field_spec::FieldSpec;

/// kustomize: `builtinpluginconsts`, `varReference`.
pub(super) static DEFAULT: LazyLock<Vec<FieldSpec>> = LazyLock::new(table);

/// Fields of a container.
const CONTAINER_FIELDS: [&str; 4] = ["args", "command", "env/value", "volumeMounts/mountPath"];

fn table() -> Vec<FieldSpec> {
    let mut table = Vec::new();
    let mut add = |kind: &'static str, path: String| {
        table.push(FieldSpec { path: path.into(), ..FieldSpec::new("", "", kind, "") });
    };
    for (kind, spec) in [
        ("Pod", "spec"),
        ("CronJob", "spec/jobTemplate/spec/template/spec"),
        ("DaemonSet", "spec/template/spec"),
        ("Deployment", "spec/template/spec"),
        ("Job", "spec/template/spec"),
        ("ReplicaSet", "spec/template/spec"),
        ("StatefulSet", "spec/template/spec"),
    ] {
        for containers in ["containers", "initContainers"] {
            for field in CONTAINER_FIELDS {
                add(kind, format!("{spec}/{containers}/{field}"));
            }
        }
    }
    for (kind, path) in [
        ("CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server"),
        ("DaemonSet", "spec/template/spec/volumes/nfs/server"),
        ("Deployment", "spec/template/spec/volumes/nfs/server"),
        ("Deployment", "spec/template/metadata/annotations"),
        ("Job", "spec/template/spec/volumes/nfs/server"),
        ("Pod", "spec/volumes/nfs/server"),
        ("ReplicaSet", "spec/template/spec/volumes/nfs/server"),
        ("StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
        ("PersistentVolume", "spec/nfs/server"),
        ("Ingress", "spec/rules/host"),
        ("Ingress", "spec/tls/hosts"),
        ("Ingress", "spec/tls/secretName"),
        ("Service", "spec/ports/port"),
        ("Service", "spec/ports/targetPort"),
        ("", "metadata/labels"),
        ("", "metadata/annotations"),
    ] {
        add(kind, path.to_owned());
    }
    table
}
