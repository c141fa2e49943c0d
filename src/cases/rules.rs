//! Cases about the rules of VirtualServices, in the format of istio-config-validator.
//!
//! They look at the rules of a VirtualService for a host, and not at the proxies that use them: gateways, ports and the labels
//! of clients do not count. Conditions hold as they do in Envoy.

use std::borrow::Cow;

use serde_json::Value;

use super::{Coverage, Difference, Failure, json};
use crate::model::networking::{Delegate, HttpRoute};
use crate::routing::{HttpRequest, alternative, normalize_path};
use crate::world::{Origin, VirtualService, World, host};

/// The fields of a rule that a case can assert, as a case and as a VirtualService name them.
pub const ASSERTED: [&str; 6] = ["route", "redirect", "rewrite", "fault", "headers", "delegate"];

/// Requests, and what the rule that takes them has.
#[derive(Debug, Clone)]
pub struct RuleCase {
    /// Whether the rule has the asserted values. Otherwise, each value must be another one.
    pub wants_match: bool,
    /// The requests: authority, method and path.
    pub inputs: Vec<[String; 3]>,
    /// The headers of all of them, by names in lower case.
    pub headers: Vec<(String, String)>,
    /// The asserted fields, by the names in [`ASSERTED`].
    pub asserted: Vec<(&'static str, Value)>,
}

/// A rule that takes a request.
struct Taken<'w, 'a> {
    world: &'w World<'a>,
    virtual_service: &'w VirtualService<'a>,
    index: usize,
    route: &'w HttpRoute,
}

impl RuleCase {
    /// Runs the case, and returns the number of its requests, and those for which the rule is another one.
    pub(super) fn run(&self, worlds: &[&World<'_>], coverage: &mut Coverage) -> (usize, Vec<Failure>) {
        let failures = self.inputs.iter().filter_map(|input| self.failure(worlds, input, coverage));
        (self.inputs.len(), failures.collect())
    }

    fn failure(&self, worlds: &[&World<'_>], input: &[String; 3], coverage: &mut Coverage) -> Option<Failure> {
        let [authority, method, path] = input;
        let request = self.request(authority, method, path);
        let root = worlds.iter().find_map(|world| taken(world, authority, &request, world.all_virtual_services()));
        let asserts_route = self.asserted.iter().any(|(name, _)| *name == "route");
        let delegated = root.as_ref().filter(|_| asserts_route).and_then(|root| {
            let delegate = root.route.delegate.as_ref()?;
            let named = root.world.virtual_services.iter().filter(|it| is_delegate(delegate, it));
            Some(named.into_iter().find_map(|it| first_rule(root.world, it, &request)))
        });
        let rule = match delegated {
            Some(delegated) => delegated,
            None => root.as_ref().map(Taken::again),
        };
        for taken in [&root, &rule].into_iter().flatten() {
            coverage.note_rule(taken.virtual_service, taken.index);
        }
        let mut differences = Vec::new();
        for (name, expected) in &self.asserted {
            let taken = if *name == "delegate" { root.as_ref() } else { rule.as_ref() };
            let actual = taken.and_then(|taken| taken.value(name)).unwrap_or(Value::Null);
            let mut found = Vec::new();
            json::differences(name, expected, &actual, true, &mut found);
            match (self.wants_match, found.is_empty()) {
                (true, _) => differences.extend(found),
                (false, false) => {}
                (false, true) => differences.push(Difference {
                    field: (*name).to_owned(),
                    expected: "another value, because `wantMatch` is false".to_owned(),
                    actual: "the same".to_owned(),
                }),
            }
        }
        let headers: Vec<String> = self.headers.iter().map(|(name, value)| format!("  {name}: {value}")).collect();
        (!differences.is_empty()).then(|| Failure {
            asked: Err(format!("{method} {authority}{path}{}", headers.concat())),
            differences,
            answer: None,
            place: rule.as_ref().map(|taken| taken.world.snapshot.sources.place(taken.route.span)),
        })
    }

    fn request<'r>(&'r self, authority: &'r str, method: &'r str, path: &'r str) -> HttpRequest<'r> {
        let (path, query) = match path.split('#').next().unwrap_or_default().split_once('?') {
            Some((path, query)) => (path, Some(Cow::Borrowed(query.as_bytes()))),
            None => (path.split('#').next().unwrap_or_default(), None),
        };
        let header =
            |(name, value): &'r (String, String)| (Cow::Borrowed(name.as_str()), Cow::Borrowed(value.as_bytes()));
        HttpRequest {
            authority: authority.into(),
            method: method.into(),
            scheme: "http".into(),
            path: Cow::Borrowed(path.as_bytes()),
            query,
            headers: self.headers.iter().map(header).collect(),
            ..HttpRequest::default()
        }
    }
}

impl<'w, 'a> Taken<'w, 'a> {
    fn again(&self) -> Self {
        Self { world: self.world, virtual_service: self.virtual_service, index: self.index, route: self.route }
    }

    /// A field of the rule, as it is written.
    fn value(&self, name: &str) -> Option<Value> {
        let snapshot = self.world.snapshot;
        let document = snapshot.parse_again(self.virtual_service.resource.document);
        let rule = document.root.as_ref()?.at(self.route.span)?;
        rule.get(name).map(json::value_of)
    }
}

/// The rule that takes a request, among VirtualServices with its host. As in istio-config-validator, several of them are tried
/// in their order.
fn taken<'w, 'a>(
    world: &'w World<'a>,
    authority: &str,
    request: &HttpRequest<'_>,
    all: impl Iterator<Item = &'w VirtualService<'a>>,
) -> Option<Taken<'w, 'a>> {
    let name = host_of(authority);
    let mut named: Vec<(usize, &VirtualService<'_>)> = Vec::new();
    for virtual_service in all.filter(|it| it.origin == Origin::VirtualService) {
        if let Some(rank) = rank(virtual_service, &name) {
            named.push((rank, virtual_service));
        }
    }
    // The exact host precedes wildcards, and longer ones precede shorter ones.
    named.sort_by_key(|(rank, virtual_service)| (*rank, virtual_service.resource.span));
    let best = named.first()?.0;
    let same = named.into_iter().filter(|(rank, _)| *rank == best);
    same.into_iter().find_map(|(_, virtual_service)| first_rule(world, virtual_service, request))
}

/// The place of a VirtualService among those with a host; `None` if it does not have it.
fn rank(virtual_service: &VirtualService<'_>, name: &str) -> Option<usize> {
    let written = virtual_service.spec.hosts.iter().map(|host| host.value.to_ascii_lowercase());
    let full = virtual_service.hosts.iter().map(|host| host.value.to_ascii_lowercase());
    let all: Vec<String> = written.chain(full).collect();
    if all.iter().any(|host| host == name) {
        return Some(0);
    }
    let wildcards = all.iter().filter(|host| host.starts_with('*') && host::covered_by(name, host));
    wildcards.map(|host| usize::MAX - host.len()).min()
}

/// The host of an authority, without its port.
fn host_of(authority: &str) -> String {
    let name = crate::uri::split_port(authority).0;
    name.to_ascii_lowercase()
}

fn first_rule<'w, 'a>(
    world: &'w World<'a>,
    virtual_service: &'w VirtualService<'a>,
    request: &HttpRequest<'_>,
) -> Option<Taken<'w, 'a>> {
    let path = normalize_path(&request.path, world.settings.path_normalization);
    let request = HttpRequest { path, ..request.clone() };
    let takes = |route: &HttpRoute| {
        let holds = |it| alternative::conditions(virtual_service, it).iter().all(|condition| condition.holds(&request));
        route.r#match.is_empty() || route.r#match.iter().any(holds)
    };
    let (index, route) = virtual_service.spec.http.iter().enumerate().find(|(_, route)| takes(route))?;
    Some(Taken { world, virtual_service, index, route })
}

/// Whether a VirtualService is the delegate that a rule names. Without a namespace, it can be in any.
fn is_delegate(delegate: &Delegate, virtual_service: &VirtualService<'_>) -> bool {
    let is = |written: &Option<crate::source::Spanned<String>>, value: &str| {
        written.as_ref().is_none_or(|it| it.value == value)
    };
    is(&delegate.name, &virtual_service.name.name) && is(&delegate.namespace, &virtual_service.name.namespace)
}
