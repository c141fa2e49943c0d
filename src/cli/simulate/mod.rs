//! `mesh simulate`
//!
//! - `args`: its options.
//! - `places`: which arguments are manifests, and which is the URL.
//! - `url`: the request that a URL describes.
//! - `question`: the request that all options describe.
//! - `lines`: the requests of a file.
//! - `mistake`: what is wrong with a line that is not a request.

pub mod args;
mod lines;
mod mistake;
mod places;
mod question;
mod url;

use std::time::{SystemTime, UNIX_EPOCH};

use self::args::Simulate;
use self::places::Places;
use super::args::{Common, Format};
use super::project::Project;
use super::{exit, terminal};
use crate::report;
use crate::simulate::{Answer, Difference, Expectation, Simulators, Unanswered, difference};

/// Simulates requests and prints the answers.
pub fn run(common: &Common, args: &Simulate) -> Result<u8, String> {
    let places = Places::new(args)?;
    let template = question::question(args, &places)?;
    let asked_for_one =
        template.host.is_some() || template.sni.is_some() || template.address.is_some() || template.to.is_some();
    let expected = expectations(&places, asked_for_one || args.output.requests.is_some())?;
    let project = Project::open(common, &places.manifests, None, &args.input)?;
    project.say_gaps(common);
    if let Some(reason) = &project.emptiness {
        return Err(reason.clone());
    }
    if project.failed() && !project.has_documents() {
        return Err("no manifest could be read".to_owned());
    }
    let worlds = project.worlds(None);
    let simulators = Simulators::new(worlds.iter().map(|(mesh, world)| (mesh.name.as_str(), world)), now());
    if let Some(address) = args.request.address.as_ref().filter(|address| !simulators.know_address(address)) {
        return Err(format!("`--address {address}` is neither an IP address nor a host of the manifests"));
    }
    if let Some(requests) = &args.output.requests {
        let status = lines::answer_lines(&simulators, requests, &expected)?;
        return Ok(if project.failed() { exit::FAILED } else { status });
    }
    let style = terminal::style(common);
    let explained = if asked_for_one { simulators.explain(&template) } else { Vec::new() };
    let rules = if asked_for_one { Vec::new() } else { simulators.answer_every_rule(&template) };
    let results = explained.iter().map(|it| &it.result).chain(rules.iter().map(|it| &it.result));
    let results: Vec<&Result<Answer, Unanswered>> = results.collect();
    if results.is_empty() {
        let reason = match worlds.iter().any(|(_, world)| world.all_virtual_services().next().is_some()) {
            true => "no rule of the manifests fits the options",
            false => "the manifests have no VirtualService, Ingress or route of the Gateway API",
        };
        return Err(format!("{reason}; name a URL to simulate"));
    }
    let differences: Vec<Option<Difference>> = results.iter().map(|result| difference(result, &expected)).collect();
    terminal::write(|out| match (args.output.format, asked_for_one) {
        (Format::Text, _) => {
            match asked_for_one {
                true => report::text::answers(&explained, &project.manifests.sources, &style, out)?,
                false => report::text::every_rule(&rules, &style, out)?,
            }
            report::text::differences(&results, &differences, &style, out)
        }
        (Format::Json, true) => report::json::simulate(&explained, &differences, out),
        (Format::Json, false) => report::json::every_rule(&rules, &differences, out),
    })?;
    Ok(if project.failed() || results.iter().any(|it| it.is_err()) {
        exit::FAILED
    } else if differences.iter().any(Option::is_some) {
        exit::FOUND
    } else {
        exit::DONE
    })
}

/// The time of the requests, in seconds since 1970. Answers depend on it only where a token has an end, and say so.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

/// The expectations of the options. A destination can only be expected of one request, or of those of a file.
fn expectations(places: &Places, has_request: bool) -> Result<Vec<Expectation>, String> {
    let expected = places.expected.iter().map(|text| Expectation::parse(text));
    let expected = expected.collect::<Result<Vec<_>, _>>().map_err(|error| format!("`--expect`: {error}"))?;
    match expected.iter().find(|it| **it != Expectation::Reached) {
        Some(it) if !has_request => {
            Err(format!("`--expect {it}` needs a URL: write `mesh simulate URL --expect {it}`"))
        }
        _ => Ok(expected),
    }
}
