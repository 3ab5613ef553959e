//! What several verbs have in common.

mod mutated;
