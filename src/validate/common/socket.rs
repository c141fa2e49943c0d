//! Sockets of the machine as addresses: `unix://` with a path or an abstract name (istio: `ValidateUnixAddress`).

use crate::source::Spanned;
use crate::validate::Family;
use crate::validate::syntax::is_socket_path;
use crate::validate::violation::Found;

/// What the path stands behind.
pub const SCHEME: &str = "unix://";

/// Checks the path by the rule `id` if an address is a socket. Whether it is one.
pub fn check(address: &Spanned<String>, id: &'static str, found: &mut Found<'_>) -> bool {
    let Some(path) = address.strip_prefix(SCHEME) else { return false };
    if !is_socket_path(path) {
        let message = format!("{path:?} is no path of a socket");
        let help = "write an absolute path, or an abstract name after @";
        found.error(id, Family::InvalidAddress, address.span, message).help(help);
    }
    true
}
