//! Lists of names and numbers inside messages.

use std::fmt::Display;

/// Names for a message, each in backticks: `` `a`, `b` and `c` ``. The conjunction is `and` or `or`.
pub fn list(names: impl IntoIterator<Item = impl Display>, conjunction: &str) -> String {
    enumeration(names.into_iter().map(|name| format!("`{name}`")).collect(), conjunction)
}

/// The first names for a message, each in backticks, and the number of the others: `` `a`, `b` and 2 more ``. The names are
/// [listed](list) with "and" if there are no others.
pub fn first(names: &[impl Display], most: usize) -> String {
    match names.len().saturating_sub(most) {
        0 => list(names, "and"),
        rest => {
            let shown: Vec<String> = names.iter().take(most).map(|name| format!("`{name}`")).collect();
            format!("{} and {rest} more", shown.join(", "))
        }
    }
}

/// Numbers for a message: `80, 443 and 8080`.
pub fn numbers(numbers: impl IntoIterator<Item = u32>, conjunction: &str) -> String {
    enumeration(numbers.into_iter().map(|number| number.to_string()).collect(), conjunction)
}

/// TCP port numbers for a message: `port 80`, `ports 80 and 443` or `no TCP ports`.
pub fn ports(ports: impl IntoIterator<Item = u32>) -> String {
    let words: Vec<String> = ports.into_iter().map(|port| port.to_string()).collect();
    match words.as_slice() {
        [] => "no TCP ports".to_owned(),
        [port] => format!("port {port}"),
        _ => format!("ports {}", enumeration(words, "and")),
    }
}

/// Words for a message: `a, b and c`.
pub fn enumeration(words: Vec<String>, conjunction: &str) -> String {
    match words.as_slice() {
        [words @ .., last] if !words.is_empty() => format!("{} {conjunction} {last}", words.join(", ")),
        words => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::first;

    #[test]
    fn the_first_of_many_names_are_shown() {
        assert_eq!(first(&["a", "b"], 2), "`a` and `b`");
        assert_eq!(first(&["a", "b", "c", "d"], 2), "`a`, `b` and 2 more");
    }
}
