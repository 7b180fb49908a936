//! The fronts: one module a protocol.

pub(crate) mod http;
pub(crate) mod postgres;
