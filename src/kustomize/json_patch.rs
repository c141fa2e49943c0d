//! JSON patches (RFC 6902).
