//! Compares `mesh` with istiod's own test data, if that is beside the checkout.

mod analyzers;
mod crd;
mod different;
mod golden;
mod inbound;
mod reported;
mod routing;
mod unit_tables;
mod unit_tables_delegates;
mod unit_tables_domains;
mod validation;
mod validation_policies;
mod validation_values;

use mesh::routing::{ChainAction, Table, outbound};

/// The route table that all HTTP services of a port share; `None` if the port has none.
fn shared_table<'p, 'a>(port: &'p outbound::OutboundPort<'a>) -> Option<&'p Table<'a>> {
    let shared = port.listeners().find(|listener| listener.bind.is_none())?;
    shared.chains.iter().find_map(|chain| match &chain.action {
        ChainAction::Http { table, .. } => Some(table.as_ref()),
        ChainAction::Tcp(_) => None,
    })
}
