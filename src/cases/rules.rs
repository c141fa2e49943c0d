//! Cases about the rules of VirtualServices, in the format of istio-config-validator.
//!
//! They look at the rules of a VirtualService for a host, and not at the proxies that use them: gateways, ports and the labels
//! of clients do not count. Conditions hold as they do in Envoy.

use std::borrow::Cow;

use super::asserted::Asserted;
use super::{Coverage, Difference, Failure};
use crate::model::networking::{Delegate, HttpMatchRequest, HttpRoute};
use crate::routing::{HttpRequest, MatchCondition, alternative, normalize_path};
use crate::simulate::{RouteRef, Step, Verdict};
use crate::source::Spanned;
use crate::world::{Origin, VirtualService, World, host};
use crate::yaml::Node;

/// Requests, and what the rule that takes them has.
#[derive(Debug, Clone)]
pub struct RuleCase {
    /// Whether the rule has the asserted values. Otherwise, each value must be another one.
    pub wants_match: bool,
    /// The requests: authority, method and path.
    pub inputs: Vec<[String; 3]>,
    /// The headers of all of them, by names in lower case.
    pub headers: Vec<(String, String)>,
    /// The asserted fields.
    pub asserted: Vec<Asserted>,
}

/// The VirtualServices of a mesh with a host, in the order in which they are tried.
struct Candidates<'w, 'a> {
    mesh: &'w str,
    world: &'w World<'a>,
    /// 0 for the exact host; higher for shorter wildcards.
    rank: usize,
    all: Vec<&'w VirtualService<'a>>,
}

/// A rule that takes a request.
#[derive(Clone, Copy)]
struct Taken<'w, 'a> {
    virtual_service: &'w VirtualService<'a>,
    index: usize,
    route: &'w HttpRoute,
}

