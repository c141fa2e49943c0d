//! Requests to hosts that the proxy does not know: the names of their destinations, and the Services that controllers may make.

use super::answer::Decision;
use super::compiled::Compiled;
use super::outbound::Outbound;
use super::{decide, dial};
use crate::model::Kind;
use crate::world::host;

impl Outbound<'_, '_> {
    /// The decision for a request to a Service that a controller makes.
    pub(super) fn to_made_service(&self) -> Option<Decision> {
        let Compiled { proxy, .. } = self.compiled;
        let host = self.dialled_host();
        let mut names = dial::candidates(&host, &proxy.namespace, proxy.world);
        names.find_map(|name| decide::to_made_service(proxy, &name, self.question.port, self.connection.payload))
    }

    /// Notes that a host that is unknown to the proxy may be that of a Service that a controller makes.
    pub(super) fn note_possible_service(&self, decision: &mut Decision) {
        let Compiled { proxy, .. } = self.compiled;
        let host = self.dialled_host();
        let mut names = dial::candidates(&host, &proxy.namespace, proxy.world);
        let possible = names.find_map(|name| {
            let (service, namespace) = host::kubernetes_service(&name, &proxy.world.settings.domain)?;
            let gap = proxy.world.inventory.may_exist(Kind::Service, namespace, service)?;
            proxy.world.services.named(&name).next().is_none().then(|| (name.clone(), gap))
        });
        if let Some((name, gap)) = possible {
            decision.notes.push(format!("it is not known whether host `{name}` is a service: {gap}"));
        }
    }

    /// Names the destinations that depend on the dialled address by the host of the request.
    pub(super) fn name_dialled(&self, decision: &mut Decision) {
        for destination in decision.destinations.iter_mut().filter(|it| it.host.is_empty()) {
            destination.host = self.dialled_host();
        }
    }

    pub(super) fn dialled_host(&self) -> String {
        match self.request.host() {
            host if host.is_empty() => self.connection.address.to_string(),
            host => host.into_owned(),
        }
    }
}
