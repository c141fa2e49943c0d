//! `mesh reach`
//!
//! - `args`: its options.

pub mod args;

use std::time::{SystemTime, UNIX_EPOCH};

use rayon::prelude::*;

use self::args::Reach;
use super::args::{Common, Format};
use super::project::Project;
use super::{exit, terminal};
use crate::policy::Ruling;
use crate::proof::reach::{Reach as Found, workload_named};
use crate::proof::{Origins, Target};
use crate::report;
use crate::simulate::{GatewayRef, Request, Simulator, WorkloadRef};
use crate::world::World;

/// Searches the requests that arrive at a destination, and prints the ways to it.
pub fn run(common: &Common, args: &Reach) -> Result<u8, String> {
    let project = Project::open(common, &args.file, None, &args.input)?;
    project.say_gaps(common);
    if let Some(reason) = &project.emptiness {
        return Err(reason.clone());
    }
    let worlds = project.worlds(None);
    let all: Vec<&World<'_>> = worlds.iter().map(|(_, world)| world).collect();
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let sought = Sought::of(args, &all)?;
    let search = |(mesh, world): &(&crate::layout::Mesh, World<'_>)| {
        let simulator = Simulator::new(world).at(time);
        let found = match &sought {
            Sought::End(target) => {
                let Origins { all, incomplete } = origins(&simulator, args)?;
                Some(Found::of(&simulator, (&all, incomplete), target))
            }
            Sought::Ruling(workload, ruling) => Found::of_rulings(&simulator, workload, *ruling),
        };
        Ok(found.map(|found| (mesh.name.clone(), found)))
    };
    let parts: Vec<Result<Option<(String, Found)>, String>> = worlds.par_iter().map(search).collect();
    let (found, missing): (Vec<_>, Vec<_>) = parts.into_iter().partition(Result::is_ok);
    // Some of several meshes may lack the client or the gateway.
    if let (true, Some(Err(error))) = (found.is_empty(), missing.into_iter().next()) {
        return Err(error);
    }
    let mut reach = Found::of_meshes(found.into_iter().flatten().flatten().collect());
    if let Some(destination) = &args.destination {
        reach.destination.clone_from(destination);
    }
    terminal::write(|out| match args.format {
        Format::Text => report::text::reach(&reach, args.curl, &terminal::style(common), out),
        Format::Json => report::json::reach(&reach, out),
    })?;
    Ok(if project.failed() { exit::FAILED } else { exit::DONE })
}

/// The question that the options ask.
enum Sought {
    /// The requests that end somewhere.
    End(Target),
    /// The requests on which the policies of a workload rule in this way.
    Ruling(String, Ruling),
}

impl Sought {
    fn of(args: &Reach, worlds: &[&World<'_>]) -> Result<Self, String> {
        Ok(match (&args.destination, &args.denied, &args.allowed) {
            (_, Some(workload), _) => Self::Ruling(workload_named(workload, worlds)?, Ruling::Denied),
            (_, _, Some(workload)) => Self::Ruling(workload_named(workload, worlds)?, Ruling::Allowed),
            (destination, _, _) => Self::End(Target::parse(destination.as_deref().unwrap_or_default(), worlds)?),
        })
    }
}

/// The origins that the options name; all without any.
fn origins(simulator: &Simulator<'_>, args: &Reach) -> Result<Origins, String> {
    let asked = Request { is_informal: true, names_options: true, ..Request::default() };
    match (&args.from, args.gateway.as_deref()) {
        (None, None) => Ok(Origins::of(simulator)),
        (None, Some("mesh")) => {
            let mut origins = Origins::of(simulator);
            origins.all.retain(|origin| !origin.vantage.is_gateway());
            Ok(origins)
        }
        (None, Some(name)) => {
            let gateway = Some(GatewayRef::Name(name.to_owned()));
            Origins::named(simulator, &Request { gateway, ..asked })
        }
        (Some(client), _) => Origins::named(simulator, &Request { from: Some(client_of(client)?), ..asked }),
    }
}

/// The client that `--from` names: a workload, a namespace, or labels.
fn client_of(written: &str) -> Result<WorkloadRef, String> {
    if !written.contains('=') {
        return Ok(WorkloadRef { name: Some(written.to_owned()), ..WorkloadRef::default() });
    }
    let pair = |label: &str| match label.split_once('=') {
        Some((key, value)) => Ok((key.trim().to_owned(), value.trim().to_owned())),
        None => Err(format!("`--from {written}`: write labels as NAME=VALUE")),
    };
    let labels = written.split(',').map(pair).collect::<Result<_, _>>()?;
    Ok(WorkloadRef { labels, ..WorkloadRef::default() })
}
