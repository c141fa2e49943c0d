//! `duplicate-host`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::NumberField;
use crate::routing::alternative::{self, Alternative};
use crate::source::{Span, Spanned};
use crate::symbolic::Matches;
use crate::world::{Bound, ExportTo, NamespacedName, Section, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "duplicate-host",
    summary: "a host that two VirtualServices define for the same proxies, which ignore one of them",
    findings: [&IGNORED, &ALTERNATIVE, &SHADOWED_ON_GATEWAY, &ORDER_OF_AGE, &WINNER],
    check: check,
};

static IGNORED: Finding = finding! {
    "ignored", Lost, Certain, ["IST0109", "KIA1106"],
    "sidecars ignore the VirtualService, because another one defines the host",
};
static ALTERNATIVE: Finding = finding! {
    "alternative", Lost, Likely, ["IST0109", "KIA1106"],
    "sidecars ignore the VirtualService of another file, unless only one of the two is applied",
};
static SHADOWED_ON_GATEWAY: Finding = finding! {
    "shadowed-on-gateway", Lost, Likely, ["KIA1106"],
    "on a Gateway, a route of another VirtualService shadows a route of this one",
};
static ORDER_OF_AGE: Finding = finding! {
    "order-of-age", Lost, Likely, [],
    "on a Gateway, routes of two VirtualServices match the same requests, so their ages decide which one gets them",
};
static WINNER: Finding = finding! {
    "winner", Notable, Certain, ["IST0109", "KIA1106"],
    "sidecars use the VirtualService, and ignore another one that defines the host",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    check_mesh(context.world, diagnostics);
    check_gateways(context, diagnostics);
}

/// A host of a VirtualService.
#[derive(Clone, Copy)]
struct Claim<'w, 'a> {
    virtual_service: &'w VirtualService<'a>,
    host: &'w Spanned<String>,
}

type Claims<'w, 'a> = BTreeMap<&'w str, Vec<Claim<'w, 'a>>>;

fn claims<'w, 'a>(virtual_services: impl Iterator<Item = &'w VirtualService<'a>>) -> Claims<'w, 'a>
where
    'a: 'w,
{
    let mut claims = Claims::new();
    for virtual_service in virtual_services {
        for host in &virtual_service.hosts {
            let of_host = claims.entry(host.as_str()).or_default();
            if !of_host.iter().any(|claim| std::ptr::eq(claim.virtual_service, virtual_service)) {
                of_host.push(Claim { virtual_service, host });
            }
        }
    }
    claims
}

/// For sidecars, istiod does not merge the VirtualServices of a host: they use the first one in istiod's order.
fn check_mesh(world: &World<'_>, diagnostics: &mut Diagnostics) {
    let bound = world.virtual_services.iter().filter(|it| it.binds_mesh());
    for (host, claims) in claims(bound) {
        let mut winners = BTreeSet::new();
        for (index, claim) in claims.iter().enumerate() {
            let wins = |first: &&Claim<'_, '_>| {
                conflict_in_mesh(first.virtual_service, claim.virtual_service) && may_meet(world, first, claim)
            };
            let Some(first) = claims[..index].iter().find(wins) else { continue };
            let (winner, loser) = (&first.virtual_service.name, &claim.virtual_service.name);
            // Files that do not name the namespace may be alternatives.
            let are_together = world.are_together(&[first.virtual_service.resource, claim.virtual_service.resource]);
            diagnostics
                .report(
                    if are_together { &IGNORED } else { &ALTERNATIVE },
                    claim.host.span,
                    format!("for host `{host}`, sidecars use VirtualService `{winner}` and ignore `{loser}`"),
                )
                .related(first.host.span, format!("VirtualService `{winner}` defines the host here"))
                .help("merge the routes into one VirtualService");
            // Whoever adds the one that wins should hear of it as well.
            if are_together && winners.insert(first.host.span) {
                diagnostics
                    .report(
                        &WINNER,
                        first.host.span,
                        format!("for host `{host}`, sidecars use this VirtualService and ignore `{loser}`"),
                    )
                    .related(claim.host.span, format!("VirtualService `{loser}` defines the host here"));
            }
        }
    }
}

/// Whether nothing suggests that the two are for different meshes.
fn may_meet(world: &World<'_>, a: &Claim<'_, '_>, b: &Claim<'_, '_>) -> bool {
    !world.may_be_elsewhere(a.virtual_service.resource, b.virtual_service.resource)
}

/// Whether istiod would have to choose between two VirtualServices by their age alone.
fn conflict_in_mesh(a: &VirtualService<'_>, b: &VirtualService<'_>) -> bool {
    let meet = |section: &Section| a.ports_of(*section, None).meet(&b.ports_of(*section, None));
    share_rank(a, b) && Section::ALL.iter().any(meet)
}

