//! What is wrong, by whose rule, and who refuses it.

use std::ops::Range;

use crate::model::Resource;
use crate::source::Span;
use crate::world::Settings;

/// Something that a resource may not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The number of the rule, which tests compare by: `VS-12`.
    pub id: &'static str,
    /// The sort of mistake; findings are grouped by it.
    pub family: Family,
    /// Who refuses it.
    pub layer: Layer,
    /// The exact place.
    pub span: Span,
    /// The bytes of the text there that are wrong, if they are a part of it.
    pub part: Option<Range<usize>>,
    /// What is wrong: lower case, no final period.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Whether it is true of every such resource: worth knowing, and no mistake.
    pub is_general: bool,
    /// Another place that belongs to it, and what stands there.
    pub related: Option<(Span, &'static str)>,
}

/// A sort of mistakes: one lint rule each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// A field that has to be there is not, or is empty.
    MissingField,
    /// Fields that exclude each other, or one that needs another.
    ConflictingFields,
    /// Something that changes nothing, or is an older form.
    NoEffect,
    /// The same entry twice in a list.
    DuplicateEntry,
    /// A host, or a DNS name.
    InvalidHost,
    /// An IP address, a network, a socket.
    InvalidAddress,
    /// The number, name or protocol of a port.
    InvalidPort,
    /// A length of time.
    InvalidDuration,
    /// A number that is too small or too large: weights, percentages, status codes, counts.
    OutOfRange,
    /// Labels and selectors.
    InvalidLabel,
    /// The name or value of a header.
    InvalidHeader,
    /// A regular expression.
    InvalidRegex,
    /// A name of something else: gateways, subsets, `exportTo`, `targetRefs`, principals, providers.
    InvalidReference,
    /// A URI, a path, a path template.
    InvalidUri,
    /// TLS settings.
    InvalidTls,
    /// What a policy, a filter or an extension may not say.
    InvalidPolicy,
    /// A DENY rule that takes TCP traffic with it: the lint rule `http-rule-on-tcp` looks at ports as well.
    DeniesTcp,
    /// Annotations and other metadata.
    InvalidMetadata,
    /// A TCP port that takes the connections for other hosts too: the lint rule `captured-port` looks at them by itself.
    CapturedPort,
    /// Weights: the lint rule `invalid-weights` looks at them by itself.
    Weights,
    /// A match or a rule that is never reached: `unreachable-route` adds what it does not find by itself.
    Unreachable,
    /// A match that istiod takes for unreachable though some requests reach it. No lint rule repeats that.
    SeeminglyUnreachable,
}

/// Who refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// istiod's admission webhook refuses the resource (`istioctl analyze`: IST0106).
    Webhook,
    /// istiod's admission webhook warns (`istioctl analyze`: IST0133).
    WebhookWarning,
    /// istiod's admission webhook would warn, but loses what it has to say of this part of a resource.
    LostWarning,
}

/// Where what is wrong with a resource is collected.
pub(super) struct Found<'a> {
    pub resource: &'a Resource,
    pub settings: &'a Settings,
    violations: Vec<Violation>,
    loses_warnings: bool,
}

impl<'a> Found<'a> {
    pub fn new(resource: &'a Resource, settings: &'a Settings) -> Self {
        Self { resource, settings, violations: Vec::new(), loses_warnings: false }
    }

    /// The namespace of the resource.
    pub fn namespace(&self) -> &'a str {
        self.settings.namespace_of(self.resource)
    }

    /// Notes what the webhook refuses.
    pub fn error(
        &mut self,
        id: &'static str,
        family: Family,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Violation {
        self.add(id, family, Layer::Webhook, span, message.into())
    }

    /// Notes what the webhook warns of.
    pub fn warning(
        &mut self,
        id: &'static str,
        family: Family,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Violation {
        let layer = if self.loses_warnings { Layer::LostWarning } else { Layer::WebhookWarning };
        self.add(id, family, layer, span, message.into())
    }

    /// Checks a part of the resource of which the webhook loses its warnings.
    pub fn losing_warnings(&mut self, check: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.loses_warnings, true);
        check(self);
        self.loses_warnings = outer;
    }

    fn add(&mut self, id: &'static str, family: Family, layer: Layer, span: Span, message: String) -> &mut Violation {
        self.violations.push(Violation {
            id,
            family,
            layer,
            span,
            part: None,
            message,
            help: None,
            is_general: false,
            related: None,
        });
        self.violations.last_mut().expect("one was just pushed")
    }

    pub fn into_violations(self) -> Vec<Violation> {
        self.violations
    }
}

impl Violation {
    /// Marks what is true of every such resource: worth knowing, and no mistake.
    pub fn general(&mut self) -> &mut Self {
        self.is_general = true;
        self
    }

    /// Says which bytes of the text are wrong.
    pub fn part(&mut self, part: Range<usize>) -> &mut Self {
        self.part = Some(part);
        self
    }

    /// Says what to do.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Points to another place.
    pub fn related(&mut self, span: Span, what: &'static str) -> &mut Self {
        self.related = Some((span, what));
        self
    }
}
