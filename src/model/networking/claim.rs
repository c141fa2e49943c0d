//! Names of claims in the header conditions of a VirtualService.

/// The path of the claim that a header name refers to: `@request.auth.claims.a.b` or `@request.auth.claims[a][b]`. `None`
/// for the name of a header (istiod: `ToRoutingClaim` in `pkg/jwt/routing.go`).
pub fn claim_path(header: &str) -> Option<Vec<String>> {
    const PREFIX: &str = "@request.auth.claims";
    let (prefix, rest) = header.split_at_checked(PREFIX.len())?;
    if !prefix.eq_ignore_ascii_case(PREFIX) {
        return None;
    }
    if let Some(dotted) = rest.strip_prefix('.').filter(|dotted| !dotted.is_empty()) {
        return Some(dotted.split('.').map(str::to_owned).collect());
    }
    let inner = rest.strip_prefix('[')?.strip_suffix(']').filter(|inner| !inner.is_empty())?;
    Some(inner.split("][").map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_have_a_prefix_of_any_case_and_a_path() {
        for (header, path) in [
            ("@request.auth.claims.sub", &["sub"][..]),
            ("@Request.Auth.Claims.a.b", &["a", "b"]),
            ("@request.auth.claims[a.b][c]", &["a.b", "c"]),
        ] {
            assert_eq!(claim_path(header).unwrap(), path, "{header}");
        }
        for header in [
            "",
            "x-user",
            "@request.auth.claims",
            "@request.auth.claims.",
            "@request.auth.claims[]",
            "@request.auth.claims[a",
            "@request.auth.claims-sub",
            "@request.auth.principal",
            "@request.auth.claimé",
        ] {
            assert_eq!(claim_path(header), None, "{header}");
        }
    }
}
