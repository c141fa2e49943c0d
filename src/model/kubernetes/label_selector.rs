//! Label selectors of Kubernetes.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::field::TextField;
use crate::model::macros::message;
use crate::model::map::{LabelSet, Labels};
use crate::source::Spanned;

message! {
    /// A label selector. An object must meet all requirements.
    struct LabelSelector {
        match_labels: Labels,
        match_expressions: Vec<LabelSelectorRequirement>,
    }
}

message! {
    /// A requirement on one label.
    struct LabelSelectorRequirement {
        key: Option<Spanned<String>>,
        operator: Option<Spanned<String>>,
        values: Vec<Spanned<String>>,
    }
}

impl LabelSelector {
    /// Whether labels meet all requirements. A selector with an unknown operator selects nothing, because Kubernetes
    /// rejects it.
    pub fn selects(&self, labels: &LabelSet<'_>) -> bool {
        self.match_labels.selects(labels) && self.match_expressions.iter().all(|it| it.holds(labels))
    }
}

/// Labels that all the selectors select; `None` if no labels do. Keys are independent of each other, so one value is
/// chosen for each key.
pub fn common_labels<'s>(selectors: impl IntoIterator<Item = &'s LabelSelector>) -> Option<BTreeMap<&'s str, &'s str>> {
    let mut wanted: BTreeMap<&str, Wanted<'_>> = BTreeMap::new();
    for selector in selectors {
        for (key, value) in selector.match_labels.iter() {
            wanted.entry(key.as_str()).or_default().any_of([value.as_str()]);
        }
        for requirement in &selector.match_expressions {
            let wanted = wanted.entry(requirement.key.text()).or_default();
            let values = requirement.values.iter().map(|value| value.as_str());
            match requirement.operator.text() {
                "In" => wanted.any_of(values),
                "NotIn" => wanted.none_of.extend(values),
                "Exists" => wanted.present = true,
                "DoesNotExist" => wanted.absent = true,
                _ => return None,
            }
        }
    }
    let mut labels = BTreeMap::new();
    for (key, wanted) in &wanted {
        if let Some(value) = wanted.value()? {
            labels.insert(*key, value);
        }
    }
    Some(labels)
}

/// The requirements of several selectors on one label.
#[derive(Default)]
struct Wanted<'s> {
    /// The allowed values; `None` if every value is allowed.
    any_of: Option<BTreeSet<&'s str>>,
    /// The excluded values.
    none_of: BTreeSet<&'s str>,
    present: bool,
    absent: bool,
}

impl<'s> Wanted<'s> {
    fn any_of(&mut self, values: impl IntoIterator<Item = &'s str>) {
        let values: BTreeSet<&str> = values.into_iter().collect();
        self.any_of = Some(match self.any_of.take() {
            Some(before) => before.intersection(&values).copied().collect(),
            None => values,
        });
    }

    /// A value that meets the requirements, or `Some(None)` for an absent label. `None` if they contradict each other.
    fn value(&self) -> Option<Option<&'s str>> {
        /// A value that no selector names.
        const OTHER: &str = "…";
        let is_wanted = self.any_of.is_some() || self.present;
        match &self.any_of {
            _ if self.absent => (!is_wanted).then_some(None),
            Some(values) => values.difference(&self.none_of).next().map(|value| Some(*value)),
            None if self.present => Some(Some(OTHER)),
            None => Some(None),
        }
    }
}

impl LabelSelectorRequirement {
    fn holds(&self, labels: &LabelSet<'_>) -> bool {
        let value = labels.get(self.key.text()).copied();
        let is_listed = || value.is_some_and(|value| self.values.iter().any(|listed| listed.as_str() == value));
        match self.operator.text() {
            "In" => is_listed(),
            "NotIn" => !is_listed(),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::decode::{Decode, Decoder, Texts};
    use crate::source::Sources;
    use crate::yaml;

    fn selector(text: &str) -> LabelSelector {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", text);
        let root = yaml::parse(&yaml::split(file, text)[0], text).root.expect("it is YAML");
        LabelSelector::decode(&root, &mut Decoder::new(Texts::Embedded(text))).expect("it is a selector")
    }

    #[test]
    fn labels_that_two_selectors_select() {
        let enabled = "{matchLabels: {istio-injection: enabled}}";
        let absent = "{matchExpressions: [{key: istio-injection, operator: DoesNotExist}]}";
        let some = "{matchExpressions: [{key: istio.io/rev, operator: In, values: [blue, green]}]}";
        let not_blue = "{matchExpressions: [{key: istio.io/rev, operator: NotIn, values: [blue]}]}";
        let neither = "{matchExpressions: [{key: istio.io/rev, operator: NotIn, values: [blue, green]}]}";
        for (a, b, expected) in [
            ("{}", "{}", Some(vec![])),
            (enabled, enabled, Some(vec![("istio-injection", "enabled")])),
            (enabled, absent, None),
            (enabled, not_blue, Some(vec![("istio-injection", "enabled")])),
            (some, not_blue, Some(vec![("istio.io/rev", "green")])),
            (some, neither, None),
            (not_blue, neither, Some(vec![])),
        ] {
            let (first, second) = (selector(a), selector(b));
            let found = common_labels([&first, &second]);
            assert_eq!(found, expected.map(|pairs| pairs.into_iter().collect()), "{a} {b}");
        }
    }
}
