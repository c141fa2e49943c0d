//! `mesh simulate`

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use rayon::prelude::*;

use super::args::{Common, Format, Simulate};
use super::project::Project;
use super::{exit, terminal};
use crate::report;
use crate::simulate::{
    Answer, GatewayRef, HeaderValue, Outcome, Request, RequestProtocol, Simulators, Tls, Unanswered, WorkloadRef,
};
use crate::uri::Url;

/// Simulates requests and prints the answers.
pub fn run(common: &Common, args: &Simulate) -> Result<u8, String> {
    let template = question(args)?;
    let project = Project::open(common, &args.file, None, &args.input)?;
    project.say_gaps(common);
    if let Some(reason) = &project.emptiness {
        return Err(reason.clone());
    }
    if project.failed() && !project.has_documents() {
        return Err("no manifest could be read".to_owned());
    }
    let worlds = project.worlds(None);
    let simulators = Simulators::new(worlds.iter().map(|(mesh, world)| (mesh.name.as_str(), world)));
    if let Some(requests) = &args.requests {
        let status = answer_lines(&simulators, requests, args.expect)?;
        return Ok(if project.failed() { exit::FAILED } else { status });
    }
    if template.host.is_none() && template.to.is_none() {
        return answer_every_rule(common, args, &project, &simulators, &template);
    }
    let explained = simulators.explain(&template);
    terminal::write(|out| match args.format {
        Format::Text => report::text::answers(&explained, &project.manifests.sources, &terminal::style(common), out),
        Format::Json => report::json::simulate(&explained, out),
    })?;
    Ok(if project.failed() || explained.iter().any(|it| it.result.is_err()) {
        exit::FAILED
    } else if args.expect && explained.iter().any(|it| is_stopped(&it.result)) {
        exit::FOUND
    } else {
        exit::DONE
    })
}

/// Prints the answers for every rule of every host.
fn answer_every_rule(
    common: &Common,
    args: &Simulate,
    project: &Project,
    simulators: &Simulators<'_>,
    template: &Request,
) -> Result<u8, String> {
    let rules = simulators.answer_every_rule(template);
    if rules.is_empty() {
        return Err("the manifests do not contain a VirtualService; name a URL to simulate".to_owned());
    }
    terminal::write(|out| match args.format {
        Format::Text => report::text::every_rule(&rules, &terminal::style(common), out),
        Format::Json => report::json::every_rule(&rules, out),
    })?;
    Ok(if project.failed() {
        exit::FAILED
    } else if args.expect && rules.iter().any(|rule| is_stopped(&rule.result)) {
        exit::FOUND
    } else {
        exit::DONE
    })
}

/// Whether a request does not reach any destination.
fn is_stopped(result: &Result<Answer, Unanswered>) -> bool {
    const STOPS: [Outcome; 4] = [Outcome::NoRoute, Outcome::Blackhole, Outcome::Denied, Outcome::Refused];
    let is_stop = |outcome: Outcome| STOPS.contains(&outcome);
    let at_all_servers =
        |answer: &Answer| !answer.arrivals.is_empty() && answer.arrivals.iter().all(|arrived| is_stop(arrived.outcome));
    result.as_ref().map_or(true, |answer| is_stop(answer.outcome) || at_all_servers(answer))
}

/// The question that the arguments describe.
fn question(args: &Simulate) -> Result<Request, String> {
    let mut question = Request {
        port: args.port,
        method: args.method.clone(),
        trace: args.trace,
        gateway: args.gateway.clone().map(GatewayRef::Name),
        ..Request::default()
    };
    if let Some(url) = &args.url {
        apply_url(url, &mut question)?;
    }
    let labels = |written: &[String], option| -> Result<_, String> {
        written.iter().map(|label| pair(label, '=', option)).collect()
    };
    if args.from.is_some() || !args.from_label.is_empty() || args.from_account.is_some() {
        question.from = Some(WorkloadRef {
            kind: None,
            namespace: args.from.clone(),
            labels: labels(&args.from_label, "--from-label")?,
            service_account: args.from_account.clone(),
            address: None,
        });
    }
    if args.to.is_some() {
        let labels = labels(&args.to_label, "--to-label")?;
        question.to = Some(WorkloadRef { namespace: args.to.clone(), labels, ..WorkloadRef::default() });
    }
    if args.mtls {
        question.tls = Some(Tls::Mtls);
    }
    for header in &args.header {
        // `name=value`, or `Name: value` as for curl.
        let separator = if header.find(':') < header.find('=') && header.contains(':') { ':' } else { '=' };
        let separator = if header.contains('=') || !header.contains(':') { separator } else { ':' };
        let (name, value) = pair(header, separator, "--header")?;
        let mut values = question.headers.get(&name).map(|known| known.values().to_vec()).unwrap_or_default();
        values.push(value);
        question.headers.insert(name, HeaderValue::Many(values));
    }
    Ok(question)
}

