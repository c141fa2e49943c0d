//! `envoy-filter-order`

use std::collections::{BTreeMap, HashMap};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::Spec;
use crate::model::networking::{ApplyTo, EnvoyConfigPatch, EnvoyFilter, PatchOperation};
use crate::source::Spanned;
use crate::world::{Attachment, World};

pub static RULE: Rule = rule! {
    name: "envoy-filter-order",
    aliases: ["IST0151", "IST0155"],
    severity: Warning,
    summary: "a patch relative to a filter that may not be there yet: EnvoyFilters are applied in the order of age",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let filters: Vec<Filter<'_, '_>> = world.attachments.iter().filter_map(Filter::of).collect();
    let additions = Additions::new(&filters);
    for filter in &filters {
        for (index, patch) in filter.spec.config_patches.iter().enumerate() {
            let Some((apply_to, name)) = relative_to(patch) else { continue };
            let known = additions.beside(filter, (apply_to, name), world);
            if known.iter().any(|it| it.is_before(filter, index, world)) {
                continue;
            }
            match known.first() {
                Some(late) => report_late(filter, patch, name, late, diagnostics),
                None => note_unknown(filter, patch, name, diagnostics),
            }
        }
    }
}

/// An EnvoyFilter.
#[derive(Clone, Copy)]
struct Filter<'w, 'a> {
    attachment: &'w Attachment<'a>,
    spec: &'a EnvoyFilter,
}

impl<'w, 'a> Filter<'w, 'a> {
    fn of(attachment: &'w Attachment<'a>) -> Option<Self> {
        match &attachment.resource.spec {
            Spec::EnvoyFilter(spec) => Some(Self { attachment, spec }),
            _ => None,
        }
    }

    fn priority(&self) -> i32 {
        self.spec.priority.map_or(0, |priority| priority.value)
    }
}

/// A patch that adds a filter.
struct Addition<'f, 'a> {
    filter: &'f Filter<'f, 'a>,
    index: usize,
    name: &'f str,
}

