//! The changes that a proxy makes to a request before it routes it, by its trust in the headers of its clients (Envoy:
//! `ConnectionManagerUtility::mutateRequestHeaders`).

use std::borrow::Cow;
use std::net::IpAddr;

use super::request::HttpRequest;

/// The header that says which scheme the client used.
pub(super) const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The header that lists the addresses of the client and of the proxies between.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The header with the address of the client, which gateways write.
const EXTERNAL_ADDRESS: &str = "x-envoy-external-address";

/// The header with the certificate of the client.
const CLIENT_CERTIFICATE: &str = "x-forwarded-client-cert";

/// The headers whose lines Envoy joins with commas before routing. Each line of any other header is a separate value.
/// (Measured with Envoy 1.40; headers that Envoy strips from requests are left out.)
const JOINED: &[&str] = &[
    "accept",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-type",
    "expect",
    "grpc-accept-encoding",
    "grpc-timeout",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "origin",
    "pragma",
    "proxy-status",
    "referer",
    "user-agent",
    "via",
    "x-client-trace-id",
    FORWARDED_FOR,
    "x-forwarded-host",
    "x-forwarded-port",
    FORWARDED_PROTO,
    "x-request-id",
];

/// Whether Envoy joins the lines of a header, so that it has one value.
pub(super) fn is_joined(name: &str) -> bool {
    joined(name).is_some()
}

/// The number of a header among those whose lines Envoy joins.
fn joined(name: &str) -> Option<usize> {
    JOINED.iter().position(|joined| *joined == name)
}

/// The trust of a proxy in the headers of its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reception {
    /// A sidecar trusts them.
    Sidecar,
    /// A gateway trusts only the proxies that it knows to be in front of it (istiod: `buildGatewayConnectionManager`).
    Gateway {
        /// The number of trusted proxies.
        trusted_proxies: u32,
        /// Whether the header with the certificate of the client is kept.
        keeps_certificate: bool,
    },
}

