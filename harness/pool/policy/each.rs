//! A policy of its own for each function: functions that are kept in different ways stand side by
//! side in one pool.

use super::{Idle, Patience, Policy};
use crate::pool::FunctionIndex;

/// Policies, in the functions' order. Where memory is short the one goes that was used least
/// recently, whoever's it is.
pub struct Each(pub Vec<Box<dyn Policy + Send>>);

impl Each {
    fn of(&mut self, function: FunctionIndex) -> Option<&mut Box<dyn Policy + Send>> {
        self.0.get_mut(function.0)
    }
}

impl Policy for Each {
    fn arrived(&mut self, function: FunctionIndex, at: u64) {
        if let Some(own) = self.of(function) {
            own.arrived(function, at);
        }
    }

    fn ended(&mut self, function: FunctionIndex, at: u64) {
        if let Some(own) = self.of(function) {
            own.ended(function, at);
        }
    }

    fn keep(&mut self, idle: &Idle) -> Option<u64> {
        self.of(idle.function).map_or(Some(idle.at), |own| own.keep(idle))
    }

    fn prewarm(&mut self, function: FunctionIndex, at: u64) -> Option<u64> {
        self.of(function)?.prewarm(function, at)
    }

    fn patience(&self, waits: &Patience) -> Option<u64> {
        self.0.get(waits.function.0)?.patience(waits)
    }
}
