//! VirtualService, DestinationRule, Gateway, Sidecar.

use super::policies::SELECTOR;
use super::shape::Rule::{self, AtMostOne, Items, Range, Required};
use super::shape::{Shape, leaf, within};
use super::workloads::WORKLOAD_SELECTOR;

pub(super) static DURATION: Shape = leaf(&[Rule::Duration]);
static DESTINATION: Shape = leaf(&[Required("host")]);
static ROUTE: Shape = Shape { rules: &[Required("destination")], fields: &[("destination", &DESTINATION)] };
static STRING_MATCH: Shape = leaf(&[AtMostOne(&["exact", "prefix", "regex"])]);

pub(super) static VIRTUAL_SERVICE: Shape =
    within(&[("http[]", &HTTP_ROUTE), ("tls[]", &TLS_ROUTE), ("tcp[]", &TCP_ROUTE)]);

static HTTP_ROUTE: Shape = within(&[
    ("match[]", &HTTP_MATCH),
    ("route[]", &ROUTE),
    ("redirect", &REDIRECT),
    ("directResponse", &DIRECT_RESPONSE),
    ("timeout", &DURATION),
    ("retries", &RETRIES),
    ("fault", &FAULT),
    ("mirror", &DESTINATION),
    ("mirrors[]", &ROUTE),
    ("corsPolicy", &CORS_POLICY),
]);
static HTTP_MATCH: Shape = within(&[
    ("uri", &STRING_MATCH),
    ("scheme", &STRING_MATCH),
    ("method", &STRING_MATCH),
    ("authority", &STRING_MATCH),
    ("headers{}", &STRING_MATCH),
    ("queryParams{}", &STRING_MATCH),
    ("withoutHeaders{}", &STRING_MATCH),
]);
static REDIRECT: Shape = leaf(&[AtMostOne(&["port", "derivePort"])]);
static DIRECT_RESPONSE: Shape =
    Shape { rules: &[Required("status")], fields: &[("body", &leaf(&[AtMostOne(&["string", "bytes"])]))] };
static RETRIES: Shape = within(&[("perTryTimeout", &DURATION), ("backoff", &DURATION)]);
static FAULT: Shape = within(&[("abort", &ABORT), ("delay", &DELAY)]);
static ABORT: Shape = leaf(&[AtMostOne(&["httpStatus", "grpcStatus", "http2Error"])]);
static DELAY: Shape = Shape {
    rules: &[AtMostOne(&["fixedDelay", "exponentialDelay"])],
    fields: &[("fixedDelay", &DURATION), ("exponentialDelay", &DURATION)],
};
static CORS_POLICY: Shape = within(&[("allowOrigins[]", &STRING_MATCH), ("maxAge", &DURATION)]);
static TLS_ROUTE: Shape =
    Shape { rules: &[Required("match")], fields: &[("match[]", &leaf(&[Required("sniHosts")])), ("route[]", &ROUTE)] };
static TCP_ROUTE: Shape = within(&[("route[]", &ROUTE)]);

pub(super) static DESTINATION_RULE: Shape = Shape {
    rules: &[Required("host")],
    fields: &[("trafficPolicy", &TRAFFIC_POLICY), ("subsets[]", &SUBSET), ("workloadSelector", &SELECTOR)],
};
static SUBSET: Shape = Shape { rules: &[Required("name")], fields: &[("trafficPolicy", &TRAFFIC_POLICY)] };
static TRAFFIC_POLICY: Shape = within(&[
    ("connectionPool", &CONNECTION_POOL),
    ("loadBalancer", &LOAD_BALANCER),
    ("outlierDetection", &OUTLIER_DETECTION),
    ("portLevelSettings", &leaf(&[Items(0, 4096)])),
    ("portLevelSettings[]", &PORT_POLICY),
    ("retryBudget", &within(&[("percent", &PERCENT)])),
    ("tunnel", &leaf(&[Required("targetHost"), Required("targetPort")])),
]);
static PORT_POLICY: Shape = within(&[
    ("connectionPool", &CONNECTION_POOL),
    ("loadBalancer", &LOAD_BALANCER),
    ("outlierDetection", &OUTLIER_DETECTION),
]);
static PERCENT: Shape = leaf(&[Range(0, 100)]);
static COUNT: Shape = leaf(&[Range(0, i64::MAX)]);
pub(super) static CONNECTION_POOL: Shape = within(&[("tcp", &TCP_SETTINGS), ("http", &HTTP_SETTINGS)]);
static TCP_SETTINGS: Shape = within(&[
    ("connectTimeout", &DURATION),
    ("maxConnectionDuration", &DURATION),
    ("tcpKeepalive", &within(&[("time", &DURATION), ("interval", &DURATION)])),
]);
static HTTP_SETTINGS: Shape = within(&[
    ("idleTimeout", &DURATION),
    ("http2KeepAlive", &within(&[("interval", &DURATION), ("timeout", &DURATION)])),
]);
static LOAD_BALANCER: Shape = Shape {
    rules: &[AtMostOne(&["simple", "consistentHash", "backendUtilization"])],
    fields: &[
        ("consistentHash", &CONSISTENT_HASH),
        ("warmup", &WARMUP),
        ("warmupDurationSecs", &DURATION),
        ("zoneAwareLbSetting", &within(&[("minClusterSize", &leaf(&[Range(1, i64::MAX)]))])),
    ],
};
static CONSISTENT_HASH: Shape = Shape {
    rules: &[
        AtMostOne(&["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"]),
        AtMostOne(&["ringHash", "maglev"]),
    ],
    fields: &[("httpCookie", &COOKIE)],
};
static COOKIE: Shape = Shape { rules: &[Required("name")], fields: &[("attributes[]", &leaf(&[Required("name")]))] };
static WARMUP: Shape = Shape {
    rules: &[Required("duration")],
    fields: &[("duration", &DURATION), ("minimumPercent", &PERCENT), ("aggression", &COUNT)],
};
static OUTLIER_DETECTION: Shape = within(&[
    ("interval", &DURATION),
    ("baseEjectionTime", &DURATION),
    ("outlierDetectionHttpErrorCodes[]", &leaf(&[Range(100, 599)])),
]);

pub(super) static GATEWAY: Shape = within(&[("servers[]", &SERVER)]);
static SERVER: Shape = Shape {
    rules: &[Required("port"), Required("hosts")],
    fields: &[("port", &leaf(&[Required("number"), Required("protocol"), Required("name")])), ("tls", &SERVER_TLS)],
};
static TWO_AT_MOST: Shape = leaf(&[Items(1, 2)]);
static SERVER_TLS: Shape = Shape {
    // credentialName beside tlsCertificates is let pass: the rule that is meant for it names the first pair again.
    rules: &[AtMostOne(&["tlsCertificates", "credentialNames"]), AtMostOne(&["credentialName", "credentialNames"])],
    fields: &[("credentialNames", &TWO_AT_MOST), ("tlsCertificates", &TWO_AT_MOST)],
};

pub(super) static SIDECAR: Shape = within(&[
    ("workloadSelector", &WORKLOAD_SELECTOR),
    ("ingress[]", &INGRESS),
    ("egress[]", &leaf(&[Required("hosts")])),
    ("inboundConnectionPool", &CONNECTION_POOL),
    ("outboundTrafficPolicy", &within(&[("egressProxy", &DESTINATION)])),
]);
static INGRESS: Shape =
    Shape { rules: &[Required("port")], fields: &[("connectionPool", &CONNECTION_POOL), ("tls", &SERVER_TLS)] };
