//! Ingress and IngressClass.

use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// Routes for requests from outside the cluster, by host and path.
    open struct Ingress {
        ingress_class_name: Option<Spanned<String>>,
        default_backend: Option<IngressBackend>,
        tls: Vec<IngressTls>,
        rules: Vec<IngressRule>,
    }
}

message! {
    /// Hosts and the Secret with their certificate.
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
    /// The list of paths of a host.
    open struct IngressHttp {
        paths: Vec<IngressPath>,
    }
}

message! {
    /// A path and its backend.
    open struct IngressPath {
        path: Option<Spanned<String>>,
        path_type: Option<Spanned<String>>,
        backend: Option<IngressBackend>,
    }
}

message! {
    /// The destination of requests.
    open struct IngressBackend {
        service: Option<IngressService>,
    }
}

message! {
    /// A Service in the namespace of the Ingress.
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
    /// The controller that manages the Ingresses of a class.
    open struct IngressClass {
        controller: Option<Spanned<String>>,
    }
}
