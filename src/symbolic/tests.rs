//! Properties of the engine on random tables: what it proves holds for requests that are tried.

#![allow(clippy::disallowed_methods, reason = "tests measure time")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::atoms::{Atoms, Precision};
use super::dimension::Dimension;
use super::escape::Escape;
use super::reach::{Matches, Meeting, Reachability};
use super::region::{ABSENT, Region};
use super::space::{Shape, Space};
use crate::routing::{EnvoyRegex, HttpRequest, MatchCondition, MatchSubject, Matcher, RequestPart};
use crate::source::{Sources, Span};

const PATHS: [&str; 9] = ["/", "/a", "/a/", "/a/b", "/ab", "/A/b", "/b", "/b/c.png", "/é"];
const PATH_REGEXES: [&str; 8] = ["/a.*", ".*", "/[ab]/.*", ".*b", "/.*\\.png", "(?i)/A(/.*)?", "/(a|b)", "/[^/]*"];
const VALUES: [&str; 6] = ["", "a", "ab", "b", "1", "x y"];
const VALUE_REGEXES: [&str; 6] = ["a.*", ".*b.*", "(?s).*", "a|b", "[^a]+", ".*1"];

fn condition(subject: MatchSubject, matcher: Matcher) -> MatchCondition {
    let file = Sources::default().add("a.yaml", String::new());
    MatchCondition { subject, matcher, span: Span::new(file, 0, 0) }
}

fn matcher(texts: &'static [&'static str], regexes: &'static [&'static str]) -> impl Strategy<Value = Matcher> {
    prop_oneof![
        4 => select(texts).prop_map(|text| Matcher::Exact(text.to_owned())),
        4 => select(texts).prop_map(|text| Matcher::Prefix(text.to_owned())),
        3 => select(regexes).prop_map(|source| Matcher::Regex(EnvoyRegex::new(source).unwrap())),
        1 => Just(Matcher::Present),
    ]
}

fn path() -> impl Strategy<Value = MatchCondition> {
    let segments = select(&PATHS[..]).prop_map(|text| Matcher::PathPrefix(text.to_owned()));
    let matcher = prop_oneof![4 => matcher(&PATHS, &PATH_REGEXES), 1 => segments];
    let matcher = matcher.prop_filter("a path has no test for presence", |it| !matches!(it, Matcher::Present));
    (matcher, any::<bool>()).prop_map(|(matcher, ignore_case)| condition(MatchSubject::Path { ignore_case }, matcher))
}

fn value_condition() -> impl Strategy<Value = MatchCondition> {
    let name = || "x".to_owned();
    let subject = select(vec![
        MatchSubject::Header(name()),
        MatchSubject::WithoutHeader(name()),
        MatchSubject::Header("user-agent".to_owned()),
        MatchSubject::WithoutHeader("user-agent".to_owned()),
        MatchSubject::Query("q".to_owned()),
        MatchSubject::Claim(vec!["role".to_owned()]),
        MatchSubject::WithoutClaim(vec!["role".to_owned()]),
    ]);
    (subject, matcher(&VALUES, &VALUE_REGEXES)).prop_map(|(subject, matcher)| condition(subject, matcher))
}

fn method() -> impl Strategy<Value = MatchCondition> {
    matcher(&["GET", "POST"], &["GET|POST", "P.*"]).prop_map(|matcher| condition(MatchSubject::Method, matcher))
}

/// The conditions of each match of a table.
fn table() -> impl Strategy<Value = Vec<Vec<MatchCondition>>> {
    let optional = |strategy: BoxedStrategy<MatchCondition>| prop::option::of(strategy);
    let one = (optional(path().boxed()), optional(method().boxed()), vec(value_condition(), 0..3));
    vec(one.prop_map(|(path, method, rest)| path.into_iter().chain(method).chain(rest).collect()), 1..7)
}

fn request() -> impl Strategy<Value = HttpRequest<'static>> {
    let lines = vec((select(vec!["x", "user-agent"]), select(&VALUES[..])), 0..4);
    let roles = select(vec![json!(null), json!({"role": "a"}), json!({"role": ["b", "1"]}), json!({"role": 1})]);
    let query = select(vec![None, Some("q=a"), Some("q=ab&q=b"), Some("p=1")]);
    (select(&PATHS[..]), select(vec!["GET", "POST", "PUT"]), query, lines, roles).prop_map(
        |(path, method, query, lines, claims)| {
            let mut headers: Vec<(_, _)> =
                lines.iter().map(|(name, value)| ((*name).into(), value.as_bytes().into())).collect();
            // Envoy joins the lines of this header.
            let mut is_first = true;
            headers.retain(|(name, _): &(std::borrow::Cow<'_, str>, _)| {
                name != "user-agent" || std::mem::take(&mut is_first)
            });
            HttpRequest {
                path: path.as_bytes().into(),
                method: method.into(),
                query: query.map(|query| query.as_bytes().into()),
                headers,
                claims: Box::leak(Box::new(claims)),
                ..HttpRequest::default()
            }
        },
    )
}

