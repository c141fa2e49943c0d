//! What istiod's own tests expect, where those tables are beside the checkout.

mod crd;
mod different;
mod hosts;
mod inbound;
mod routing;
mod validation;
