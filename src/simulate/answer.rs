//! From what the route table says to an answer.

use super::apply;
use super::request::Request as Question;
use super::result::{
    Abort, Answer, Delay, Destination, Fault, Mirror, Outcome, Retries, Rewritten, Route, Step, Verdict,
};
use crate::model::networking::Percent;
use crate::routing::{
    Action, Clause, Cluster, Fallback, Found, HttpRule, Listener, Matcher, Problem, Request, Table, Vantage,
    VirtualHost, cluster, cluster_of_service,
};
use crate::world::World;

/// Answers a question with what the listener does.
pub(super) fn answer(
    world: &World<'_>,
    question: &Question,
    vantage: &Vantage,
    listener: &Listener<'_>,
    request: &Request<'_>,
) -> Result<Answer, String> {
    let subject = Subject { world, vantage, request };
    let mut answer = match listener {
        Listener::Http(table) => subject.routed(table, question.trace)?,
        Listener::Closed => subject.without_listener(),
        Listener::UnknownServerName => Answer { flag: Some("NR"), ..subject.empty(Outcome::Refused) },
        Listener::NotHttp(what) => return Err(format!("not simulated yet: {what}")),
    };
    answer.id = question.id.clone();
    Ok(answer)
}

/// What a question is about.
struct Subject<'w, 'a> {
    world: &'w World<'a>,
    vantage: &'w Vantage,
    request: &'w Request<'w>,
}

