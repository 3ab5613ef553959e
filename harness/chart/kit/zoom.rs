//! What a drawing can be zoomed into: pieces of time on lanes, as data beside the drawing.
//! The page's script draws them at any width; without it the drawing is what there is.
//! Must not know what the pieces are of.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::Serialize;

/// Bytes of data beside one drawing at most.
const MOST_BYTES: usize = 200_000;
/// The longest name, in characters; of a longer one the end is kept, which tells files apart.
const LONGEST: usize = 160;

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
    names: Vec<&'z str>,
    /// Lane, begin, length and name of each, in the order of their begins.
    pieces: Vec<[u64; 4]>,
    /// How many there are in all.
    all: usize,
}

/// What a page may hold of it, and how many pieces there are in all.
#[derive(Debug, Clone)]
pub(crate) struct Zoomable {
    /// Of its pieces those that one drawing may have, the longest first.
    of: Zoom,
    all: usize,
    /// Bytes of a page that all that is kept needs at most.
    bytes: usize,
}

impl Zoom {
    /// All pieces, or the longest, as many as one drawing may have; none where there is
    /// nothing.
    pub(crate) fn bounded(mut self) -> Option<Zoomable> {
        let all = self.pieces.len();
        self.pieces.sort_by_key(|piece| (Reverse(piece.ns), piece.from, piece.lane));
        for piece in &mut self.pieces {
            if piece.name.len() > LONGEST {
                piece.name = end_of(&piece.name);
            }
        }
        let (kept, bytes) = self.within(MOST_BYTES)?;
        self.pieces.truncate(kept);
        Some(Zoomable { of: self, all, bytes })
    }

    /// How many of the pieces fit into so many bytes of a page, and what they take of those;
    /// none where nothing fits.
    fn within(&self, most: usize) -> Option<(usize, usize)> {
        let head = in_a_page(&self.data(Vec::new(), Vec::new(), usize::MAX)?);
        let (mut left, mut names) = (most.checked_sub(head)?, Names::default());
        let mut kept = 0;
        for piece in &self.pieces {
            let (new, name) = names.index(&piece.name);
            let length =
                if new { in_a_page(&serde_json::to_string(&piece.name).ok()?) + 1 } else { 0 };
            let needed =
                length + piece.told(name).map(digits).iter().sum::<usize>() + "[,,,],".len();
            let Some(more) = left.checked_sub(needed) else { break };
            (left, kept) = (more, kept + 1);
        }
        (kept > 0 && self.end >= 1000).then_some((kept, most - left))
    }

    fn data(&self, names: Vec<&str>, pieces: Vec<[u64; 4]>, all: usize) -> Option<String> {
        let data = Data {
            axis: self.axis,
            what: self.what,
            end: self.end / 1000,
            marks: self.marks.iter().map(|(at, name)| (at / 1000, *name)).collect(),
            lanes: &self.lanes,
            names,
            pieces,
            all,
        };
        serde_json::to_string(&data).ok()
    }
}

impl Zoomable {
    /// Bytes of a page that all of it needs at most.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The data as JSON: all pieces, or the longest, as many as have room in so many bytes of
    /// a page. It is the same for the same drawing, and whoever sets it into a page has to
    /// escape it.
    pub(crate) fn json(&self, most: usize) -> Option<String> {
        let (kept, _) = self.of.within(most)?;
        let mut names = Names::default();
        let mut pieces: Vec<[u64; 4]> = Vec::new();
        for piece in &self.of.pieces[..kept] {
            let (_, name) = names.index(&piece.name);
            pieces.push(piece.told(name));
        }
        pieces.sort_by_key(|[lane, from, length, _]| (*from, *lane, *length));
        self.of.data(names.all, pieces, self.all)
    }
}

impl Piece {
    /// As the script reads it.
    fn told(&self, name: u64) -> [u64; 4] {
        let (from, end) = (self.from / 1000, self.from.saturating_add(self.ns) / 1000);
        [self.lane as u64, from, end - from, name]
    }
}

/// Bytes of a text in an attribute of a page, where four characters become entities.
pub(crate) fn in_a_page(text: &str) -> usize {
    let more = |byte: u8| match byte {
        b'"' => "&quot;".len(),
        b'&' => "&amp;".len(),
        b'<' | b'>' => "&lt;".len(),
        _ => 1,
    };
    text.bytes().map(more).sum()
}

fn digits(of: u64) -> usize {
    of.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// Names, each once.
#[derive(Default)]
struct Names<'z> {
    all: Vec<&'z str>,
    by_name: HashMap<&'z str, u64>,
}

impl<'z> Names<'z> {
    /// Whether a name is new, and which one it is.
    fn index(&mut self, name: &'z str) -> (bool, u64) {
        let next = self.all.len() as u64;
        let at = *self.by_name.entry(name).or_insert(next);
        if at == next {
            self.all.push(name);
        }
        (at == next, at)
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