/// Whether some namespace sees both at the same rank. Its own VirtualServices take precedence over those exported to it
/// by name, and those over public ones, so a private override of a public VirtualService is well defined.
fn share_rank(a: &VirtualService<'_>, b: &VirtualService<'_>) -> bool {
    match (&a.export_to, &b.export_to) {
        (ExportTo::Public, ExportTo::Public) => true,
        (ExportTo::Namespaces(of_a), ExportTo::Namespaces(of_b)) => of_a
            .intersection(of_b)
            .any(|namespace| (a.name.namespace == *namespace) == (b.name.namespace == *namespace)),
        _ => false,
    }
}

/// For a gateway, istiod merges the routes of several VirtualServices of a host, older ones first. People rely on that;
/// only routes that an older VirtualService has already are lost.
fn check_gateways(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut by_gateway: BTreeMap<&NamespacedName<'_>, Vec<&VirtualService<'_>>> = BTreeMap::new();
    for virtual_service in world.virtual_services.iter().filter(|it| !it.is_delegate()) {
        for gateway in virtual_service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref()) {
            let bound = by_gateway.entry(gateway).or_default();
            if !bound.iter().any(|other| std::ptr::eq(*other, virtual_service)) {
                bound.push(virtual_service);
            }
        }
    }
    let mut reported = BTreeSet::new();
    for (gateway, virtual_services) in by_gateway {
        for (host, claims) in claims(virtual_services.into_iter()) {
            if claims.len() < 2 {
                continue;
            }
            let mut routes: Vec<Routes<'_, '_>> = Vec::new();
            for claim in &claims {
                let first = routes.last().map_or(0, |before| before.first + before.alternatives.len());
                routes.push(Routes::new(context, gateway, claim.virtual_service, first));
            }
            let bound = claims[0].virtual_service.bound_to.iter().filter(|it| it.gateway.as_ref() == Some(gateway));
            let places: Vec<Bound> = bound.cloned().collect();
            let matches = Matches::new(routes.iter().flat_map(|routes| &routes.alternatives), &places);
            for (index, claim) in claims.iter().enumerate() {
                let meet = |first: &&Claim<'_, '_>| {
                    share_server(world, gateway, first, claim) && may_meet(world, first, claim)
                };
                let earlier = || claims[..index].iter().zip(&routes);
                let own = &routes[index];
                let lost = earlier().find_map(|(first, routes)| {
                    let catch_alls = (routes.catch_all?, own.catch_all?);
                    meet(&first).then_some((first.virtual_service, catch_alls))
                });
                let Some((first, (earlier, later))) = lost else {
                    // Whether two matches overlap is decided faster than whether they meet at some server.
                    let mut overlaps = earlier().filter_map(|(first, routes)| {
                        Overlap::find(gateway, routes, own, claim, &matches).filter(|_| meet(&first))
                    });
                    if let Some(overlap) = overlaps.find(|overlap| reported.insert(overlap.narrow.span)) {
                        overlap.add_to(diagnostics);
                    }
                    continue;
                };
                let message = format!(
                    "VirtualServices `{}` and `{}` both match every request for host `{host}` on Gateway `{gateway}`",
                    first.name, claim.virtual_service.name
                );
                diagnostics
                    .report(&SHADOWED_ON_GATEWAY, claim.host.span, message)
                    .related(
                        later,
                        format!("this route of VirtualService `{}` gets no requests", claim.virtual_service.name),
                    )
                    .related(
                        earlier,
                        format!("this route of VirtualService `{}`, which is older, matches every request", first.name),
                    )
                    .help("remove one of the two routes");
            }
        }
    }
}

/// The routes of a VirtualService at a Gateway.
struct Routes<'w, 'a> {
    virtual_service: &'w VirtualService<'a>,
    /// Without those that match every request: they come last, whichever VirtualService has them.
    alternatives: Vec<Alternative<'w>>,
    /// The number of the first alternative among those of all VirtualServices of the host.
    first: usize,
    /// The first route that matches every request.
    catch_all: Option<Span>,
}

impl<'w, 'a> Routes<'w, 'a> {
    fn new(
        context: &Context<'w>,
        gateway: &NamespacedName<'_>,
        virtual_service: &'w VirtualService<'a>,
        first: usize,
    ) -> Self {
        let all = alternative::alternatives(context.world, virtual_service).into_iter().enumerate();
        // `unreachable-route` and `shadowed-match` report those that get no requests.
        let live = all.filter(|(number, _)| !context.dead_routes().has(virtual_service, *number));
        let mut alternatives: Vec<Alternative<'_>> = live.map(|(_, alternative)| alternative).collect();
        let catch_all = alternatives.iter().find(|it| it.takes_everything()).map(|it| it.route_span);
        alternatives.retain(|it| it.is_at(Some(gateway)) && !it.is_last());
        Self { virtual_service, alternatives, first, catch_all }
    }

