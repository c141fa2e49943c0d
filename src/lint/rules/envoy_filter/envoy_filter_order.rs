//! `envoy-filter-order`

use std::collections::{BTreeMap, HashMap};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Spec;
use crate::model::field::NumberField;
use crate::model::networking;
use crate::model::networking::{ApplyTo, EnvoyConfigPatch, PatchOperation};
use crate::source::Spanned;
use crate::validate::is_for_old_proxies;
use crate::world::{Attachment, World};

pub static RULE: Rule = rule! {
    name: "envoy-filter-order",
    summary: "a patch of an EnvoyFilter needs a filter that may not exist yet when istiod applies the patch",
    findings: [&ORDER, &ORDER_FOR_VERSION, &UNKNOWN_FILTER, &UNKNOWN_FILTER_FOR_VERSION],
    check: check,
};

static ORDER: Finding = finding! {
    "order", Surprising, Certain, ["IST0151"],
    "the patch that adds the filter comes later, or the age of the EnvoyFilters decides",
};
static ORDER_FOR_VERSION: Finding = finding! {
    "order-for-version", Surprising, Certain, ["IST0151", "IST0155"],
    "the patch that adds the filter comes later, or may do so, and the match has a `proxyVersion`",
};
static UNKNOWN_FILTER: Finding = finding! {
    "unknown-filter", Surprising, Likely, ["IST0151"],
    "neither Istio nor any of the given EnvoyFilters adds the filter",
};
static UNKNOWN_FILTER_FOR_VERSION: Finding = finding! {
    "unknown-filter-for-version", Surprising, Likely, ["IST0151", "IST0155"],
    "no given EnvoyFilter adds the filter, and the match has a `proxyVersion`",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let envoy_filters: Vec<EnvoyFilter<'_, '_>> = world.attachments.iter().filter_map(EnvoyFilter::of).collect();
    let additions = Additions::new(&envoy_filters);
    for envoy_filter in &envoy_filters {
        for (index, patch) in envoy_filter.spec.config_patches.iter().enumerate() {
            let Some((apply_to, name)) = needed_filter(patch) else { continue };
            let known = additions.beside(envoy_filter, (apply_to, name), world);
            if known.iter().any(|it| it.is_before(envoy_filter, index, world)) {
                continue;
            }
            match known.first() {
                Some(addition) => report_order(envoy_filter, patch, name, addition, diagnostics),
                None => report_unknown(envoy_filter, patch, name, diagnostics),
            }
        }
    }
}

/// An EnvoyFilter and its place in the mesh.
#[derive(Clone, Copy)]
struct EnvoyFilter<'w, 'a> {
    attachment: &'w Attachment<'a>,
    spec: &'a networking::EnvoyFilter,
}

impl<'w, 'a> EnvoyFilter<'w, 'a> {
    fn of(attachment: &'w Attachment<'a>) -> Option<Self> {
        match &attachment.resource.spec {
            Spec::EnvoyFilter(spec) => Some(Self { attachment, spec }),
            _ => None,
        }
    }

    fn priority(&self) -> i32 {
        self.spec.priority.number()
    }
}

/// A patch that adds a filter.
struct Addition<'f, 'a> {
    envoy_filter: &'f EnvoyFilter<'f, 'a>,
    index: usize,
    name: &'f str,
}

