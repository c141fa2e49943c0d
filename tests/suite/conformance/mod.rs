//! What istiod's own tests expect, where those tables are beside the checkout.

mod hosts;
mod routing;
