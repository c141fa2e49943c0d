//! Operators for logs, metrics, traces, identity and other parts of a platform.

use super::table::Product::{Account, AnyPods, In, Pods, Secret, Service};
use super::table::{MakerKind, by_name, exact};

const PROMETHEUS: &[&str] = &["monitoring.coreos.com"];

pub(super) static MAKERS: &[MakerKind] = &[
    // ECK: `pkg/apis/*/name.go`.
    by_name(
        &["elasticsearch.k8s.elastic.co"],
        "Elasticsearch",
        &[
            Service("{}-es-http", "9200"),
            Service("{}-es-internal-http", "9200"),
            Service("{}-es-transport", "9300"),
            Service("{}-es-{spec.nodeSets[].name}", "9200"),
            Service("{}-es-remote-cluster", ""),
            Pods("elasticsearch.k8s.elastic.co/cluster-name={} common.k8s.elastic.co/type=elasticsearch"),
            Secret("{}-es-http-certs-public"),
            Secret("{}-es-http-certs-internal"),
            Secret("{}-es-elastic-user"),
        ],
    ),
    by_name(
        &["kibana.k8s.elastic.co"],
        "Kibana",
        &[
            Service("{}-kb-http", "5601"),
            Pods("kibana.k8s.elastic.co/name={} common.k8s.elastic.co/type=kibana"),
            Secret("{}-kb-http-certs-public"),
            Secret("{}-kb-http-certs-internal"),
        ],
    ),
    by_name(
        &["apm.k8s.elastic.co"],
        "ApmServer",
        &[Service("{}-apm-http", "8200"), Pods("apm.k8s.elastic.co/name={}"), Secret("{}-apm-http-certs-public")],
    ),
    by_name(
        &["enterprisesearch.k8s.elastic.co"],
        "EnterpriseSearch",
        &[Service("{}-ent-http", "3002"), Pods("enterprisesearch.k8s.elastic.co/name={}")],
    ),
    by_name(
        &["logstash.k8s.elastic.co"],
        "Logstash",
        &[
            Service("{}-ls-api", "9600"),
            Service("{}-ls-{spec.services[].name}", ""),
            Pods("logstash.k8s.elastic.co/name={}"),
        ],
    ),
    by_name(
        &["agent.k8s.elastic.co"],
        "Agent",
        &[Service("{}-agent-http", "8220"), Pods("agent.k8s.elastic.co/name={}")],
    ),
    by_name(&["maps.k8s.elastic.co"], "ElasticMapsServer", &[Service("{}-ems-http", "8080"), AnyPods]),
    by_name(&["packageregistry.k8s.elastic.co"], "PackageRegistry", &[Service("{}-epr-http", "8080"), AnyPods]),
    by_name(&["beat.k8s.elastic.co"], "Beat", &[Pods("beat.k8s.elastic.co/name={}")]),
    // prometheus-operator: the Services are named after the kind, one for each namespace.
    by_name(
        PROMETHEUS,
        "Prometheus",
        &[
            Service("{spec.serviceName|prometheus-operated}", "9090 10901"),
            Service("prometheus-operated", "9090 10901"),
            Pods("prometheus={} app.kubernetes.io/name=prometheus app.kubernetes.io/instance={}"),
        ],
    ),
    by_name(
        PROMETHEUS,
        "Alertmanager",
        &[
            Service("{spec.serviceName|alertmanager-operated}", "9093 9094"),
            Service("alertmanager-operated", "9093 9094"),
            Pods("alertmanager={} app.kubernetes.io/name=alertmanager app.kubernetes.io/instance={}"),
        ],
    ),
    by_name(
        PROMETHEUS,
        "ThanosRuler",
        &[
            Service("{spec.serviceName|thanos-ruler-operated}", "10902 10901"),
            Pods("thanos-ruler={} app.kubernetes.io/name=thanos-ruler"),
        ],
    ),
    by_name(
        PROMETHEUS,
        "PrometheusAgent",
        &[
            Service("{spec.serviceName|prometheus-agent-operated}", "9090"),
            Pods("prometheus-agent={} app.kubernetes.io/name=prometheus-agent"),
        ],
    ),
    exact(PROMETHEUS, "*", &[]),
    by_name(
        &["grafana.integreatly.org"],
        "Grafana",
        &[Service("{}-service", "3000"), Pods("app={}"), Account("{}-sa")],
    ),
    by_name(&["integreatly.org"], "Grafana", &[Service("grafana-service", "3000"), Pods("app=grafana")]),
    exact(&["grafana.integreatly.org", "integreatly.org"], "*", &[]),
    by_name(
        &["jaegertracing.io"],
        "Jaeger",
        &[
            Service("{}-query", "16686 16685 443"),
            Service("{}-collector", "9411 14250 14267 14268 14269 4317 4318"),
            Service("{}-collector-headless", "9411 14250 14267 14268 14269 4317 4318"),
            Service("{}-agent", "5775 5778 6831 6832"),
            Pods("app=jaeger app.kubernetes.io/instance={}"),
            Account("{}"),
        ],
    ),
    // opentelemetry-operator: `internal/naming/main.go`. The ports depend on the receivers.
    by_name(
        &["opentelemetry.io"],
        "OpenTelemetryCollector",
        &[
            Service("{}-collector", ""),
            Service("{}-collector-headless", ""),
            Service("{}-collector-monitoring", "8888"),
            Service("{}-collector-extension", ""),
            Service("{}-targetallocator", "80"),
            Pods("app.kubernetes.io/name={}-collector app.kubernetes.io/component=opentelemetry-collector"),
            Account("{}-collector"),
            Account("{}-targetallocator"),
        ],
    ),
    by_name(&["opentelemetry.io"], "TargetAllocator", &[Service("{}-targetallocator", "80"), AnyPods]),
    exact(&["opentelemetry.io"], "*", &[]),
    by_name(
        &["tempo.grafana.com"],
        "TempoStack",
        &[
            Service("tempo-{}-distributor", ""),
            Service("tempo-{}-ingester", ""),
            Service("tempo-{}-querier", ""),
            Service("tempo-{}-query-frontend", ""),
            Service("tempo-{}-query-frontend-discovery", ""),
            Service("tempo-{}-compactor", ""),
            Service("tempo-{}-gossip-ring", ""),
            Service("tempo-{}-gateway", "8080 8090 8081"),
            Account("tempo-{}"),
            AnyPods,
        ],
    ),
    by_name(
        &["tempo.grafana.com"],
        "TempoMonolithic",
        &[
            Service("tempo-{}", ""),
            Service("tempo-{}-jaegerui", ""),
            Service("tempo-{}-gateway", ""),
            Account("tempo-{}"),
            AnyPods,
        ],
    ),
    by_name(
        &["loki.grafana.com"],
        "LokiStack",
        &[
            Service("{}-gateway-http", "8080 8081"),
            Service("{}-distributor-http", "3100"),
            Service("{}-ingester-http", "3100"),
            Service("{}-querier-http", "3100"),
            Service("{}-query-frontend-http", "3100"),
            Service("{}-compactor-http", "3100"),
            Service("{}-index-gateway-http", "3100"),
            Service("{}-ruler-http", "3100"),
            Service("{}-distributor-grpc", "9095"),
            Service("{}-ingester-grpc", "9095"),
            Service("{}-query-frontend-grpc", "9095"),
            AnyPods,
        ],
    ),
    exact(&["loki.grafana.com"], "*", &[]),
    // kiali-operator: the namespace and the name are settings.
    exact(
        &["kiali.io"],
        "Kiali",
        &[In(
            "{spec.deployment.namespace|@}",
            &[
                Service("{spec.deployment.instance_name|kiali}", "{spec.server.port|20001} 9090"),
                Pods(
                    "app=kiali app.kubernetes.io/name=kiali app.kubernetes.io/instance={spec.deployment.instance_name|kiali}",
                ),
                Account("{spec.deployment.instance_name|kiali}-service-account"),
            ],
        )],
    ),
    exact(&["kiali.io"], "*", &[]),
    by_name(
        &["k8s.keycloak.org"],
        "Keycloak",
        &[
            Service("{spec.http.serviceName}", ""),
            Service("{}-service", "8443 8080 9000"),
            Service("{}-discovery", "7800"),
            Pods("app=keycloak app.kubernetes.io/instance={}"),
        ],
    ),
    exact(&["k8s.keycloak.org"], "*", &[AnyPods]),
    by_name(
        &["keycloak.org"],
        "Keycloak",
        &[Service("keycloak", "8443"), Service("keycloak-discovery", ""), Pods("app=keycloak component=keycloak")],
    ),
    exact(&["keycloak.org"], "*", &[]),
    by_name(
        &["vault.banzaicloud.com"],
        "Vault",
        &[
            Service("{}", "8200 8201 9091 9102"),
            Service("{}-configurer", "9091"),
            Secret("{}-tls"),
            Secret("{}-unseal-keys"),
            Pods("app.kubernetes.io/name=vault vault_cr={}"),
        ],
    ),
    by_name(
        &["operator.cryostat.io"],
        "Cryostat",
        &[
            Service("{}", ""),
            Service("{}-reports", "10000"),
            Service("{}-agent", ""),
            Service("{}-database", "5432"),
            Service("{}-storage", "8333"),
            Account("{}"),
            Secret("{}-tls"),
            Pods("app={}"),
        ],
    ),
    by_name(
        &["operator.authorino.kuadrant.io"],
        "Authorino",
        &[
            Service("{}-authorino-authorization", "50051 5001"),
            Service("{}-authorino-oidc", "8083"),
            Service("{}-controller-metrics", "8080"),
            AnyPods,
        ],
    ),
    by_name(&["limitador.kuadrant.io"], "Limitador", &[Service("limitador-{}", "8080 8081"), AnyPods]),
    by_name(
        &["kuadrant.io"],
        "Kuadrant",
        &[
            Service("authorino-authorino-authorization", "50051 5001"),
            Service("authorino-authorino-oidc", "8083"),
            Service("limitador-limitador", "8080 8081"),
            AnyPods,
        ],
    ),
    exact(&["kuadrant.io", "authorino.kuadrant.io"], "*", &[]),
];
