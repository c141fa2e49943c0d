//! Shrinks a disagreement: first the mesh, with a single request, and then the request.

#![allow(clippy::disallowed_methods, reason = "shrinking stops after a while")]

use std::path::Path;
use std::time::{Duration, Instant};

use proptest::strategy::ValueTree;

use crate::batch;
use crate::case::{Case, ClientRequest};
use crate::meshes::Mesh;

/// The time to spend on shrinking.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A generated case, which can be shrunk.
pub struct Generated<M, R> {
    /// The mesh.
    pub mesh: M,
    /// The requests.
    pub requests: Vec<R>,
}

impl<M: ValueTree<Value = Mesh>, R: ValueTree<Value = ClientRequest>> Generated<M, R> {
    /// The case at the current stage of shrinking.
    pub fn case(&self) -> Case {
        case(&self.mesh.current(), self.requests.iter().map(ValueTree::current).collect())
    }
}

fn case(mesh: &Mesh, requests: Vec<ClientRequest>) -> Case {
    Case { proxy: mesh.proxy, registry_only: mesh.registry_only, manifests: mesh.manifests(), requests }
}

/// The smallest case that is found within the time limit, with the description of its difference.
pub fn shrink<M: ValueTree<Value = Mesh>, R: ValueTree<Value = ClientRequest>>(
    program: &Path,
    generated: &mut Generated<M, R>,
    request: usize,
) -> (Case, String) {
    let start = Instant::now();
    let mut smallest = None;
    let mut differs = |case: Case| {
        let found = batch::differences(program, std::slice::from_ref(&case)).unwrap_or_default();
        let difference = found.into_iter().next().map(|difference| difference.description);
        let is_different = difference.is_some();
        smallest = difference.map(|description| (case, description)).or(smallest.take());
        is_different
    };
    let client_request = generated.requests[request].current();
    differs(case(&generated.mesh.current(), vec![client_request.clone()]));
    let mesh = minimal(&mut generated.mesh, start, |mesh| differs(case(mesh, vec![client_request.clone()])));
    minimal(&mut generated.requests[request], start, |client_request| {
        differs(case(&mesh, vec![client_request.clone()]))
    });
    smallest.unwrap_or_else(|| (generated.case(), "the disagreement did not occur again".to_owned()))
}

fn minimal<T: ValueTree>(tree: &mut T, start: Instant, mut fails: impl FnMut(&T::Value) -> bool) -> T::Value {
    let mut smallest = tree.current();
    let mut continues = tree.simplify();
    while continues && start.elapsed() < TIME_LIMIT {
        let value = tree.current();
        continues = if fails(&value) {
            smallest = value;
            tree.simplify()
        } else {
            tree.complicate()
        };
    }
    smallest
}

/// Panics with the case of a batch that Envoy rejects.
pub fn rejected(program: &Path, cases: &[Case], error: &str) -> ! {
    let rejected = cases.iter().find_map(|case| {
        let message = batch::differences(program, std::slice::from_ref(case)).err()?;
        let without_requests = Case { requests: Vec::new(), ..case.clone() };
        Some(format!("{message}\n{}", without_requests.to_yaml()))
    });
    panic!("{}", rejected.unwrap_or_else(|| error.to_owned()));
}
