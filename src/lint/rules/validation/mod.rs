//! Resources that istiod's admission webhook or the API server rejects, or that the webhook warns about.

mod crd_schema;
mod mistakes;
mod route_regex;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "validation",
    about: "Resources that the admission webhook or the API server rejects",
    rules: &[
        &mistakes::MISSING_FIELD,
        &mistakes::CONFLICTING_FIELDS,
        &mistakes::NO_EFFECT,
        &mistakes::OLDER_FORM,
        &mistakes::UNSUPPORTED_FIELD,
        &mistakes::DUPLICATE_ENTRY,
        &mistakes::INVALID_ADDRESS,
        &mistakes::INVALID_DURATION,
        &mistakes::INVALID_EXPRESSION,
        &mistakes::INVALID_EXTENSION,
        &mistakes::INVALID_HEADER,
        &mistakes::INVALID_HOST,
        &mistakes::INVALID_JWKS,
        &mistakes::INVALID_LABEL,
        &mistakes::INVALID_METADATA,
        &mistakes::INVALID_POLICY,
        &mistakes::INVALID_PORT,
        &mistakes::INVALID_REFERENCE,
        &mistakes::INVALID_REGEX,
        &mistakes::INVALID_TLS,
        &mistakes::INVALID_URI,
        &mistakes::OUT_OF_RANGE,
        &mistakes::OVERSIZED_VALUE,
        &mistakes::ENVOY_FILTER_UPGRADE,
        &crd_schema::RULE,
    ],
};
