//! What istiod's own tests expect, where those tables are beside the checkout.

mod crd;
mod different;
mod inbound;
mod routing;
mod unit_tables;
mod unit_tables_delegates;
mod unit_tables_domains;
mod validation;
mod validation_policies;
mod validation_values;