impl Subject<'_, '_> {
    fn empty(&self, outcome: Outcome) -> Answer {
        Answer {
            id: serde_json::Value::Null,
            host: self.request.authority.to_string(),
            outcome,
            status: None,
            flag: None,
            route: None,
            destinations: Vec::new(),
            request: None,
            location: None,
            mirrors: Vec::new(),
            fault: None,
            timeout: None,
            retries: None,
            trace: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Nothing listens for HTTP on the port: a gateway refuses, a sidecar treats the bytes as any others.
    fn without_listener(&self) -> Answer {
        match self.vantage {
            Vantage::Gateway { .. } => self.empty(Outcome::Refused),
            Vantage::Sidecar { .. } if self.world.settings.allow_any_outbound => self.passthrough(),
            Vantage::Sidecar { .. } => Answer { flag: Some("UH"), ..self.empty(Outcome::Blackhole) },
        }
    }

    fn passthrough(&self) -> Answer {
        let destination = Destination {
            cluster: "PassthroughCluster".to_owned(),
            host: self.request.host().into_owned(),
            subset: None,
            port: None,
            weight: 100.into(),
            workloads: Vec::new(),
            problem: None,
        };
        Answer { destinations: vec![destination], request: Some(self.unchanged()), ..self.empty(Outcome::Passthrough) }
    }

    fn unchanged(&self) -> Rewritten {
        Rewritten {
            authority: self.request.authority.to_string(),
            path: self.request.path_and_query(),
            ..Rewritten::default()
        }
    }

    fn routed(&self, table: &Table<'_>, trace: bool) -> Result<Answer, String> {
        let found = table.find(self.request);
        let (virtual_host, answer) = match &found {
            Found::NoVirtualHost => (None, self.fallback(table.fallback)),
            Found::NoPath => (None, Answer { flag: None, ..self.not_found() }),
            Found::NoClause(host) => (Some(*host), self.not_found()),
            Found::RequiresTls(host) => (Some(*host), self.to_https()),
            Found::Clause(host, clause) => (Some(*host), self.taken(host, clause)?),
        };
        let Some(virtual_host) = virtual_host else { return Ok(answer) };
        refuse_invalid(virtual_host)?;
        let steps = if trace { self.trace(virtual_host) } else { Vec::new() };
        Ok(Answer { trace: steps, ..answer })
    }

    fn fallback(&self, fallback: Fallback) -> Answer {
        match fallback {
            Fallback::NotFound => self.not_found(),
            Fallback::Passthrough => self.passthrough(),
            Fallback::BlackHole => Answer { status: Some(502), ..self.empty(Outcome::Blackhole) },
        }
    }

    fn not_found(&self) -> Answer {
        Answer { status: Some(404), flag: Some("NR"), ..self.empty(Outcome::NoRoute) }
    }

    /// `httpsRedirect` of a server comes before its routes.
    fn to_https(&self) -> Answer {
        let location = format!("https://{}{}", self.request.authority, self.request.path_and_query());
        Answer { status: Some(301), location: Some(location), ..self.empty(Outcome::Redirect) }
    }

    fn taken(&self, virtual_host: &VirtualHost<'_>, clause: &Clause<'_>) -> Result<Answer, String> {
        match &clause.action {
            Action::Rule(rule) => self.by_rule(virtual_host.port, clause, rule),
            Action::Service(service) => {
                let (host, port) = (service.hostname.clone(), virtual_host.port);
                let namespace = &service.namespace;
                let cluster =
                    cluster_of_service(self.world, self.vantage, namespace, Some(service), host, String::new(), port);
                Ok(self.forwarded(vec![(cluster, 1)], self.unchanged()))
            }
        }
    }

    fn by_rule(&self, port: u32, clause: &Clause<'_>, rule: &HttpRule<'_>) -> Result<Answer, String> {
        let mut answer = if let Some(redirect) = rule.redirect {
            let (status, location) = apply::redirect(self.request, clause, redirect, self.vantage, port);
            Answer { status: Some(status), location: Some(location), ..self.empty(Outcome::Redirect) }
        } else if let Some(response) = rule.direct_response {
            Answer { status: response.status.map(|status| status.value), ..self.empty(Outcome::DirectResponse) }
        } else {
            let destinations = self.destinations(port, rule);
            if destinations.is_empty() {
                return Err(format!(
                    "the rule that takes the request does nothing with it ({})",
                    rule.owner.service.name
                ));
            }
            self.forwarded(destinations, apply::rewritten(self.request, clause, Some(rule))?)
        };
        answer.route = Some(self.route(clause, rule));
        answer.fault = fault(rule);
        answer.timeout =
            rule.timeout.map(|timeout| timeout.value).filter(|it| it.nanoseconds() > 0).map(|it| it.to_string());
        answer.retries = rule.retries.map(|retries| Retries {
            attempts: retries.attempts.map_or(0, |attempts| attempts.value),
            per_try_timeout: retries.per_try_timeout.map(|timeout| timeout.value.to_string()),
            retry_on: retries.retry_on.as_ref().map(|on| on.value.clone()),
        });
        if answer.outcome == Outcome::Forward {
            answer.mirrors = self.mirrors(port, rule);
        }
        Ok(answer)
    }

    /// Of several destinations those without weight are left out; a single one gets everything.
    fn destinations<'s>(&'s self, port: u32, rule: &HttpRule<'_>) -> Vec<(Cluster<'s>, u64)> {
        let weight = |weight: Option<i32>| u64::try_from(weight.unwrap_or(0)).unwrap_or(0);
        let is_single = rule.route.len() == 1;
        let weighted = rule.route.iter().map(|route| {
            let weight = if is_single { 1 } else { weight(route.weight.map(|weight| weight.value)) };
            (route.destination.as_ref(), weight)
        });
        weighted
            .filter(|(_, weight)| *weight > 0)
            .filter_map(|(destination, weight)| {
                Some((cluster(self.world, self.vantage, port, rule.owner.service, destination?), weight))
            })
            .collect()
    }

    fn forwarded(&self, clusters: Vec<(Cluster<'_>, u64)>, request: Rewritten) -> Answer {
        let shares = shares(&clusters.iter().map(|(_, weight)| *weight).collect::<Vec<_>>());
        let problems: Vec<Option<Problem>> = clusters.iter().map(|(cluster, _)| cluster.problem).collect();
        // The flag is sure only if it is that of every destination.
        let common = problems.first().copied().flatten().filter(|first| problems.iter().all(|it| *it == Some(*first)));
        let destinations = clusters.into_iter().zip(shares).map(|((cluster, _), weight)| Destination {
            cluster: cluster.name(),
            host: cluster.host,
            subset: Some(cluster.subset).filter(|subset| !subset.is_empty()),
            port: Some(cluster.port),
            weight,
            workloads: cluster.workloads,
            problem: cluster.problem.map(problem_name),
        });
        Answer {
            destinations: destinations.collect(),
            flag: common.map(|problem| match problem {
                Problem::NoCluster => "NC",
                Problem::NoEndpoints => "UH",
            }),
            request: Some(request),
            ..self.empty(Outcome::Forward)
        }
    }

    fn mirrors(&self, port: u32, rule: &HttpRule<'_>) -> Vec<Mirror> {
        let single = rule.mirror.map(|destination| {
            let older = rule.mirror_percent.map(|percent| f64::from(percent.value));
            (destination, rule.mirror_percentage.map(percent).or(older).unwrap_or(100.0))
        });
        let several = rule.mirrors.iter().filter_map(|mirror| {
            Some((mirror.destination.as_ref()?, mirror.percentage.as_ref().map_or(100.0, percent)))
        });
        single
            .into_iter()
            .chain(several)
            .filter(|(_, percentage)| *percentage > 0.0)
            .map(|(destination, percentage)| {
                let cluster = cluster(self.world, self.vantage, port, rule.owner.service, destination);
                Mirror { cluster: cluster.name(), percentage, problem: cluster.problem.map(problem_name) }
            })
            .collect()
    }

    fn route(&self, clause: &Clause<'_>, rule: &HttpRule<'_>) -> Route {
        let owner = rule.owner;
        let sources = &self.world.snapshot.sources;
        Route {
            virtual_service: owner.service.name.to_string(),
            section: "http",
            index: owner.index,
            r#match: clause.entry.map(|(index, _)| index),
            name: rule.name.clone(),
            file: sources.file(owner.span.file).path().to_owned(),
            line: sources.start(owner.span).line,
            span: clause.entry.map_or(owner.span, |(_, span)| span),
        }
    }

    /// The rules up to the one that takes the request, those that this proxy does not have included.
    fn trace(&self, virtual_host: &VirtualHost<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        for clause in &virtual_host.clauses {
            let route = match &clause.action {
                Action::Rule(rule) => Some(self.route(clause, rule)),
                Action::Service(_) => None,
            };
            let step = |verdict, condition, seen, wanted| Step { route, verdict, condition, seen, wanted };
            if let Some(exclusion) = &clause.exclusion {
                let (seen, wanted) = (exclusion.seen.clone(), exclusion.wanted.clone());
                steps.push(step(Verdict::Excluded, Some(exclusion.name.to_owned()), Some(seen), Some(wanted)));
            } else if let Some(failing) = clause.first_failing(self.request) {
                let (name, seen) = (failing.name(), failing.seen(self.request));
                steps.push(step(Verdict::NotMatched, Some(name), seen, Some(failing.wanted())));
            } else {
                steps.push(step(Verdict::Matched, None, None, None));
                break;
            }
        }
        steps
    }
}

/// Envoy takes no part of a configuration with an expression that is none of RE2's.
fn refuse_invalid(virtual_host: &VirtualHost<'_>) -> Result<(), String> {
    let conditions = virtual_host.clauses.iter().flat_map(|clause| &clause.conditions);
    let invalid = conditions.filter_map(|condition| match &condition.matcher {
        Matcher::Invalid { source, reason } => Some((source, reason)),
        _ => None,
    });
    match invalid.into_iter().next() {
        Some((source, reason)) => Err(format!(
            "Envoy refuses the routes of {}: the expression {source} is not RE2 ({reason})",
            virtual_host.name
        )),
        None => Ok(()),
    }
}

fn problem_name(problem: Problem) -> &'static str {
    match problem {
        Problem::NoCluster => "no-cluster",
        Problem::NoEndpoints => "no-endpoints",
    }
}

fn percent(percent: &Percent) -> f64 {
    percent.value.map_or(0.0, |value| value.value)
}

/// Without a percentage a fault is injected into no request; the older integer form of delays still counts.
fn fault(rule: &HttpRule<'_>) -> Option<Fault> {
    let fault = rule.fault?;
    Some(Fault {
        delay: fault.delay.as_ref().map(|delay| Delay {
            percentage: delay
                .percentage
                .as_ref()
                .map(percent)
                .or_else(|| delay.percent.map(|percent| f64::from(percent.value)))
                .unwrap_or(0.0),
            fixed_delay: delay.fixed_delay.map(|delay| delay.value.to_string()).unwrap_or_default(),
        }),
        abort: fault.abort.as_ref().map(|abort| Abort {
            percentage: abort.percentage.as_ref().map_or(0.0, percent),
            http_status: abort.http_status.map(|status| status.value),
            grpc_status: abort.grpc_status.as_ref().map(|status| status.value.clone()),
        }),
    })
}

/// Weights as percentages with at most two decimals that add up to exactly 100.
fn shares(weights: &[u64]) -> Vec<serde_json::Number> {
    const WHOLE: u64 = 10_000;
    let sum: u64 = weights.iter().sum();
    let mut parts: Vec<u64> = weights.iter().map(|weight| weight * WHOLE / sum.max(1)).collect();
    let missing = WHOLE.saturating_sub(parts.iter().sum());
    // What rounding down has lost goes to those that lost most.
    let mut by_loss: Vec<usize> = (0..weights.len()).collect();
    by_loss.sort_by_key(|&index| std::cmp::Reverse(weights[index] * WHOLE % sum.max(1)));
    by_loss.into_iter().cycle().take(missing as usize).for_each(|index| parts[index] += 1);
    parts
        .into_iter()
        .map(|part| {
            let exact = serde_json::Number::from_f64(part as f64 / 100.0).filter(|_| part % 100 != 0);
            exact.unwrap_or_else(|| (part / 100).into())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn shares_add_up_to_a_hundred() {
        let text = |weights: &[u64]| shares(weights).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(text(&[80, 20]), "80 20");
        assert_eq!(text(&[1, 1, 1]), "33.34 33.33 33.33");
        assert_eq!(text(&[1]), "100");
        assert_eq!(text(&[75, 75]), "50 50");
    }
}
