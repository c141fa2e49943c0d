//! Requests that show what was proven.

use std::collections::BTreeMap;

use crate::simulate::{HeaderValue, Request};
use crate::symbolic::Witness;

/// The parts of a request that its connection leaves open, as a witness has them. `names_scheme` says whether the scheme
/// matters.
pub fn request(connection: &Request, host: &str, witness: &Witness, names_scheme: bool) -> Request {
    let sample = witness.sample();
    let mut headers: BTreeMap<String, HeaderValue> = BTreeMap::new();
    for (name, value) in &sample.headers {
        let value = match headers.remove(name) {
            None => HeaderValue::One(value.clone()),
            Some(earlier) => HeaderValue::Many([earlier.values(), std::slice::from_ref(value)].concat()),
        };
        headers.insert(name.clone(), value);
    }
    let filled = |text: &str, usual: &str| Some(text.to_owned()).filter(|text| text != usual);
    let host = if sample.authority.is_empty() { host } else { &sample.authority };
    Request {
        host: Some(host.to_owned()),
        method: filled(&sample.method, "GET"),
        scheme: names_scheme.then(|| sample.scheme.clone()),
        path: filled(&sample.path_and_query(), "/"),
        headers,
        claims: sample.claims.clone(),
        ..connection.clone()
    }
}
