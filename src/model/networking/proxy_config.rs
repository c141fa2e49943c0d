//! ProxyConfig.

use super::MatchLabelsSelector;
use crate::model::macros::message;
use crate::model::map::Map;
use crate::source::Spanned;

message! {
    /// How the proxies of workloads are started.
    struct ProxyConfig {
        selector: Option<MatchLabelsSelector>,
        concurrency: Option<Spanned<i32>>,
        environment_variables: Map<Spanned<String>>,
        image: Option<ProxyImage>,
    }
}

message! {
    /// Which image of the proxy is run.
    struct ProxyImage {
        image_type: Option<Spanned<String>>,
    }
}
