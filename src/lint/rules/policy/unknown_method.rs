//! `unknown-method`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::nearest;
use crate::policy::{Attribute, requirements};

pub static RULE: Rule = rule! {
    name: "unknown-method",
    aliases: ["KIA0102"],
    severity: Warning,
    summary: "a method of an AuthorizationPolicy that HTTP does not have: no request matches it",
    check: check,
};

/// The methods of HTTP, of PATCH, and of WebDAV as far as it is in use.
const METHODS: [&str; 16] = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "PATCH",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for policy in context.world.policies.authorization_policies() {
        let methods =
            policy.spec.rules.iter().flat_map(requirements).filter(|asked| asked.attribute == Attribute::Method);
        for value in methods.flat_map(|asked| asked.values) {
            let method = value.as_str();
            let exists = match (method.strip_suffix('*'), method.strip_prefix('*')) {
                (Some(prefix), _) => METHODS.iter().any(|known| known.starts_with(prefix)),
                (_, Some(suffix)) => METHODS.iter().any(|known| known.ends_with(suffix)),
                (None, None) => METHODS.contains(&method),
            };
            if exists || method.is_empty() {
                continue;
            }
            let diagnostic = diagnostics.report_default(value.span, format!("{method} is no method of HTTP"));
            match nearest(method, METHODS) {
                Some(known) if known.eq_ignore_ascii_case(method) => {
                    diagnostic.help(format!("methods are compared as they are written: {known}"))
                }
                Some(known) => diagnostic.help(format!("did you mean {known}?")),
                None => diagnostic.help("gRPC services are told by paths; their method is POST"),
            };
        }
    }
}
