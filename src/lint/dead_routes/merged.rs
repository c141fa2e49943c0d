//! The routes of several VirtualServices for one host of a Gateway.
//!
//! istiod joins the routes of all VirtualServices of a host, older ones first, and then moves those that take every
//! request behind the others (istiod: `buildGatewayHTTPRouteConfig`, `SortVHostRoutes`). A match is dead only if it is
//! dead for each host, at each server, and in the mesh.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::shadow::{Reach, shadows};
use super::virtual_host::{Member, VirtualHost, virtual_hosts};
use crate::model::field::TextField;
use crate::routing::alternative::Alternative;
use crate::symbolic::{Matches, Reachability};
use crate::world::{ExportTo, NamespacedName, Origin, VirtualService, World};

/// The Gateways that several VirtualServices are bound to.
pub struct Gateways<'w> {
    world: &'w World<'w>,
    /// The alternatives of each VirtualService.
    alternatives: &'w [Vec<Alternative<'w>>],
    hosts: BTreeMap<&'w NamespacedName<'w>, Vec<VirtualHost>>,
    groups: RefCell<BTreeMap<Place<'w>, Rc<Group<'w>>>>,
}

/// A place where matches are compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place<'w> {
    /// The mesh, where a VirtualService is alone, by its number.
    Mesh(usize),
    /// A Gateway, and the number of a host.
    Gateway(&'w NamespacedName<'w>, usize),
}

/// The matches of the VirtualServices at one place.
struct Group<'w> {
    matches: Matches<'w>,
    alternatives: Vec<&'w Alternative<'w>>,
    /// The number of the first match of each VirtualService.
    first: BTreeMap<usize, usize>,
}

/// A VirtualService some of whose matches come before a match of another one.
struct Predecessor {
    index: usize,
    /// Whether it comes first because of its age. If not, only those matches come first that do not take every request.
    is_older: bool,
}

