//! Making a disagreement small: first the mesh, with the one request; then the request.

use std::path::Path;
use std::time::{Duration, Instant};

use proptest::strategy::ValueTree;

use crate::batch;
use crate::case::{Ask, Case};
use crate::meshes::Mesh;

/// How long a disagreement is made smaller.
const PATIENCE: Duration = Duration::from_secs(60);

/// A case that can be made smaller.
pub struct Generated<M, R> {
    /// The mesh.
    pub mesh: M,
    /// The requests.
    pub requests: Vec<R>,
}

impl<M: ValueTree<Value = Mesh>, R: ValueTree<Value = Ask>> Generated<M, R> {
    /// The case as it is now.
    pub fn case(&self) -> Case {
        case(&self.mesh.current(), self.requests.iter().map(ValueTree::current).collect())
    }
}

fn case(mesh: &Mesh, requests: Vec<Ask>) -> Case {
    Case { proxy: mesh.proxy, registry_only: mesh.registry_only, manifests: mesh.manifests(), requests }
}

/// The smallest case that is found in a while, and what is different there.
pub fn shrink<M: ValueTree<Value = Mesh>, R: ValueTree<Value = Ask>>(
    program: &Path,
    generated: &mut Generated<M, R>,
    request: usize,
) -> (Case, String) {
    let begin = Instant::now();
    let mut smallest = None;
    let mut differs = |case: Case| {
        let found = batch::differences(program, std::slice::from_ref(&case)).unwrap_or_default();
        let difference = found.into_iter().next().map(|difference| difference.what);
        let is_different = difference.is_some();
        smallest = difference.map(|what| (case, what)).or(smallest.take());
        is_different
    };
    let ask = generated.requests[request].current();
    differs(case(&generated.mesh.current(), vec![ask.clone()]));
    let mesh = minimal(&mut generated.mesh, begin, |mesh| differs(case(mesh, vec![ask.clone()])));
    minimal(&mut generated.requests[request], begin, |ask| differs(case(&mesh, vec![ask.clone()])));
    smallest.unwrap_or_else(|| (generated.case(), "it did not happen again".to_owned()))
}

fn minimal<T: ValueTree>(tree: &mut T, begin: Instant, mut fails: impl FnMut(&T::Value) -> bool) -> T::Value {
    let mut smallest = tree.current();
    let mut goes_on = tree.simplify();
    while goes_on && begin.elapsed() < PATIENCE {
        let value = tree.current();
        goes_on = if fails(&value) {
            smallest = value;
            tree.simplify()
        } else {
            tree.complicate()
        };
    }
    smallest
}

/// Says which case of a batch Envoy refuses.
pub fn refused(program: &Path, cases: &[Case], error: &str) -> ! {
    let alone = cases.iter().find_map(|case| {
        let said = batch::differences(program, std::slice::from_ref(case)).err()?;
        let without_requests = Case { requests: Vec::new(), ..case.clone() };
        Some(format!("{said}\n{}", without_requests.to_yaml()))
    });
    panic!("{}", alone.unwrap_or_else(|| error.to_owned()));
}
