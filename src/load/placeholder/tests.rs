use super::broken::breaking_notation;
use super::position::{Object, Position};
use super::recognise::{Finding, in_text};
use super::*;
use crate::load::{Snapshot, Template};

const MESH: Object =
    Object { has_data: false, is_envoy_filter: false, of_mesh: true, of_vault_plugin: false, without_flux: false };

fn notation(text: &str, position: Position) -> Option<Notation> {
    match in_text(text, position, MESH)? {
        Finding::Unknown(notation) => Some(notation),
        Finding::Default(text) => panic!("default: {text}"),
    }
}

#[test]
fn each_notation_is_recognised() {
    use Notation::*;
    let table = [
        ("{{ .Values.host }}", Helm),
        (r#"{{ include "app.name" . }}-canary"#, Helm),
        ("app.{{ domain }}", DoubleBraces),
        ("app.${BASE_DOMAIN}", Braces),
        ("${environment}", Braces),
        ("${var.zone_name}", Braces),
        ("${APP^^}", Braces),
        ("${APP:0:3}", Braces),
        ("${APP:?is not set}", Braces),
        ("${A:-${B}}", Braces),
        ("$HOST", Dollar),
        ("https://login.example.com/$MY_TENANT/v2.0", Dollar),
        ("web.$(NAMESPACE).svc.cluster.local", Parentheses),
        ("$(params.host)", Parentheses),
        ("${{REPLICAS}}", OpenShift),
        ("app.DOMAIN_PLACEHOLDER", Word),
        ("CHANGE_ME", Word),
        ("change-me", Word),
        ("your-domain.com", Word),
        ("YOUR_API_KEY", Word),
        ("REPLACE_WITH_HOST", Word),
        ("INSERT_HOST_HERE", Word),
        ("DEX_SERVICE.DEX_NAMESPACE.svc.cluster.local", Word),
        ("PARTNER_JWKS_URI", Word),
        ("TODO", Word),
        ("<HOST>", Angles),
        ("<<SERVICE>>.web.svc.cluster.local", Angles),
        ("<your domain>", Angles),
        ("<< inputs.host >>", Angles),
        ("<path:secret/data/app#host>", VaultPath),
        ("__HOST__", Underscores),
        ("https://%SSO_HOST%/realms", Percents),
        ("@HOST@", Ats),
        ("@project.version@", Ats),
        ("gitea.###ZARF_VAR_DOMAIN###", Zarf),
        ("app.###DOMAIN###", Hashes),
        ("app.#{Domain}#", HashBraces),
        ("{GATEWAY_CLASS_NAME}", SingleBraces),
        ("{app-name}.example.com", SingleBraces),
        ("[[ .host ]]", Brackets),
        ("((host))", DoubleParentheses),
        ("(@= data.values.host @)", Ytt),
        ("ENC[AES256_GCM,data:abc,iv:def,tag:ghi,type:str]", Sops),
        ("ref+vault://path#/key", SecretReference),
    ];
    for (text, expected) in table {
        assert_eq!(notation(text, Position::Name), Some(expected), "{text}");
    }
}

#[test]
fn valid_names_are_no_placeholders() {
    let names = [
        "reviews",
        "*.example.com",
        "my-service",
        "replacement",
        "svc.prod.svc.cluster.local",
        "*",
        "./*",
        "~/*",
        "istio-system/public",
        "2001:DB8::1",
        "FE80::/10",
        "10.0.0.0/8",
        "https://login.example.com/realms/MAIN/certs",
        "spiffe://cluster.local/ns/shop/sa/cart",
        "<none>",
        "mesh",
        "outbound_.80_.v1_._reviews.shop.svc.cluster.local",
        "ISTIO_MUTUAL",
        "HTTP",
        "WWW.Example.COM",
    ];
    for name in names {
        assert_eq!(notation(name, Position::Name), None, "{name}");
    }
}

#[test]
fn valid_texts_are_no_placeholders() {
    let texts = [
        "%REQ(X-REQUEST-ID)%",
        "%DOWNSTREAM_REMOTE_ADDRESS%",
        "%START_TIME%",
        "/orders/{id}",
        "/shops/{*}/orders/{**}",
        "/orders/{ORDER}/lines",
        "max-age=31536000; includeSubDomains",
        "a < b and c > d",
        "MUTUAL",
        "X_FORWARDED_FOR",
        "$1",
        "costs $5",
        "request.auth.claims[sub]",
        "someone@example.com",
    ];
    for text in texts {
        assert_eq!(notation(text, Position::Text), None, "{text}");
    }
    for value in ["MUTUAL", "INSERT_FIRST", "REPLACE", "ROUND_ROBIN", "X_FORWARDED_FOR", "MESH_EXTERNAL", "your own"] {
        assert_eq!(notation(value, Position::Plain), None, "{value}");
    }
    let patterns = [
        r"^\d{3}$",
        "[a-z]{2,}",
        "(?P<version>v[0-9]+)/.*",
        r"^/api/v\d+/(foo|bar)$",
        "^(GET|POST)$(X)",
        "__meta_kubernetes",
        "a{1}b",
        "[[:alpha:]]+",
        "v1@v2@v3",
    ];
    for pattern in patterns {
        assert_eq!(notation(pattern, Position::Pattern), None, "{pattern}");
    }
    assert_eq!(notation("^/api/${VERSION}/", Position::Pattern), Some(Notation::Braces));
    assert_eq!(notation("${CODE} %X% <NAME>", Position::Opaque), None);
}

#[test]
fn a_default_is_the_value() {
    let table = [
        ("${PORT:=8080}", "8080"),
        ("web.${NS:-shop}.svc", "web.shop.svc"),
        ("${A=a}-${B-b}", "a-b"),
        ("${A:=}", ""),
        ("$${A} ${B:=b}", "${A} b"),
    ];
    for (text, expected) in table {
        assert_eq!(in_text(text, Position::Name, MESH), Some(Finding::Default(expected.to_owned())), "{text}");
    }
    assert_eq!(notation("${A:=a}.${B}", Position::Name), Some(Notation::Braces));
    assert_eq!(notation("$${A}", Position::Text), None);
    let without_flux = Object { without_flux: true, ..MESH };
    assert_eq!(in_text("${A}", Position::Name, without_flux), None);
}

#[test]
fn text_that_yaml_cannot_read_is_a_template() {
    use Notation::*;
    let table = [
        ("host: %HOST%\n", Some(Percents)),
        ("hosts:\n- %HOST%\n", Some(Percents)),
        ("hosts: [%HOST%]\n", Some(Percents)),
        ("port: @PORT@\n", Some(Ats)),
        ("hosts:\n- {app-name}.example.com\n", Some(SingleBraces)),
        ("host: [[ app ]]-web\n", Some(Brackets)),
        ("a: 1\n{% if debug %}\nb: 2\n{% endif %}\n", Some(DoubleBraces)),
        ("name: {{ .Release.Name }}\n", Some(Helm)),
        ("name: {{ name }}-web\n", Some(DoubleBraces)),
        ("name: ${A:-b: c}\n", Some(Braces)),
        ("hosts: [app.${DOMAIN}]\n", Some(Braces)),
        ("a: {b: 1\n", None),
        ("a: {b: 1\nc: ${D}\n", None),
        ("a: 'b\n", None),
        ("a: %b\n", None),
        ("labels: {app: a, {b: c}}\n", None),
    ];
    for (text, expected) in table {
        assert_eq!(breaking_notation(text), expected, "{text}");
    }
}

/// The texts of the unknown values of a manifest.
fn unknown_in(text: &str) -> Vec<String> {
    let snapshot = Snapshot::of_texts([("a.yaml", text)]);
    assert_eq!(snapshot.problems, []);
    snapshot.placeholders.iter().map(|it| snapshot.sources.text(it.span).to_owned()).collect()
}

#[test]
fn values_that_yaml_reads_as_something_else_are_unknown() {
    let text = "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: {name}, namespace: [[namespace]]}
spec:
  hosts: [{host}, [[ .other ]]]
  location: #{Location}
  resolution: ###RESOLUTION###
  ports:
  - number: ${PORT}
    name: __NAME__
  endpoints:
  - address: {address}
";
    let expected = [
        "{name}",
        "[[namespace]]",
        "{host}",
        "[[ .other ]]",
        "#{Location}",
        "###RESOLUTION###",
        "${PORT}",
        "__NAME__",
        "{address}",
    ];
    assert_eq!(unknown_in(text), expected);
}

#[test]
fn code_and_data_are_not_searched() {
    let text = "
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: shop}
data: {a: '${X} <HOST>'}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: a, namespace: shop, annotations: {note: 'replace ${X}'}}
spec:
  configPatches:
  - applyTo: HTTP_FILTER
    patch:
      operation: ADD
      value: {typed_config: {inlineCode: 'local x = ${X}', format: '%REQ(X)% ${Y}'}}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop, labels: {app: '${APP}'}}
