//! A syntax check of CEL expressions (<https://github.com/google/cel-spec/blob/master/doc/langdef.md>). Like istiod, it
//! does not check the names in an expression, which Envoy resolves.

mod tokens;

use tokens::{CelToken, tokens};

/// The nesting limit for expressions (the default of cel-go).
const DEEPEST: usize = 250;

/// Words that cannot be names.
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

/// Whether a text is a valid expression.
pub fn is_expression(text: &str) -> bool {
    let Some(tokens) = tokens(text) else { return false };
    let mut parser = CelParser { tokens: &tokens, depth: 0 };
    parser.expression().is_some() && parser.tokens.is_empty()
}

/// The form of an expression, as far as macros need it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ExpressionForm {
    Name,
    Selection,
    Other,
}

struct CelParser<'t> {
    tokens: &'t [CelToken<'t>],
    depth: usize,
}

impl<'t> CelParser<'t> {
    fn take(&mut self, operator: &str) -> bool {
        let is_next = self.tokens.first() == Some(&CelToken::Operator(operator));
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

    fn expression(&mut self) -> Option<ExpressionForm> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut form = self.binary(0)?;
        if self.take("?") {
            self.binary(0)?;
            self.expect(":")?;
            self.expression()?;
            form = ExpressionForm::Other;
        }
        self.depth -= 1;
        Some(form)
    }

    /// Operands with operators of a precedence level, or of a higher one.
    fn binary(&mut self, level: usize) -> Option<ExpressionForm> {
        const LEVELS: [&[&str]; 5] =
            [&["||"], &["&&"], &["<=", "<", ">=", ">", "==", "!=", "in"], &["+", "-"], &["*", "/", "%"]];
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut form = self.binary(level + 1)?;
        while self.take_any(operators) {
            self.binary(level + 1)?;
            form = ExpressionForm::Other;
        }
        Some(form)
    }

    fn unary(&mut self) -> Option<ExpressionForm> {
        let sign = if self.take("!") { "!" } else { "-" };
        if sign == "!" || self.take("-") {
            while self.take(sign) {}
            return self.member().map(|_| ExpressionForm::Other);
        }
        self.member()
    }

    fn member(&mut self) -> Option<ExpressionForm> {
        let mut form = self.primary()?;
        loop {
            if self.take(".") {
                let name = self.selected()?;
                form = if self.take("(") { self.call(name, true)? } else { ExpressionForm::Selection };
            } else if self.take("[") {
                self.expression()?;
                self.expect("]")?;
                form = ExpressionForm::Other;
            } else if form != ExpressionForm::Other && self.take("{") {
                self.entries("}", |parser| parser.selected().map(|_| ()))?;
                form = ExpressionForm::Other;
            } else {
                return Some(form);
            }
        }
    }

    fn primary(&mut self) -> Option<ExpressionForm> {
        if self.take("(") {
            let form = self.expression()?;
            return self.expect(")").map(|()| form);
        }
        if self.take("[") {
            return self.list("]");
        }
        if self.take("{") {
            return self.entries("}", |parser| parser.expression().map(|_| ()));
        }
        let is_rooted = self.take(".");
        match self.tokens.split_first()? {
            (CelToken::Literal, rest) if !is_rooted => {
                self.tokens = rest;
                Some(ExpressionForm::Other)
            }
            (CelToken::Name(name), rest) if !RESERVED.contains(name) => {
                self.tokens = rest;
                if self.take("(") { self.call(name, false) } else { Some(ExpressionForm::Name) }
            }
            _ => None,
        }
    }

    /// A name after a dot, where reserved words are allowed.
    fn selected(&mut self) -> Option<&'t str> {
        let (CelToken::Name(name), rest) = self.tokens.split_first()? else { return None };
        self.tokens = rest;
        Some(name)
    }

    /// The arguments of a call. Those of a macro must have the right form.
    fn call(&mut self, name: &str, has_receiver: bool) -> Option<ExpressionForm> {
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
        let fits = match (name, has_receiver, arguments.len()) {
            ("has", false, 1) => arguments[0] == ExpressionForm::Selection,
            ("all" | "exists" | "exists_one" | "filter", true, 2) | ("map", true, 2 | 3) => {
                arguments[0] == ExpressionForm::Name
            }
            _ => true,
        };
        fits.then_some(ExpressionForm::Other)
    }

    /// Expressions up to the end of a list, with an optional comma after the last one.
    fn list(&mut self, end: &str) -> Option<ExpressionForm> {
        while !self.take(end) {
            self.expression()?;
            if !self.take(",") {
                return self.expect(end).map(|()| ExpressionForm::Other);
            }
        }
        Some(ExpressionForm::Other)
    }

    /// Keys and values up to the end of a map or a message.
    fn entries(&mut self, end: &str, key: impl Fn(&mut Self) -> Option<()>) -> Option<ExpressionForm> {
        while !self.take(end) {
            key(self)?;
            self.expect(":")?;
            self.expression()?;
            if !self.take(",") {
                return self.expect(end).map(|()| ExpressionForm::Other);
            }
        }
        Some(ExpressionForm::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::is_expression;

    #[test]
    fn valid_and_invalid_expressions() {
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