impl<'w> Gateways<'w> {
    /// Finds the hosts of all Gateways. `alternatives` has those of each VirtualService.
    pub fn new(world: &'w World<'w>, alternatives: &'w [Vec<Alternative<'w>>]) -> Self {
        let mut bound: BTreeMap<&NamespacedName<'_>, BTreeSet<usize>> = BTreeMap::new();
        for (index, virtual_service) in world.virtual_services.iter().enumerate() {
            if virtual_service.is_delegate() || virtual_service.spec.http.is_empty() {
                continue;
            }
            for name in virtual_service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref()) {
                bound.entry(name).or_default().insert(index);
            }
        }
        let several = bound.into_iter().filter(|(_, indices)| indices.len() > 1);
        let hosts = several.map(|(name, indices)| (name, virtual_hosts(world, name, &indices))).collect();
        Self { world, alternatives, hosts, groups: RefCell::default() }
    }

    /// Whether requests reach a match to which its own VirtualService leaves some.
    pub fn reach(&self, index: usize, number: usize) -> Reach {
        let (virtual_service, alternative) = (&self.world.virtual_services[index], &self.alternatives[index][number]);
        if !alternative.is_last() && creation_time(virtual_service).is_none() {
            return Reach::Some;
        }
        // istiod leaves out what comes after a match that takes every request. Without that match, those would get some.
        if alternative.is_last() && number + 1 < self.alternatives[index].len() {
            return Reach::Some;
        }
        let mut places = Vec::new();
        for bound in virtual_service.bound_to.iter().filter(|bound| alternative.is_at(bound.gateway.as_ref())) {
            let Some(gateway) = &bound.gateway else {
                places.push((Place::Mesh(index), Vec::new()));
                continue;
            };
            let Some(hosts) = self.hosts.get(gateway) else { return Reach::Some };
            for (at, host) in hosts.iter().enumerate() {
                if let Some(own) = host.members.iter().find(|member| member.index == index) {
                    places.push((Place::Gateway(gateway, at), self.predecessors(host, *own, alternative)));
                }
            }
        }
        // Where the match is alone, its own VirtualService leaves it requests.
        if places.iter().all(|(_, before)| before.is_empty()) {
            return Reach::Some;
        }
        let mut found = Reach::Impossible;
        for (place, before) in places {
            match self.reach_at(place, &before, index, number) {
                Reach::Taken(shadows) if matches!(found, Reach::Impossible) => found = Reach::Taken(shadows),
                Reach::Taken(_) | Reach::Impossible => {}
                other => return other,
            }
        }
        found
    }

    /// The VirtualServices that certainly have matches before a match of another one.
    fn predecessors(&self, host: &VirtualHost, own: Member, alternative: &Alternative<'_>) -> Vec<Predecessor> {
        let of = |index: usize| &self.world.virtual_services[index];
        let predecessor = |member: &Member| {
            let is_older = member.server <= own.server && is_older(of(member.index), of(own.index));
            (is_older || alternative.is_last()).then_some(Predecessor { index: member.index, is_older })
        };
        let others = host.members.iter().filter(|member| member.index != own.index);
        others.filter_map(predecessor).filter(|it| self.is_beside(of(it.index), of(own.index))).collect()
    }

    /// Whether a gateway that has the routes of a VirtualService certainly has those of another one, too.
    fn is_beside(&self, other: &VirtualService<'_>, own: &VirtualService<'_>) -> bool {
        (other.export_to == ExportTo::Public || other.export_to == own.export_to)
            && !self.world.is_ambiguous(other.resource)
            && self.world.are_together(&[other.resource, own.resource])
            && !self.world.may_be_elsewhere(other.resource, own.resource)
    }

    fn reach_at(&self, place: Place<'w>, before: &[Predecessor], index: usize, number: usize) -> Reach {
        let group = self.group(place);
        let first = group.first[&index];
        let own = first + number;
        let is_last = self.alternatives[index][number].is_last();
        let mut earlier: Vec<usize> = (first..own).collect();
        for predecessor in before {
            let first = group.first[&predecessor.index];
            let alternatives = &self.alternatives[predecessor.index];
            // istiod leaves out what comes after a match that takes every request.
            let is_end = |it: &Alternative<'_>| it.is_last() && it.is_at(place.gateway());
            let length = alternatives.iter().position(is_end).map_or(alternatives.len(), |end| end + 1);
            let comes_first = |it: &Alternative<'_>| match (it.is_last(), is_last) {
                (false, true) => true,
                (true, false) => false,
                _ => predecessor.is_older,
            };
            earlier.extend((0..length).filter(|at| comes_first(&alternatives[*at])).map(|at| first + at));
        }
        earlier.sort_by_key(|it| (group.alternatives[*it].is_last(), *it));
        match group.matches.reach(own, &earlier) {
            Reachability::Reached => Reach::Some,
            Reachability::Impossible => Reach::Impossible,
            Reachability::Undecided => Reach::Undecided,
            Reachability::TakenBy(covers) => Reach::Taken(shadows(
                &group.matches,
                |number| group.alternatives[number],
                (own, first..own),
                &earlier,
                &covers,
            )),
        }
    }

    fn group(&self, place: Place<'w>) -> Rc<Group<'w>> {
        if let Some(known) = self.groups.borrow().get(&place) {
            return Rc::clone(known);
        }
        let (members, port) = match place {
            Place::Mesh(index) => (vec![index], None),
            Place::Gateway(name, host) => {
                let host = &self.hosts[name][host];
                (host.members.iter().map(|member| member.index).collect(), host.port)
            }
        };
        let mut alternatives: Vec<&Alternative<'_>> = Vec::new();
        let mut first = BTreeMap::new();
        for index in members {
            first.insert(index, alternatives.len());
            alternatives.extend(&self.alternatives[index]);
        }
        let matches = Matches::at(alternatives.iter().copied(), place.gateway(), port);
        let group = Rc::new(Group { matches, alternatives, first });
        self.groups.borrow_mut().insert(place, Rc::clone(&group));
        group
    }
}

impl<'w> Place<'w> {
    fn gateway(self) -> Option<&'w NamespacedName<'w>> {
        match self {
            Self::Mesh(_) => None,
            Self::Gateway(name, _) => Some(name),
        }
    }
}

/// The creation time of a VirtualService of Istio, which manifests rarely have.
fn creation_time<'v>(virtual_service: &'v VirtualService<'_>) -> Option<&'v str> {
    let time = virtual_service.resource.metadata.creation_timestamp.text();
    (!time.is_empty() && virtual_service.origin == Origin::VirtualService).then_some(time)
}

/// Whether istiod certainly considers a VirtualService before another one. It ranks them by `exportTo` first (istiod:
/// `VirtualServicesForGateway`).
fn is_older(one: &VirtualService<'_>, other: &VirtualService<'_>) -> bool {
    let have_one_rank = one.export_to == other.export_to
        && (one.export_to == ExportTo::Public || one.name.namespace == other.name.namespace);
    let times = (creation_time(one), creation_time(other));
    have_one_rank && matches!(times, (Some(one), Some(other)) if one < other)
}
