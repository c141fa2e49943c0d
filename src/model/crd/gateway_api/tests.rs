//! The numbers of CEL rules, and manifests that break each of them.

use super::schema_of;
use crate::model::DecodeProblemKind;
use crate::model::crd::structural::{CelRule, Channel, ObjectSchema, ValueSchema, check};
use crate::model::decode::{Decoder, Texts};
use crate::model::kinds::Kind;
use crate::source::Sources;
use crate::yaml;

fn count(rules: &[CelRule]) -> usize {
    let number = |rule: &CelRule| match rule {
        CelRule::FirstOf(rules) => rules.len(),
        CelRule::Form(_) | CelRule::InChannel(Channel::Experimental, _) => 0,
        _ => 1,
    };
    rules.iter().map(number).sum()
}

fn rules_of(schema: &ValueSchema) -> usize {
    match schema {
        ValueSchema::List(list) => count(list.rules) + rules_of(&list.items),
        ValueSchema::Map(map) => count(map.rules) + rules_of(&map.values),
        ValueSchema::Object(object) => rules_of_object(object),
        _ => 0,
    }
}

/// The number of rules in the standard channel. A rule counts at each place where it applies.
fn rules_of_object(object: &ObjectSchema) -> usize {
    let fields = object.fields.iter().filter(|field| !field.is_experimental);
    count(object.rules) + fields.map(|field| rules_of(&field.schema)).sum::<usize>()
}

#[test]
fn kinds_have_all_cel_rules_of_their_crds() {
    for (kind, rules) in [
        (Kind::HttpRoute, 89),
        (Kind::GrpcRoute, 33),
        (Kind::KubernetesGateway, 15),
        (Kind::BackendTlsPolicy, 8),
        (Kind::ListenerSet, 7),
        (Kind::TlsRoute, 6),
        (Kind::TcpRoute, 3),
        (Kind::UdpRoute, 3),
        (Kind::GatewayClass, 1),
        (Kind::ReferenceGrant, 0),
    ] {
        let (schema, _) = schema_of(kind, "v1").expect("v1 is served");
        assert_eq!(rules_of_object(schema), rules, "{}", kind.name());
    }
}

/// The messages about a `spec`. Those of one channel start with a question mark.
fn problems(kind: Kind, version: &str, spec: &str) -> Vec<String> {
    let mut sources = Sources::default();
    let file = sources.add("a.yaml", spec);
    let root = yaml::parse(&yaml::split(file, spec)[0], spec).root.expect("it is YAML");
    let mut decoder = Decoder::new(Texts::Embedded(spec));
    let (schema, is_experimental) = schema_of(kind, version).expect("the version is served");
    check(schema, &root, is_experimental, &mut decoder);
    let message = |kind| match kind {
        DecodeProblemKind::SchemaViolation { message, .. } => message,
        DecodeProblemKind::ChannelViolation { message, .. } => format!("? {message}"),
        DecodeProblemKind::WrongType { expected, .. } => format!("expected {expected}"),
        DecodeProblemKind::UnknownField { key, .. } => format!("unknown {key}"),
        other => format!("{other:?}"),
    };
    decoder.into_problems().into_iter().map(|problem| message(problem.kind)).collect()
}

fn assert_problems(kind: Kind, table: &[(&str, &[&str])]) {
    for (spec, expected) in table {
        assert_eq!(problems(kind, "v1", spec), *expected, "{} {spec}", kind.name());
    }
}

