//! Unix domain sockets as addresses: `unix://` with a path or an abstract name (istio: `ValidateUnixAddress`).

use crate::source::Spanned;
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::syntax::is_socket_path;
use crate::validate::violation::Violations;

/// The prefix of the path.
pub const SCHEME: &str = "unix://";

/// Checks the path of a socket. Returns whether the address is a socket. `id` is the number of istiod's check.
pub fn check(address: &Spanned<String>, id: &'static str, violations: &mut Violations<'_>) -> bool {
    let Some(path) = address.strip_prefix(SCHEME) else { return false };
    if !is_socket_path(path) {
        let message = format!("{} is not a valid socket path", quoted(path));
        let help = "write an absolute path, or `@` and an abstract name";
        violations.error(id, Mistake::InvalidAddress, address.span, message).help(help);
    }
    true
}
