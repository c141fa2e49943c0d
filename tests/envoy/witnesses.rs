//! Requests that a proof gives as witnesses, for which Envoy must do what the proof says.

use mesh::load::Snapshot;
use mesh::proof::diff::Diff;
use mesh::simulate::{Request, RequestProtocol, Simulator, Tls};
use mesh::world::{Settings, World};

use crate::case::{Case, ClientRequest, Header, Proxy};

/// The requests that two cases with the same kind of proxy treat differently, as far as a client of that proxy can send them.
/// Each of them is a request to both.
pub fn add(old: &mut Case, new: &mut Case) {
    let snapshots = [&*old, &*new].map(|case| Snapshot::of_texts([("case.yaml", case.manifests.clone())]));
    let worlds = snapshots.each_ref().map(|snapshot| World::new(snapshot, Settings::default()));
    let diff = Diff::of(&Simulator::new(&worlds[0]), &Simulator::new(&worlds[1]));
    let witnesses = diff.changes.iter().filter(|change| is_sent_by(old.proxy, &change.witness));
    let requests: Vec<ClientRequest> = witnesses.filter_map(|change| client_request(&change.witness)).collect();
    old.requests.extend(requests.iter().cloned());
    new.requests.extend(requests);
}

/// Whether the client of a case can send a request: over plaintext HTTP, to port 80 of its proxy.
fn is_sent_by(proxy: Proxy, request: &Request) -> bool {
    let client = request.from.as_ref();
    let is_own = match proxy {
        Proxy::Gateway => request.gateway.is_some(),
        Proxy::Sidecar => client.is_some_and(|it| it.namespace.as_deref() == Some("default") && it.labels.is_empty()),
    };
    is_own
        && request.to.is_none()
        && request.port == Some(80)
        && request.tls() == Tls::Plaintext
        && request.protocol() == RequestProtocol::Http
        && request.claims.is_null()
        && request.scheme.is_none()
}

fn client_request(request: &Request) -> Option<ClientRequest> {
    let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.as_bytes().to_vec() };
    let headers = request.headers.iter().flat_map(|(name, value)| value.values().iter().map(|it| header(name, it)));
    Some(ClientRequest {
        method: request.method.clone().unwrap_or_else(|| "GET".to_owned()),
        host: request.host.clone()?,
        target: request.path.clone().unwrap_or_else(|| "/".to_owned()).into_bytes(),
        headers: headers.collect(),
    })
}
