//! Selectors as text: `app in (a, b), !canary`.

/// A selector of labels or annotations. All requirements must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LabelSelector<'s> {
    requirements: Vec<Requirement<'s>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement<'s> {
    key: &'s str,
    test: Test<'s>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test<'s> {
    Exists,
    Absent,
    /// Also fits if the key is absent and the list is negated.
    In(Vec<&'s str>),
    NotIn(Vec<&'s str>),
    Greater(i64),
    Less(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'s> {
    Word(&'s str),
    Sign(&'static str),
}

/// Apimachinery: `labels.Lexer`. A word ends at white space or one of these characters.
const SIGNS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", "<", ">"];

impl<'s> LabelSelector<'s> {
    /// Parses a selector. `None` if Kubernetes rejects it.
    pub fn parse(text: &'s str) -> Option<Self> {
        let tokens = tokens(text);
        let mut rest = tokens.as_slice();
        let mut requirements = Vec::new();
        while !rest.is_empty() {
            requirements.push(requirement(&mut rest)?);
            match rest {
                [] => {}
                [Token::Sign(","), after @ ..] if !after.is_empty() => rest = after,
                _ => return None,
            }
        }
        Some(Self { requirements })
    }

    /// Whether the values that `value_of` finds fit.
    pub fn matches<'v>(&self, value_of: impl Fn(&str) -> Option<&'v str>) -> bool {
        self.requirements.iter().all(|requirement| {
            let value = value_of(requirement.key);
            let number = || value?.parse::<i64>().ok();
            match &requirement.test {
                Test::Exists => value.is_some(),
                Test::Absent => value.is_none(),
                Test::In(values) => value.is_some_and(|value| values.contains(&value)),
                Test::NotIn(values) => value.is_none_or(|value| !values.contains(&value)),
                Test::Greater(than) => number().is_some_and(|number| number > *than),
                Test::Less(than) => number().is_some_and(|number| number < *than),
            }
        })
    }
}

fn requirement<'s>(rest: &mut &[Token<'s>]) -> Option<Requirement<'s>> {
    let (key, test) = match **rest {
        [Token::Sign("!"), Token::Word(key), ref after @ ..] => {
            *rest = after;
            (key, Test::Absent)
        }
        [Token::Word(key), Token::Word(operator @ ("in" | "notin")), Token::Sign("("), ref after @ ..] => {
            *rest = after;
            let values = values(rest)?;
            (key, if operator == "in" { Test::In(values) } else { Test::NotIn(values) })
        }
        [Token::Word(key), Token::Sign(sign @ ("=" | "==" | "!=" | "<" | ">")), ref after @ ..] => {
            let (value, after) = match after {
                [Token::Word(value), after @ ..] => (*value, after),
                after => ("", after),
            };
            *rest = after;
            let test = match sign {
                "!=" => Test::NotIn(vec![value]),
                ">" => Test::Greater(value.parse().ok()?),
                "<" => Test::Less(value.parse().ok()?),
                _ => Test::In(vec![value]),
            };
            (key, test)
        }
        [Token::Word(key), ref after @ ..] => {
            *rest = after;
            (key, Test::Exists)
        }
        _ => return None,
    };
    Some(Requirement { key, test })
}

/// The values up to the closing parenthesis. A value may be empty.
fn values<'s>(rest: &mut &[Token<'s>]) -> Option<Vec<&'s str>> {
    let mut values = Vec::new();
    loop {
        let value = match **rest {
            [Token::Word(value), ref after @ ..] => {
                *rest = after;
                value
            }
            _ => "",
        };
        values.push(value);
        match **rest {
            [Token::Sign(","), ref after @ ..] => *rest = after,
            [Token::Sign(")"), ref after @ ..] => {
                *rest = after;
                return Some(values);
            }
            _ => return None,
        }
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let length = match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => {
                tokens.push(Token::Sign(sign));
                sign.len()
            }
            None => {
                let length = word_length(rest).unwrap_or(rest.len());
                tokens.push(Token::Word(&rest[..length]));
                length
            }
        };
        rest = rest[length..].trim_start();
    }
    tokens
}

fn word_length(text: &str) -> Option<usize> {
    text.find(|c: char| c.is_whitespace() || "=!(),<>".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(selector: &str, labels: &[(&str, &str)]) -> bool {
        let selector = LabelSelector::parse(selector).expect("a selector");
        selector.matches(|key| labels.iter().find(|(name, _)| *name == key).map(|(_, value)| *value))
    }

    #[test]
    fn all_operators() {
        let labels = [("app", "shop"), ("tier", "2"), ("empty", "")];
        for selector in [
            "",
            "app",
            "!canary",
            "app=shop",
            "app == shop",
            "canary!=yes",
            "app in (cart, shop)",
            "canary notin (yes)",
            "tier>1",
            "tier < 3",
            "empty=",
            "empty in (,x)",
            "app=shop,tier=2",
        ] {
            assert!(fits(selector, &labels), "{selector}");
        }
        for selector in ["canary", "!app", "app=cart", "app!=shop", "app notin (shop)", "app>1", "app=shop,!tier"] {
            assert!(!fits(selector, &labels), "{selector}");
        }
    }

    #[test]
    fn broken_selectors() {
        for selector in ["=x", "app in", "app in (a", "app=a b", "app>x", "app,", "!", "(app)"] {
            assert_eq!(LabelSelector::parse(selector), None, "{selector}");
        }
    }
}
