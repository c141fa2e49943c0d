//! `impossible-policy-value`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::security::Operation;
use crate::source::Spanned;
use crate::uri::Url;

pub static RULE: Rule = rule! {
    name: "impossible-policy-value",
    aliases: [],
    severity: Warning,
    summary: "a path or host of an AuthorizationPolicy that no request has, as policies compare them",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for policy in context.world.policies.authorization_policies() {
        let operations = policy.spec.rules.iter().flat_map(|rule| &rule.to).filter_map(|to| to.operation.as_ref());
        operations.for_each(|operation| check_operation(operation, context, diagnostics));
    }
}

fn check_operation(operation: &Operation, context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for path in operation.paths.iter().chain(&operation.not_paths).filter(|path| !context.is_refused(path.span)) {
        check_path(path, diagnostics);
    }
    for host in operation.hosts.iter().chain(&operation.not_hosts).filter(|host| host.contains('/')) {
        let bare = Url::parse(host).map_or_else(|| "the host only".to_owned(), |url| url.authority());
        diagnostics
            .report_default(host.span, format!("{} is no host: requests name one without scheme and path", host.value))
            .help(format!("write {bare}"));
    }
}

/// Paths are compared whole, or by what an asterisk at one end leaves; `{*}` and `{**}` make a template of them (istiod:
/// `matcher.PathMatcher`).
fn check_path(path: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let text = path.as_str();
    if text == "*" || text.contains('{') {
        return;
    }
    let compared = text.strip_prefix('*').or(text.strip_suffix('*')).unwrap_or(text);
    if let Some(prefix) = text.strip_suffix(".*") {
        diagnostics
            .report_default(
                path.span,
                format!("paths are no regular expressions: this takes what begins with {prefix}."),
            )
            .help(format!("write {prefix}*"));
    } else if compared.contains('*') {
        diagnostics
            .report_default(
                path.span,
                format!("an asterisk stands for something at one end only: in {text} it is compared as it is"),
            )
            .help(format!("write {{*}} for one part of a path: {}", text.replace('*', "{*}")));
    } else if compared.contains('?') {
        let path_only = text.split('?').next().unwrap_or_default();
        diagnostics
            .report_default(path.span, "the query is no part of the path that is compared")
            .help(format!("write {path_only}"));
    } else if !text.starts_with(['/', '*']) && !text.is_empty() {
        diagnostics
            .report_default(path.span, format!("every path begins with a slash, so {text} is none"))
            .help(format!("write /{text}"));
    }
}
