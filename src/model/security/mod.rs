//! `security.istio.io`: authentication and authorization. Messages and fields are those of
//! <https://istio.io/latest/docs/reference/config/security/>.

mod authorization_policy;
mod peer_authentication;
mod request_authentication;

pub use authorization_policy::{
    AuthorizationPolicy, AuthorizationRule, Operation, PolicyAction, PolicyCondition, PolicyProvider, RuleFrom, RuleTo,
    Source,
};
pub use peer_authentication::{MutualTls, MutualTlsMode, PeerAuthentication};
pub use request_authentication::{ClaimToHeader, JwtHeader, JwtRule, RequestAuthentication, TokenPresence};

use super::macros::message;
use crate::source::Spanned;

message! {
    /// The resource that a policy applies to, instead of a selector.
    struct PolicyTargetReference {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
    }
}
