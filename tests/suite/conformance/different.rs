//! Where `mesh` answers otherwise than istiod's own tests expect, and why.

/// Cases by name, with the reason. They are not counted as agreeing.
const DIFFERENT: &[(&str, &str)] = &[
    (
        "TestGatewayConflicts/duplicate tls gateway / call",
        "istiod sends two filter chains that Envoy refuses together; mesh reports it as conflicting-gateways",
    ),
    ("TestGenerateVirtualHostDomains/same domain", NO_DNS_DOMAIN),
    ("TestGenerateVirtualHostDomains/different domains with some shared dns", NO_DNS_DOMAIN),
    ("TestGenerateVirtualHostDomains/alias", NO_DNS_DOMAIN),
    (
        "peerauth-invalid.yaml#1",
        "the key of portLevelMtls is no number, which istiod's decoder refuses; mesh reads it and reports it as no port",
    ),
    (
        "crd TestValidateRequestAuthentication/9 bad JwksUri - invalid port",
        "the table's checker only looks at the scheme, but CEL's url() refuses what Go does not parse",
    ),
    ("crd extra/WP-3/146", "the table's checker reads localhost: as a host, CEL's isURL() as a scheme, as Go does"),
    ("crd extra/ok/171", "the API server drops fields that are null before it validates"),
    ("crd extra/ok/173", "the API server drops fields that are null before it validates"),
    ("istioctl port name missing service", PORT_NAMES),
    ("istioctl invalid port naming service", PORT_NAMES),
    ("istioctl invalid service list", PORT_NAMES),
    ("istioctl appProtocol=fake", PORT_NAMES),
    ("istioctl invalid Istio Operator config", "only the meshConfig of an IstioOperator is read"),
];

/// istiod takes any name, and finds out what the port speaks by itself.
const PORT_NAMES: &str = "the names of a Service's ports are a matter of lint rules, since istiod takes any";

/// Of proxies on Kubernetes, which are all that manifests tell of, it is `<namespace>.svc.<domain>`.
const NO_DNS_DOMAIN: &str = "the proxy has a DNS domain of another form than Kubernetes gives";

/// Prints how many results agree, and fails if one differs that is not listed, or a listed one agrees.
pub fn check(what: &str, results: Vec<(String, Result<(), String>)>, least: usize) {
    let all = results.len();
    let is_listed = |name: &str| DIFFERENT.iter().any(|(known, _)| *known == name);
    let agreeing = results.iter().filter(|(_, result)| result.is_ok()).count();
    let listed = results.iter().filter(|(name, _)| is_listed(name)).count();
    println!("{what}: {agreeing} of {all} agree, {listed} differ for a reason");
    let settled: Vec<&String> =
        results.iter().filter(|(name, result)| result.is_ok() && is_listed(name)).map(|(name, _)| name).collect();
    assert!(settled.is_empty(), "known differences are gone, take them off the list: {settled:?}");
    let unexpected: Vec<String> = results
        .iter()
        .filter(|(name, _)| !is_listed(name))
        .filter_map(|(name, result)| Some(format!("{name}: {}", result.as_ref().err()?)))
        .collect();
    assert!(unexpected.is_empty(), "{} differ:\n{}", unexpected.len(), unexpected.join("\n"));
    assert!(agreeing >= least, "only {agreeing} agree");
}
