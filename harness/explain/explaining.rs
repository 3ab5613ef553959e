//! What is asked of an explanation, for all of its functions.

use super::layouts::Layouts;
use super::modules::Profilers;
use crate::spec::function::Function;

/// How it is explained.
#[derive(Debug, Clone)]
pub struct Explaining {
    /// What files belong to.
    pub layouts: Layouts,
    /// What runtimes can be asked.
    pub profilers: Profilers,
    /// Every function that is described: variants are among them.
    pub described: Vec<Function>,
    /// Whether fewer rounds do where starts take long: what takes long shows in few.
    pub hurries: bool,
}

impl Explaining {
    /// The variants of a function, by name.
    pub(super) fn variants(&self, function: &str) -> Vec<String> {
        let of = |f: &&Function| f.variant.as_ref().is_some_and(|variant| variant.of == function);
        self.described.iter().filter(of).map(|f| f.name.clone()).collect()
    }
}
