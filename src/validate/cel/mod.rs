//! Whether a text is an expression of CEL (<https://github.com/google/cel-spec/blob/master/doc/langdef.md>): syntax
//! only, as istiod checks it. What the names in it mean is Envoy's business.

mod tokens;

use tokens::{Token, tokens};

/// How deep expressions may be nested (cel-go's own limit).
const DEEPEST: usize = 250;

/// Words that are no names.
const RESERVED: [&str; 16] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
];

/// Whether a text is an expression.
pub fn is_expression(text: &str) -> bool {
    let Some(tokens) = tokens(text) else { return false };
    let mut parser = Parser { tokens: &tokens, depth: 0 };
    parser.expression().is_some() && parser.tokens.is_empty()
}

/// What an expression is, as far as macros ask.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Name,
    Selection,
    Other,
}

struct Parser<'t> {
    tokens: &'t [Token<'t>],
    depth: usize,
}

impl<'t> Parser<'t> {
    fn take(&mut self, operator: &str) -> bool {
        let is_next = self.tokens.first() == Some(&Token::Operator(operator));
        if is_next {
            self.tokens = &self.tokens[1..];
        }
        is_next
    }

    fn take_any(&mut self, operators: &[&str]) -> bool {
        operators.iter().any(|operator| self.take(operator))
    }

    fn expect(&mut self, operator: &str) -> Option<()> {
        self.take(operator).then_some(())
    }

    fn expression(&mut self) -> Option<Shape> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut shape = self.binary(0)?;
        if self.take("?") {
            self.binary(0)?;
            self.expect(":")?;
            self.expression()?;
            shape = Shape::Other;
        }
        self.depth -= 1;
        Some(shape)
    }

    /// Operands with operators of a level or a tighter one between them.
    fn binary(&mut self, level: usize) -> Option<Shape> {
        const LEVELS: [&[&str]; 5] =
            [&["||"], &["&&"], &["<=", "<", ">=", ">", "==", "!=", "in"], &["+", "-"], &["*", "/", "%"]];
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut shape = self.binary(level + 1)?;
        while self.take_any(operators) {
            self.binary(level + 1)?;
            shape = Shape::Other;
        }
        Some(shape)
    }

    fn unary(&mut self) -> Option<Shape> {
        let sign = if self.take("!") { "!" } else { "-" };
        if sign == "!" || self.take("-") {
            while self.take(sign) {}
            return self.member().map(|_| Shape::Other);
        }
        self.member()
    }

    fn member(&mut self) -> Option<Shape> {
        let mut shape = self.primary()?;
        loop {
            if self.take(".") {
                let name = self.selected()?;
                shape = if self.take("(") { self.call(name, true)? } else { Shape::Selection };
            } else if self.take("[") {
                self.expression()?;
                self.expect("]")?;
                shape = Shape::Other;
            } else if shape != Shape::Other && self.take("{") {
                self.entries("}", |parser| parser.selected().map(|_| ()))?;
                shape = Shape::Other;
            } else {
                return Some(shape);
            }
        }
    }

    fn primary(&mut self) -> Option<Shape> {
        if self.take("(") {
            let shape = self.expression()?;
            return self.expect(")").map(|()| shape);
        }
        if self.take("[") {
            return self.list("]");
        }
        if self.take("{") {
            return self.entries("}", |parser| parser.expression().map(|_| ()));
        }
        let is_rooted = self.take(".");
        match self.tokens.split_first()? {
            (Token::Literal, rest) if !is_rooted => {
                self.tokens = rest;
                Some(Shape::Other)
            }
            (Token::Name(name), rest) if !RESERVED.contains(name) => {
                self.tokens = rest;
                if self.take("(") { self.call(name, false) } else { Some(Shape::Name) }
            }
            _ => None,
        }
    }

    /// A name behind a dot, where reserved words are allowed.
    fn selected(&mut self) -> Option<&'t str> {
        let (Token::Name(name), rest) = self.tokens.split_first()? else { return None };
        self.tokens = rest;
        Some(name)
    }

    /// The arguments of a call, and those of macros have to fit.
    fn call(&mut self, name: &str, on_something: bool) -> Option<Shape> {
        let mut arguments = Vec::new();
        if !self.take(")") {
            loop {
                arguments.push(self.expression()?);
                if self.take(")") {
                    break;
                }
                self.expect(",")?;
            }
        }
        let fits = match (name, on_something, arguments.len()) {
            ("has", false, 1) => arguments[0] == Shape::Selection,
            ("all" | "exists" | "exists_one" | "filter", true, 2) | ("map", true, 2 | 3) => arguments[0] == Shape::Name,
            _ => true,
        };
        fits.then_some(Shape::Other)
    }

    /// Expressions up to the end of a list; a comma may stand behind the last one.
    fn list(&mut self, end: &str) -> Option<Shape> {
        while !self.take(end) {
            self.expression()?;
            if !self.take(",") {
                return self.expect(end).map(|()| Shape::Other);
            }
        }
        Some(Shape::Other)
    }

    /// Keys and values up to the end of a map or of a message.
    fn entries(&mut self, end: &str, key: impl Fn(&mut Self) -> Option<()>) -> Option<Shape> {
        while !self.take(end) {
            key(self)?;
            self.expect(":")?;
            self.expression()?;
            if !self.take(",") {
                return self.expect(end).map(|()| Shape::Other);
            }
        }
        Some(Shape::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::is_expression;

    #[test]
    fn expressions_are_told_from_other_texts() {
        for text in [
            "response.code >= 400",
            "connection.mtls && request.url_path.contains('v1beta3')",
            "!has(request.headers.x) || -1 + 2.5e3 * 3u < 0x1F ? [1, 2,] : {'a': \"b\\n\", }",
            "xs.all(x, x in ys) && .a.b{c: 1}.d",
            "r'\\d' == b'''x'y''' // why",
            "a.if",
        ] {
            assert!(is_expression(text), "{text}");
        }
        for text in [
            "",
            ")++++",
            "a b",
            "a =",
            "a = b",
            "a & b",
            "'a",
            "has(a)",
            "xs.all(1, x)",
            "if",
            "a..b",
            "f(a,)",
            "'\\q'",
            "a ? b",
        ] {
            assert!(!is_expression(text), "{text}");
        }
        assert!(!is_expression(&"(".repeat(100_000)));
    }
}
