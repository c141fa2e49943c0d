//! Tests of routes: cases that say what happens to requests.
//!
//! A case is about the rules of VirtualServices, as istio-config-validator has it ([`rules`]), or about the answers of
//! [`simulate`](crate::simulate) ([`answers`]). [`read()`] reads both from one kind of file. [`coverage`] tells which routes the
//! cases reach, and [`generate`] writes a case for each.

mod answers;
mod asserted;
mod coverage;
mod generate;
mod json;
mod read;
mod recorded;
mod rules;

pub use answers::AnswerCase;
pub use coverage::{Coverage, RoutePlace};
pub use generate::{Generated, generate};
pub use read::{Cases, read};
pub use recorded::read_recorded;
pub use rules::RuleCase;

use globset::Glob;
use serde_json::Value;

use crate::layout::Mesh;
use crate::model::wording;
use crate::simulate::{Answer, Request, Simulators, Step};
use crate::world::World;

/// A case.
#[derive(Debug, Clone)]
pub struct Case {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The description.
    pub name: String,
    /// The mesh that it is about, or a pattern for several. `None` for those that have the host.
    pub mesh: Option<String>,
    /// The requests, and what is expected of them.
    pub body: Body,
}

/// The requests of a case, and what is expected of them.
#[derive(Debug, Clone)]
pub enum Body {
    /// Rules of VirtualServices.
    Rules(RuleCase),
    /// Answers for requests.
    Answers(Box<AnswerCase>),
}

/// A request that is not treated as expected.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The request in words, if the answer has none.
    pub asked: Result<Request, String>,
    /// The differences.
    pub differences: Vec<Difference>,
    /// The answer, with its trace.
    pub answer: Option<Box<Answer>>,
    /// The place of the rule that the request meets, as `file:line`.
    pub place: Option<String>,
    /// The mesh, if there are several.
    pub mesh: Option<String>,
    /// The rules that were considered, if there is no answer.
    pub considered: Vec<Step>,
}

/// Whether a pattern names a mesh. The name of a mesh can have characters with a meaning in patterns.
fn is_named(pattern: &str, name: &str) -> bool {
    pattern == name || Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(name))
}

impl Failure {
    /// A request of which nothing else is known.
    fn of(asked: Result<Request, String>) -> Self {
        Self { asked, differences: Vec::new(), answer: None, place: None, mesh: None, considered: Vec::new() }
    }
}

/// A value that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field, such as `destinations[0].subset`.
    pub field: String,
    /// The expected value.
    pub expected: String,
    /// The value that there is.
    pub actual: String,
}

/// The result of a case.
#[derive(Debug)]
pub struct CaseResult<'c> {
    /// The case.
    pub case: &'c Case,
    /// The number of requests.
    pub inputs: usize,
    /// The requests that are not treated as expected. Empty if the case passes.
    pub failures: Vec<Failure>,
}

/// The meshes that cases are about.
pub struct Meshes<'m, 'a> {
    /// The meshes, with their names.
    pub worlds: &'m [(&'m Mesh, World<'a>)],
    /// The same, for requests.
    pub simulators: &'m Simulators<'a>,
    /// Writes an answer as the result object of the interface.
    pub describe: &'m (dyn Fn(&Answer) -> Value + Sync),
}

impl<'a> Meshes<'_, 'a> {
    /// The meshes that a case is about.
    fn of<'s>(&'s self, case: &Case) -> Vec<(&'s str, &'s World<'a>)> {
        let is_meant = |name: &str| case.mesh.as_deref().is_none_or(|pattern| is_named(pattern, name));
        let meant = self.worlds.iter().filter(|(mesh, _)| is_meant(&mesh.name));
        meant.map(|(mesh, world)| (mesh.name.as_str(), world)).collect()
    }

    /// The meshes that there are, in words.
    fn known(&self) -> String {
        const MOST: usize = 10;
        match self.worlds {
            all if all.len() > MOST => format!("{} others; `mesh meshes` lists them", all.len()),
            all => wording::list(all.iter().map(|(mesh, _)| &mesh.name), "and"),
        }
    }

    /// Runs a case, and notes the routes that its requests reach.
    pub fn run<'c>(&self, case: &'c Case, coverage: &mut Coverage) -> CaseResult<'c> {
        if let Some(name) = case.mesh.as_deref().filter(|_| self.of(case).is_empty()) {
            let difference = Difference { field: "mesh".to_owned(), expected: name.to_owned(), actual: self.known() };
            let failure = Failure { differences: vec![difference], ..Failure::of(Err("mesh".to_owned())) };
            return CaseResult { case, inputs: 0, failures: vec![failure] };
        }
        let (inputs, failures) = match &case.body {
            Body::Rules(rules) => rules.run(&self.of(case), coverage),
            Body::Answers(answers) => answers.run(self, case, coverage),
        };
        CaseResult { case, inputs, failures }
    }
}
