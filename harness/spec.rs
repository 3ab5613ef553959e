//! What is asked for, and in what order. Pure, but for reading the file that was named.

pub mod budget;
pub mod control;
pub mod factor;
pub mod function;
pub mod plan;
pub mod scenario;
pub mod tolerance;
