//! The JSON of `mesh reach`: schema `mesh.reach/v1`.

use std::collections::BTreeSet;
use std::io;

use serde::Serialize;

use super::answer::AnswerObject;
use super::request::RequestObject;
use super::trace::{PolicyObject, RouteObject};
use super::write;
use crate::policy::Ruling;
use crate::proof::reach::{Reach, Sought, Way};

/// Writes the output of `mesh reach --format json`: one object, indented, with a newline at its end.
pub fn reach(reach: &Reach, out: &mut dyn io::Write) -> io::Result<()> {
    let object = ReachObject {
        schema: "mesh.reach/v1",
        destination: &reach.destination,
        ruling: match reach.sought {
            Sought::Arrival => None,
            Sought::Ruling(Ruling::Denied) => Some("denied"),
            Sought::Ruling(_) => Some("allowed"),
        },
        ways: reach.ways.iter().map(WayObject::of).collect(),
        complete: reach.incomplete.is_empty(),
        incomplete: &reach.incomplete,
        searched: SearchedObject { vantages: reach.vantages, tables: reach.tables },
    };
    write(&object, out)
}

#[derive(Serialize)]
struct ReachObject<'a> {
    schema: &'static str,
    destination: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ruling: Option<&'static str>,
    ways: Vec<WayObject<'a>>,
    complete: bool,
    incomplete: &'a BTreeSet<String>,
    searched: SearchedObject,
}

/// A rule that sends requests to the destination.
#[derive(Serialize)]
struct WayObject<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    mesh: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    meshes: &'a [String],
    context: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    hosts: &'a [String],
    route: Option<RouteObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyObject<'a>>,
    condition: &'a str,
    witness: RequestObject<'a>,
    result: AnswerObject<'a>,
}

/// The extent of the search.
#[derive(Serialize)]
struct SearchedObject {
    vantages: usize,
    tables: usize,
}

impl<'a> WayObject<'a> {
    fn of(way: &'a Way) -> Self {
        Self {
            mesh: way.meshes.first().map(String::as_str),
            meshes: &way.meshes,
            context: &way.context,
            host: way.hosts.first().map(String::as_str),
            hosts: &way.hosts,
            route: way.route().map(RouteObject::of),
            // The policy of a way to a destination is one on the way, and does not make the way.
            policy: way.answer.policy.as_ref().filter(|_| way.hosts.is_empty()).map(PolicyObject::of),
            condition: &way.condition,
            witness: RequestObject::of(&way.witness),
            result: AnswerObject::of(&way.answer),
        }
    }
}