#[test]
fn gateways() {
    let listener = |text: &str| format!("{{gatewayClassName: istio, listeners: [{{name: a, port: 80, {text}}}]}}");
    for (text, expected) in [
        ("protocol: HTTP", vec![]),
        ("protocol: HTTPS", vec![]),
        (
            "protocol: HTTP, tls: {certificateRefs: [{name: a}]}",
            vec!["a listener with `protocol: HTTP` cannot have `tls`"],
        ),
        (
            "protocol: HTTPS, tls: {mode: Passthrough}",
            vec!["a listener with `protocol: HTTPS` must terminate TLS, but `mode` is `Passthrough`"],
        ),
        ("protocol: TLS", vec!["a listener with `protocol: TLS` needs `tls`"]),
        ("protocol: TLS, tls: {mode: Passthrough}", vec![]),
        ("protocol: TLS, tls: {}", vec!["a listener that terminates TLS needs a certificate"]),
        ("protocol: HTTPS, tls: {certificateRefs: []}", vec!["a listener that terminates TLS needs a certificate"]),
        ("protocol: HTTPS, tls: {options: {a: b}}", vec![]),
        ("protocol: TCP, hostname: a.b", vec!["a listener with `protocol: TCP` cannot have a `hostname`"]),
        ("protocol: HTTP, allowedRoutes: {namespaces: {from: all}}", vec!["`all` is not a valid value"]),
        ("protocol: HTTP, allowedRoutes: {namespaces: {from: Selector}}", vec![]),
        ("protocol: HTTP, allowedRoutes: {kinds: [{}]}", vec!["`kind` is missing"]),
        ("protocol: HTTP, hostName: a.b", vec!["unknown hostName"]),
        ("protocol: HTTP, tls: null", vec![]),
    ] {
        assert_eq!(problems(Kind::KubernetesGateway, "v1", &listener(text)), expected, "{text}");
    }
    assert_problems(
        Kind::KubernetesGateway,
        &[
            ("{gatewayClassName: istio, listeners: []}", &["the list has no items"]),
            ("{listeners: [{name: a, port: 1, protocol: TCP}]}", &["`gatewayClassName` is missing"]),
            (
                "{gatewayClassName: i, listeners: [{name: a, port: 1, protocol: TCP}, {name: b, port: 1, protocol: TCP}]}",
                &["listener `b` has the same port, protocol and hostname as listener `a`"],
            ),
            (
                "{gatewayClassName: i, listeners: [{name: a, port: 1, protocol: TCP}, {name: a, port: 2, protocol: TCP}]}",
                &["an earlier item has the same `name`, `a`"],
            ),
        ],
    );
    let gateway =
        |text: &str| format!("{{gatewayClassName: i, listeners: [{{name: a, port: 1, protocol: TCP}}], {text}}}");
    for (text, expected) in [
        ("addresses: [{value: 10.0.0.1}, {value: 'fe80::1'}, {type: Hostname}, {}]", vec![]),
        ("addresses: [{value: a.b}]", vec!["`a.b` is not an IP address"]),
        ("addresses: [{type: Hostname, value: ''}]", vec!["`` is not a valid host"]),
        ("addresses: [{value: 10.0.0.1}, {value: 10.0.0.1}]", vec!["address `10.0.0.1` is requested twice"]),
        ("addresses: [{type: Hostname, value: a}, {type: Hostname, value: a}]", vec!["address `a` is requested twice"]),
        ("addresses: [{type: NamedAddress, value: a}, {type: NamedAddress, value: a}]", vec![]),
        ("infrastructure: {labels: {a/b: c, 'x y': z}}", vec!["`x y` is not a valid key"]),
        ("infrastructure: {annotations: {a/b/c: d}}", vec!["`a/b/c` is not a valid key"]),
        ("infrastructure: {labels: {a: null}}", vec![]),
        ("tls: {frontend: {}}", vec!["`default` is missing"]),
        ("tls: {frontend: {default: {validation: {caCertificateRefs: []}}}}", vec!["the list has no items"]),
        (
            "tls: {frontend: {default: {}, perPort: [{port: 1, tls: {}}, {port: 1, tls: {}}]}}",
            vec!["an earlier item has the same `port`, `1`"],
        ),
        ("allowedListeners: {namespaces: {from: None}}", vec![]),
        ("defaultScope: All", vec![]),
    ] {
        assert_eq!(problems(Kind::KubernetesGateway, "v1beta1", &gateway(text)), expected, "{text}");
    }
    let prefix = ["a".repeat(126), "b".repeat(126)].join(".");
    let long = gateway(&format!("infrastructure: {{labels: {{{prefix}/x: z}}}}"));
    assert_eq!(problems(Kind::KubernetesGateway, "v1", &long), [format!("the prefix of `{prefix}/x` is too long")]);
    assert_problems(
        Kind::ListenerSet,
        &[
            ("{parentRef: {name: a}, listeners: [{name: a, port: 80, protocol: HTTP}]}", &[]),
            ("{parentRef: {name: a}, listeners: [{name: a, protocol: HTTP}]}", &["`port` is missing"]),
            ("{parentRef: {name: a, port: 80}, listeners: [{name: a, port: 80, protocol: HTTP}]}", &["unknown port"]),
        ],
    );
    assert_problems(Kind::GatewayClass, &[("{controllerName: istio}", &["`istio` is not a valid value"])]);
}

