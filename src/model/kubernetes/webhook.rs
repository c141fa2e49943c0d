//! MutatingWebhookConfiguration and ValidatingWebhookConfiguration.

use super::LabelSelector;
use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// Who may change resources before they are stored: injection of sidecars, for one.
    open struct MutatingWebhookConfiguration {
        webhooks: Vec<Webhook>,
    }
}

message! {
    /// Who may refuse resources.
    open struct ValidatingWebhookConfiguration {
        webhooks: Vec<Webhook>,
    }
}

message! {
    /// One call.
    open struct Webhook {
        name: Option<Spanned<String>>,
        client_config: Option<WebhookClientConfig>,
        namespace_selector: Option<LabelSelector>,
        object_selector: Option<LabelSelector>,
    }
}

message! {
    /// Whom to call: a URL or a Service.
    open struct WebhookClientConfig {
        url: Option<Spanned<String>>,
        service: Option<WebhookService>,
    }
}

message! {
    /// A Service that answers.
    open struct WebhookService {
        namespace: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
    }
}

impl Webhook {
    /// Whether it is one of Istio's: the injector, or the validation of resources.
    pub fn is_of_istio(&self) -> bool {
        self.name.as_ref().is_some_and(|name| name.as_str().ends_with("istio.io"))
    }
}
