//! From a request to rows on disk.

pub mod preflight;