#[test]
fn rules_of_http_routes() {
    const PREFIX: &str = "{type: ReplacePrefixMatch, replacePrefixMatch: /}";
    let rule = |text: &str| format!("{{rules: [{{{}}}]}}", text.replace("PREFIX", PREFIX));
    for (text, expected) in [
        ("matches: []", vec![]),
        ("backendRefs: [{name: a}]", vec!["`port` is missing: a Service needs one"]),
        ("backendRefs: [{name: a, group: x.io, kind: Z}]", vec![]),
        ("backendRefs: [{name: a, port: '80'}]", vec!["the number `80` is in quotes"]),
        ("backendRefs: [{name: a, port: 80.0, weight: -1}]", vec!["-1 is out of range"]),
        ("backendRefs: [null]", vec!["a list item is null"]),
        (
            "filters: [{type: RequestRedirect, requestRedirect: {}}], backendRefs: [{name: a, port: 80}]",
            vec!["a rule that redirects cannot have `backendRefs`: it forwards no requests"],
        ),
        ("filters: [{type: RequestRedirect, requestRedirect: {}}], backendRefs: []", vec![]),
        ("filters: [{type: URLRewrite, urlRewrite: {path: PREFIX}}]", vec![]),
        (
            "matches: [{path: {type: Exact, value: /a}}], filters: [{type: URLRewrite, urlRewrite: {path: PREFIX}}]",
            vec!["`ReplacePrefixMatch` replaces a prefix, but the match is of type Exact"],
        ),
        (
            "matches: [{}, {}], filters: [{type: RequestRedirect, requestRedirect: {path: PREFIX}}]",
            vec!["`ReplacePrefixMatch` needs a rule with 1 match, and this rule has 2"],
        ),
        (
            "matches: [], backendRefs: [{name: a, port: 1, filters: [{type: URLRewrite, urlRewrite: {path: PREFIX}}]}]",
            vec!["`ReplacePrefixMatch` needs a rule with 1 match, and this rule has 0"],
        ),
        (
            "matches: [{}, {}], backendRefs: [{name: a, port: 1, filters: [{type: RequestRedirect, requestRedirect: \
             {path: PREFIX}}]}]",
            vec!["`ReplacePrefixMatch` needs a rule with 1 match, and this rule has 2"],
        ),
        (
            "matches: [], backendRefs: [{name: a, port: 1, filters: [{type: URLRewrite, urlRewrite: {path: PREFIX}}]}, \
             {name: b, port: 1, filters: [{type: URLRewrite, urlRewrite: {path: PREFIX}}]}]",
            vec![],
        ),
        (
            "timeouts: {request: 1s, backendRequest: 2s}",
            vec!["`backendRequest` is longer than `request`, which is `1s`"],
        ),
        ("timeouts: {request: 0s, backendRequest: 2s}", vec![]),
        ("timeouts: {request: 10}", vec!["expected a duration such as `500ms`, `10s` or `1h30m`"]),
        ("timeouts: {request: 1.5s}", vec!["`1.5s` is not a valid value"]),
        ("retry: {codes: [500, 500], attempts: 0}", vec!["an earlier item is `500` too", "0 is out of range"]),
        ("sessionPersistence: {cookie: {name: a}}", vec![]),
        (
            "sessionPersistence: {cookieConfig: {lifetimeType: Permanent}}",
            vec!["`lifetimeType: Permanent` needs `absoluteTimeout`"],
        ),
        (
            "sessionPersistence: {type: Header, sessionName: a, cookieConfig: {}}",
            vec!["`cookieConfig` is only allowed with `type: Cookie`"],
        ),
    ] {
        assert_eq!(problems(Kind::HttpRoute, "v1", &rule(text)), expected, "{text}");
    }
    let matches = |count| format!("matches: [{}]", vec!["{}"; count].join(", "));
    let rules = |last| format!("{{rules: [{{{}}}, {{{}}}, {{}}{last}]}}", matches(64), matches(63));
    assert_eq!(problems(Kind::HttpRoute, "v1", &rules("")), [""; 0]);
    assert_eq!(problems(Kind::HttpRoute, "v1", &rules(", {}")), ["the rules have 129 matches in all"]);
    assert_problems(Kind::HttpRoute, &[("{}", &[]), ("{rules: []}", &["the list has no items"])]);
}

