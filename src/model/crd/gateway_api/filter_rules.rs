//! CEL rules of filters.

use crate::model::crd::schema::{present, text};
use crate::model::crd::structural::{Refusal, needs, only_with, refuse};
use crate::yaml::{Node, Value};

/// A rule redirects requests or forwards them with another path, but not both.
pub fn redirects_or_rewrites(filters: &Node) -> Option<Refusal> {
    let of_type = |word| filters.items().iter().find(|filter| text(filter, "type") == Some(word));
    let (redirect, rewrite) = (of_type("RequestRedirect")?, of_type("URLRewrite")?);
    let message = "URLRewrite is not allowed beside RequestRedirect, which answers the request itself";
    let help = "remove one of them; `requestRedirect` has a `path` and a `hostname` of its own";
    Some(refuse(rewrite.span, message, help).beside(redirect.span, "the redirect"))
}

/// A mirror gets a percentage or a fraction of the requests.
pub fn one_share(mirror: &Node) -> Option<Refusal> {
    present(mirror, "percent")?;
    let fraction = present(mirror, "fraction")?;
    Some(refuse(fraction.span, "`percent` and `fraction` exclude each other", "keep one of them"))
}

/// A fraction is at most 1.
pub fn share_below_one(fraction: &Node) -> Option<Refusal> {
    let number = |field| match present(fraction, field)?.value {
        Value::Int(number) => Some(number),
        _ => None,
    };
    let (numerator, denominator) = (number("numerator")?, number("denominator")?);
    (numerator > denominator).then(|| {
        let message = format!("`numerator` {numerator} is greater than `denominator`, which is {denominator}");
        let place = present(fraction, "numerator").map_or(fraction.span, |node| node.span);
        refuse(place, message, format!("write at most `numerator: {denominator}`, or a greater `denominator`"))
    })
}

/// The type ExternalAuth and its field belong together.
pub fn external_auth_fits_type(filter: &Node) -> Option<Refusal> {
    const MEMBER: (&str, &str, &str) = ("type", "ExternalAuth", "externalAuth");
    only_with(filter, MEMBER).or_else(|| needs(filter, MEMBER))
}

pub fn lone_wildcard_origin(origins: &Node) -> Option<Refusal> {
    lone_wildcard(origins, "origin")
}

pub fn lone_wildcard_method(methods: &Node) -> Option<Refusal> {
    lone_wildcard(methods, "method")
}

pub fn lone_wildcard_header(headers: &Node) -> Option<Refusal> {
    lone_wildcard(headers, "header")
}

/// `*` is the only item of its list.
fn lone_wildcard(list: &Node, noun: &str) -> Option<Refusal> {
    let wildcard = list.items().iter().find(|item| item.as_str() == Some("*"))?;
    (list.items().len() > 1).then(|| {
        let message = format!("`*` allows every {noun}, so other items are not allowed beside it");
        refuse(wildcard.span, message, "remove `*`, or the other items")
    })
}
