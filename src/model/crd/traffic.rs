//! Schemas of VirtualService, DestinationRule, Gateway and Sidecar.

use super::policies::SELECTOR;
use super::schema::Constraint::{self, AtMostOne, Items, Range, Required};
use super::schema::{Schema, leaf, within};
use super::workloads::WORKLOAD_SELECTOR;

pub(super) static DURATION: Schema = leaf(&[Constraint::Duration]);
static DESTINATION: Schema = leaf(&[Required("host")]);
static ROUTE: Schema = Schema { constraints: &[Required("destination")], fields: &[("destination", &DESTINATION)] };
static STRING_MATCH: Schema = leaf(&[AtMostOne(&["exact", "prefix", "regex"])]);

pub(super) static VIRTUAL_SERVICE: Schema =
    within(&[("http[]", &HTTP_ROUTE), ("tls[]", &TLS_ROUTE), ("tcp[]", &TCP_ROUTE)]);

static HTTP_ROUTE: Schema = within(&[
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
static HTTP_MATCH: Schema = within(&[
    ("uri", &STRING_MATCH),
    ("scheme", &STRING_MATCH),
    ("method", &STRING_MATCH),
    ("authority", &STRING_MATCH),
    ("headers{}", &STRING_MATCH),
    ("queryParams{}", &STRING_MATCH),
    ("withoutHeaders{}", &STRING_MATCH),
]);
static REDIRECT: Schema = leaf(&[AtMostOne(&["port", "derivePort"])]);
static DIRECT_RESPONSE: Schema =
    Schema { constraints: &[Required("status")], fields: &[("body", &leaf(&[AtMostOne(&["string", "bytes"])]))] };
static RETRIES: Schema = within(&[("perTryTimeout", &DURATION), ("backoff", &DURATION)]);
static FAULT: Schema = within(&[("abort", &ABORT), ("delay", &DELAY)]);
static ABORT: Schema = leaf(&[AtMostOne(&["httpStatus", "grpcStatus", "http2Error"])]);
static DELAY: Schema = Schema {
    constraints: &[AtMostOne(&["fixedDelay", "exponentialDelay"])],
    fields: &[("fixedDelay", &DURATION), ("exponentialDelay", &DURATION)],
};
static CORS_POLICY: Schema = within(&[("allowOrigins[]", &STRING_MATCH), ("maxAge", &DURATION)]);
static TLS_ROUTE: Schema = Schema {
    constraints: &[Required("match")],
    fields: &[("match[]", &leaf(&[Required("sniHosts")])), ("route[]", &ROUTE)],
};
static TCP_ROUTE: Schema = within(&[("route[]", &ROUTE)]);

pub(super) static DESTINATION_RULE: Schema = Schema {
    constraints: &[Required("host")],
    fields: &[("trafficPolicy", &TRAFFIC_POLICY), ("subsets[]", &SUBSET), ("workloadSelector", &SELECTOR)],
};
static SUBSET: Schema = Schema { constraints: &[Required("name")], fields: &[("trafficPolicy", &TRAFFIC_POLICY)] };
static TRAFFIC_POLICY: Schema = within(&[
    ("connectionPool", &CONNECTION_POOL),
    ("loadBalancer", &LOAD_BALANCER),
    ("outlierDetection", &OUTLIER_DETECTION),
    ("portLevelSettings", &leaf(&[Items(0, 4096)])),
    ("portLevelSettings[]", &PORT_POLICY),
    ("retryBudget", &within(&[("percent", &PERCENT)])),
    ("tunnel", &leaf(&[Required("targetHost"), Required("targetPort")])),
]);
static PORT_POLICY: Schema = within(&[
    ("connectionPool", &CONNECTION_POOL),
    ("loadBalancer", &LOAD_BALANCER),
    ("outlierDetection", &OUTLIER_DETECTION),
]);
static PERCENT: Schema = leaf(&[Range(0, 100)]);
static COUNT: Schema = leaf(&[Range(0, i64::MAX)]);
pub(super) static CONNECTION_POOL: Schema = within(&[("tcp", &TCP_SETTINGS), ("http", &HTTP_SETTINGS)]);
static TCP_SETTINGS: Schema = within(&[
    ("connectTimeout", &DURATION),
    ("maxConnectionDuration", &DURATION),
    ("tcpKeepalive", &within(&[("time", &DURATION), ("interval", &DURATION)])),
]);
static HTTP_SETTINGS: Schema = within(&[
    ("idleTimeout", &DURATION),
    ("http2KeepAlive", &within(&[("interval", &DURATION), ("timeout", &DURATION)])),
]);
static LOAD_BALANCER: Schema = Schema {
    constraints: &[AtMostOne(&["simple", "consistentHash", "backendUtilization"])],
    fields: &[
        ("consistentHash", &CONSISTENT_HASH),
        ("warmup", &WARMUP),
        ("warmupDurationSecs", &DURATION),
        ("zoneAwareLbSetting", &within(&[("minClusterSize", &leaf(&[Range(1, i64::MAX)]))])),
    ],
};
static CONSISTENT_HASH: Schema = Schema {
    constraints: &[
        AtMostOne(&["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"]),
        AtMostOne(&["ringHash", "maglev"]),
    ],
    fields: &[("httpCookie", &COOKIE)],
};
static COOKIE: Schema =
    Schema { constraints: &[Required("name")], fields: &[("attributes[]", &leaf(&[Required("name")]))] };
static WARMUP: Schema = Schema {
    constraints: &[Required("duration")],
    fields: &[("duration", &DURATION), ("minimumPercent", &PERCENT), ("aggression", &COUNT)],
};
static OUTLIER_DETECTION: Schema = within(&[
    ("interval", &DURATION),
    ("baseEjectionTime", &DURATION),
    ("outlierDetectionHttpErrorCodes[]", &leaf(&[Range(100, 599)])),
]);

pub(super) static GATEWAY: Schema = within(&[("servers[]", &SERVER)]);
static SERVER: Schema = Schema {
    constraints: &[Required("port"), Required("hosts")],
    fields: &[("port", &leaf(&[Required("number"), Required("protocol"), Required("name")])), ("tls", &SERVER_TLS)],
};
static TWO_AT_MOST: Schema = leaf(&[Items(1, 2)]);
static SERVER_TLS: Schema = Schema {
    // The CRD allows `credentialName` beside `tlsCertificates`: its rule for that repeats the first pair by mistake.
    constraints: &[
        AtMostOne(&["tlsCertificates", "credentialNames"]),
        AtMostOne(&["credentialName", "credentialNames"]),
    ],
    fields: &[("credentialNames", &TWO_AT_MOST), ("tlsCertificates", &TWO_AT_MOST)],
};

pub(super) static SIDECAR: Schema = within(&[
    ("workloadSelector", &WORKLOAD_SELECTOR),
    ("ingress[]", &INGRESS),
    ("egress[]", &leaf(&[Required("hosts")])),
    ("inboundConnectionPool", &CONNECTION_POOL),
    ("outboundTrafficPolicy", &within(&[("egressProxy", &DESTINATION)])),
]);
static INGRESS: Schema =
    Schema { constraints: &[Required("port")], fields: &[("connectionPool", &CONNECTION_POOL), ("tls", &SERVER_TLS)] };