    /// The alternatives, with their numbers.
    fn numbered(&self) -> impl Iterator<Item = (usize, &Alternative<'w>)> {
        self.alternatives.iter().enumerate().map(|(at, alternative)| (self.first + at, alternative))
    }
}

/// Two routes of different VirtualServices for one host, of which one takes all requests of the other.
struct Overlap<'w, 'a> {
    gateway: &'w NamespacedName<'w>,
    host: &'w str,
    wide: Side<'w, 'a>,
    narrow: Side<'w, 'a>,
    /// Whether the wide route comes first as far as the manifests say, so that the other one gets no requests.
    is_lost: bool,
    /// A path that both take.
    path: String,
}

/// A route of an [`Overlap`].
#[derive(Clone, Copy)]
struct Side<'w, 'a> {
    virtual_service: &'w VirtualService<'a>,
    span: Span,
}

impl<'w, 'a> Overlap<'w, 'a> {
    /// The first overlap of a VirtualService with an earlier one.
    fn find(
        gateway: &'w NamespacedName<'w>,
        first: &Routes<'w, 'a>,
        own: &Routes<'w, 'a>,
        claim: &Claim<'w, 'a>,
        matches: &Matches<'_>,
    ) -> Option<Self> {
        let is_order_known = !first.virtual_service.is_tied_with(claim.virtual_service);
        let overlap = |wide: &Alternative<'_>, narrow: &Alternative<'_>, is_lost: bool| {
            let sides = [first.virtual_service, claim.virtual_service];
            let [wide_of, narrow_of] = if is_lost { sides } else { [sides[1], sides[0]] };
            Some(Self {
                gateway,
                host: claim.host.as_str(),
                wide: Side { virtual_service: wide_of, span: wide.span },
                narrow: Side { virtual_service: narrow_of, span: narrow.span },
                is_lost,
                path: narrow.example_path()?,
            })
        };
        let taker = |wide: &Routes<'w, 'a>, narrow: &Routes<'w, 'a>, is_lost: bool| {
            for (narrow, of_narrow) in narrow.numbered() {
                for (wide, of_wide) in wide.numbered() {
                    // `prefix-without-boundary` reports a prefix that takes other words.
                    if matches.takes_all_of(wide, narrow) && !of_wide.cuts_word_of(of_narrow) {
                        return overlap(of_wide, of_narrow, is_lost);
                    }
                }
            }
            None
        };
        // If the order is known, the narrower route of the earlier VirtualService works.
        taker(first, own, true).or_else(|| taker(own, first, false).filter(|_| !is_order_known))
    }

    fn add_to(&self, diagnostics: &mut Diagnostics) {
        let Self { gateway, host, wide, narrow, path, .. } = self;
        let authority = host.replacen('*', "any", 1);
        let (wide_name, narrow_name) = (&wide.virtual_service.name, &narrow.virtual_service.name);
        let message = match self.is_lost {
            true => format!(
                "on Gateway `{gateway}`, requests such as `{authority}{path}` go to VirtualService `{wide_name}`, not to `{narrow_name}`"
            ),
            false => format!(
                "on Gateway `{gateway}`, requests such as `{authority}{path}` go to VirtualService `{wide_name}` instead of `{narrow_name}` if it is older"
            ),
        };
        diagnostics
            .report(&ORDER_OF_AGE, narrow.span, message)
            .related(wide.span, format!("this match of VirtualService `{wide_name}` takes all of these requests"))
            .help("move the routes for the host to one VirtualService, the more specific matches first");
    }
}

/// Whether some server of a Gateway serves a host for both VirtualServices, on a port that both have routes for. A
/// Gateway that is not among the manifests is assumed to.
fn share_server(world: &World<'_>, name: &NamespacedName<'_>, a: &Claim<'_, '_>, b: &Claim<'_, '_>) -> bool {
    let Some(gateway) = world.gateway(name) else { return true };
    let ports = [a, b].map(|claim| claim.virtual_service.ports_of(Section::Http, Some(name)));
    gateway.servers.iter().filter(|server| server.section() == Some(Section::Http)).any(|server| {
        let serves = |claim: &Claim<'_, '_>| server.serves(claim.host, &claim.virtual_service.name.namespace);
        ports.iter().all(|ports| ports.has(server.port.number())) && serves(a) && serves(b)
    })
}
