//! KServe, Kubeflow, Seldon, Ray and other tools for machine learning.

use super::serverless::{KNATIVE, KNATIVE_SERVING};
use super::table::Product::{Account, AnyPods, Anything, In, Namespace, Pods, Service};
use super::table::{MakerKind, by_name, exact};

pub(super) static MAKERS: &[MakerKind] = &[
    // KServe: `pkg/constants/constants.go`, in all deployment modes.
    by_name(
        &["serving.kserve.io", "serving.kubeflow.org"],
        "InferenceService",
        &[
            Service("{}", "80"),
            Service("{}-predictor", "80"),
            Service("{}-transformer", "80"),
            Service("{}-explainer", "80"),
            Service("{}-predictor-default", "80"),
            Service("{}-transformer-default", "80"),
            Service("{}-predictor-canary", "80"),
            Service("modelmesh-serving", "8033 8008"),
            Pods("serving.kserve.io/inferenceservice={}"),
            Pods("app=isvc.{}-predictor"),
            In("istio-system", KNATIVE),
            In("knative-serving", KNATIVE_SERVING),
        ],
    ),
    by_name(&["serving.kserve.io"], "InferenceGraph", &[Service("{}", "80"), AnyPods, In("istio-system", KNATIVE)]),
    by_name(
        &["serving.kserve.io"],
        "LLMInferenceService",
        &[
            Service("{}-kserve-workload-svc", "8000"),
            Service("{}-epp-service", ""),
            Service("{}-tokenizer", ""),
            Account("{}-epp-sa"),
            Account("{}-kserve"),
            AnyPods,
        ],
    ),
    exact(&["serving.kserve.io"], "*", &[]),
    exact(
        &["kubeflow.org"],
        "Notebook",
        &[Service("{}", "80"), Service("{}-tls", "443"), Pods("statefulset={} notebook-name={}")],
    ),
    exact(
        &["kubeflow.org"],
        "Profile",
        &[
            Namespace("{}"),
            In(
                "{}",
                &[
                    Account("default-editor"),
                    Account("default-viewer"),
                    Service("ml-pipeline-ui-artifact", "80"),
                    Service("ml-pipeline-visualizationserver", "8888"),
                    AnyPods,
                ],
            ),
        ],
    ),
    exact(&["tensorboard.kubeflow.org"], "Tensorboard", &[Service("{}", "80"), Pods("app={}")]),
    exact(
        &["kubeflow.org"],
        "PVCViewer",
        &[Service("pvcviewer-{}", "80"), Service("{}", "80"), Pods("app.kubernetes.io/part-of=pvc-viewer")],
    ),
    by_name(&["kubeflow.org"], "*", &[AnyPods]),
    exact(
        &["kfdef.apps.kubeflow.org", "datasciencecluster.opendatahub.io", "dscinitialization.opendatahub.io"],
        "*",
        &[
            Anything("kubeflow"),
            Anything("opendatahub"),
            Anything("redhat-ods-applications"),
            Anything("istio-system"),
            Anything("knative-serving"),
        ],
    ),
    by_name(
        &["machinelearning.seldon.io"],
        "SeldonDeployment",
        &[
            Service("{}-{spec.predictors[].name}", "8000 5001"),
            Service("{spec.annotations.seldon.io/svc-name}", ""),
            Pods("seldon-deployment-id={}"),
        ],
    ),
    exact(
        &["mlops.seldon.io"],
        "SeldonRuntime",
        &[
            Service("seldon-mesh", "80 9003"),
            Service("seldon-scheduler", ""),
            Service("seldon-pipelinegateway", ""),
            Service("seldon-modelgateway", ""),
            Service("seldon-dataflow-engine", ""),
            Account("seldon-scheduler"),
            AnyPods,
        ],
    ),
    exact(&["mlops.seldon.io"], "Server", &[Service("{}", ""), AnyPods]),
    exact(&["mlops.seldon.io"], "*", &[]),
    by_name(
        &["ray.io"],
        "RayCluster",
        &[
            Service("{spec.headGroupSpec.headService.metadata.name|}", ""),
            Service("{}-head-svc", "6379 8265 10001 8000 8080"),
            Pods("ray.io/cluster={}"),
        ],
    ),
    by_name(
        &["ray.io"],
        "RayService",
        &[Service("{}-serve-svc", "8000"), Service("{}-head-svc", "6379 8265 10001 8000 8080"), AnyPods],
    ),
    by_name(&["ray.io"], "*", &[AnyPods]),
    by_name(&["sparkoperator.k8s.io"], "*", &[Service("{}-ui-svc", "4040"), AnyPods]),
    exact(&["flink.apache.org"], "FlinkDeployment", &[Service("{}-rest", "8081"), Service("{}", ""), Pods("app={}")]),
];
