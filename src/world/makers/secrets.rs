//! Controllers that make Secrets.

use super::table::Product::{Secret, SecretAnywhere};
use super::table::{MakerKind, exact};

pub(super) static MAKERS: &[MakerKind] = &[
    // cert-manager: `CertificateSpec.SecretName`.
    exact(&["cert-manager.io", "certmanager.k8s.io"], "Certificate", &[Secret("{spec.secretName}")]),
    // external-secrets: `ExternalSecretTarget.Name`, by default the name of the ExternalSecret.
    exact(&["external-secrets.io", "kubernetes-client.io"], "ExternalSecret", &[Secret("{spec.target.name|}")]),
    exact(
        &["external-secrets.io"],
        "ClusterExternalSecret",
        &[SecretAnywhere("{spec.externalSecretSpec.target.name|spec.externalSecretName|}")],
    ),
    exact(&["bitnami.com"], "SealedSecret", &[Secret("{spec.template.metadata.name|}")]),
    // vault-secrets-operator: `Destination.Name`.
    exact(&["secrets.hashicorp.com"], "VaultStaticSecret", &[Secret("{spec.destination.name}")]),
    exact(&["secrets.hashicorp.com"], "VaultDynamicSecret", &[Secret("{spec.destination.name}")]),
    exact(&["secrets.hashicorp.com"], "VaultPKISecret", &[Secret("{spec.destination.name}")]),
    exact(&["secrets.hashicorp.com"], "HCPVaultSecretsApp", &[Secret("{spec.destination.name}")]),
    exact(&["secrets-store.csi.x-k8s.io"], "SecretProviderClass", &[Secret("{spec.secretObjects[].secretName}")]),
    exact(&["k8s.bitwarden.com"], "BitwardenSecret", &[Secret("{spec.secretName}")]),
    exact(&["onepassword.com"], "OnePasswordItem", &[Secret("{}")]),
    exact(
        &["secrets.infisical.com"],
        "InfisicalSecret",
        &[
            Secret("{spec.managedSecretReference.secretName}"),
            Secret("{spec.managedKubeSecretReferences[].secretName}"),
        ],
    ),
    exact(&["secrets.doppler.com"], "DopplerSecret", &[Secret("{spec.managedSecret.name}")]),
    exact(&["spv.no"], "AzureKeyVaultSecret", &[Secret("{spec.output.secret.name}")]),
    exact(&["secretgen.k14s.io", "secretgen.carvel.dev"], "SecretTemplate", &[Secret("{}")]),
    exact(&["secretgen.k14s.io", "secretgen.carvel.dev"], "SecretImport", &[Secret("{}")]),
    exact(&["secretgen.k14s.io", "secretgen.carvel.dev"], "Certificate", &[Secret("{}")]),
    exact(&["ricoberger.de"], "VaultSecret", &[Secret("{}")]),
    exact(&["isindir.github.com"], "SopsSecret", &[Secret("{spec.secretTemplates[].name}")]),
];
