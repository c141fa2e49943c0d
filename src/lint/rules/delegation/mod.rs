//! Delegation between VirtualServices.

mod delegate_conflict;
mod invalid_delegate;
mod unknown_delegate;
mod unused_delegate;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "delegation",
    about: "Delegation between VirtualServices",
    rules: &[&unknown_delegate::RULE, &invalid_delegate::RULE, &delegate_conflict::RULE, &unused_delegate::RULE],
};
