//! Forms of strings.

use super::form::{self, TextPattern};

#[test]
fn forms_accept_what_the_patterns_accept() {
    let table: [(&TextPattern, &[&str], &[&str]); 15] = [
        (&form::SUBDOMAIN, &["a", "a.b-c", "1.2.3.4"], &["", "A", "a_b", "-a", "a-", "a.", ".a", "a..b", "*.a"]),
        (&form::HOSTNAME, &["a.b", "*.com", "1.2.3.4"], &["*", "*.", "a.*", "*a.b", "A.b", "a.b.", "a:80", "::1"]),
        (&form::PRECISE_HOSTNAME, &["a.b"], &["*.a.b", "https://a"]),
        (&form::NAMESPACE, &["a", "a-1"], &["a.b", "A", ""]),
        (&form::GROUP, &["", "apps", "networking.istio.io"], &["core/v1", "*", "Apps"]),
        (&form::KIND, &["Service", "a1", "A-b"], &["", "1a", "a-", "a.b", "*"]),
        (&form::HEADER_NAME, &["X-Id", "a_b", "!#$%&'*+-.^_`|~"], &["", ":path", "a b", "@a", "a/"]),
        (&form::HEADER_VALUE, &["a", "a b", "a\tb"], &[" a", "a ", "a  b", "é", ""]),
        (
            &form::DURATION,
            &["0s", "1h30m", "99999ms", "1h1m1s1ms"],
            &["", "0", "1", "1.5s", "100000s", "1h1h1h1h1h", "s", "1d"],
        ),
        (&form::LABEL_VALUE, &["", "a", "A_b.c"], &["-a", "a.", "a b"]),
        (&form::CONTROLLER, &["istio.io/gateway-controller", "a/b/c"], &["istio.io", "a/", "A/b", "a/b c"]),
        (
            &form::PROTOCOL,
            &["HTTP", "FOO", "x-1", "example.com/Foo", "$a/B"],
            &["", "H TTP", "-a", "a/", "A/b", "a/b-c"],
        ),
        (
            &form::ADDRESS_TYPE,
            &["Hostname", "HostnameX", "xIPAddressy", "a/b", "$a/b"],
            &["", "hostname", "a", "a/", "A/b"],
        ),
        (&form::URI, &["spiffe://a/b", "x://"], &["", "a", "://a", "a/b://c", "http:a"]),
        (
            &form::ORIGIN,
            &["*", "https://a.b", "http://*.a", "https://*", "https://a:8080", "https://*:1"],
            &["", "a.b", "https://", "https://a/", "https://a.*", "HTTPS://a", "https://a:", "https://a:123456"],
        ),
    ];
    for (pattern, valid, invalid) in table {
        for text in valid {
            assert!((pattern.is_match)(text), "{text} has the form: {}", pattern.help);
        }
        for text in invalid {
            assert!(!(pattern.is_match)(text), "{text} does not have the form: {}", pattern.help);
        }
    }
}

#[test]
fn repaired_texts_have_the_form() {
    for (pattern, text, repaired) in [
        (&form::HOSTNAME, "https://Shop.example.com:443/cart", "shop.example.com"),
        (&form::HOSTNAME, "*.example.com.", "*.example.com"),
        (&form::SUBDOMAIN, "My_Listener", "my-listener"),
        (&form::GROUP, "apps/v1", "apps"),
        (&form::GROUP, "core/v1", ""),
        (&form::DURATION, "30", "30s"),
        (&form::DURATION, "1.5s", "1500ms"),
        (&form::HEADER_NAME, "x-id:", "x-id"),
        (&form::ORIGIN, "https://Shop.example.com/", "https://shop.example.com"),
    ] {
        assert_eq!((pattern.repair)(text).as_deref(), Some(repaired), "{text}");
        assert!((pattern.is_match)(repaired), "{repaired}");
    }
    for (pattern, text) in [(&form::PRECISE_HOSTNAME, "*.example.com"), (&form::GROUP, "*"), (&form::DURATION, "5d")] {
        assert_eq!((pattern.repair)(text), None, "{text}");
    }
}
