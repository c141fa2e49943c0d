//! The time of proofs about tables that no person writes, which matches get no requests and what a change does:
//! `cargo bench --bench symbolic`.

use divan::Bencher;
use divan::counter::ItemsCount;
use mesh::config::Config;
use mesh::lint;
use mesh::load::Snapshot;
use mesh::proof::diff::Diff;
use mesh::routing::alternative::alternatives;
use mesh::simulate::Simulator;
use mesh::symbolic::{Matches, Reachability};
use mesh::world::{Settings, World};

fn main() {
    divan::main();
}

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// A match of nested paths, some of them expressions, with methods and headers.
fn block(number: usize, floating: usize, numbers: &mut Numbers) -> String {
    let services = ["cart", "orders", "users", "catalog", "search", "reviews", "payments", "stock"];
    let mut path = format!("/{}", services[numbers.below(services.len())]);
    for _ in 0..numbers.below(4) {
        path += &format!("/{}{}", ["v", "items", "a"][numbers.below(3)], numbers.below(40));
    }
    let uri = match number {
        _ if number < floating => format!("regex: \".*{}{number}.*\"", ["png", "x", "report"][numbers.below(3)]),
        _ if number.is_multiple_of(20) => format!("regex: \"{path}/[0-9]+(/.*)?\""),
        _ if numbers.below(3) == 0 => format!("exact: {path}"),
        _ => format!("prefix: {path}"),
    };
    let method = match numbers.below(4) {
        0 => format!(", method: {{exact: {}}}", ["GET", "POST", "PUT"][numbers.below(3)]),
        _ => String::new(),
    };
    let headers = match numbers.below(3) {
        0 => format!(", headers: {{x-{}: {{exact: \"{}\"}}}}", numbers.below(5), numbers.below(6)),
        _ => String::new(),
    };
    format!("  - match: [{{uri: {{{uri}}}{method}{headers}}}]\n    route: [{{destination: {{host: web}}}}]\n")
}

/// A VirtualService with many blocks, of which the first ones have expressions that match anywhere in a path.
fn virtual_service(blocks: usize, floating: usize) -> String {
    let mut numbers = Numbers(blocks as u64);
    let mut text = "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
"
    .to_owned();
    (0..blocks).for_each(|number| text += &block(number, floating, &mut numbers));
    text
}

fn dead_matches(world: &World<'_>) -> usize {
    let virtual_service = &world.virtual_services[0];
    let alternatives = alternatives(world, virtual_service);
    let matches = Matches::new(&alternatives, &virtual_service.bound_to);
    let numbers: Vec<usize> = (0..alternatives.len()).collect();
    let is_dead = |number: &&usize| match matches.reach(**number, &numbers[..**number]) {
        Reachability::TakenBy(_) => true,
        Reachability::Undecided => panic!("match {number} is not decided"),
        Reachability::Reached | Reachability::Impossible => false,
    };
    numbers.iter().filter(is_dead).count()
}