fn pair(text: &str, separator: char, option: &str) -> Result<(String, String), String> {
    match text.split_once(separator) {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
        _ => Err(format!("`{option}` needs `NAME{separator}VALUE`, found `{text}`")),
    }
}

/// Reads `scheme://host:port/path?query` into a question. Only the host is required.
fn apply_url(text: &str, question: &mut Request) -> Result<(), String> {
    let Some(url) = Url::parse(text) else {
        return Err(format!("`{text}` is not a valid URL: write `http://host:port/path`"));
    };
    question.host = Some(url.authority());
    question.path = url.target().map(Into::into);
    match url.scheme().as_deref() {
        None | Some("http") => {}
        Some("https") => question.tls = Some(Tls::Tls),
        // Any other protocol over TCP.
        Some("tcp") => question.protocol = Some(RequestProtocol::Tcp),
        Some("tls") => {
            question.protocol = Some(RequestProtocol::Tcp);
            question.tls = Some(Tls::Tls);
        }
        Some(other) => return Err(format!("scheme `{other}` is not supported: use `http`, `https`, `tcp` or `tls`")),
    }
    Ok(())
}

/// The most bytes read at a time. Complete lines are answered before more are read.
const BLOCK: usize = 1 << 20;

/// The number of lines that a thread answers at a time.
const CHUNK: usize = 256;

/// Answers a file of questions, one per line. The answer to an invalid line is an error.
fn answer_lines(simulators: &Simulators<'_>, requests: &Path, expect: bool) -> Result<u8, String> {
    let failure = |error: io::Error| format!("cannot read `{}`: {error}", requests.display());
    let input: Box<dyn Read> = if requests.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(requests).map_err(failure)?)
    };
    let mut input = BufReader::with_capacity(BLOCK, input);
    let mut status = exit::DONE;
    let mut failed = None;
    terminal::write(|out| {
        let mut rest = Vec::new();
        loop {
            let block = match input.fill_buf() {
                Ok(block) => block,
                Err(error) => {
                    failed = Some(failure(error));
                    return Ok(());
                }
            };
            if block.is_empty() {
                status = status.max(answer_block(simulators, &rest, expect, out)?);
                return out.flush();
            }
            let taken = block.len();
            match block.iter().rposition(|byte| *byte == b'\n') {
                Some(end) if rest.is_empty() => {
                    status = status.max(answer_block(simulators, &block[..=end], expect, out)?);
                    rest.extend_from_slice(&block[end + 1..]);
                }
                Some(end) => {
                    rest.extend_from_slice(&block[..=end]);
                    status = status.max(answer_block(simulators, &rest, expect, out)?);
                    rest.clear();
                    rest.extend_from_slice(&block[end + 1..]);
                }
                None => rest.extend_from_slice(block),
            }
            input.consume(taken);
            out.flush()?;
        }
    })?;
    failed.map_or(Ok(status), Err)
}

/// Answers whole lines in parallel. The answers are in the order of the questions.
fn answer_block(simulators: &Simulators<'_>, block: &[u8], expect: bool, out: &mut dyn Write) -> io::Result<u8> {
    let block = block.strip_suffix(b"\n").unwrap_or(block);
    if block.is_empty() {
        return Ok(exit::DONE);
    }
    let lines: Vec<&[u8]> = block.split(|byte| *byte == b'\n').collect();
    let answer = |lines: &[&[u8]]| {
        let mut text = Vec::new();
        let statuses = lines.iter().map(|line| answer_line(simulators, line, expect, &mut text));
        (statuses.max().unwrap_or(exit::DONE), text)
    };
    let answers: Vec<(u8, Vec<u8>)> = lines.par_chunks(CHUNK).map(answer).collect();
    answers.iter().try_for_each(|(_, text)| out.write_all(text))?;
    Ok(answers.iter().map(|(status, _)| *status).max().unwrap_or(exit::DONE))
}

/// Answers a line. Returns the exit status for it.
fn answer_line(simulators: &Simulators<'_>, line: &[u8], expect: bool, out: &mut Vec<u8>) -> u8 {
    let result = match Request::from_json(line) {
        Ok(question) => simulators.simulate_in_one(&question),
        Err(error) => Err(Unanswered::new(id_of(line), reason(&error))),
    };
    report::json::answer_line(&result, out).expect("answers can be written as JSON");
    match &result {
        Err(_) => exit::FAILED,
        Ok(_) if expect && is_stopped(&result) => exit::FOUND,
        Ok(_) => exit::DONE,
    }
}

/// The error of a line, without a line number: each line is parsed alone.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    match error.classify() {
        serde_json::error::Category::Data => format!("{what}, at column {}", error.column()),
        _ => format!("not a JSON object: {what}, at column {}", error.column()),
    }
}

/// The id of a line that is JSON but not a valid question.
fn id_of(line: &[u8]) -> serde_json::Value {
    let value: serde_json::Value = serde_json::from_slice(line).unwrap_or_default();
    value.get("id").cloned().unwrap_or_default()
}
