//! Values of headers, which can have Envoy's command operators, `%NAME%` and `%NAME(arguments)%` (istio:
//! `ValidateHTTPHeaderValue`).

/// The reason why a value is not valid, with the number of istiod's check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderValueFault {
    pub id: &'static str,
    pub message: &'static str,
}

/// The state of the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Outside of an operator.
    Text,
    /// After the `%` at the start of an operator.
    Name,
    /// After the parenthesis at the start of the arguments.
    Arguments,
    /// In a list, before a string.
    BeforeString,
    /// In a string of a list, or in an argument without a list.
    Argument,
    /// In a list, after a string.
    AfterString,
    /// After a list.
    AfterList,
    /// After the arguments.
    AfterArguments,
}

/// Checks a value. Returns the reason if it is not valid.
pub fn fault(value: &str) -> Option<HeaderValueFault> {
    let fault = |id, message| Some(HeaderValueFault { id, message });
    if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return fault("HV-1", "the header value has a control character");
    }
    let mut state = State::Text;
    let mut bytes = value.bytes().peekable();
    while let Some(byte) = bytes.next() {
        state = match (state, byte) {
            (State::Text, b'%') => match bytes.peek() {
                None => return fault("HV-2", "the header value ends with a single `%`"),
                Some(b'%') => {
                    bytes.next();
                    State::Text
                }
                Some(_) => State::Name,
            },
            (State::Name | State::AfterArguments, b'%') => State::Text,
            (State::Name, b'(') => State::Arguments,
            (State::Text | State::Name, _) => state,
            (State::Argument, b'\\') if bytes.next().is_none() => {
                return fault("HV-5", "the header value ends with a backslash");
            }
            (State::Argument, b')') | (State::AfterList, b')') => State::AfterArguments,
            (State::Argument, b'"') => State::AfterString,
            (State::Argument, _) => State::Argument,
            (_, b' ') => state,
            (State::Arguments, b'[') | (State::AfterString, b',') => State::BeforeString,
            (State::Arguments, _) | (State::BeforeString, b'"') => State::Argument,
            (State::AfterString, b']') => State::AfterList,
            (State::BeforeString, _) => {
                return fault("HV-4", "an item in the list of a command operator has no quotes");
            }
            (State::AfterString, _) => {
                return fault("HV-3", "a comma is missing after an item in the list of a command operator");
            }
            (State::AfterList, _) => return fault("HV-6", "a command operator has text between `]` and `)`"),
            (State::AfterArguments, _) => {
                return fault("HV-7", "`%` is missing after the arguments of a command operator");
            }
        };
    }
    if state == State::Text {
        None
    } else {
        fault("HV-8", "the header value ends inside a command operator, which starts with `%`")
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn complete_operators_are_valid() {
        for value in ["a", "100%%", "%A%", "a %A(b)% c", "%A([\"b\", \"c\"] )%", "%A(%b %d)%", "%A(b\\))%"] {
            assert_eq!(fault(value), None, "{value}");
        }
    }

    #[test]
    fn each_fault_has_its_number() {
        for (value, id) in [
            ("a\u{7f}", "HV-1"),
            ("100%", "HV-2"),
            ("%A([\"b\"c])%", "HV-3"),
            ("%A([b])%", "HV-4"),
            ("%A(b\\", "HV-5"),
            ("%A([\"b\"]c)%", "HV-6"),
            ("%A(b)c%", "HV-7"),
            ("%A", "HV-8"),
            ("%A()%", "HV-8"),
        ] {
            assert_eq!(fault(value).map(|fault| fault.id), Some(id), "{value}");
        }
    }
}