#[test]
fn matches_of_http_routes() {
    let path = |text: &str| format!("{{rules: [{{matches: [{{path: {text}}}]}}]}}");
    for (text, expected) in [
        ("{type: Exact, value: /a}", vec![]),
        ("{type: RegularExpression, value: 'a//['}", vec![]),
        ("{value: a}", vec!["path `a` does not start with a slash"]),
        ("{value: ''}", vec!["path `` does not start with a slash"]),
        ("{value: /a//b}", vec!["path `/a//b` contains `//`, which the API server does not allow"]),
        ("{value: /a/./b}", vec!["path `/a/./b` contains `/./`, which the API server does not allow"]),
        ("{value: /a/../b}", vec!["path `/a/../b` contains `/../`, which the API server does not allow"]),
        ("{value: /a%2fb}", vec!["path `/a%2fb` contains `%2f`, which the API server does not allow"]),
        ("{value: /a%2Fb}", vec!["path `/a%2Fb` contains `%2F`, which the API server does not allow"]),
        ("{value: '/a#b'}", vec!["path `/a#b` contains `#`, which the API server does not allow"]),
        ("{value: /a/..}", vec!["path `/a/..` ends with a relative segment"]),
        ("{value: /a/.}", vec!["path `/a/.` ends with a relative segment"]),
        ("{value: '/a?b=c'}", vec!["path `/a?b=c` contains `?`, which a URL path cannot contain"]),
        ("{value: /a%zz}", vec!["path `/a%zz` contains `%`, which a URL path cannot contain"]),
        ("{value: /a*b:@%20}", vec![]),
        ("{type: Prefix, value: /a}", vec!["`Prefix` is not a valid value"]),
    ] {
        assert_eq!(problems(Kind::HttpRoute, "v1", &path(text)), expected, "{text}");
    }
    assert_problems(
        Kind::HttpRoute,
        &[
            ("{rules: [{matches: [{method: get}]}]}", &["`get` is not a valid value"]),
            (
                "{rules: [{matches: [{headers: [{name: a, value: b}, {name: a, value: c}, {name: A, value: d}]}]}]}",
                &["an earlier item has the same `name`, `a`"],
            ),
            (
                "{rules: [{matches: [{headers: [{name: ':path', value: ''}]}]}]}",
                &["`:path` is not a valid value", "the string is empty"],
            ),
            ("{rules: [{matches: [{queryParams: [{name: a}]}]}]}", &["`value` is missing"]),
        ],
    );
}

