//! How an instance is spoken to.

pub mod runtime_api;
