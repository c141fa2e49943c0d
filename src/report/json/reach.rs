//! The JSON of `mesh reach`: schema `mesh.reach/v1`.

use std::collections::BTreeSet;
use std::io;

use serde::Serialize;

use super::answer::AnswerObject;
use super::request::RequestObject;
use super::trace::RouteObject;
use super::write;
use crate::proof::reach::{Reach, Way};

/// Writes the output of `mesh reach --format json`: one object, indented, with a newline at its end.
pub fn reach(reach: &Reach, out: &mut dyn io::Write) -> io::Result<()> {
    let object = ReachObject {
        schema: "mesh.reach/v1",
        destination: &reach.destination,
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
    host: &'a str,
    hosts: &'a [String],
    route: Option<RouteObject<'a>>,
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
            host: way.hosts.first().map_or("", String::as_str),
            hosts: &way.hosts,
            route: way.route().map(RouteObject::of),
            condition: &way.condition,
            witness: RequestObject::of(&way.witness),
            result: AnswerObject::of(&way.answer),
        }
    }
}