fn measure(bencher: Bencher<'_, '_>, blocks: usize, floating: usize) {
    let snapshot = Snapshot::of_texts([("web.yaml".to_owned(), virtual_service(blocks, floating))]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    assert!(dead_matches(&world) > blocks / 20);
    bencher.counter(ItemsCount::new(blocks)).bench_local(|| dead_matches(&world));
}

/// Finds the dead matches of one VirtualService.
#[divan::bench(args = [1_000, 5_000], sample_count = 5)]
fn one_virtual_service(bencher: Bencher<'_, '_>, blocks: usize) {
    measure(bencher, blocks, 0);
}

/// The same with expressions that match anywhere, which multiply the states of an automaton.
#[divan::bench(args = [2, 8, 32, 64], sample_count = 5)]
fn floating_expressions(bencher: Bencher<'_, '_>, floating: usize) {
    measure(bencher, 1_000, floating);
}

/// The blocks of a VirtualService with a destination of their own each, and a copy with ten edits: blocks that go, come,
/// change their place, or lead elsewhere.
fn edited(blocks: usize, floating: usize) -> [String; 2] {
    let text = virtual_service(blocks, floating);
    let (head, rest) = text.split_once("  http:\n").expect("a VirtualService has routes");
    let lines: Vec<&str> = rest.lines().collect();
    let block =
        |(number, lines): (usize, &[&str])| lines.join("\n").replace("host: web", &format!("host: web{}", number % 20));
    let old: Vec<String> = lines.chunks(2).enumerate().map(block).collect();
    let mut new = old.clone();
    let mut numbers = Numbers(11);
    for edit in 0..10 {
        let at = numbers.below(new.len() - 1);
        match edit % 4 {
            0 => new.swap(at, at + 1),
            1 => new[at] = new[at].replace("host: web", "host: other"),
            2 => drop(new.remove(at)),
            _ => new.insert(
                at,
                "  - match: [{uri: {prefix: /orders}}]\n    route: [{destination: {host: new}}]".to_owned(),
            ),
        }
    }
    [old, new].map(|blocks| format!("{head}  http:\n{}\n", blocks.join("\n")))
}

fn measure_difference(bencher: Bencher<'_, '_>, blocks: usize, floating: usize) {
    let snapshots = edited(blocks, floating).map(|text| Snapshot::of_texts([("web.yaml".to_owned(), text)]));
    let difference = || {
        let worlds = snapshots.each_ref().map(|it| World::new(it, Settings::new(&Config::default(), it)));
        let diff = Diff::of(&Simulator::new(&worlds[0]), &Simulator::new(&worlds[1]));
        assert!(!diff.changes.is_empty() && diff.incomplete.is_empty(), "{:?}", diff.incomplete);
        diff.changes.len()
    };
    bencher.counter(ItemsCount::new(blocks)).bench_local(difference);
}

/// Compares a VirtualService with an edited copy.
#[divan::bench(args = [1_000, 5_000], sample_count = 5)]
fn difference(bencher: Bencher<'_, '_>, blocks: usize) {
    measure_difference(bencher, blocks, 0);
}

/// The same with expressions that match anywhere.
#[divan::bench(args = [2, 8, 32], sample_count = 5)]
fn difference_with_floating_expressions(bencher: Bencher<'_, '_>, floating: usize) {
    measure_difference(bencher, 1_000, floating);
}

/// Lints one VirtualService, with requests that show each dead match.
#[divan::bench(args = [1_000, 5_000], sample_count = 3)]
fn lint_one_virtual_service(bencher: Bencher<'_, '_>, blocks: usize) {
    let snapshot = Snapshot::of_texts([("web.yaml".to_owned(), virtual_service(blocks, 0))]);
    bencher.counter(ItemsCount::new(blocks)).bench_local(|| findings(&snapshot));
}

/// Lints 2,000 VirtualServices for one host of a Gateway, in an order that the manifests do not tell.
#[divan::bench(args = [2_000], sample_count = 3)]
fn one_gateway_host(bencher: Bencher<'_, '_>, virtual_services: usize) {
    let snapshot = gateway_host(virtual_services, |_| String::new());
    bencher.counter(ItemsCount::new(virtual_services)).bench_local(|| findings(&snapshot));
}

/// The same with creation times, so that each is compared with all older ones.
#[divan::bench(args = [2_000], sample_count = 3)]
fn one_gateway_host_by_age(bencher: Bencher<'_, '_>, virtual_services: usize) {
    let time = |number: usize| {
        let (hour, minute, second) = (number / 3_600, number / 60 % 60, number % 60);
        format!(", creationTimestamp: \"2024-01-01T{hour:02}:{minute:02}:{second:02}Z\"")
    };
    let snapshot = gateway_host(virtual_services, time);
    bencher.counter(ItemsCount::new(virtual_services)).bench_local(|| findings(&snapshot));
}

fn findings(snapshot: &Snapshot) -> usize {
    let world = World::new(snapshot, Settings::new(&Config::default(), snapshot));
    lint::run(&world).diagnostics.len()
}

/// VirtualServices for one host of a Gateway, each with one block and more metadata.
fn gateway_host(virtual_services: usize, metadata: impl Fn(usize) -> String) -> Snapshot {
    let mut numbers = Numbers(7);
    let of = |number: usize| {
        format!(
            "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: app-{number}, namespace: shop{}}}
spec:
  hosts: [shop.example.com]
  gateways: [edge]
  http:
{}",
            metadata(number),
            block(number, 0, &mut numbers)
        )
    };
    let mut files: Vec<(String, String)> = (0..virtual_services).map(of).enumerate().map(named).collect();
    files.push((
        "edge.yaml".to_owned(),
        "apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  selector: {app: edge}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}]
"
        .to_owned(),
    ));
    Snapshot::of_texts(files)
}

fn named((number, text): (usize, String)) -> (String, String) {
    (format!("app-{number}.yaml"), text)
}

/// A rule of a policy with five conditions.
fn policy_rule(numbers: &mut Numbers) -> String {
    let namespace = ["shop", "cart", "users", "stock"][numbers.below(4)];
    let method = ["GET", "POST", "PUT"][numbers.below(3)];
    let path = format!("/v{}/items/{}", numbers.below(9), numbers.below(40));
    let asterisk = if numbers.below(3) == 0 { "*" } else { "" };
    let team = numbers.below(6);
    let (block, bits) = (numbers.below(200), 9 + numbers.below(8));
    format!(
        "  - from: [{{source: {{namespaces: [{namespace}], ipBlocks: [10.{block}.0.0/{bits}]}}}}]
    to: [{{operation: {{methods: [{method}], paths: ['{path}{asterisk}']}}}}]
    when: [{{key: 'request.headers[x-team]', values: ['{team}']}}]
"
    )
}

/// Compares the rules of an AuthorizationPolicy.
#[divan::bench(args = [1_000], sample_count = 5)]
fn one_policy(bencher: Bencher<'_, '_>, rules: usize) {
    let mut numbers = Numbers(11);
    let mut text = "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: web, namespace: bank}
spec:
  rules:
"
    .to_owned();
    (0..rules).for_each(|_| text += &policy_rule(&mut numbers));
    let snapshot = Snapshot::of_texts([("web.yaml".to_owned(), text)]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    bencher.counter(ItemsCount::new(rules)).bench_local(|| lint::run(&world).diagnostics.len());
}