#[test]
fn filters() {
    let filter = |text: &str| format!("{{rules: [{{filters: [{text}]}}]}}");
    for (text, expected) in [
        ("{type: RequestMirror}", vec!["`type: RequestMirror` needs `requestMirror`"]),
        ("{type: CORS, urlRewrite: {}}", vec!["`urlRewrite` is set, but `type` is `CORS`"]),
        (
            "{type: CORS, cors: {}, extensionRef: {group: a, kind: B, name: c}}",
            vec!["`extensionRef` is only allowed with `type: ExtensionRef`"],
        ),
        ("{type: ExternalAuth}", vec!["`type: ExternalAuth` needs `externalAuth`"]),
        (
            "{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: a, port: 1}, grpc: {}}}",
            vec!["`grpc` is only allowed with `protocol: GRPC`"],
        ),
        (
            "{type: RequestRedirect, requestRedirect: {}}, {type: URLRewrite, urlRewrite: {}}",
            vec!["URLRewrite is not allowed beside RequestRedirect, which answers the request itself"],
        ),
        ("{type: CORS, cors: {}}, {type: CORS, cors: {}}", vec!["the filter CORS is repeated"]),
        (
            "{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}, percent: 1, fraction: {numerator: 1}}}",
            vec!["`percent` and `fraction` exclude each other"],
        ),
        (
            "{type: RequestMirror, requestMirror: {backendRef: {name: a}, fraction: {numerator: 101}}}",
            vec![
                "`port` is missing: a Service needs one",
                "`numerator` 101 is greater than `denominator`, which is 100",
            ],
        ),
        (
            "{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath}}}",
            vec!["`type: ReplaceFullPath` needs `replaceFullPath`"],
        ),
        (
            "{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replacePrefixMatch: /}}}",
            vec!["`replacePrefixMatch` is set, but `type` is `ReplaceFullPath`"],
        ),
        ("{type: RequestRedirect, requestRedirect: {statusCode: 304}}", vec!["304 is out of range"]),
        ("{type: RequestRedirect, requestRedirect: {scheme: HTTPS}}", vec!["`HTTPS` is not a valid value"]),
        (
            "{type: CORS, cors: {allowOrigins: ['*', 'https://a'], allowMethods: [GET, GET], allowHeaders: ['*', a]}}",
            vec![
                "`*` allows every origin, so other items are not allowed beside it",
                "an earlier item is `GET` too",
                "`*` allows every header, so other items are not allowed beside it",
            ],
        ),
        (
            "{type: CORS, cors: {allowMethods: ['*', GET]}}",
            vec!["`*` allows every method, so other items are not allowed beside it"],
        ),
        (
            "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: 1}]}}",
            vec!["expected a string"],
        ),
    ] {
        assert_eq!(problems(Kind::HttpRoute, "v1", &filter(text)), expected, "{text}");
    }
    let redirect = filter("{type: RequestRedirect, requestRedirect: {}}");
    assert_eq!(
        problems(Kind::GrpcRoute, "v1", &redirect),
        ["unknown requestRedirect", "`RequestRedirect` is not a valid value"]
    );
}

#[test]
fn other_routes() {
    let method = |text: &str| format!("{{rules: [{{matches: [{{method: {text}}}]}}]}}");
    for (text, expected) in [
        ("{}", vec!["the match names neither a service nor a method"]),
        ("{service: shop.v1.Cart, method: Add_1}", vec![]),
        ("{service: .shop.Cart}", vec![]),
        ("{service: shop-v1.Cart}", vec!["`shop-v1.Cart` is not the name of a service"]),
        ("{service: ''}", vec!["`service` is empty"]),
        ("{method: /Cart/Add}", vec!["`/Cart/Add` is not the name of a method"]),
        ("{type: RegularExpression, service: 'a-.*'}", vec![]),
    ] {
        assert_eq!(problems(Kind::GrpcRoute, "v1", &method(text)), expected, "{text}");
    }
    assert_problems(Kind::GrpcRoute, &[("{rules: []}", &[])]);
    let rule = "{backendRefs: [{name: a, port: 1}]}";
    let tls = |hosts: &str, rules: &str| format!("{{hostnames: {hosts}, rules: [{rules}]}}");
    let two = format!("{rule}, {rule}");
    for (version, spec, expected) in [
        ("v1", tls("[a.b, '*.c']", rule), vec![]),
        ("v1", tls("[10.0.0.1]", rule), vec!["the host is an IP address, which clients never send as SNI"]),
        ("v1", tls("['*']", rule), vec!["`*` is not a valid value"]),
        ("v1", tls("[a.b]", &two), vec!["the list has 2 items"]),
        ("v1", format!("{{rules: [{rule}]}}"), vec!["`hostnames` is missing"]),
        ("v1alpha3", format!("{{rules: [{rule}]}}"), vec!["`hostnames` is missing"]),
        ("v1alpha2", format!("{{rules: [{two}]}}"), vec![]),
        ("v1alpha2", tls("[10.0.0.1]", rule), vec![]),
        ("v1", tls("[a.b]", "{}"), vec!["`backendRefs` is missing"]),
    ] {
        assert_eq!(problems(Kind::TlsRoute, version, &spec), expected, "{version} {spec}");
    }
    assert_problems(Kind::UdpRoute, &[("{}", &["`rules` is missing"])]);
    assert_eq!(problems(Kind::TcpRoute, "v1alpha2", &format!("{{rules: [{two}]}}")), [""; 0]);
}

