//! The client that a request names.

use super::described;
use super::workloads::{is_namespace, labelled, missing, named, names, namespaces, several};
use super::written::WrittenName;
use crate::model::describe_labels;
use crate::model::spelling::nearest;
use crate::simulate::request::{Request, WorkloadRef};
use crate::world::{Gap, World};

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
                        "the manifests have nothing in the client's namespace `{text}`{}",
                        close.unwrap_or_default()
                    ));
                    wanted.namespace = Some(text.clone());
                }
                [] if let Some(gap) = gap_of(world, &written) => {
                    notes.push(format!("only the namespace of client `{text}` is known: {gap}"));
                    wanted.namespace = written.namespace.map(str::to_owned);
                }
                [] => {
                    let other = match is_informal {
                        true => "to describe another client, write `-n NAMESPACE` and `--from-label NAME=VALUE`",
                        false => "to describe another client, give its namespace and its labels",
                    };
                    return Err(format!("{}; {other}", missing(world, &written, namespace)));
                }
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
    let labels = describe_labels(&wanted.labels);
    match found.as_slice() {
        [only] => Ok(described(only, &wanted)),
        [] => {
            let place = wanted.namespace.as_ref().map(|it| format!(" of namespace `{it}`")).unwrap_or_default();
            notes.push(format!("no workload{place} has `{labels}`, so only these labels of the client are known"));
            Ok(wanted)
        }
        several_found => Err(several(&format!("several workloads have `{labels}`"), several_found)),
    }
}

/// The reason why the manifests may lack the workload of that name in the namespace that the text names.
fn gap_of(world: &World<'_>, written: &WrittenName<'_>) -> Option<Gap> {
    let namespace = written.namespace?;
    // Of a misspelt namespace the manifests have nothing either.
    let close = || {
        nearest(&format!("{namespace}/{}", written.name), names(&world.workloads).iter().map(String::as_str)).is_some()
    };
    if !is_namespace(world, namespace) && close() {
        return None;
    }
    world.inventory.workloads(namespace).err()
}