/// The patches that add filters, by the name of the filter and the namespace of the EnvoyFilter.
struct Additions<'f, 'a>(HashMap<(ApplyTo, &'f str), BTreeMap<&'f str, Vec<Addition<'f, 'a>>>>);

impl<'f, 'a> Additions<'f, 'a> {
    fn new(envoy_filters: &'f [EnvoyFilter<'f, 'a>]) -> Self {
        let mut additions = Self(HashMap::new());
        for envoy_filter in envoy_filters {
            for (index, patch) in envoy_filter.spec.config_patches.iter().enumerate() {
                if let Some((apply_to, name)) = added_filter(patch) {
                    let by_namespace = additions.0.entry((apply_to, name)).or_default();
                    let of_namespace = by_namespace.entry(&envoy_filter.attachment.name.namespace).or_default();
                    of_namespace.push(Addition { envoy_filter, index, name });
                }
            }
        }
        additions
    }

    /// The additions of EnvoyFilters that istiod may apply to the same proxy as `envoy_filter`.
    fn beside(
        &self,
        envoy_filter: &EnvoyFilter<'_, '_>,
        (apply_to, name): (ApplyTo, &'f str),
        world: &World<'_>,
    ) -> Vec<&Addition<'f, 'a>> {
        let root = world.settings.root_namespace.as_str();
        let own = envoy_filter.attachment.name.namespace.as_ref();
        let Some(by_namespace) = self.0.get(&(apply_to, name)) else { return Vec::new() };
        if own == root {
            return by_namespace.values().flatten().collect();
        }
        [own, root].into_iter().filter_map(|namespace| by_namespace.get(namespace)).flatten().collect()
    }
}

impl Addition<'_, '_> {
    fn is_in(&self, envoy_filter: &EnvoyFilter<'_, '_>) -> bool {
        std::ptr::eq(self.envoy_filter.attachment, envoy_filter.attachment)
    }

    /// Whether istiod is sure to apply it before a patch of `envoy_filter` (istiod: `EnvoyFilters`): because of its place
    /// in the same EnvoyFilter, of its priority, or because it is in the root namespace.
    fn is_before(&self, envoy_filter: &EnvoyFilter<'_, '_>, index: usize, world: &World<'_>) -> bool {
        if self.is_in(envoy_filter) {
            return self.index < index;
        }
        let root = world.settings.root_namespace.as_str();
        let is_root = |it: &EnvoyFilter<'_, '_>| it.attachment.name.namespace == root;
        match self.envoy_filter.priority().cmp(&envoy_filter.priority()) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Greater => false,
            std::cmp::Ordering::Equal => is_root(self.envoy_filter) && !is_root(envoy_filter),
        }
    }
}

/// The filter that a patch adds.
fn added_filter(patch: &EnvoyConfigPatch) -> Option<(ApplyTo, &str)> {
    use PatchOperation::{Add, InsertAfter, InsertBefore, InsertFirst};
    let change = patch.patch.as_ref()?;
    let adds = matches!(change.operation.as_ref()?.value, Add | InsertAfter | InsertBefore | InsertFirst);
    let name = change.value.as_ref()?.name.as_ref().filter(|name| adds && !name.is_empty())?;
    Some((patch.apply_to.as_ref()?.value, name.as_str()))
}

/// The filter that must exist for a patch to have an effect.
fn needed_filter(patch: &EnvoyConfigPatch) -> Option<(ApplyTo, &Spanned<String>)> {
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

/// The filters that Istio configures in its proxies.
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

/// Whether Istio configures a filter of this name. Another rule reports names from before Envoy 1.14, such as
/// `envoy.router`.
fn is_built_in(name: &str) -> bool {
    let is_old = name.starts_with("envoy.") && !name.starts_with("envoy.filters.");
    BUILT_IN.contains(&name) || name.starts_with("istio.") || name.starts_with("istio_") || is_old
}

/// Reports a filter that neither Istio nor any of the given EnvoyFilters adds. An author who sets a priority has thought
/// of the order. The proxies of old versions have other filters.
fn report_unknown(
    envoy_filter: &EnvoyFilter<'_, '_>,
    patch: &EnvoyConfigPatch,
    name: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let is_old = patch.r#match.as_ref().is_some_and(is_for_old_proxies);
    if is_built_in(name) || is_old || envoy_filter.priority() != 0 {
        return;
    }
    let finding = if matches_version(patch) { &UNKNOWN_FILTER_FOR_VERSION } else { &UNKNOWN_FILTER };
    let message = format!("whether filter `{}` exists yet depends on EnvoyFilters that were not given", name.value);
    diagnostics
        .report(finding, name.span, message)
        .help("set a `priority` above that of the EnvoyFilter that adds the filter");
}

fn report_order(
    envoy_filter: &EnvoyFilter<'_, '_>,
    patch: &EnvoyConfigPatch,
    name: &Spanned<String>,
    addition: &Addition<'_, '_>,
    diagnostics: &mut Diagnostics,
) {
    let is_own = addition.is_in(envoy_filter);
    let is_later = is_own || addition.envoy_filter.priority() > envoy_filter.priority();
    let message = match is_later {
        true => format!("filter `{}` does not exist yet when istiod applies this patch", name.value),
        false => format!("filter `{}` exists only if the EnvoyFilter that adds it is older", name.value),
    };
    let finding = if matches_version(patch) { &ORDER_FOR_VERSION } else { &ORDER };
    let diagnostic = diagnostics.report(finding, name.span, message);
    let change = addition.envoy_filter.spec.config_patches[addition.index].patch.as_ref();
    if let Some(value) = change.and_then(|change| change.value.as_ref()) {
        let place = value.name.as_ref().map_or(value.span, |name| name.span);
        let owner = &addition.envoy_filter.attachment.name;
        diagnostic.related(place, format!("EnvoyFilter `{owner}` adds `{}`", addition.name));
    }
    diagnostic.help(match is_own {
        true => format!("move the patch that adds `{}` before this one", addition.name),
        false => format!("set a `priority` above {}", addition.envoy_filter.priority()),
    });
}

/// Whether a patch is for some versions of the proxy, for which IST0155 takes the place of IST0151.
fn matches_version(patch: &EnvoyConfigPatch) -> bool {
    let proxy = patch.r#match.as_ref().and_then(|it| it.proxy.as_ref());
    proxy.is_some_and(|proxy| proxy.proxy_version.is_some())
}
