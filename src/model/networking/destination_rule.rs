//! DestinationRule.

use super::MatchLabelsSelector;
use super::traffic_policy::TrafficPolicy;
use crate::model::macros::message;
use crate::model::map::Labels;
use crate::source::Spanned;

message! {
    /// The subsets of a host, and the policies for traffic to it after routing.
    struct DestinationRule {
        host: Option<Spanned<String>>,
        traffic_policy: Option<TrafficPolicy>,
        subsets: Vec<Subset>,
        export_to: Vec<Spanned<String>>,
        workload_selector: Option<MatchLabelsSelector>,
    }
}

message! {
    /// A named group of the endpoints of a host.
    struct Subset {
        name: Option<Spanned<String>>,
        labels: Labels,
        traffic_policy: Option<TrafficPolicy>,
    }
}
