//! A value of a table: how it is written in every form, and how it is set.

use super::Tone;
use crate::stats::{Quantile, RankedValue};
use crate::text::units::format_size;
use crate::words::{DASH, level, quantile, times};

/// A value of a table. A time is shown in milliseconds: its column says so.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) enum Cell {
    /// There is nothing to say.
    Empty,
    /// It cannot be given.
    Unknown,
    /// Words.
    Text(String),
    /// So many.
    Count(u64),
    /// A time, or a failure.
    Time(RankedValue),
    /// A quantile of times with its interval, as far as there is one.
    Interval(Quantile),
    /// So many times as much.
    Times(f64),
    /// Bytes.
    Bytes(u64),
    /// A figure with its unit, written already.
    Figure(String),
    /// A verdict's mark, which is read without its colour.
    Mark(char, Option<Tone>),
}

impl Cell {
    /// Of a value that may not be known.
    pub(in crate::report) fn or_unknown<T>(value: Option<T>, cell: impl Fn(T) -> Self) -> Self {
        value.map_or(Cell::Unknown, cell)
    }

    pub(in crate::report) fn ns(ns: f64) -> Self {
        Cell::Time(RankedValue::Ns(ns))
    }

    /// Words, or that there are none.
    pub(in crate::report) fn words(text: String) -> Self {
        if text.is_empty() { Cell::Unknown } else { Cell::Text(text) }
    }

    /// As it is written; with its interval where there is room.
    pub(in crate::report) fn text(&self, with_interval: bool) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Unknown => DASH.to_owned(),
            Cell::Text(text) | Cell::Figure(text) => text.clone(),
            Cell::Count(n) => n.to_string(),
            Cell::Time(time) => level(*time),
            Cell::Interval(of) if with_interval => quantile(of),
            Cell::Interval(of) => of.value.map_or_else(|| DASH.to_owned(), level),
            Cell::Times(ratio) => times(*ratio),
            Cell::Bytes(bytes) => format_size(*bytes),
            Cell::Mark(mark, _) => mark.to_string(),
        }
    }

    /// Whether it says anything.
    pub(in crate::report) fn says(&self) -> bool {
        !matches!(self, Cell::Empty | Cell::Unknown)
    }

    /// Whether it is set as figures are: to the right, one below the other.
    pub(in crate::report) fn is_figure(&self) -> bool {
        !matches!(self, Cell::Text(_) | Cell::Mark(..))
    }
}