fn shapes(table: &[Vec<MatchCondition>]) -> Vec<Shape<'_>> {
    table.iter().map(|it| Shape { conditions: it.iter().collect(), proxy: Vec::new() }).collect()
}

fn takes(conditions: &[MatchCondition], request: &HttpRequest<'_>) -> bool {
    conditions.iter().all(|condition| condition.holds(request))
}

fn is_dead(space: &Space, number: usize) -> bool {
    let earlier: Vec<usize> = (0..number).collect();
    let Some(region) = space.region(number) else { return true };
    matches!(space.escape(region.clone(), &earlier, &mut 1_000_000), Escape::Covered(_))
}

/// A request, and the atoms that it has on each axis.
type Point = (HttpRequest<'static>, Vec<(usize, Vec<usize>)>);

/// All requests that have a text of one atom, or texts of two, for each part.
fn all_points(space: &Space) -> Vec<Point> {
    let mut points = vec![(HttpRequest::default(), Vec::new())];
    for (number, axis) in space.axes.iter().enumerate() {
        let Dimension::Part(part) = &axis.dimension else { panic!("no expression is left out") };
        let atoms: Vec<usize> = axis.possible.iter().collect();
        let mut choices: Vec<Vec<usize>> = atoms.iter().map(|atom| vec![*atom]).collect();
        if part.repeats() {
            let real: Vec<usize> = atoms.into_iter().filter(|atom| *atom != ABSENT).collect();
            choices.extend(real.iter().flat_map(|one| real.iter().map(|other| vec![*one, *other])));
        }
        let with = |(request, chosen): &Point, choice: &Vec<usize>| {
            let mut request = request.clone();
            for atom in choice.iter().filter(|atom| **atom != ABSENT) {
                let text = axis.texts[atom - 1].clone();
                match part {
                    RequestPart::Path => request.path = text.into(),
                    RequestPart::Method => request.method = String::from_utf8(text).unwrap().into(),
                    RequestPart::Header(name) => request.headers.push((name.clone().into(), text.into())),
                    RequestPart::Query(name) => {
                        request.query = Some([name.as_bytes(), b"=", &text].concat().into());
                    }
                    RequestPart::Claim(path) => {
                        let text = String::from_utf8(text).unwrap();
                        let mut texts: Vec<serde_json::Value> =
                            request.claims[&path[0]].as_array().cloned().unwrap_or_default();
                        texts.push(text.into());
                        request.claims = Box::leak(Box::new(json!({ path[0].clone(): texts })));
                    }
                    other => panic!("{other:?} is not in the vocabulary"),
                }
            }
            let mut chosen = chosen.clone();
            chosen.push((number, choice.clone()));
            (request, chosen)
        };
        points = points.iter().flat_map(|point| choices.iter().map(move |choice| with(point, choice))).collect();
    }
    points
}

fn all_conditions(table: &[Vec<MatchCondition>]) -> Vec<(RequestPart, Vec<&MatchCondition>)> {
    let mut parts: Vec<(RequestPart, Vec<&MatchCondition>)> = Vec::new();
    for condition in table.iter().flatten() {
        let part = condition.subject.part();
        match parts.iter_mut().find(|(known, _)| *known == part) {
            Some((_, conditions)) => conditions.push(condition),
            None => parts.push((part, vec![condition])),
        }
    }
    parts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// The texts of atoms meet exactly the conditions that the atoms say, and each text is like one of them.
    #[test]
    fn atoms_are_what_conditions_tell_apart(table in table(), texts in vec("/?[abAB/é1. ]{0,4}(png)?", 20)) {
        for (part, conditions) in all_conditions(&table) {
            for precision in [Precision::Best, Precision::Anchored, Precision::Plain] {
                let atoms = Atoms::new(&part, &conditions, precision);
                let verdicts = |text: &[u8]| -> Vec<bool> {
                    let exact = conditions.iter().zip(&atoms.taken).filter(|(_, taken)| taken.is_exact);
                    exact.map(|(condition, _)| condition.takes_text(text)).collect()
                };
                let of_atom = |atom: usize| -> Vec<bool> {
                    atoms.taken.iter().filter(|it| it.is_exact).map(|taken| taken.atoms.contains(&atom)).collect()
                };
                for (atom, text) in atoms.texts.iter().enumerate() {
                    prop_assert!(part.texts().has(text), "{part:?} {text:?}");
                    prop_assert_eq!(verdicts(text), of_atom(atom), "{:?}", String::from_utf8_lossy(text));
                }
                for text in texts.iter().map(String::as_bytes).filter(|text| part.texts().has(text)) {
                    let found = (0..atoms.texts.len()).any(|atom| of_atom(atom) == verdicts(text));
                    prop_assert!(found, "no atom of {part:?} is like {:?}", String::from_utf8_lossy(text));
                }
            }
        }
    }

    /// A match that is called dead takes no request that earlier ones leave. Less precision only hides dead matches.
    #[test]
    fn dead_matches_never_fire(table in table(), requests in vec(request(), 60)) {
        let shapes = shapes(&table);
        let precisions = [Precision::Best, Precision::Anchored, Precision::Plain, Precision::None];
        let spaces = precisions.map(|precision| Space::new(&shapes, &[], precision));
        for (number, conditions) in table.iter().enumerate() {
            let dead = spaces.each_ref().map(|space| is_dead(space, number));
            prop_assert!(dead.windows(2).all(|pair| pair[0] || !pair[1]), "less precision adds a dead match: {dead:?}");
            for request in requests.iter().filter(|request| takes(conditions, request)) {
                let is_first = !table[..number].iter().any(|earlier| takes(earlier, request));
                prop_assert!(!(is_first && dead[0]), "match {number} is called dead, and takes {request:?}");
            }
        }
    }

    /// The covers of a dead match suffice, and none of them is left over.
    #[test]
    fn covers_are_needed(table in table()) {
        let matches = Matches::of_shapes(shapes(&table), &[]);
        for number in 0..table.len() {
            let earlier: Vec<usize> = (0..number).collect();
            let Reachability::TakenBy(covers) = matches.reach(number, &earlier) else { continue };
            prop_assert!(matches!(matches.reach(number, &covers), Reachability::TakenBy(_)));
            for at in 0..covers.len() {
                let mut fewer = covers.clone();
                fewer.remove(at);
                prop_assert_eq!(matches.reach(number, &fewer), Reachability::Reached);
            }
        }
    }

    /// Two matches that meet share a request, and the witness is one.
    #[test]
    fn witnesses_show_what_is_claimed(table in table()) {
        let matches = Matches::of_shapes(shapes(&table), &[]);
        for one in 0..table.len() {
            for other in 0..one {
                match matches.meet(&[one, other], &[], "GET") {
                    Meeting::Some(witness) => {
                        let witness = witness.expect("the parts of these requests are independent");
                        let request = witness.request();
                        prop_assert!(takes(&table[one], &request) && takes(&table[other], &request), "{witness}");
                    }
                    Meeting::Apart => {}
                    Meeting::Undecided => prop_assert!(false, "the tables are small"),
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// On small tables, the engine agrees with all requests that are combinations of atoms: which conditions each meets,
    /// and which matches get one of them.
    #[test]
    fn the_search_agrees_with_all_combinations(table in table()) {
        let table = &table[..table.len().min(4)];
        let space = Space::new(&shapes(table), &[], Precision::Best);
        let size: usize = space.axes.iter().map(|axis| (axis.texts.len() + 1).pow(2)).product();
        prop_assume!(size < 20_000);
        let points = all_points(&space);
        let mut reached = vec![false; table.len()];
        for (request, chosen) in &points {
            let mut region: Region = space.all();
            for (axis, atoms) in chosen {
                region.fix(*axis, atoms);
            }
            for (number, conditions) in table.iter().enumerate() {
                let has = space.request_box(number).covers(&region);
                prop_assert_eq!(has, takes(conditions, request), "match {} of {:?}", number, request);
            }
            if let Some(first) = table.iter().position(|conditions| takes(conditions, request)) {
                reached[first] = true;
            }
        }
        for (number, reached) in reached.into_iter().enumerate() {
            prop_assert_eq!(is_dead(&space, number), !reached, "match {}", number);
        }
    }
}

#[test]
fn a_search_gives_up_in_time() {
    // Which of many headers are missing: the last match is dead, and the proof has too many cases.
    let name = |number: usize| format!("x-{number}");
    let literal = |number: usize, holds: bool| match holds {
        true => condition(MatchSubject::Header(name(number)), Matcher::Present),
        false => condition(MatchSubject::WithoutHeader(name(number)), Matcher::Present),
    };
    let clause = |seed: usize| -> Vec<MatchCondition> {
        (0..3).map(|at| literal((seed * 7 + at * 11 + seed * at) % 40, (seed >> at).is_multiple_of(2))).collect()
    };
    let mut table: Vec<Vec<MatchCondition>> = (0..2_000).map(clause).collect();
    table.push(Vec::new());
    let matches = Matches::of_shapes(shapes(&table), &[]);
    let earlier: Vec<usize> = (0..2_000).collect();
    let started = std::time::Instant::now();
    assert_ne!(matches.reach(2_000, &earlier), Reachability::Impossible);
    assert!(started.elapsed().as_secs() < 60, "the search took {:?}", started.elapsed());
}

#[test]
fn an_invalid_expression_takes_no_request() {
    let invalid = Matcher::Invalid { source: "(".to_owned(), reason: "missing )".to_owned() };
    let table = [vec![condition(MatchSubject::WithoutHeader("x".to_owned()), invalid)], Vec::new()];
    let matches = Matches::of_shapes(shapes(&table), &[]);
    assert_eq!(matches.reach(0, &[]), Reachability::Impossible);
    assert_eq!(matches.reach(1, &[0]), Reachability::Reached);
}
