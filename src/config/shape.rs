//! Shapes of the values in the configuration: what each key accepts, in words and as data. [`super::decode`] checks a file
//! with them, and [`super::schema`] writes them as a JSON Schema, so that editors and `mesh` agree.

/// The shape that a value must have.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// A string that is not empty. The words say what it is: "the name of a namespace".
    Text(&'static str),
    /// The name of a rule, a family, a finding, or a code.
    Rule,
    /// `true` or `false`.
    Flag,
    /// A pattern of paths.
    PathPattern,
    /// A pattern of names.
    NamePattern,
    /// A day, such as `2026-12-31`.
    Date,
    /// One of some words. The text says what they are: "a level".
    Word(&'static str, &'static [Word]),
    /// A list.
    List(&'static Shape),
    /// A value, or a list of such values.
    OneOrMore(&'static Shape),
    /// A mapping with keys that the user chooses. The text says what they are: "names of rules".
    Map(&'static str, &'static Shape),
    /// A mapping whose keys are those of [`Shape::Rule`].
    ByRule(&'static Shape),
    /// A mapping with the given keys.
    Keys(&'static [Key]),
    /// Either of two shapes, of which only the second is a mapping.
    Or(&'static Shape, &'static Shape),
}

/// A word that a value can be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    /// The word.
    pub word: &'static str,
    /// Its meaning, as a sentence.
    pub about: &'static str,
}

/// A key of a mapping.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// The name.
    pub name: &'static str,
    /// Its meaning, as sentences.
    pub about: &'static str,
    /// The shape of its value.
    pub shape: Shape,
    /// Whether the mapping must have it.
    pub is_required: bool,
}

/// An optional key.
pub(super) const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, about, shape, is_required: false }
}

/// A key that the mapping must have.
pub(super) const fn required(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { is_required: true, ..key(name, shape, about) }
}

/// A word of a value.
pub(super) const fn word(word: &'static str, about: &'static str) -> Word {
    Word { word, about }
}

impl Shape {
    /// The shape in words, for "must be ...".
    pub fn words(&self) -> String {
        match self {
            Self::Text(words) | Self::Word(words, _) => (*words).to_owned(),
            Self::Rule => "the name of a rule".to_owned(),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::PathPattern => "a pattern of paths".to_owned(),
            Self::NamePattern => "a pattern of names".to_owned(),
            Self::Date => "a day such as `2026-12-31`".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::OneOrMore(item) => format!("{}, or a list", item.words()),
            Self::Map(keys, value) => format!("a mapping from {keys} to {}", value.words()),
            Self::ByRule(value) => format!("a mapping from names of rules to {}", value.words()),
            Self::Keys(keys) => {
                let required: Vec<&str> = keys.iter().filter(|key| key.is_required).map(|key| key.name).collect();
                match required.as_slice() {
                    [] => "a mapping".to_owned(),
                    names => format!("a mapping with {}", crate::advice::wording::list(names, "and")),
                }
            }
            Self::Or(one, other) => format!("{}, or {}", one.words(), other.words()),
        }
    }
}
