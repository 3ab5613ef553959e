//! What can be invoked: a function on a network, with everything about its
//! instances that can be prepared before the first of them is timed.

use std::collections::BTreeMap;

use crate::engine::{InstanceSpec, LABEL_FUNCTION, LABEL_RUN};
use crate::functions::Function;
use crate::scenario::Network;

/// A function on a network: what can be invoked.
#[derive(Debug)]
pub struct Target {
    /// The function.
    pub function: Function,
    /// How its instances reach the driver.
    pub network: Network,
    /// What an instance is created from, but for the address of its listener.
    pub(super) spec: InstanceSpec,
    /// What its idle instances are found by.
    pub(super) key: (String, Network),
}

impl Target {
    /// Prepares everything about a function's instances that can be prepared
    /// before the first of them is timed.
    #[must_use]
    pub fn new(function: Function, network: Network, image: String, run: &str) -> Self {
        let mut env = function.env.clone();
        env.extend([
            ("AWS_LAMBDA_FUNCTION_NAME".to_owned(), function.name.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION".to_owned(), "$LATEST".to_owned()),
            (
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE".to_owned(),
                (function.limits.memory >> 20).to_string(),
            ),
        ]);
        let labels = BTreeMap::from([
            (LABEL_RUN.to_owned(), run.to_owned()),
            (LABEL_FUNCTION.to_owned(), function.name.clone()),
        ]);
        let limits = function.limits;
        let key = (function.name.clone(), network);
        Self { spec: InstanceSpec { image, network, limits, env, labels }, function, network, key }
    }
}
