//! CEL rules of a schema, and the refusal if one does not hold.

use crate::advice::{Advice, Edit};
use crate::model::crd::schema::{present, text};
use crate::source::Span;
use crate::yaml::Node;

/// A CEL rule of a value, which the API server evaluates after it has set the defaults.
pub enum CelRule {
    /// The function gives the refusal of a value that breaks the rule.
    Check(fn(&Node) -> Option<Refusal>),
    /// A rule of the schema that is not CEL.
    Form(fn(&Node) -> Option<Refusal>),
    /// Several rules about one value, which often breaks more than one of them. Only the first is reported.
    FirstOf(&'static [fn(&Node) -> Option<Refusal>]),
    /// A rule that only one channel has.
    InChannel(Channel, fn(&Node) -> Option<Refusal>),
    /// If the first field is set to the word, the second field must be set.
    Needs(&'static str, &'static str, &'static str),
    /// The second field may only be set if the first one is set to the word.
    OnlyWith(&'static str, &'static str, &'static str),
    /// At most one item of a list has the word as its `type`.
    Once(&'static str),
    /// The value cannot be changed, which a manifest alone does not decide.
    Unchanged,
}

/// A release channel of the Gateway API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Kinds and fields that will not change.
    Standard,
    /// All kinds and fields.
    Experimental,
}

/// A mistake for which the API server refuses a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The place.
    pub span: Span,
    /// The message: lower case, no final period.
    pub message: String,
    /// The help.
    pub help: Advice,
    /// Another place that belongs to the mistake, with a label.
    pub related: Option<(Span, &'static str)>,
}

/// A refusal that concerns one place.
pub fn refuse(span: Span, message: impl Into<String>, help: impl Into<Advice>) -> Refusal {
    Refusal { span, message: message.into(), help: help.into(), related: None }
}

impl Refusal {
    /// Adds the other place.
    pub fn beside(self, span: Span, label: &'static str) -> Self {
        Self { related: Some((span, label)), ..self }
    }
}

/// Evaluates rules of a value. The result says which channel has the broken rule, or `None` if both have it.
pub fn evaluate(rules: &[CelRule], node: &Node) -> Vec<(Option<Channel>, Refusal)> {
    let mut refusals = Vec::new();
    // A wrong `type` breaks two rules: that of the member it names, and that of the member that is set.
    let mut misplaced = Vec::new();
    for rule in rules {
        if let CelRule::OnlyWith(tag, word, field) = rule
            && let Some(refusal) = only_with(node, (tag, word, field))
        {
            misplaced.push(*tag);
            refusals.push((None, refusal));
        }
    }
    for rule in rules {
        let refusal = match rule {
            CelRule::Check(check) | CelRule::Form(check) => check(node),
            CelRule::FirstOf(checks) => checks.iter().find_map(|check| check(node)),
            CelRule::InChannel(channel, check) => {
                refusals.extend(check(node).map(|refusal| (Some(*channel), refusal)));
                None
            }
            CelRule::Needs(tag, word, field) if !misplaced.contains(tag) => needs(node, (tag, word, field)),
            CelRule::Once(word) => once(node, word),
            CelRule::Needs(..) | CelRule::OnlyWith(..) | CelRule::Unchanged => None,
        };
        refusals.extend(refusal.map(|refusal| (None, refusal)));
    }
    refusals
}

/// The refusal of an object whose tag names a member that it does not have. A member is a tag, its word and a field.
pub fn needs(node: &Node, (tag, word, field): (&str, &str, &str)) -> Option<Refusal> {
    let chosen = present(node, tag).filter(|chosen| chosen.as_str() == Some(word))?;
    present(node, field).is_none().then(|| {
        refuse(chosen.span, format!("`{tag}: {word}` needs `{field}`"), format!("add `{field}`, or change `{tag}`"))
    })
}

/// The refusal of an object that has a member which its tag does not name.
pub fn only_with(node: &Node, (tag, word, field): (&str, &str, &str)) -> Option<Refusal> {
    let member = present(node, field)?;
    let chosen = present(node, tag).filter(|chosen| chosen.as_str() != Some(word))?;
    let others = node.entries().iter().filter(|entry| ![tag, field].contains(&&*entry.key.text)).count();
    Some(if others == 0 {
        let message = format!("`{field}` is set, but `{tag}` is `{}`", chosen.as_str().unwrap_or_default());
        refuse(chosen.span, message, Advice::write(Edit::set(chosen.span, word).of(tag)))
    } else {
        let message = format!("`{field}` is only allowed with `{tag}: {word}`");
        let remove = Edit::remove(member.span).of(field);
        let help = format!("remove {remove}, or write `{tag}: {word}` and remove the other fields");
        refuse(member.span, message, Advice::new(help).option([remove]))
    })
}

fn once(node: &Node, word: &str) -> Option<Refusal> {
    let mut found = node.items().iter().filter(|item| text(item, "type") == Some(word));
    let (first, second) = (found.next()?, found.next()?);
    let refusal =
        refuse(second.span, format!("the filter {word} is repeated"), "merge it with the earlier one, or remove one");
    Some(refusal.beside(first.span, "the earlier filter"))
}
