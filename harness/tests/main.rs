//! The one integration binary.

mod docker_engine;
mod provisioning;
