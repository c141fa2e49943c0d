//! Values of headers, which may hold variables of Envoy's, `%NAME%` and `%NAME(arguments)%` (istio:
//! `ValidateHTTPHeaderValue`).

/// Why a value is refused: the number of the rule, and what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub id: &'static str,
    pub message: &'static str,
}

/// Where in a value the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Outside of variables.
    Text,
    /// After the `%` that begins a variable.
    Name,
    /// After the parenthesis that begins the arguments.
    Arguments,
    /// Between the strings of a list, before one.
    BeforeString,
    /// In a string of a list, or in an argument that is none.
    Argument,
    /// Behind a string of a list.
    AfterString,
    /// Behind a list.
    AfterList,
    /// Behind the arguments.
    AfterArguments,
}

/// What is wrong with a value.
pub fn fault(value: &str) -> Option<Fault> {
    let fault = |id, message| Some(Fault { id, message });
    if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return fault("HV-1", "this value has control characters");
    }
    let mut place = Place::Text;
    let mut bytes = value.bytes().peekable();
    while let Some(byte) = bytes.next() {
        place = match (place, byte) {
            (Place::Text, b'%') => match bytes.peek() {
                None => return fault("HV-2", "this value ends with a lone %"),
                Some(b'%') => {
                    bytes.next();
                    Place::Text
                }
                Some(_) => Place::Name,
            },
            (Place::Name | Place::AfterArguments, b'%') => Place::Text,
            (Place::Name, b'(') => Place::Arguments,
            (Place::Text | Place::Name, _) => place,
            (Place::Argument, b'\\') if bytes.next().is_none() => {
                return fault("HV-5", "this value ends with a backslash");
            }
            (Place::Argument, b')') | (Place::AfterList, b')') => Place::AfterArguments,
            (Place::Argument, b'"') => Place::AfterString,
            (Place::Argument, _) => Place::Argument,
            (_, b' ') => place,
            (Place::Arguments, b'[') | (Place::AfterString, b',') => Place::BeforeString,
            (Place::Arguments, _) | (Place::BeforeString, b'"') => Place::Argument,
            (Place::AfterString, b']') => Place::AfterList,
            (Place::BeforeString, _) => return fault("HV-4", "in the list of a variable, an item has no quotes"),
            (Place::AfterString, _) => return fault("HV-3", "in the list of a variable, no comma follows an item"),
            (Place::AfterList, _) => return fault("HV-6", "something stands between ] and ) of a variable"),
            (Place::AfterArguments, _) => return fault("HV-7", "no % follows the arguments of a variable"),
        };
    }
    if place == Place::Text { None } else { fault("HV-8", "this value ends inside a variable") }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn variables_are_closed() {
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
