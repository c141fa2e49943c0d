//! `unreachable-route`: which match takes all requests of a later one.

use mesh::config::Config;
use mesh::lint;
use mesh::load::Snapshot;
use mesh::world::{Settings, World};

/// Whether the last rule of a VirtualService with one rule for each match is reported.
fn is_unreachable(matches: &[&str]) -> bool {
    let rule = |(index, entry): (usize, &&str)| {
        format!("  - {{match: [{entry}], route: [{{destination: {{host: v{index}.example.com}}}}]}}\n")
    };
    let rules: String = matches.iter().enumerate().map(rule).collect();
    let text = format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: a}}\nspec:\n  hosts: [a.example.com]\n  \
         gateways: [mesh, edge]\n  http:\n{rules}"
    );
    let last = text.lines().count();
    let snapshot = Snapshot::of_texts([("a.yaml", text)]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let report = lint::run(&world);
    let mut found = report.diagnostics.iter().filter(|it| it.rule.name == "unreachable-route");
    found.any(|it| snapshot.sources.start(it.span).line == last)
}

#[test]
fn an_earlier_match_takes_what_asks_for_more() {
    for (earlier, later, expected) in [
        ("{uri: {prefix: /}}", "{uri: {exact: /a}}", true),
        ("{uri: {prefix: /a}}", "{uri: {prefix: /ab}}", true),
        ("{uri: {prefix: /a/}}", "{uri: {prefix: /a}}", false),
        ("{uri: {exact: /a}}", "{uri: {prefix: /a}}", false),
        ("{uri: {prefix: /a}}", "{uri: {regex: /ab?/.*}}", true),
        ("{uri: {regex: '/a|/b'}}", "{uri: {exact: /b}}", true),
        ("{uri: {regex: '^/.+$'}}", "{uri: {regex: '^/x/.+$'}}", true),
        ("{uri: {regex: '^/x/.+$'}}", "{uri: {regex: '^/.+$'}}", false),
        ("{uri: {regex: '/.*'}}", "{method: {exact: GET}}", true),
        ("{uri: {prefix: /A}, ignoreUriCase: true}", "{uri: {prefix: /a/b}}", true),
        ("{uri: {prefix: /a}}", "{uri: {prefix: /a/b}, ignoreUriCase: true}", false),
        ("{uri: {prefix: /1}}", "{uri: {prefix: /1/b}, ignoreUriCase: true}", true),
        ("{uri: {regex: /a}, ignoreUriCase: true}", "{uri: {exact: /A}}", false),
        ("{uri: {prefix: /a}, method: {exact: GET}}", "{uri: {prefix: /a/b}}", false),
        ("{uri: {prefix: /a}}", "{uri: {prefix: /a/b}, method: {exact: GET}}", true),
        ("{method: {regex: 'GET|POST'}}", "{method: {exact: GET}}", true),
        ("{method: {regex: 'GET|POST'}}", "{method: {regex: 'GET|PUT'}}", false),
        ("{headers: {X-A: {exact: b}}}", "{headers: {x-a: {exact: b}, x-c: {}}}", true),
        ("{headers: {x-a: {}}}", "{headers: {x-a: {prefix: b}}}", true),
        ("{headers: {x-a: {prefix: b}}}", "{headers: {x-a: {}}}", false),
        ("{withoutHeaders: {x-a: {exact: b}}}", "{withoutHeaders: {x-a: {prefix: b}}}", true),
        ("{withoutHeaders: {x-a: {prefix: b}}}", "{withoutHeaders: {x-a: {exact: b}}}", false),
        ("{withoutHeaders: {x-a: {exact: b}}}", "{withoutHeaders: {x-a: {}}}", true),
        ("{queryParams: {q: {regex: '[a-z]+'}}}", "{queryParams: {q: {exact: abc}}}", true),
        ("{queryParams: {q: {}}}", "{queryParams: {r: {}}}", false),
        ("{scheme: {exact: http}}", "{scheme: {exact: http}, authority: {exact: a.example.com}}", true),
        ("{authority: {prefix: a.}}", "{authority: {exact: 'a.example.com:8080'}}", true),
        ("{port: 80, uri: {prefix: /a}}", "{uri: {prefix: /a/b}}", false),
        ("{uri: {prefix: /a}}", "{port: 80, uri: {prefix: /a/b}}", true),
        ("{gateways: [edge]}", "{uri: {exact: /a}}", false),
        ("{gateways: [edge, mesh]}", "{uri: {exact: /a}}", true),
        ("{gateways: [edge]}", "{gateways: [default/edge], uri: {exact: /a}}", true),
        ("{sourceLabels: {app: b}}", "{sourceLabels: {app: b, v: c}}", true),
        ("{sourceLabels: {app: b}}", "{sourceLabels: {app: b}, gateways: [mesh]}", false),
        ("{sourceNamespace: b}", "{sourceNamespace: c}", false),
        ("{uri: {prefix: /}}", "{uri: {prefix: no-path}}", false),
    ] {
        assert_eq!(is_unreachable(&[earlier, later]), expected, "{earlier} before {later}");
    }
}

#[test]
fn several_matches_take_a_path_together() {
    let [a, b] = ["{uri: {regex: '/a/.*'}}", "{uri: {prefix: /b/}}"];
    let later = "{uri: {regex: '/[ab]/x'}}";
    assert!(is_unreachable(&[a, b, later]));
    assert!(!is_unreachable(&[a, later]));
    assert!(!is_unreachable(&[a, "{uri: {prefix: /b/}, method: {exact: GET}}", later]));
}
