//! Waypoints and sidecars in the ambient mesh.

mod sidecar_in_ambient;
mod unknown_waypoint;
mod waypoint_required;
mod waypoint_routes;
mod ztunnel;

use crate::lint::{Diagnostic, Family};
use crate::world::{Enrolment, Service, USE_WAYPOINT};

pub static FAMILY: Family = Family {
    name: "ambient",
    about: "Waypoints and sidecars in the ambient mesh",
    rules: &[&unknown_waypoint::RULE, &sidecar_in_ambient::RULE, &waypoint_required::RULE, &waypoint_routes::RULE],
};

/// Says why a service has no waypoint, and how to give it one.
fn explain_missing_waypoint(diagnostic: &mut Diagnostic, service: &Service<'_>) {
    let kind = service.resource.kind.name();
    let (namespace, name) = (&service.namespace, service.resource.name());
    let labels = &service.resource.metadata.labels;
    if let Some(Enrolment::Refused) = Enrolment::of(labels, namespace)
        && let Some(written) = labels.get(USE_WAYPOINT)
    {
        diagnostic
            .related(written.span, format!("the {kind} opts out of waypoints"))
            .help(format!("set the label `{USE_WAYPOINT}` of {kind} `{namespace}/{name}` to the name of a waypoint"));
        return;
    }
    diagnostic.related(service.span, format!("neither the {kind} nor namespace `{namespace}` names a waypoint")).help(
        format!("name a waypoint in the label `{USE_WAYPOINT}` of {kind} `{namespace}/{name}` or of its Namespace"),
    );
}
