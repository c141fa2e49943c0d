//! ProxyConfig.

use super::MatchLabelsSelector;
use crate::model::macros::message;
use crate::model::map::Map;
use crate::source::Spanned;

message! {
    /// The start-up configuration of proxies.
    struct ProxyConfig {
        selector: Option<MatchLabelsSelector>,
        concurrency: Option<Spanned<i32>>,
        environment_variables: Map<Spanned<String>>,
        image: Option<ProxyImage>,
    }
}

message! {
    /// The variant of the proxy image.
    struct ProxyImage {
        image_type: Option<Spanned<String>>,
    }
}
