//! `unknown-delegate`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::networking::Delegate;
use crate::model::spelling::did_you_mean;
use crate::world::{Gap, NamespacedName, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "unknown-delegate",
    summary: "a route delegates to a VirtualService that does not exist or is not exported to it, so istiod drops the route",
    findings: [&MISSING, &NOT_EXPORTED],
    check: check,
};

static MISSING: Finding = finding! {
    "missing", Lost, Certain, [],
    "the delegate does not exist",
};
static NOT_EXPORTED: Finding = finding! {
    "not-exported", Lost, Certain, [],
    "the delegate is not exported to the namespace of the VirtualService that delegates",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for root in world.virtual_services.iter().filter(|it| !it.is_delegate()) {
        for delegate in root.spec.http.iter().filter_map(|route| route.delegate.as_ref()) {
            let name = root.delegate_name(delegate);
            match world.virtual_service(&name) {
                Some(target) => check_visible(root, delegate, target, diagnostics),
                None => check_missing(world, root, delegate, &name, diagnostics),
            }
        }
    }
}

/// A delegate must be exported to the namespace of the VirtualService that delegates (istiod: `mergeVirtualServices`).
fn check_visible(
    root: &VirtualService<'_>,
    delegate: &Delegate,
    target: &VirtualService<'_>,
    diagnostics: &mut Diagnostics,
) {
    let own = &root.name.namespace;
    if target.export_to.includes(own) {
        return;
    }
    let message = format!("VirtualService `{}` is not exported to namespace `{own}`", target.name);
    let diagnostic = diagnostics.report(&NOT_EXPORTED, delegate.span, message);
    match target.spec.export_to.first() {
        Some(entry) => diagnostic.related(entry.span, "exported to other namespaces only"),
        None => diagnostic.related(
            target.resource.name_span(),
            "without `exportTo`, the default of the MeshConfig applies: `defaultVirtualServiceExportTo`",
        ),
    };
    diagnostic.help(format!("add `{own}` to `exportTo` of VirtualService `{}`", target.name));
}

fn check_missing(
    world: &World<'_>,
    root: &VirtualService<'_>,
    delegate: &Delegate,
    name: &NamespacedName<'_>,
    diagnostics: &mut Diagnostics,
) {
    let span = delegate.name.as_ref().map_or(delegate.span, |name| name.span);
    let mut others = world.virtual_services.iter().filter(|other| other.name != root.name);
    let message = format!("VirtualService `{name}` does not exist");
    // A delegate without a namespace means that of the root, which is easily forgotten.
    let elsewhere =
        others.clone().filter(|other| other.name.name == name.name).min_by_key(|other| !other.is_delegate());
    let is_short = delegate.namespace.is_none();
    let has_others = others.any(|other| other.name.namespace == name.namespace);
    let elsewhere = elsewhere.filter(|_| is_short || has_others);
    let gap = if has_others { Gap::NotAllResources } else { Gap::NoOtherResources };
    let gap = gap(Kind::VirtualService, name.namespace.to_string());
    let any = has_others || elsewhere.is_some();
    let inventory = &world.inventory;
    if let Err(gap) = inventory.expect_named(Kind::VirtualService, &name.namespace, &name.name, any, gap) {
        return diagnostics.unchecked(gap);
    }
    if let Some(elsewhere) = elsewhere {
        let namespace = &elsewhere.name.namespace;
        let removal = if elsewhere.is_delegate() { "" } else { ", and remove `hosts` from that VirtualService" };
        diagnostics
            .report(&MISSING, span, message)
            .related(
                elsewhere.resource.name_span(),
                format!("a VirtualService of this name is in namespace `{namespace}`"),
            )
            .help(match &delegate.namespace {
                Some(written) => write_namespace(Edit::set(written.span, &**namespace).of("namespace"), removal),
                None => write_namespace(Edit::add(delegate.span, ["namespace"], &**namespace), removal),
            });
    } else {
        let of_namespace = world.virtual_services.iter().filter(|other| other.name.namespace == name.namespace);
        let names = of_namespace.filter(|other| other.is_delegate()).map(|other| other.name.name.as_ref());
        let help = delegate.name.as_ref().and_then(|written| did_you_mean(written.span, &name.name, names));
        let addition = || format!("add VirtualService `{name}` without `hosts`, or remove the route").into();
        diagnostics.report(&MISSING, span, message).help(help.unwrap_or_else(addition));
    }
}

/// A help to name the namespace of the delegate. The delegate may have to change, too.
fn write_namespace(edit: Edit, removal: &str) -> Advice {
    let help = Advice::new(format!("write {edit}{removal}"));
    if removal.is_empty() { help.fix([edit]) } else { help }
}