spec:
  containers:
  - {name: a, image: a, args: ['--ip=$(POD_IP)'], env: [{name: A, value: '$(POD_IP)'}]}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: '{{ request.object.name }}'}
";
    assert_eq!(unknown_in(text), ["'${APP}'"]);
}

#[test]
fn a_default_is_decoded() {
    let text = "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: '${NS:=shop}'}
spec: {hosts: ['${HOST:-example.com}'], resolution: DNS,
  ports: [{name: tls, protocol: TLS,
    number: 443}]}
---
apiVersion: v1
kind: Service
metadata:
  name: a
  namespace: shop
spec:
  ports:
  - port: ${PORT:=8080}
";
    let snapshot = Snapshot::of_texts([("a.yaml", text)]);
    assert_eq!(snapshot.problems, []);
    assert!(snapshot.placeholders.is_empty());
    assert_eq!(snapshot.resources[0].metadata.namespace.as_ref().map(|it| it.value.as_str()), Some("shop"));
}

#[test]
fn a_broken_document_is_a_template() {
    let text =
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec:\n  selector: %SELECTOR%\n";
    let snapshot = Snapshot::of_texts([("a.yaml", text)]);
    assert_eq!(snapshot.problems, []);
    assert_eq!(snapshot.templates[0].1, Template::Placeholder(Notation::Percents));
}

#[test]
fn places_that_touch_an_unknown_value() {
    let text = "
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: known, namespace: '${NS}'}
";
    let snapshot = Snapshot::of_texts([("a.yaml", text)]);
    let (resource, placeholders) = (&snapshot.resources[0], &snapshot.placeholders);
    assert!(!placeholders.hide_name(resource) && placeholders.hide_namespace(resource));
    assert!(placeholders.touch(resource.span) && !placeholders.touch(resource.name_span()));
    let inside = placeholders.iter().next().map(|it| it.span).unwrap();
    assert!(placeholders.touch(Span::new(inside.file, inside.range().start + 1, inside.range().start + 2)));
    assert!(placeholders.touch(Span::new(inside.file, inside.range().start, inside.range().start)));
    assert!(!placeholders.touch(Span::new(inside.file, inside.range().end, inside.range().end + 1)));
}
