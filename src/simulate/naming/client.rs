//! The client that a request names.

use super::described;
use super::workloads::{describe, is_namespace, labelled, missing, named, namespaces, several};
use super::written::WrittenName;
use crate::model::spelling::nearest;
use crate::simulate::request::{Request, WorkloadRef};
use crate::world::World;

/// Describes the client by its labels, if the request names it.
pub(super) fn resolve(world: &World<'_>, request: &mut Request, notes: &mut Vec<String>) -> Result<(), String> {
    let Some(from) = &request.from else { return Ok(()) };
    request.from = Some(client(world, from, request.is_informal, notes)?);
    Ok(())
}

fn client(
    world: &World<'_>,
    from: &WorkloadRef,
    is_informal: bool,
    notes: &mut Vec<String>,
) -> Result<WorkloadRef, String> {
    let mut wanted = WorkloadRef { name: None, ..from.clone() };
    if let Some(text) = &from.name {
        let written = WrittenName::parse(text)?;
        let namespace = written.namespace.or(from.namespace.as_deref());
        let may_be_namespace = is_informal && written.is_word();
        let is_namespace = || is_namespace(world, written.name);
        if may_be_namespace && from.namespace.is_none() && is_namespace() {
            wanted.namespace = Some(text.clone());
        } else {
            match named(world, &written, namespace).as_slice() {
                [only] => return Ok(described(only, &wanted)),
                [] if may_be_namespace && is_namespace() => wanted.namespace = Some(text.clone()),
                [] if may_be_namespace && from.namespace.is_none() => {
                    let close = nearest(text, namespaces(world)).map(|close| format!("; did you mean `{close}`?"));
                    notes.push(format!(
                        "the manifests have nothing in namespace `{text}` of the client{}",
                        close.unwrap_or_default()
                    ));
                    wanted.namespace = Some(text.clone());
                }
                [] => return Err(format!("{}{}", missing(world, &written, namespace), without_manifest(&written))),
                found => return Err(several(&format!("`{text}` can be several workloads"), found)),
            }
        }
    }
    if !is_informal || wanted.labels.is_empty() {
        return Ok(wanted);
    }
    let mut found = labelled(world, &wanted.labels, wanted.namespace.as_deref());
    if let (Some(account), [_, _, ..]) = (wanted.service_account.as_deref(), found.as_slice()) {
        found.retain(|workload| workload.service_account == Some(account));
    }
    let labels = describe(&wanted.labels);
    match found.as_slice() {
        [only] => Ok(described(only, &wanted)),
        [] => {
            let place = wanted.namespace.as_ref().map(|it| format!(" of namespace `{it}`")).unwrap_or_default();
            notes.push(format!("no workload{place} has `{labels}`, so this is all that is known about the client"));
            Ok(wanted)
        }
        several_found => Err(several(&format!("several workloads have `{labels}`"), several_found)),
    }
}

/// The way to describe a client that the manifests do not have.
fn without_manifest(written: &WrittenName<'_>) -> String {
    match written.namespace {
        Some(namespace) => format!("; to describe another client, give its namespace `{namespace}` and its labels"),
        None => String::new(),
    }
}
