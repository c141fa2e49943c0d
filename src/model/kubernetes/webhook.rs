//! MutatingWebhookConfiguration and ValidatingWebhookConfiguration.

use super::LabelSelector;
use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// Webhooks that may change resources before they are stored, such as the sidecar injector.
    open struct MutatingWebhookConfiguration {
        webhooks: Vec<Webhook>,
    }
}

message! {
    /// Webhooks that may reject resources.
    open struct ValidatingWebhookConfiguration {
        webhooks: Vec<Webhook>,
    }
}

message! {
    /// A webhook and the resources that it is called for.
    open struct Webhook {
        name: Option<Spanned<String>>,
        client_config: Option<WebhookClientConfig>,
        namespace_selector: Option<LabelSelector>,
        object_selector: Option<LabelSelector>,
    }
}

message! {
    /// The address of a webhook: a URL or a Service.
    open struct WebhookClientConfig {
        url: Option<Spanned<String>>,
        service: Option<WebhookService>,
    }
}

message! {
    /// The Service of a webhook.
    open struct WebhookService {
        namespace: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
    }
}

impl Webhook {
    /// Whether the webhook belongs to Istio: the sidecar injector or the validating webhook.
    pub fn is_of_istio(&self) -> bool {
        self.name.as_ref().is_some_and(|name| name.as_str().ends_with("istio.io"))
    }
}
