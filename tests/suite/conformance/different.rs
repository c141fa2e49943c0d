//! The known differences between `mesh` and istiod's own tests, with reasons.

/// Names of cases with the reason of the difference. They do not count as agreeing.
const DIFFERENT: &[(&str, &str)] = &[
    (
        "TestGatewayConflicts/duplicate tls gateway / call",
        "istiod sends two filter chains that Envoy rejects together; mesh reports them as conflicting-gateways",
    ),
    ("TestGenerateVirtualHostDomains/same domain", NO_DNS_DOMAIN),
    ("TestGenerateVirtualHostDomains/different domains with some shared dns", NO_DNS_DOMAIN),
    ("TestGenerateVirtualHostDomains/alias", NO_DNS_DOMAIN),
    (
        "peerauth-invalid.yaml#1",
        "istiod's decoder rejects a key of portLevelMtls that is not a number; mesh decodes it and reports an invalid port",
    ),
    (
        "crd TestValidateRequestAuthentication/9 bad JwksUri - invalid port",
        "the checker of the table only checks the scheme, but CEL's url() rejects a URL that Go cannot parse",
    ),
    (
        "crd extra/WP-3/146",
        "the checker of the table parses `localhost:` as a host; CEL's isURL(), like Go, parses it as a scheme",
    ),
    ("crd extra/ok/171", "the API server drops fields that are null before it validates"),
    ("crd extra/ok/173", "the API server drops fields that are null before it validates"),
    ("istioctl port name missing service", PORT_NAMES),
    ("istioctl invalid port naming service", PORT_NAMES),
    ("istioctl invalid service list", PORT_NAMES),
    ("istioctl appProtocol=fake", PORT_NAMES),
    ("istioctl invalid Istio Operator config", "mesh reads only `meshConfig` of an IstioOperator"),
];

/// istiod accepts any name, and then detects the protocol of the port.
const PORT_NAMES: &str = "istiod accepts any name of a Service port, so lint rules check the names";

/// The DNS domain of a proxy on Kubernetes is `<namespace>.svc.<domain>`. Manifests describe no other proxies.
const NO_DNS_DOMAIN: &str = "the DNS domain of the proxy does not have the form that Kubernetes uses";

/// Prints the number of results that agree. Fails if a result differs and is not listed, or is listed and agrees.
pub fn check(subject: &str, results: Vec<(String, Result<(), String>)>, least: usize) {
    let all = results.len();
    let is_listed = |name: &str| DIFFERENT.iter().any(|(known, _)| *known == name);
    let agreeing = results.iter().filter(|(_, result)| result.is_ok()).count();
    let listed = results.iter().filter(|(name, _)| is_listed(name)).count();
    println!("{subject}: {agreeing} of {all} agree, {listed} differ for a known reason");
    let gone: Vec<&String> =
        results.iter().filter(|(name, result)| result.is_ok() && is_listed(name)).map(|(name, _)| name).collect();
    assert!(gone.is_empty(), "these listed differences no longer occur, remove them from the list: {gone:?}");
    let unexpected: Vec<String> = results
        .iter()
        .filter(|(name, _)| !is_listed(name))
        .filter_map(|(name, result)| Some(format!("{name}: {}", result.as_ref().err()?)))
        .collect();
    assert!(unexpected.is_empty(), "{} results differ:\n{}", unexpected.len(), unexpected.join("\n"));
    assert!(agreeing >= least, "only {agreeing} results agree");
}
