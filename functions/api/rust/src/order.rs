//! What is ordered.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub(crate) struct Order {
    id: u64,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    sku: String,
    count: NonZeroU32,
    price: f64,
}

#[derive(Serialize)]
pub(crate) struct Receipt {
    id: u64,
    total: f64,
    lines: usize,
}

impl Order {
    /// What its types do not say.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.lines.is_empty() {
            return Err("an order has a line");
        }
        if self.lines.iter().any(|line| line.sku.is_empty()) {
            return Err("a line has a sku");
        }
        if self.lines.iter().any(|line| line.price < 0.0) {
            return Err("a price is not negative");
        }
        Ok(())
    }

    pub(crate) fn receipt(&self) -> Receipt {
        let total = self.lines.iter().map(|line| f64::from(line.count.get()) * line.price).sum();
        Receipt { id: self.id, total, lines: self.lines.len() }
    }
}