impl RuleCase {
    /// Runs the case, and returns the number of its requests, and those for which the rule is another one. `worlds` have the
    /// names of their meshes.
    pub(super) fn run(&self, worlds: &[(&str, &World<'_>)], coverage: &mut Coverage) -> (usize, Vec<Failure>) {
        let failures = self.inputs.iter().flat_map(|input| self.failures(worlds, input, coverage));
        (self.inputs.len(), failures.collect())
    }

    /// The meshes in which a request does not meet the expected rule. Of all meshes, those count that have the host, or
    /// else the longest wildcard for it.
    fn failures(&self, worlds: &[(&str, &World<'_>)], input: &[String; 3], coverage: &mut Coverage) -> Vec<Failure> {
        let name = host_of(&input[0]);
        let found = worlds.iter().filter_map(|(mesh, world)| candidates(mesh, world, &name));
        let mut found: Vec<Candidates<'_, '_>> = found.collect();
        let best = found.iter().map(|it| it.rank).min();
        found.retain(|it| Some(it.rank) == best);
        if found.is_empty() {
            return self.failure(None, input, coverage).into_iter().collect();
        }
        let failure = |it: &Candidates<'_, '_>| {
            let failure = self.failure(Some(it), input, coverage)?;
            Some(Failure { mesh: (worlds.len() > 1).then(|| it.mesh.to_owned()), ..failure })
        };
        found.iter().filter_map(failure).collect()
    }

    fn failure(
        &self,
        candidates: Option<&Candidates<'_, '_>>,
        input: &[String; 3],
        coverage: &mut Coverage,
    ) -> Option<Failure> {
        let [authority, method, path] = input;
        let request = self.request(authority, method, path);
        let mut steps = Vec::new();
        let root =
            candidates.and_then(|it| it.all.iter().find_map(|one| first_rule(it.world, one, &request, &mut steps)));
        let mut differences = Vec::new();
        let mut rule = root;
        let asserts_route = self.asserted.iter().any(|it| it.name == "route");
        if let (true, Some(it), Some(delegate)) =
            (asserts_route, candidates, root.and_then(|it| it.route.delegate.as_ref()))
        {
            let named: Vec<_> = it.world.virtual_services.iter().filter(|it| is_delegate(delegate, it)).collect();
            if named.is_empty() {
                differences.push(missing(delegate));
            }
            rule = named.into_iter().find_map(|one| first_rule(it.world, one, &request, &mut steps));
        }
        if let Some(it) = candidates {
            [root, rule]
                .iter()
                .flatten()
                .for_each(|taken| coverage.note_rule(it.world, taken.virtual_service, taken.index));
        }
        // As in istio-config-validator, a delegate that is not there fails every case about its route.
        let is_missing = !differences.is_empty();
        for asserted in self.asserted.iter().filter(|_| !is_missing) {
            let taken = if asserted.name == "delegate" { root } else { rule };
            match (self.wants_match, taken.is_some_and(|taken| asserted.is_of(taken.route))) {
                (true, true) | (false, false) => {}
                (true, false) => {
                    let tree = candidates.zip(taken).and_then(|(it, taken)| taken.tree(it.world));
                    differences.extend(asserted.differences(tree.as_ref()));
                }
                (false, true) => differences.push(Difference {
                    field: asserted.name.to_owned(),
                    expected: "another value, because `wantMatch` is false".to_owned(),
                    actual: "the same".to_owned(),
                }),
            }
        }
        let headers: Vec<String> = self.headers.iter().map(|(name, value)| format!("  {name}: {value}")).collect();
        let place = candidates.zip(rule.or(root)).map(|(it, taken)| it.world.snapshot.sources.place(taken.route.span));
        (!differences.is_empty()).then(|| Failure {
            differences,
            place,
            considered: steps,
            ..Failure::of(Err(format!("{method} {authority}{path}{}", headers.concat())))
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

impl Taken<'_, '_> {
    /// The tree of the rule, as it is applied.
    fn tree(&self, world: &World<'_>) -> Option<Node> {
        let tree = world.snapshot.tree_of(self.virtual_service.resource)?;
        tree.get("spec")?.get("http")?.items().get(self.index).cloned()
    }
}

/// The VirtualServices of a mesh that have a host: those with the exact one, or else with its longest wildcard. As in
/// istio-config-validator, several of them are tried in their order. `None` if no one has it.
fn candidates<'w, 'a>(mesh: &'w str, world: &'w World<'a>, name: &str) -> Option<Candidates<'w, 'a>> {
    let written = world.all_virtual_services().filter(|it| it.origin == Origin::VirtualService);
    let mut named: Vec<(usize, &VirtualService<'_>)> = written.filter_map(|it| Some((rank(it, name)?, it))).collect();
    named.sort_by_key(|(rank, virtual_service)| (*rank, virtual_service.resource.span));
    let rank = named.first()?.0;
    let all = named.into_iter().filter(|(other, _)| *other == rank).map(|(_, it)| it).collect();
    Some(Candidates { mesh, world, rank, all })
}

/// The difference of a rule that delegates to nothing.
fn missing(delegate: &Delegate) -> Difference {
    let part = |it: &Option<Spanned<String>>| it.as_ref().map(|it| it.value.clone());
    let name = part(&delegate.name).unwrap_or_default();
    let name = part(&delegate.namespace).map_or(name.clone(), |namespace| format!("{namespace}/{name}"));
    let actual = "the manifests do not have it".to_owned();
    Difference { field: "delegate".to_owned(), expected: format!("VirtualService {name}"), actual }
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

/// The first rule that takes a request. `steps` get those that were considered.
fn first_rule<'w, 'a>(
    world: &World<'_>,
    virtual_service: &'w VirtualService<'a>,
    request: &HttpRequest<'_>,
    steps: &mut Vec<Step>,
) -> Option<Taken<'w, 'a>> {
    let path = normalize_path(&request.path, world.settings.path_normalization);
    let request = HttpRequest { path, ..request.clone() };
    for (index, route) in virtual_service.spec.http.iter().enumerate() {
        let mut is_taken = route.r#match.is_empty();
        let mut step = |found: Option<(usize, &HttpMatchRequest)>, failing: Option<&MatchCondition>| {
            steps.push(Step {
                route: Some(reference(world, virtual_service, (index, route), found)),
                policy: None,
                verdict: if failing.is_some() { Verdict::NotMatched } else { Verdict::Matched },
                condition: failing.map(MatchCondition::name),
                seen: failing.and_then(|it| it.seen(&request)),
                wanted: failing.map(MatchCondition::wanted),
            });
        };
        if is_taken {
            step(None, None);
        }
        for (number, written) in route.r#match.iter().enumerate() {
            let conditions = alternative::conditions(virtual_service, written);
            let failing = conditions.iter().find(|condition| !condition.holds(&request));
            step(Some((number, written)), failing);
            is_taken = failing.is_none();
            if is_taken {
                break;
            }
        }
        if is_taken {
            return Some(Taken { virtual_service, index, route });
        }
    }
    None
}

/// A rule, and the match of it that was considered.
fn reference(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    (index, route): (usize, &HttpRoute),
    found: Option<(usize, &HttpMatchRequest)>,
) -> RouteRef {
    let sources = &world.snapshot.sources;
    let span = found.map_or(route.span, |(_, written)| written.span);
    RouteRef {
        virtual_service: Some(virtual_service.name.to_string()),
        kind: None,
        resource: None,
        delegated_by: None,
        section: "http",
        index,
        r#match: found.map(|(number, _)| number),
        name: route.name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
        file: sources.file(route.span.file).path().to_owned(),
        line: sources.start(route.span).line,
        match_line: (span.file == route.span.file).then(|| sources.start(span).line),
        span,
    }
}

/// Whether a VirtualService is the delegate that a rule names. Without a namespace, it can be in any.
fn is_delegate(delegate: &Delegate, virtual_service: &VirtualService<'_>) -> bool {
    let is = |written: &Option<Spanned<String>>, value: &str| written.as_ref().is_none_or(|it| it.value == value);
    is(&delegate.name, &virtual_service.name.name) && is(&delegate.namespace, &virtual_service.name.namespace)
}