/// The patches that add filters, by what they add and their namespace.
struct Additions<'f, 'a>(HashMap<(ApplyTo, &'f str), BTreeMap<&'f str, Vec<Addition<'f, 'a>>>>);

impl<'f, 'a> Additions<'f, 'a> {
    fn new(filters: &'f [Filter<'f, 'a>]) -> Self {
        let mut additions = Self(HashMap::new());
        for filter in filters {
            for (index, patch) in filter.spec.config_patches.iter().enumerate() {
                if let Some((apply_to, name)) = added(patch) {
                    let by_namespace = additions.0.entry((apply_to, name)).or_default();
                    let of_namespace = by_namespace.entry(&filter.attachment.name.namespace).or_default();
                    of_namespace.push(Addition { filter, index, name });
                }
            }
        }
        additions
    }

    /// Those of EnvoyFilters that some proxy may get together with `filter`.
    fn beside(
        &self,
        filter: &Filter<'_, '_>,
        (apply_to, name): (ApplyTo, &'f str),
        world: &World<'_>,
    ) -> Vec<&Addition<'f, 'a>> {
        let root = world.settings.root_namespace.as_str();
        let own = filter.attachment.name.namespace.as_ref();
        let Some(by_namespace) = self.0.get(&(apply_to, name)) else { return Vec::new() };
        if own == root {
            return by_namespace.values().flatten().collect();
        }
        [own, root].into_iter().filter_map(|namespace| by_namespace.get(namespace)).flatten().collect()
    }
}

impl Addition<'_, '_> {
    fn is_own(&self, filter: &Filter<'_, '_>) -> bool {
        std::ptr::eq(self.filter.attachment, filter.attachment)
    }

    /// Whether it is sure to be applied first (istiod: `EnvoyFilters`): by its place in the same EnvoyFilter, by priority,
    /// or as one of the root namespace.
    fn is_before(&self, filter: &Filter<'_, '_>, index: usize, world: &World<'_>) -> bool {
        if self.is_own(filter) {
            return self.index < index;
        }
        let root = world.settings.root_namespace.as_str();
        let is_root = |it: &Filter<'_, '_>| it.attachment.name.namespace == root;
        match self.filter.priority().cmp(&filter.priority()) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Greater => false,
            std::cmp::Ordering::Equal => is_root(self.filter) && !is_root(filter),
        }
    }
}

/// The filter that a patch adds.
fn added(patch: &EnvoyConfigPatch) -> Option<(ApplyTo, &str)> {
    use PatchOperation::{Add, InsertAfter, InsertBefore, InsertFirst};
    let change = patch.patch.as_ref()?;
    let adds = matches!(change.operation.as_ref()?.value, Add | InsertAfter | InsertBefore | InsertFirst);
    let name = change.value.as_ref()?.name.as_ref().filter(|name| adds && !name.is_empty())?;
    Some((patch.apply_to.as_ref()?.value, name.as_str()))
}

/// The filter that has to be there for a patch to do something.
fn relative_to(patch: &EnvoyConfigPatch) -> Option<(ApplyTo, &Spanned<String>)> {
    use PatchOperation::{InsertAfter, InsertBefore, Remove, Replace};
    let operation = patch.patch.as_ref()?.operation.as_ref()?.value;
    let apply_to = patch.apply_to.as_ref()?.value;
    let listener = patch.r#match.as_ref()?.listener.as_ref()?;
    let filter = listener.filter_chain.as_ref().and_then(|chain| chain.filter.as_ref());
    let name = match apply_to {
        ApplyTo::NetworkFilter => filter?.name.as_ref(),
        ApplyTo::HttpFilter => filter?.sub_filter.as_ref()?.name.as_ref(),
        ApplyTo::ListenerFilter => listener.listener_filter.as_ref(),
        _ => None,
    }?;
    matches!(operation, InsertAfter | InsertBefore | Remove | Replace).then_some((apply_to, name))
}

/// Filters that proxies of Istio have by themselves.
const BUILT_IN: [&str; 18] = [
    "envoy.filters.http.cors",
    "envoy.filters.http.ext_authz",
    "envoy.filters.http.fault",
    "envoy.filters.http.grpc_stats",
    "envoy.filters.http.grpc_web",
    "envoy.filters.http.jwt_authn",
    "envoy.filters.http.rbac",
    "envoy.filters.http.router",
    "envoy.filters.http.set_filter_state",
    "envoy.filters.listener.http_inspector",
    "envoy.filters.listener.original_dst",
    "envoy.filters.listener.original_src",
    "envoy.filters.listener.proxy_protocol",
    "envoy.filters.listener.tls_inspector",
    "envoy.filters.network.http_connection_manager",
    "envoy.filters.network.rbac",
    "envoy.filters.network.sni_cluster",
    "envoy.filters.network.tcp_proxy",
];

/// Names from before Envoy 1.14, such as `envoy.router`, are another rule's.
fn is_built_in(name: &str) -> bool {
    let is_old = name.starts_with("envoy.") && !name.starts_with("envoy.filters.");
    BUILT_IN.contains(&name) || name.starts_with("istio.") || name.starts_with("istio_") || is_old
}

/// A filter that neither Istio nor any EnvoyFilter of the manifests adds: with a priority the author thought of the order.
fn note_unknown(
    filter: &Filter<'_, '_>,
    patch: &EnvoyConfigPatch,
    name: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    if is_built_in(name) || filter.priority() != 0 {
        return;
    }
    let message = format!("whether {} is there already depends on other EnvoyFilters", name.as_str());
    let diagnostic = diagnostics.report_default(name.span, message);
    diagnostic.severity(Severity::Info).help("set a priority above that of the EnvoyFilter which adds it");
    diagnostic.aliases = aliases(patch);
}

fn report_late(
    filter: &Filter<'_, '_>,
    patch: &EnvoyConfigPatch,
    name: &Spanned<String>,
    late: &Addition<'_, '_>,
    diagnostics: &mut Diagnostics,
) {
    let is_own = late.is_own(filter);
    let is_certain = is_own || late.filter.priority() > filter.priority();
    let span = late.filter.spec.config_patches[late.index].patch.as_ref().and_then(|patch| patch.value.as_ref());
    let message = match is_certain {
        true => format!("{} is not there yet when this patch is applied", name.as_str()),
        false => format!("{} is there only if the EnvoyFilter that adds it is older", name.as_str()),
    };
    let diagnostic = diagnostics.report_default(name.span, message);
    if let Some(value) = span {
        let place = value.name.as_ref().map_or(value.span, |name| name.span);
        diagnostic.related(place, format!("EnvoyFilter {} adds {}", late.filter.attachment.name, late.name));
    }
    diagnostic.help(match is_own {
        true => "move the patch that adds it before this one".to_owned(),
        false => format!("set a priority above {}", late.filter.priority()),
    });
    diagnostic.aliases = aliases(patch);
}

/// IST0155 is what IST0151 is called where proxies of some versions are meant.
fn aliases(patch: &EnvoyConfigPatch) -> &'static [&'static str] {
    let proxy = patch.r#match.as_ref().and_then(|matched| matched.proxy.as_ref());
    match proxy.and_then(|proxy| proxy.proxy_version.as_ref()) {
        Some(_) => &["IST0151", "IST0155"],
        None => &["IST0151"],
    }
}
