//! A violation: the mistake, the number of istiod's check, and how the webhook reacts to it.

use std::ops::Range;
use std::panic::Location;

use crate::advice::{Advice, Edit, Literal};
use crate::model::Resource;
use crate::source::Span;
use crate::world::Settings;

/// A field, or a combination of fields, that istiod's admission webhook rejects or warns about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The number of istiod's check, which conformance tests compare: `VS-12`.
    pub id: &'static str,
    /// The kind of mistake. One lint rule reports each kind.
    pub mistake: Mistake,
    /// How the webhook reacts.
    pub layer: Layer,
    /// The exact place.
    pub span: Span,
    /// The bytes of the text at `span` that are wrong, if they are only a part of the text.
    pub part: Option<Range<usize>>,
    /// The problem: lower case, no final period.
    pub message: String,
    /// The way to fix it.
    pub help: Option<Advice>,
    /// Whether the warning applies to every such resource: worth knowing, but not a mistake.
    pub is_general: bool,
    /// Another place that belongs to the violation, with a label.
    pub related: Option<(Span, &'static str)>,
    /// The line of this program that found the violation. Tests use it to see that each such line is exercised.
    pub reported_at: &'static Location<'static>,
}

/// A kind of mistake. One lint rule reports each kind, unless the variant says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mistake {
    /// A required field is missing or empty.
    MissingField,
    /// Fields exclude each other, or one needs another.
    ConflictingFields,
    /// A setting that has no effect.
    NoEffect,
    /// An older form of a setting, which a newer one replaces.
    OlderForm,
    /// A field of the API that istiod does not support.
    UnsupportedField,
    /// An entry that a list may have only once.
    DuplicateEntry,
    /// A host name.
    InvalidHost,
    /// An IP address, a CIDR range, a Unix domain socket.
    InvalidAddress,
    /// The number, name or protocol of a port.
    InvalidPort,
    /// A duration.
    InvalidDuration,
    /// A number that is too small or too large: percentages, status codes, counts.
    OutOfRange,
    /// A text or a list that is too long.
    OversizedValue,
    /// Labels and selectors.
    InvalidLabel,
    /// The name or value of a header.
    InvalidHeader,
    /// A regular expression.
    InvalidRegex,
    /// A CEL expression.
    InvalidExpression,
    /// A name that cannot refer to anything: gateways, subsets, `exportTo`, `targetRefs`, principals, providers.
    InvalidReference,
    /// A URI, a path, a path template.
    InvalidUri,
    /// TLS settings.
    InvalidTls,
    /// A value that an AuthorizationPolicy or a RequestAuthentication cannot have.
    InvalidPolicy,
    /// A JSON Web Key Set.
    InvalidJwks,
    /// The match of an EnvoyFilter, or the module of a Wasm plugin.
    InvalidExtension,
    /// An EnvoyFilter, which an upgrade of Istio can break.
    EnvoyFilterUpgrade,
    /// Names of resources, and annotations.
    InvalidMetadata,
    /// A DENY rule that denies TCP traffic too. `http-rule-on-tcp` reports it, and considers ports as well.
    DeniesTcp,
    /// A TCP port that captures the connections to other hosts. `captured-port` decides that for itself.
    CapturedPort,
    /// Weights. `invalid-weights` decides that for itself.
    Weights,
    /// A route or match that gets no requests. `unreachable-route` adds those that it does not find for itself.
    Unreachable,
    /// A match that istiod considers unreachable although some requests reach it. No rule reports it.
    SeeminglyUnreachable,
}

/// How istiod's admission webhook reacts to a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The webhook rejects the resource (`istioctl analyze`: IST0106).
    Webhook,
    /// The webhook warns (`istioctl analyze`: IST0133).
    WebhookWarning,
    /// The webhook finds the violation, but drops its warnings about this part of the resource.
    LostWarning,
}

/// Collects the violations of one resource.
pub(super) struct Violations<'a> {
    pub resource: &'a Resource,
    pub settings: &'a Settings,
    violations: Vec<Violation>,
    loses_warnings: bool,
}

impl<'a> Violations<'a> {
    pub fn new(resource: &'a Resource, settings: &'a Settings) -> Self {
        Self { resource, settings, violations: Vec::new(), loses_warnings: false }
    }

    /// The namespace of the resource.
    pub fn namespace(&self) -> &'a str {
        self.settings.namespace_of(self.resource)
    }

    /// Adds a violation for which the webhook rejects the resource.
    #[track_caller]
    pub fn error(
        &mut self,
        id: &'static str,
        mistake: Mistake,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Violation {
        self.add(id, mistake, Layer::Webhook, span, message.into())
    }

    /// Adds a violation that the webhook warns about.
    #[track_caller]
    pub fn warning(
        &mut self,
        id: &'static str,
        mistake: Mistake,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Violation {
        let layer = if self.loses_warnings { Layer::LostWarning } else { Layer::WebhookWarning };
        self.add(id, mistake, layer, span, message.into())
    }

    /// Checks a part of the resource for which the webhook drops its warnings.
    pub fn losing_warnings(&mut self, check: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.loses_warnings, true);
        check(self);
        self.loses_warnings = outer;
    }

    #[track_caller]
    fn add(&mut self, id: &'static str, mistake: Mistake, layer: Layer, span: Span, message: String) -> &mut Violation {
        self.violations.push(Violation {
            id,
            mistake,
            layer,
            span,
            part: None,
            message,
            help: None,
            is_general: false,
            related: None,
            reported_at: Location::caller(),
        });
        self.violations.last_mut().expect("one was just pushed")
    }

    pub fn into_violations(self) -> Vec<Violation> {
        self.violations
    }
}

impl Violation {
    /// Marks a warning that applies to every such resource: worth knowing, but not a mistake.
    pub fn general(&mut self) -> &mut Self {
        self.is_general = true;
        self
    }

    /// Sets which bytes of the text are wrong.
    pub fn part(&mut self, part: Range<usize>) -> &mut Self {
        self.part = Some(part);
        self
    }

    /// Sets what to do.
    pub fn help(&mut self, help: impl Into<Advice>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Advises to write another value, or key, at the place of the violation.
    pub fn write(&mut self, literal: impl Into<Literal>) -> &mut Self {
        let edit = Edit::set(self.span, literal);
        self.help(Advice::write(edit))
    }

    /// Asks whether another value, or key, was meant at the place of the violation.
    pub fn did_you_mean(&mut self, literal: impl Into<Literal>) -> &mut Self {
        let edit = Edit::set(self.span, literal);
        self.help(Advice::did_you_mean(edit))
    }

    /// Advises to remove the field, whose key or value is at the place of the violation.
    pub fn remove(&mut self, field: &str) -> &mut Self {
        let edit = Edit::remove(self.span).of(field);
        self.help(Advice::remove(edit))
    }

    /// Points to another place.
    pub fn related(&mut self, span: Span, label: &'static str) -> &mut Self {
        self.related = Some((span, label));
        self
    }
}
