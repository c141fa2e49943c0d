//! The route tables of both meshes for a connection.

use super::change::{Candidate, Found, Requests};
use super::rules::Rules;
use crate::proof::connections;
use crate::proof::hosts::{self, ANY_OTHER, HostGroup, OUTSIDE};
use crate::proof::rules::HostRules;
use crate::simulate::{Answer, Request, RouteTable, Simulator, Treatment, answer_differences};

/// The comparison of the tables of a vantage.
pub struct Tables<'t, 'f, 'a> {
    found: &'t mut Found<'f, 'a>,
    vantage: usize,
    /// The port; `None` for one that no mesh mentions.
    port: Option<u32>,
    /// The pairs of tables that were compared.
    compared: Vec<(RouteTable<'a>, RouteTable<'a>)>,
}

impl<'t, 'f, 'a> Tables<'t, 'f, 'a> {
    pub fn new(found: &'t mut Found<'f, 'a>, vantage: usize) -> Self {
        Self { found, vantage, port: None, compared: Vec::new() }
    }

    /// Compares the requests on a connection. `port` is `None` if it stands for all ports that no mesh mentions.
    pub fn compare(&mut self, connection: &Request, port: Option<u32>) {
        self.port = port;
        match (self.found.old.route_table(connection), self.found.new.route_table(connection)) {
            (Some(old), Some(new)) => {
                if self.compared.iter().any(|(known, other)| known.is(&old) && other.is(&new)) {
                    return;
                }
                self.compare_tables(connection, Some(&old), Some(&new));
                self.compared.push((old, new));
            }
            (None, None) => self.compare_answers(connection),
            (old, new) => self.compare_tables(connection, old.as_ref(), new.as_ref()),
        }
    }

    /// Compares the fate of connections whose requests are all treated alike.
    fn compare_answers(&mut self, connection: &Request) {
        let (old, new) = (self.found.old.simulate(connection), self.found.new.simulate(connection));
        match (old, new) {
            (Ok(before), Ok(after)) => {
                let mut aspects = answer_differences(&before, &after);
                let treatments = (self.found.old.connection(connection), self.found.new.connection(connection));
                if let (Some(old), Some(new)) = treatments {
                    aspects.extend(old.differences(&new));
                    for (cluster, fields) in old.changed_settings(&new) {
                        self.found.diff.settings.entry(cluster).or_default().extend(fields);
                    }
                }
                if aspects.is_empty() {
                    return;
                }
                let place = |answer: &Answer| answer.route.as_ref().map(|route| route.span);
                let host = connection.sni.as_ref().or(connection.host.as_ref()).or(connection.address.as_ref());
                let host = host.filter(|host| *host != OUTSIDE).map_or(ANY_OTHER, String::as_str).to_owned();
                let places = (place(&before), place(&after));
                let taken_host = if places == (None, None) { host.clone() } else { String::new() };
                let taken = (places.0, places.1, taken_host);
                let candidate = Candidate {
                    taken: &taken,
                    vantage: Some(self.vantage),
                    host: &host,
                    requests: Requests::On(connections::words(connection), self.port),
                    aspects: &aspects,
                };
                self.found.add(&candidate, connection.clone(), (before, after));
            }
            (Err(old), Err(new)) if old.error == new.error => {}
            (Err(unanswered), _) | (_, Err(unanswered)) => {
                self.found.diff.incomplete.insert(unanswered.error);
            }
        }
    }

    fn compare_tables(&mut self, connection: &Request, old: Option<&RouteTable<'a>>, new: Option<&RouteTable<'a>>) {
        let rejections: Vec<String> =
            [old, new].into_iter().flatten().filter_map(RouteTable::rejection).map(str::to_owned).collect();
        if !rejections.is_empty() {
            self.found.diff.incomplete.extend(rejections);
            return;
        }
        if old.zip(new).is_some_and(|(old, new)| !old.is_received_as(new)) {
            let context = self.found.vantages[self.vantage].words();
            self.found.diff.incomplete.insert(format!("{context}: the proxies that it trusts in front of it differ"));
        }
        self.found.diff.compared.tables += 1;
        let tables = [old, new].map(|table| table.map(RouteTable::table));
        for group in hosts::groups(&tables) {
            self.compare_host(connection, &group, old, new);
        }
    }

    /// Compares the rules for a host.
    fn compare_host(
        &mut self,
        connection: &Request,
        group: &HostGroup<'_, 'a>,
        old: Option<&RouteTable<'a>>,
        new: Option<&RouteTable<'a>>,
    ) {
        let request = Request { host: Some(group.host.clone()), ..connection.clone() };
        let answered = |simulator: &Simulator<'a>| {
            simulator.simulate(&request).map(|answer| HostRules::of_answer(Treatment::of_answer(&answer)))
        };
        let routed = |table: Option<&RouteTable<'a>>, number: usize| {
            table.zip(group.virtual_hosts[number]).map(|(table, host)| HostRules::of_host(table, host))
        };
        let sides = (
            routed(old, 0).map_or_else(|| answered(self.found.old), Ok),
            routed(new, 1).map_or_else(|| answered(self.found.new), Ok),
        );
        let (old, new) = match sides {
            (Ok(old), Ok(new)) => (old, new),
            (Err(unanswered), _) | (_, Err(unanswered)) => {
                self.found.diff.incomplete.insert(unanswered.error);
                return;
            }
        };
        self.found.diff.compared.rules += old.rules.len() + new.rules.len();
        Rules { found: self.found, vantage: self.vantage, connection, group, old, new }.compare();
    }
}
