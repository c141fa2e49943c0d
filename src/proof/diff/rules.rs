//! The rules of both meshes for a host, compared pair by pair.

use std::collections::{BTreeSet, HashMap};

use super::change::{Candidate, Found, Requests, Taken};
use crate::proof::hosts::HostGroup;
use crate::proof::rules::{HostRules, Rule, place};
use crate::proof::{conditions, witness};
use crate::routing::{MatchCondition, MatchSubject};
use crate::simulate::{Answer, Aspect, Outcome, Request, answer_differences, is_shown};
use crate::symbolic::{Matches, Meeting, Shape};

impl Rule<'_, '_> {
    /// The aspects in which the treatments of two rules differ. The error says why they cannot be compared.
    fn differences(&self, other: &Self) -> Result<BTreeSet<Aspect>, String> {
        match (&self.treatment, &other.treatment) {
            (None, None) => Ok(BTreeSet::new()),
            (Some(Ok(one)), Some(Ok(two))) => Ok(one.differences(two)),
            (Some(Err(_)), Some(Err(_))) => Ok(BTreeSet::new()),
            (Some(Err(error)), _) | (_, Some(Err(error))) => Err(error.clone()),
            (Some(Ok(known)), None) | (None, Some(Ok(known))) => Ok(match known.decision().outcome {
                Outcome::NoRoute => BTreeSet::new(),
                _ => BTreeSet::from([Aspect::Outcome, Aspect::Destinations]),
            }),
        }
    }
}

/// The comparison of the rules for a host.
pub struct Rules<'r, 'f, 'a> {
    pub found: &'r mut Found<'f, 'a>,
    pub vantage: usize,
    pub connection: &'r Request,
    pub group: &'r HostGroup<'r, 'a>,
    pub old: HostRules<'r, 'a>,
    pub new: HostRules<'r, 'a>,
}

/// The position of a key that the others lack.
const NOWHERE: usize = usize::MAX;

