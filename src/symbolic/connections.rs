//! Routes of `tcp` and `tls`, which are for connections.

use super::dimension::{ProxyCondition, ProxyProperty};
use super::reach::{Matches, place};
use super::space::Shape;
use crate::routing::L4Match;
use crate::source::Spanned;
use crate::world::{Bound, Section};

impl Matches<'static> {
    /// The matches of `tcp` or `tls` routes of a VirtualService: for the sidecars and for the Gateways to which it is
    /// bound, which treat them differently.
    ///
    /// For `tcp`, the first match without a network takes all connections that are left, and networks are not compared
    /// otherwise: Envoy tries the smallest first (istiod: `buildSidecarOutboundTCPFilterChainOpts`). Gateways have only one route, whatever
    /// its networks (istiod: `buildGatewayNetworkFiltersFromTCPRoutes`).
    ///
    /// For `tls`, Envoy tries the most specific server name first, so only an equal name shadows another one. istiod drops
    /// a match for sidecars if its lists of names and networks equal those of an earlier one.
    pub fn of_connections(matches: &[L4Match<'_>], bound_to: &[Bound]) -> Vec<Self> {
        let (in_mesh, at_gateways): (Vec<&Bound>, Vec<&Bound>) = bound_to.iter().partition(|it| it.gateway.is_none());
        [(true, in_mesh), (false, at_gateways)]
            .into_iter()
            .filter(|(_, bound)| !bound.is_empty())
            .map(|(is_mesh, bound)| {
                let places = bound.iter().map(|bound| place(bound.gateway.as_ref())).collect();
                let shapes = matches.iter().map(|it| shape(it, is_mesh)).collect();
                Self::of_shapes(shapes, &[ProxyCondition { property: ProxyProperty::Gateway, one_of: places }])
            })
            .collect()
    }
}

fn shape(l4_match: &L4Match<'_>, is_mesh: bool) -> Shape<'static> {
    let mut proxy = Vec::new();
    proxy.extend(l4_match.port.map(|port| ProxyCondition::is(ProxyProperty::Port, port.to_string())));
    let gateways = l4_match.gateways();
    if !gateways.is_empty() {
        let one_of = gateways.iter().map(|gateway| place(gateway.as_ref())).collect();
        proxy.push(ProxyCondition { property: ProxyProperty::Gateway, one_of });
    }
    let texts = |written: &[Spanned<String>]| written.iter().map(|it| it.value.clone()).collect();
    if is_mesh {
        let labels = l4_match.source_labels();
        proxy.extend(labels.map(|(key, value)| ProxyCondition::is(ProxyProperty::Label(key.to_owned()), value)));
        proxy.extend(l4_match.source_namespace.map(|it| ProxyCondition::is(ProxyProperty::Namespace, it)));
    }
    match (l4_match.route.section, is_mesh) {
        (Section::Tls, true) => {
            let lists: [Vec<String>; 2] = [texts(l4_match.server_names), texts(l4_match.subnets)];
            proxy.push(ProxyCondition::is(ProxyProperty::ServerName, lists.map(|list| list.join(",")).join("|")));
        }
        (Section::Tls, false) => {
            let names = l4_match.names();
            let one_of = if names.is_empty() { vec!["*".to_owned()] } else { names };
            proxy.push(ProxyCondition { property: ProxyProperty::ServerName, one_of });
        }
        (_, true) if !l4_match.subnets.is_empty() => {
            proxy.push(ProxyCondition { property: ProxyProperty::Network, one_of: texts(l4_match.subnets) });
        }
        _ => {}
    }
    Shape { conditions: Vec::new(), proxy }
}