#[test]
fn parents_in_each_channel() {
    const PORT: &str =
        "? the references to Gateway `a` differ only in `port`, which the standard channel of the Gateway API rejects";
    const SECTION: &str = "of several references to Gateway `a`, either all or none have `sectionName`";
    const REPEATED: &str = "the reference to Gateway `a` repeats an earlier one";
    for (parents, expected) in [
        ("{name: a}, {name: b}", vec![]),
        ("{name: a}, {name: a, namespace: b}", vec![]),
        ("{name: a}, {name: a, kind: Service, group: ''}", vec![]),
        ("{name: a, sectionName: x}, {name: a, sectionName: z}", vec![]),
        ("{name: a}, {name: a}", vec![REPEATED]),
        ("{name: a}, {name: a, sectionName: x}", vec![SECTION]),
        ("{name: a, port: 1}, {name: a, port: 2}", vec![PORT]),
        ("{name: a}, {name: a, port: 2}", vec!["of several references to Gateway `a`, either all or none have `port`"]),
        // The experimental channel rejects this pair.
        ("{name: a, sectionName: x, port: 1}, {name: a, sectionName: z}", vec![]),
        ("{name: a, port: 1}, {name: a, port: 1}", vec![REPEATED]),
    ] {
        assert_eq!(problems(Kind::HttpRoute, "v1", &format!("{{parentRefs: [{parents}]}}")), expected, "{parents}");
    }
    for (parents, expected) in [
        ("{name: a, port: 1}, {name: a, port: 2}", vec![]),
        (
            "{name: a, sectionName: x, port: 1}, {name: a, sectionName: z}",
            vec!["of several references to Gateway `a`, either all or none have `port`"],
        ),
    ] {
        let spec = format!("{{parentRefs: [{parents}], useDefaultGateways: All}}");
        assert_eq!(problems(Kind::HttpRoute, "v1", &spec), expected, "{parents}");
    }
    let named = "rules: [{name: a}, {name: a}]";
    assert_eq!(problems(Kind::HttpRoute, "v1", &format!("{{{named}}}")), [""; 0]);
    let experimental = format!("{{useDefaultGateways: All, {named}}}");
    assert_eq!(problems(Kind::HttpRoute, "v1", &experimental), ["an earlier rule has the same name, `a`"]);
}

#[test]
fn policies() {
    let policy = |targets: &str, validation: &str| format!("{{targetRefs: [{targets}], validation: {{{validation}}}}}");
    let target = "{group: '', kind: Service, name: a}";
    let system = "hostname: a.b, wellKnownCACertificates: System";
    for (spec, expected) in [
        (policy(target, system), vec![]),
        (policy(target, "hostname: a.b"), vec!["the policy names no certificate authorities"]),
        (policy(target, "hostname: a.b, caCertificateRefs: []"), vec!["the policy names no certificate authorities"]),
        (
            policy(target, &format!("{system}, caCertificateRefs: [{target}]")),
            vec!["`wellKnownCACertificates` and `caCertificateRefs` exclude each other"],
        ),
        (policy(&format!("{target}, {target}"), system), vec!["the reference to Service `a` repeats an earlier one"]),
        (
            policy(&format!("{target}, {{group: '', kind: Service, name: a, sectionName: x}}"), system),
            vec!["of several references to Service `a`, either all or none have `sectionName`"],
        ),
        (policy(target, &format!("{system}, subjectAltNames: [{{type: URI}}]")), vec!["`type: URI` needs `uri`"]),
        (
            policy(target, &format!("{system}, subjectAltNames: [{{type: Hostname, hostname: a, uri: 'a://b'}}]")),
            vec!["`uri` is only allowed with `type: URI`"],
        ),
        (policy("{group: '', kind: Service, name: a, namespace: b}", system), vec!["unknown namespace"]),
    ] {
        assert_eq!(problems(Kind::BackendTlsPolicy, "v1", &spec), expected, "{spec}");
    }
    assert_problems(
        Kind::ReferenceGrant,
        &[
            ("{from: [{group: '', kind: A, namespace: b}], to: [{group: '', kind: C}]}", &[]),
            ("{from: [{kind: A}], to: []}", &["`group` is missing", "`namespace` is missing", "the list has no items"]),
        ],
    );
}
