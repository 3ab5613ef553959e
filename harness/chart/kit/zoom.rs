//! What a drawing can be zoomed into: pieces of time on lanes, as data beside the drawing.
//! The page's script draws them at any width; without it the drawing is what there is.
//! Must not know what the pieces are of.

use std::collections::HashMap;

use serde::Serialize;

/// Bytes of data beside one drawing at most: a page of three of them stays below a megabyte.
const MOST_BYTES: usize = 200_000;
/// The longest name, in characters; of a longer one the end is kept, which tells files apart.
const LONGEST: usize = 160;
/// What a piece takes beside its name, in bytes, about.
const PIECE: usize = 20;

/// What can be zoomed into. All times are nanoseconds.
#[derive(Debug, Clone)]
pub(crate) struct Zoom {
    /// What the axis counts: `ms since ...`.
    pub(crate) axis: &'static str,
    /// What a piece is, one and several of them.
    pub(crate) what: [&'static str; 2],
    pub(crate) end: u64,
    /// Instants that are named.
    pub(crate) marks: Vec<(u64, &'static str)>,
    /// Names of the lanes; empty ones where lanes are levels.
    pub(crate) lanes: Vec<String>,
    pub(crate) pieces: Vec<Piece>,
}

/// A piece of time with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) lane: usize,
    pub(crate) from: u64,
    pub(crate) ns: u64,
    pub(crate) name: String,
}

/// As the script reads it; times in microseconds.
#[derive(Serialize)]
struct Data<'z> {
    axis: &'z str,
    what: [&'z str; 2],
    end: u64,
    marks: Vec<(u64, &'z str)>,
    lanes: &'z [String],
    names: Vec<String>,
    /// Lane, begin, length and name of each, in the order of their begins.
    pieces: Vec<[u64; 4]>,
    /// How many there are in all.
    all: usize,
}

impl Zoom {
    /// The data as JSON: all pieces, or the longest, as many as have room. It is the same for
    /// the same drawing, and whoever sets it into a page has to escape it.
    pub(crate) fn json(&self) -> Option<String> {
        let mut longest: Vec<&Piece> = self.pieces.iter().collect();
        longest.sort_by_key(|piece| (std::cmp::Reverse(piece.ns), piece.from, piece.lane));
        let mut names = Names { left: MOST_BYTES, ..Names::default() };
        let mut pieces: Vec<[u64; 4]> = Vec::new();
        for piece in longest {
            let Some(name) = names.index(&piece.name) else { break };
            let (from, end) = (piece.from / 1000, piece.from.saturating_add(piece.ns) / 1000);
            pieces.push([piece.lane as u64, from, end - from, name]);
        }
        pieces.sort_by_key(|[lane, from, length, _]| (*from, *lane, *length));
        let data = Data {
            axis: self.axis,
            what: self.what,
            end: self.end / 1000,
            marks: self.marks.iter().map(|(at, name)| (at / 1000, *name)).collect(),
            lanes: &self.lanes,
            names: names.all,
            pieces,
            all: self.pieces.len(),
        };
        serde_json::to_string(&data).ok().filter(|_| data.end > 0 && !data.pieces.is_empty())
    }
}

/// Names, each once, as long as there is room.
#[derive(Default)]
struct Names<'z> {
    left: usize,
    all: Vec<String>,
    by_name: HashMap<&'z str, u64>,
}

impl<'z> Names<'z> {
    /// Which one a name is; none once a piece with it has no room.
    fn index(&mut self, name: &'z str) -> Option<u64> {
        if let Some(at) = self.by_name.get(name) {
            self.left = self.left.checked_sub(PIECE)?;
            return Some(*at);
        }
        let shown = end_of(name);
        // Quotes of JSON become entities of a page.
        self.left = self.left.checked_sub(PIECE + shown.len() + 2 * "&quot;".len())?;
        let at = self.all.len() as u64;
        self.all.push(shown);
        self.by_name.insert(name, at);
        Some(at)
    }
}

fn end_of(name: &str) -> String {
    let more = name.chars().count().saturating_sub(LONGEST);
    if more == 0 {
        return name.to_owned();
    }
    format!("…{}", name.chars().skip(more + 1).collect::<String>())
}

#[cfg(test)]
mod tests;