impl HttpRequest<'_> {
    /// The request that routes and policies see: lines of well-known headers joined; scheme, `x-forwarded-proto` and the
    /// address of the client settled. `source` is the address of the connection, if it is known.
    ///
    /// A proxy that trusts its clients takes the scheme from `x-forwarded-proto` if that is `http` or `https`. Every
    /// proxy adds a missing `x-forwarded-proto`, and one that does not trust its clients overwrites it. Gateways add the
    /// address of the connection to `x-forwarded-for`, and write that of the client to `x-envoy-external-address`.
    pub fn as_received(mut self, reception: Reception, source: Option<IpAddr>) -> Self {
        self.receive(reception, source);
        self
    }

    /// Makes the request the one that routes and policies see, as [`Self::as_received`] says.
    pub fn receive(&mut self, reception: Reception, source: Option<IpAddr>) {
        self.join_headers();
        let is_trusted = match reception {
            Reception::Sidecar => {
                self.client = self.forwarded_client(0, source);
                true
            }
            Reception::Gateway { trusted_proxies, keeps_certificate } => {
                self.enter_gateway(trusted_proxies, keeps_certificate, source);
                trusted_proxies > 0
            }
        };
        let forwarded = self.header_values(FORWARDED_PROTO).next();
        let is_forwarded =
            |scheme: &&str| forwarded.is_some_and(|forwarded| forwarded.eq_ignore_ascii_case(scheme.as_bytes()));
        let known = ["http", "https"].into_iter().find(is_forwarded);
        let is_kept = is_trusted && forwarded.is_some();
        if let Some(scheme) = known.filter(|_| is_trusted) {
            self.scheme = Cow::Borrowed(scheme);
        }
        if !is_kept {
            self.headers.retain(|(name, _)| name != FORWARDED_PROTO);
            let scheme = match self.scheme.as_ref() {
                "http" => Cow::Borrowed(&b"http"[..]),
                "https" => Cow::Borrowed(&b"https"[..]),
                other => Cow::Owned(other.as_bytes().to_vec()),
            };
            self.headers.push((Cow::Borrowed(FORWARDED_PROTO), scheme));
        }
    }

    fn enter_gateway(&mut self, trusted_proxies: u32, keeps_certificate: bool, source: Option<IpAddr>) {
        self.client = match trusted_proxies {
            0 => source,
            trusted => self.forwarded_client(trusted as usize - 1, source),
        };
        if !keeps_certificate {
            self.headers.retain(|(name, _)| name != CLIENT_CERTIFICATE);
        }
        self.headers.retain(|(name, _)| name != EXTERNAL_ADDRESS);
        if let Some(client) = self.client {
            self.headers.push((Cow::Borrowed(EXTERNAL_ADDRESS), Cow::Owned(client.to_string().into_bytes())));
        }
        self.hides_client = source.is_none();
        if let Some(source) = source {
            let source = source.to_string();
            match self.headers.iter_mut().find(|(name, _)| name == FORWARDED_FOR) {
                Some((_, value)) => value.to_mut().extend([b",", source.as_bytes()].concat()),
                None => self.headers.push((Cow::Borrowed(FORWARDED_FOR), Cow::Owned(source.into_bytes()))),
            }
        }
    }

    /// The address in `x-forwarded-for` before the last `skipped` ones, else that of the connection (Envoy:
    /// `getLastAddressFromXFF`).
    fn forwarded_client(&self, skipped: usize, source: Option<IpAddr>) -> Option<IpAddr> {
        if self.hides_client && skipped == 0 {
            return None;
        }
        let lines = self.header_values(FORWARDED_FOR).last();
        let named = lines.and_then(|line| line.rsplit(|byte| *byte == b',').nth(skipped));
        let forwarded = named.and_then(|text| std::str::from_utf8(text).ok()?.trim().parse().ok());
        forwarded.or(source)
    }

    fn join_headers(&mut self) {
        let mut is_seen = [false; JOINED.len()];
        let mut joined = self.headers.iter().filter_map(|(name, _)| joined(name));
        if !joined.any(|number| std::mem::replace(&mut is_seen[number], true)) {
            return;
        }
        let mut first_lines = [None; JOINED.len()];
        for (name, value) in std::mem::take(&mut self.headers) {
            let first = self::joined(&name).map(|number| &mut first_lines[number]);
            match first {
                Some(Some(first)) => {
                    let (_, values): &mut (_, Cow<'_, [u8]>) = &mut self.headers[*first];
                    values.to_mut().extend([b",", value.as_ref()].concat());
                    continue;
                }
                Some(first) => *first = Some(self.headers.len()),
                None => {}
            }
            self.headers.push((name, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTRUSTING: Reception = Reception::Gateway { trusted_proxies: 0, keeps_certificate: false };

    fn header(name: &'static str, value: &'static str) -> (Cow<'static, str>, Cow<'static, [u8]>) {
        (name.into(), value.as_bytes().into())
    }

    #[test]
    fn lines_of_well_known_headers_are_joined() {
        let headers = vec![header("accept", "a"), header("x-a", "1"), header("accept", "b"), header("x-a", "2")];
        let request = HttpRequest { headers, ..HttpRequest::default() }.as_received(Reception::Sidecar, None);
        assert_eq!(request.header_values("accept").collect::<Vec<_>>(), [b"a,b"]);
        assert_eq!(request.header_values("x-a").collect::<Vec<_>>(), [b"1", b"2"]);
        let names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_ref()).collect();
        assert_eq!(names, ["accept", "x-a", "x-a", FORWARDED_PROTO]);
    }

    #[test]
    fn many_lines_take_linear_time() {
        for name in ["x-a", "accept"] {
            let headers = vec![header(name, "1"); 1_000_000];
            let request = HttpRequest { headers, ..HttpRequest::default() }.as_received(Reception::Sidecar, None);
            let bytes: usize = request.header_values(name).map(<[u8]>::len).sum();
            assert!(bytes == 1_000_000 || bytes == 1_999_999);
        }
    }

    #[test]
    fn only_a_proxy_that_trusts_clients_takes_the_scheme_from_the_header() {
        let settled = |values: &[&'static str], reception| {
            let headers = values.iter().map(|value| header(FORWARDED_PROTO, value));
            let request =
                HttpRequest { headers: headers.collect(), ..HttpRequest::default() }.as_received(reception, None);
            let header: Vec<_> = request.header_values("x-forwarded-proto").map(String::from_utf8_lossy).collect();
            format!("{} {}", request.scheme, header.join(" "))
        };
        assert_eq!(settled(&["HTTPS"], Reception::Sidecar), "https HTTPS");
        assert_eq!(settled(&["https"], UNTRUSTING), "http http");
        assert_eq!(
            settled(&["https"], Reception::Gateway { trusted_proxies: 1, keeps_certificate: false }),
            "https https"
        );
        assert_eq!(settled(&["ftp"], Reception::Sidecar), "http ftp");
        assert_eq!(settled(&["https", "http"], Reception::Sidecar), "http https,http");
        assert_eq!(settled(&[], Reception::Sidecar), "http http");
    }

    #[test]
    fn a_gateway_counts_the_trusted_proxies_from_the_end() {
        let of = |list: &'static str, reception: Reception| {
            let request = HttpRequest { headers: vec![header(FORWARDED_FOR, list)], ..HttpRequest::default() };
            let request = request.as_received(reception, Some("10.0.0.1".parse().unwrap()));
            let forwarded = request.header_values(FORWARDED_FOR).next().unwrap();
            format!("{} {}", request.client.unwrap(), String::from_utf8_lossy(forwarded))
        };
        let gateway = |trusted_proxies| Reception::Gateway { trusted_proxies, keeps_certificate: false };
        assert_eq!(of("1.1.1.1, 2.2.2.2", Reception::Sidecar), "2.2.2.2 1.1.1.1, 2.2.2.2");
        assert_eq!(of("unknown", Reception::Sidecar), "10.0.0.1 unknown");
        assert_eq!(of("1.1.1.1, 2.2.2.2", gateway(0)), "10.0.0.1 1.1.1.1, 2.2.2.2,10.0.0.1");
        assert_eq!(of("1.1.1.1, 2.2.2.2", gateway(1)), "2.2.2.2 1.1.1.1, 2.2.2.2,10.0.0.1");
        assert_eq!(of("1.1.1.1, 2.2.2.2", gateway(2)), "1.1.1.1 1.1.1.1, 2.2.2.2,10.0.0.1");
        assert_eq!(of("1.1.1.1, 2.2.2.2", gateway(3)), "10.0.0.1 1.1.1.1, 2.2.2.2,10.0.0.1");
    }

    #[test]
    fn behind_a_gateway_the_client_is_unknown_if_its_address_is() {
        let headers = vec![header(FORWARDED_FOR, "1.1.1.1")];
        let request = HttpRequest { headers, ..HttpRequest::default() }.as_received(UNTRUSTING, None);
        assert_eq!(request.client, None);
        assert_eq!(request.as_received(Reception::Sidecar, Some("10.0.0.9".parse().unwrap())).client, None);
    }

    #[test]
    fn gateways_write_the_address_of_the_client() {
        let headers = vec![header(EXTERNAL_ADDRESS, "1.1.1.1")];
        let forged = HttpRequest { headers, ..HttpRequest::default() };
        let of = |source: Option<&str>| {
            let source = source.map(|source| source.parse().unwrap());
            let request = forged.clone().as_received(UNTRUSTING, source);
            request.header_values(EXTERNAL_ADDRESS).map(<[u8]>::to_vec).collect::<Vec<_>>()
        };
        assert_eq!(of(Some("9.9.9.9")), [b"9.9.9.9"]);
        assert!(of(None).is_empty());
    }

    #[test]
    fn gateways_remove_the_certificate_that_a_client_sends() {
        let with = |keeps_certificate| {
            let headers = vec![header(CLIENT_CERTIFICATE, "Hash=x")];
            let reception = Reception::Gateway { trusted_proxies: 0, keeps_certificate };
            HttpRequest { headers, ..HttpRequest::default() }.as_received(reception, None)
        };
        assert_eq!(with(false).header_values(CLIENT_CERTIFICATE).count(), 0);
        assert_eq!(with(true).header_values(CLIENT_CERTIFICATE).count(), 1);
    }
}