impl<'r, 'a> Rules<'r, '_, 'a> {
    /// Compares the rules. One rule of each mesh takes a request. So all pairs of rules are tried that treat
    /// requests differently: whether some request meets both, and no earlier rule of either mesh.
    pub fn compare(mut self) {
        if self.old.requires_tls != self.new.requires_tls {
            self.compare_redirects();
        }
        let keys = |side: &HostRules<'_, '_>| -> Vec<String> {
            side.rules.iter().map(|it| conditions::key(it.conditions)).collect()
        };
        let (old_keys, new_keys) = (keys(&self.old), keys(&self.new));
        let old_in_new = positions(&old_keys, &new_keys);
        let new_in_old = positions(&new_keys, &old_keys);
        let rules = self.old.rules.iter().chain(&self.new.rules);
        let host = self.group.authority(rules.flat_map(|rule| rule.conditions));
        let mut space: Option<Shapes<'_>> = None;
        for (old, &counterpart) in old_in_new.iter().enumerate() {
            for (new, &earliest) in new_in_old.iter().enumerate() {
                // A rule with the same conditions as one of the pair comes earlier, and takes all that both could.
                if earliest < old {
                    continue;
                }
                let is_same = counterpart == new;
                if is_same && self.is_alike(old, new) {
                    break;
                }
                let space = space.get_or_insert_with(|| {
                    Shapes::new(&self.old.rules, &self.new.rules, (&old_keys, &new_keys), host.as_ref())
                });
                if !is_same && !space.meet_at_all(old, new) {
                    continue;
                }
                self.compare_pair(space, old, new);
                if is_same || space.new_takes_all_of(old, new) {
                    break;
                }
            }
        }
    }

    /// Whether two rules treat requests alike. Notes the settings of clusters that differ all the same.
    fn is_alike(&mut self, old: usize, new: usize) -> bool {
        let is_alike = self.old.rules[old].differences(&self.new.rules[new]).is_ok_and(|it| it.is_empty());
        if is_alike {
            self.note_settings(old, new);
        }
        is_alike
    }

    /// Notes the settings that differ of clusters to which two rules send requests.
    fn note_settings(&mut self, old: usize, new: usize) {
        let (old, new) = (&self.old.rules[old].treatment, &self.new.rules[new].treatment);
        if let (Some(Ok(old)), Some(Ok(new))) = (old, new) {
            for (cluster, fields) in old.changed_settings(new) {
                self.found.diff.settings.entry(cluster).or_default().extend(fields);
            }
        }
    }

    /// Searches for a request that shows the difference of two rules.
    fn compare_pair(&mut self, space: &Shapes<'_>, old: usize, new: usize) {
        if self.is_alike(old, new) {
            return;
        }
        let (one, two) = (&self.old.rules[old], &self.new.rules[new]);
        let aspects = match one.differences(two) {
            Ok(aspects) => aspects,
            Err(error) => {
                self.found.diff.incomplete.insert(error);
                return;
            }
        };
        let is_of_host = one.place.is_none() && two.place.is_none();
        let host = self.group.name();
        let taken: Taken = (one.place, two.place, if is_of_host { host.to_owned() } else { String::new() });
        let condition = self.words(space, old, new);
        let candidate = Candidate {
            taken: &taken,
            vantage: Some(self.vantage),
            host,
            requests: Requests::Meeting(&condition),
            aspects: &aspects,
        };
        let shown = |request: Request| Some((self.confirm(&request, (one, two), &aspects)?, request));
        // A request that shows the pair elsewhere often shows it here as well.
        let known = self.found.known_witnesses(&taken).into_iter().find_map(|known| {
            shown(Request {
                host: Some(self.group.host.clone()),
                method: known.method,
                scheme: known.scheme,
                path: known.path,
                headers: known.headers,
                claims: known.claims,
                ..self.connection.clone()
            })
        });
        let searched = || match space.meet(old, new) {
            Meeting::Apart => Ok(None),
            Meeting::Undecided => Err("the search would take too long"),
            Meeting::Some(found) => {
                let (connection, host) = (self.connection, &self.group.host);
                let request = found.map(|found| witness::request(connection, host, &found, space.names_scheme));
                request.and_then(shown).map(Some).ok_or("no request could be found that shows it")
            }
        };
        match known.map_or_else(searched, |shown| Ok(Some(shown))) {
            Ok(Some((answers, request))) => {
                self.found.add(&candidate, request, answers);
                self.note_settings(old, new);
            }
            Ok(None) => {}
            Err(reason) => self.give_up(old, new, reason),
        }
    }

    /// The requests that meet two rules, and none before, in words.
    fn words(&self, space: &Shapes<'_>, old: usize, new: usize) -> String {
        let condition = conditions::words(self.old.rules[old].conditions, self.new.rules[new].conditions);
        let rules = [self.old.rules[old].conditions, self.new.rules[new].conditions];
        let condition = match conditions::disagree(rules[0], rules[1]) {
            true => format!("{condition} in another line"),
            false => condition,
        };
        let mut exceptions = space.exceptions(old, new);
        exceptions.retain(|it| rules.iter().all(|rule| !conditions::disagree(rule, it)));
        let exceptions = exceptions.iter().map(|conditions| conditions::words(conditions, &[])).collect();
        conditions::words_unless(condition, exceptions)
    }

    /// The answers to a request, if the two rules give them and they differ.
    fn confirm(
        &self,
        request: &Request,
        (old, new): (&Rule<'_, '_>, &Rule<'_, '_>),
        aspects: &BTreeSet<Aspect>,
    ) -> Option<(Answer, Answer)> {
        let (before, after) = self.found.answers(request)?;
        (old.gave(&before) && new.gave(&after) && is_shown(aspects, &before, &after)).then_some((before, after))
    }

    /// Requests over plaintext that one mesh redirects to HTTPS.
    fn compare_redirects(&mut self) {
        let request = Request { host: Some(self.group.host.clone()), ..self.connection.clone() };
        let Some((before, after)) = self.found.answers(&request) else { return };
        let aspects = answer_differences(&before, &after);
        if aspects.is_empty() {
            return;
        }
        let place = |answer: &Answer| answer.route.as_ref().map(|route| route.span);
        let taken = (place(&before), place(&after), self.group.host.clone());
        let candidate = Candidate {
            taken: &taken,
            vantage: Some(self.vantage),
            host: self.group.name(),
            requests: Requests::Meeting("plaintext requests"),
            aspects: &aspects,
        };
        self.found.add(&candidate, request, (before, after));
    }

    fn give_up(&mut self, old: usize, new: usize, reason: &str) {
        let old = place(self.found.old, self.old.rules[old].place);
        let new = place(self.found.new, self.new.rules[new].place);
        self.found.diff.incomplete.insert(format!(
            "host `{}`: it is not known whether some requests go from {old} to {new}: {reason}",
            self.group.host
        ));
    }
}

