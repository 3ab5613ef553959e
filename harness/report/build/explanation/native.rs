//! What the processors executed, by function: as tables, and what they are worth.

use super::tables::grouped;
use crate::explain::{Explained, Explanation, Frame, Native, SymbolsFound};
use crate::report::document::Importance::Usual;
use crate::report::document::{Block, Cell, Column, Note, Table};
use crate::text::units::format_ns;
use crate::words::{counted, plain};

/// Rows that are told of one function.
const ROWS: usize = 5;
/// Files of a function that are named for what names they lack.
const FILES: usize = 3;

/// Those with the most samples by themselves, and with all that they called.
pub(super) fn blocks(found: &Explanation) -> Vec<Block<'static>> {
    if found.functions.iter().all(|of| of.native.is_none()) {
        return Vec::new();
    }
    let of = |native: &Native| native.frames.iter().take(ROWS).cloned().collect();
    let own = table(found, "native-own", "Executed most by itself, from exec to ready", of);
    let of = |native: &Native| {
        let functions = native.frames.iter().filter(|frame| !frame.is_program());
        let mut most: Vec<Frame> = functions.cloned().collect();
        most.sort_by_key(|frame| std::cmp::Reverse(frame.inclusive));
        most.truncate(ROWS);
        most
    };
    let all = table(found, "native-all", "Executed most with all that it called", of);
    vec![Block::Table(own), Block::Table(all)]
}

fn table(
    found: &Explanation,
    id: &'static str,
    caption: &'static str,
    most: impl Fn(&Native) -> Vec<Frame>,
) -> Table<'static> {
    let columns = [
        Column::new("function").names(),
        Column::new("itself").ms(),
        Column::new("with callees").ms(),
        Column::new("share"),
        Column::of("in", Usual),
    ];
    let rows = found.functions.iter().flat_map(|of| {
        let native = of.native.iter();
        native.flat_map(|native| {
            most(native).into_iter().map(|frame| grouped(found, of, row(native, &frame)))
        })
    });
    Table::new(id, caption, &columns, rows.collect()).key()
}

fn row(native: &Native, frame: &Frame) -> Vec<Cell> {
    let share = frame.inclusive as f64 / native.samples.max(1) as f64;
    vec![
        Cell::Text(plain(&frame.name)),
        Cell::ns(native.ns(frame.own)),
        Cell::ns(native.ns(frame.inclusive)),
        Cell::Figure(format!("{:.1} %", share * 100.0)),
        Cell::Text(plain(&frame.file)),
    ]
}

/// What the samples of a function are worth.
pub(super) fn notes(of: &Explained) -> Vec<Note> {
    let Some(native) = &of.native else { return Vec::new() };
    let name = plain(&of.function);
    let shallow = native.shallow as f64 / native.samples.max(1) as f64 * 100.0;
    let mut notes = vec![Note::remark(format!(
        "{name}: {} of {} until ready, one each {} of a processor, so that one stands for {} \
         of a start and n of them vary by their square root; of {shallow:.0} % the callers are not \
         known",
        counted(native.samples, "sample"),
        counted(u64::from(native.starts), "start"),
        format_ns(native.period as f64),
        format_ns(native.ns(1)),
    ))];
    let nameless = native.files.iter().filter(|file| {
        file.symbols != SymbolsFound::All && file.file.starts_with('/') && file.own > 0
    });
    let nameless: Vec<String> =
        nameless.take(FILES).map(|file| format!("`{}`", plain(&file.file))).collect();
    if !nameless.is_empty() {
        notes.push(Note::remark(format!(
            "{name}: of {} the image has no names, or those alone that others can call: what is \
             executed there by another function has the file's",
            nameless.join(", ")
        )));
    }
    if native.lost + native.beyond > 0 {
        notes.push(Note::warning(format!(
            "{name}: {} of the samples' were lost, and {} not kept",
            counted(native.lost, "event"),
            counted(native.beyond, "event")
        )));
    }
    notes
}
