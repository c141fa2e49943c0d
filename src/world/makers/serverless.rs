//! Knative, Flagger, Tekton, Argo and other tools for functions, events and progressive delivery.

use super::table::Product::{Account, AnyPods, Computed, Gateway, In, Pods, PodsWithLabelsAt, Secret, Service};
use super::table::{MakerKind, Product, by_name, exact};
use super::{argo_rollouts, canary};

const SERVING: &[&str] = &["serving.knative.dev"];

/// Installed with Knative and net-istio, wherever its resources are (net-istio: `config/202-gateway.yaml`,
/// `config/203-local-gateway.yaml`).
pub(super) const KNATIVE: &[Product] =
    &[Service("knative-local-gateway", "80 443"), Service("cluster-local-gateway", "80")];

/// The Gateways and Services in the namespace of Knative.
pub(super) const KNATIVE_SERVING: &[Product] = &[
    Gateway("knative-ingress-gateway"),
    Gateway("knative-local-gateway"),
    Gateway("cluster-local-gateway"),
    Service("activator-service", "80 81 9090 8008"),
    Service("autoscaler", "9090 8008 8080"),
    Service("controller", ""),
    Service("webhook", "443"),
    AnyPods,
];

pub(super) static MAKERS: &[MakerKind] = &[
    by_name(
        SERVING,
        "Service",
        &[
            Service("{}", "80"),
            Service("{spec.traffic[].tag}-{}", "80"),
            Service("{spec.template.metadata.name}", "80 443"),
            Service("{spec.template.metadata.name}-private", "80 443"),
            Pods("serving.knative.dev/service={}"),
            In("istio-system", KNATIVE),
            In("knative-serving", KNATIVE_SERVING),
        ],
    ),
    by_name(
        SERVING,
        "Route",
        &[Service("{}", "80"), Service("{spec.traffic[].tag}-{}", "80"), In("istio-system", KNATIVE)],
    ),
    by_name(SERVING, "Configuration", &[Pods("serving.knative.dev/configuration={}"), In("istio-system", KNATIVE)]),
    exact(SERVING, "DomainMapping", &[]),
    exact(SERVING, "*", &[]),
    exact(
        &["operator.knative.dev"],
        "KnativeServing",
        &[In("istio-system", KNATIVE), In("knative-serving", KNATIVE_SERVING), In("{}", KNATIVE_SERVING), AnyPods],
    ),
    exact(
        &["operator.knative.dev"],
        "KnativeEventing",
        &[
            Service("broker-ingress", "80 443"),
            Service("broker-filter", "80 443"),
            Service("kafka-broker-ingress", "80 443"),
            Service("kafka-channel-ingress", "80 443"),
            Service("imc-dispatcher", "80 443"),
            AnyPods,
        ],
    ),
    exact(
        &["eventing.knative.dev"],
        "Broker",
        &[
            Service("{}-kne-trigger-kn-channel", "80"),
            In("knative-eventing", &[Service("broker-ingress", "80 443"), Service("kafka-broker-ingress", "80 443")]),
        ],
    ),
    exact(&["eventing.knative.dev", "sources.knative.dev", "flows.knative.dev"], "*", &[AnyPods]),
    exact(&["messaging.knative.dev"], "*", &[Service("{}-kn-channel", "80")]),
    // Flagger: `pkg/router/kubernetes_default.go`.
    exact(&["flagger.app"], "Canary", &[Computed(canary::products)]),
    exact(&["flagger.app"], "*", &[]),
    // Argo Rollouts: the controller makes no Services, except for experiments.
    exact(&["argoproj.io"], "Experiment", &[Computed(argo_rollouts::experiment)]),
    exact(&["argoproj.io"], "EventSource", &[Service("{}-eventsource-svc", "{spec.service.ports[].port}"), AnyPods]),
    exact(
        &["argoproj.io"],
        "EventBus",
        &[
            Service("eventbus-{}-js-svc", "4222 6222 8222 7777"),
            Service("eventbus-{}-stan-svc", "4222 6222 8222 7777"),
            AnyPods,
        ],
    ),
    exact(&["argoproj.io"], "Sensor", &[AnyPods]),
    exact(
        &["argoproj.io"],
        "ArgoCD",
        &[
            Service("{}-server", "80 443"),
            Service("{}-repo-server", "8081 8084"),
            Service("{}-redis", "6379"),
            Service("{}-redis-ha", "6379 26379"),
            Service("{}-redis-ha-haproxy", "6379"),
            Service("{}-dex-server", "5556 5557 5558"),
            Service("{}-metrics", "8082"),
            Service("{}-server-metrics", "8083"),
            Service("{}-grafana", "80"),
            Service("{}-applicationset-controller", ""),
            Service("{}-notifications-controller-metrics", "9001"),
            Secret("{}-tls"),
            AnyPods,
        ],
    ),
    exact(&["argoproj.io"], "Workflow", &[AnyPods]),
    exact(&["argoproj.io"], "CronWorkflow", &[AnyPods]),
    exact(
        &["triggers.tekton.dev"],
        "EventListener",
        &[
            Service("el-{}", "{spec.resources.kubernetesResource.servicePort|8080} 8443 9000"),
            Pods("eventlistener={} app.kubernetes.io/managed-by=EventListener"),
        ],
    ),
    exact(&["triggers.tekton.dev", "tekton.dev"], "*", &[AnyPods]),
    exact(&["serverless.kyma-project.io"], "Function", &[Service("{}", "80"), AnyPods]),
    exact(&["openfaas.com"], "Function", &[Service("{spec.name|}", "8080"), Pods("faas_function={spec.name|}")]),
    by_name(&["fission.io"], "*", &[AnyPods]),
    by_name(&["keda.sh", "http.keda.sh"], "*", &[]),
    exact(&["apps.openshift.io"], "DeploymentConfig", &[PodsWithLabelsAt("template.metadata.labels")]),
    exact(&["apps.kruise.io"], "*", &[PodsWithLabelsAt("template.metadata.labels")]),
    exact(&["split.smi-spec.io", "specs.smi-spec.io", "access.smi-spec.io"], "*", &[]),
    by_name(&["iter8.tools"], "*", &[]),
    exact(&["gateway.kyma-project.io"], "APIRule", &[]),
    by_name(&["uds.dev"], "Package", &[Secret("{spec.sso[].secretConfig.name|spec.sso[].secretName}"), Account("{}")]),
];