/// The first place of each key among others.
fn positions(keys: &[String], others: &[String]) -> Vec<usize> {
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (at, key) in others.iter().enumerate() {
        first.entry(key).or_insert(at);
    }
    keys.iter().map(|key| first.get(key.as_str()).copied().unwrap_or(NOWHERE)).collect()
}

/// The conditions of all rules of both meshes.
struct Shapes<'s> {
    matches: Matches<'s>,
    /// The conditions of each shape.
    conditions: Vec<&'s [MatchCondition]>,
    /// The shapes of the old and the new rules. Equal conditions have one shape.
    old: Vec<usize>,
    new: Vec<usize>,
    /// The shape of requests for the host, if some condition is about the authority.
    host: Option<usize>,
    names_scheme: bool,
}

impl<'s> Shapes<'s> {
    fn new(
        old: &[Rule<'s, '_>],
        new: &[Rule<'s, '_>],
        (old_keys, new_keys): (&'s [String], &'s [String]),
        host: Option<&'s MatchCondition>,
    ) -> Self {
        let mut numbers = Numbers::default();
        let old = numbers.of(old, old_keys);
        let new = numbers.of(new, new_keys);
        let Numbers { mut shapes, conditions, names_scheme, .. } = numbers;
        let host = host.map(|condition| {
            shapes.push(Shape { conditions: vec![condition], proxy: Vec::new() });
            shapes.len() - 1
        });
        Self { matches: Matches::of_shapes(shapes, &[]), conditions, old, new, host, names_scheme }
    }

    /// Whether some request meets both rules, whatever comes before them.
    fn meet_at_all(&self, old: usize, new: usize) -> bool {
        self.matches.overlap(self.old[old], self.new[new])
    }

    fn new_takes_all_of(&self, old: usize, new: usize) -> bool {
        self.matches.takes_all_of(self.new[new], self.old[old])
    }

    /// Searches for a request that meets both rules, and none before either.
    fn meet(&self, old: usize, new: usize) -> Meeting {
        self.matches.meet(&self.both(old, new), &self.earlier(old, new), "GET")
    }

    /// The conditions of the rules before either of two rules that take requests which meet both.
    fn exceptions(&self, old: usize, new: usize) -> Vec<&'s [MatchCondition]> {
        let found = self.matches.overlapping(&self.both(old, new), &self.earlier(old, new));
        found.into_iter().map(|shape| self.conditions[shape]).collect()
    }

    fn both(&self, old: usize, new: usize) -> Vec<usize> {
        [self.old[old], self.new[new]].into_iter().chain(self.host).collect()
    }

    fn earlier(&self, old: usize, new: usize) -> Vec<usize> {
        let earlier: BTreeSet<usize> = self.old[..old].iter().chain(&self.new[..new]).copied().collect();
        earlier.into_iter().collect()
    }
}

/// The shapes of rules, by their conditions.
#[derive(Default)]
struct Numbers<'s> {
    shapes: Vec<Shape<'s>>,
    conditions: Vec<&'s [MatchCondition]>,
    known: HashMap<&'s str, usize>,
    names_scheme: bool,
}

impl<'s> Numbers<'s> {
    fn of(&mut self, rules: &[Rule<'s, '_>], keys: &'s [String]) -> Vec<usize> {
        let number = |(rule, key): (&Rule<'s, '_>, &'s String)| {
            self.names_scheme |= rule.conditions.iter().any(|it| it.subject == MatchSubject::Scheme);
            *self.known.entry(key).or_insert_with(|| {
                self.conditions.push(rule.conditions);
                self.shapes.push(Shape { conditions: rule.conditions.iter().collect(), proxy: Vec::new() });
                self.shapes.len() - 1
            })
        };
        rules.iter().zip(keys).map(number).collect()
    }
}
