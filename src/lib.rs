//! `mesh` reads Istio configuration from files, resolves it as istiod would, and answers questions
//! about it: what is wrong ([`lint`]), and where a request goes ([`simulate`]).
//!
//! The modules are declared in the order in which data passes them. Each uses only those above it;
//! a test holds them to that.

pub mod source;
pub mod yaml;

pub mod advice;

pub mod uri;

pub mod re2;

pub mod config;

pub mod model;

pub mod kustomize;

pub mod load;

pub mod layout;

pub mod world;

pub mod validate;

pub mod routing;

pub mod policy;

pub mod symbolic;

pub mod simulate;

pub mod proof;

pub mod cases;

pub mod lint;

pub mod report;

pub mod cli;
