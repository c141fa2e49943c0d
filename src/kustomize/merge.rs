//! Strategic merge patches.
