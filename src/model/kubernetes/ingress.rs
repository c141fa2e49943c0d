//! Ingress and IngressClass.

use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// Routes of requests from outside, by host and path.
    open struct Ingress {
        ingress_class_name: Option<Spanned<String>>,
        default_backend: Option<IngressBackend>,
        tls: Vec<IngressTls>,
        rules: Vec<IngressRule>,
    }
}

message! {
    /// Hosts that are served with a certificate.
    open struct IngressTls {
        hosts: Vec<Spanned<String>>,
        secret_name: Option<Spanned<String>>,
    }
}

message! {
    /// The paths of a host.
    open struct IngressRule {
        host: Option<Spanned<String>>,
        http: Option<IngressHttp>,
    }
}

message! {
    /// Paths.
    open struct IngressHttp {
        paths: Vec<IngressPath>,
    }
}

message! {
    /// A path and where it leads.
    open struct IngressPath {
        path: Option<Spanned<String>>,
        path_type: Option<Spanned<String>>,
        backend: Option<IngressBackend>,
    }
}

message! {
    /// Where requests go.
    open struct IngressBackend {
        service: Option<IngressService>,
    }
}

message! {
    /// A Service of the Ingress's namespace.
    open struct IngressService {
        name: Option<Spanned<String>>,
        port: Option<IngressServicePort>,
    }
}

message! {
    /// A port of a Service, by name or by number.
    open struct IngressServicePort {
        name: Option<Spanned<String>>,
        number: Option<Spanned<u32>>,
    }
}

message! {
    /// Which controller looks after the Ingresses of a class.
    open struct IngressClass {
        controller: Option<Spanned<String>>,
    }
}
