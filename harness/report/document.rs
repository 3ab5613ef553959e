//! What a page says, before it is written in a form: built once (`build/`), written many
//! times (`render/`). No form re-orders or re-words it; a form may leave out what it has
//! no room for, the least important first.
//!
//! Text is tamed, not escaped: each form escapes in its own way.

use std::borrow::Cow;

use crate::chart::Chart;
use crate::text::sanitize::printable;

mod cell;
mod table;

pub(super) use cell::Cell;
pub(super) use table::{Column, Row, Table};

/// How much it matters that a reader sees something at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Importance {
    /// In every form.
    Key,
    /// On every page; a terminal has it where there is room.
    Usual,
    /// For who looks for it: folded, or left out, where there is little room.
    Detail,
}

/// A page. What is empty is left out.
#[derive(Default)]
pub(super) struct Document<'a> {
    /// What it is about.
    pub(super) title: String,
    /// What must not be missed, each with its own word first: `INVALID: ...`.
    pub(super) banners: Vec<String>,
    /// What becomes of it, of a comparison.
    pub(super) badge: Option<Badge>,
    /// What it says, in a sentence.
    pub(super) answer: String,
    /// Where it was measured; empty where that is a section.
    pub(super) place: String,
    /// In order; those without anything are left out.
    pub(super) sections: Vec<Section<'a>>,
    /// Where it came from, and how it is made again.
    pub(super) footer: String,
    /// The file that has everything.
    pub(super) whole: &'static str,
    /// Whether a form may leave out rows and lines, of which it then says how many.
    pub(super) bounded: bool,
    /// Bytes of its page at most, where drawings may be left out for that.
    pub(super) most_bytes: Option<usize>,
}

impl<'a> Document<'a> {
    /// Its sections that say anything.
    pub(super) fn sections(&self) -> impl Iterator<Item = &Section<'a>> {
        self.sections.iter().filter(|section| section.blocks.iter().any(Block::says))
    }
}

/// An outcome as a mark and a word, a name and, last, a colour.
pub(super) struct Badge {
    /// `▲ slower`.
    pub(super) text: String,
    /// `regressed`.
    pub(super) outcome: &'static str,
    /// Good, bad or neither.
    pub(super) tone: Tone,
}

/// What a verdict means to a reader, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// It got worse.
    Bad,
    /// It did not.
    Good,
    /// It could not be told.
    Odd,
}

/// A part of a page that can be linked to.
pub(super) struct Section<'a> {
    /// Unique on its page.
    pub(super) id: &'static str,
    /// What it is about.
    pub(super) heading: Cow<'static, str>,
    /// Where it is shown.
    pub(super) importance: Importance,
    /// What it says.
    pub(super) blocks: Vec<Block<'a>>,
}

impl<'a> Section<'a> {
    pub(super) fn new(
        id: &'static str,
        heading: impl Into<Cow<'static, str>>,
        importance: Importance,
        blocks: Vec<Block<'a>>,
    ) -> Self {
        Self { id, heading: heading.into(), importance, blocks }
    }
}

/// A name and what it stands for.
pub(super) type Fact = (String, String);

/// A piece of a section.
#[derive(Clone)]
pub(super) enum Block<'a> {
    /// Of a part of the section.
    Heading(&'static str),
    /// A sentence or more.
    Paragraph(String),
    /// Our words, and the file beside the page that they lead to.
    Link(&'static str, &'static str),
    /// In our own words.
    Facts(Vec<Fact>),
    /// In foreign words, to be shown as they are: commands, versions.
    Quoted(Vec<Fact>),
    /// Terms and what they mean, one a line: `term: meaning`.
    Terms(&'static str),
    /// Things, and what is to be said of each.
    Entries(Vec<Entry>),
    /// Rows of figures.
    Table(Table<'a>),
    /// A picture with its caption and its figures.
    Chart(&'a Chart),
    /// Where single values lie, on one scale: what a terminal has for a chart.
    Strips(Strips),
    /// Remarks, and what one of them is called.
    Notes(&'static str, Vec<Note>),
    /// What is shown when somebody asks for it.
    Folded(String, Vec<Block<'a>>),
}

impl Block<'_> {
    /// Whether there is anything in it.
    pub(super) fn says(&self) -> bool {
        match self {
            Block::Heading(_) | Block::Paragraph(_) | Block::Link(..) => true,
            Block::Chart(_) | Block::Terms(_) => true,
            Block::Facts(facts) | Block::Quoted(facts) => !facts.is_empty(),
            Block::Entries(entries) => !entries.is_empty(),
            Block::Table(table) => !table.rows.is_empty(),
            Block::Strips(strips) => !strips.rows.is_empty(),
            Block::Notes(_, notes) => !notes.is_empty(),
            Block::Folded(_, blocks) => blocks.iter().any(Block::says),
        }
    }
}

/// A thing, and what is to be said of it. Its words may be anybody's: tamed.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    /// How it stands, in a word; empty where there is nothing to tell.
    pub(super) mark: &'static str,
    /// What it is called.
    pub(super) name: String,
    /// What is to be said, a line each.
    pub(super) lines: Vec<String>,
    /// What helps, where something is wrong.
    pub(super) cure: Option<String>,
}

impl Entry {
    /// A name and what is to be said; lines without words are left out.
    pub(super) fn new(name: &str, lines: Vec<String>) -> Self {
        let tamed = |text: &str| printable(text, usize::MAX);
        let lines = lines.iter().map(|line| tamed(line)).filter(|line| !line.is_empty());
        Self { name: tamed(name), lines: lines.collect(), ..Self::default() }
    }

    /// The same where there is a line for all of it.
    pub(super) fn fact(&self) -> Fact {
        let mark = if self.mark.is_empty() { String::new() } else { format!("{}: ", self.mark) };
        let cure = self.cure.as_ref().map_or_else(String::new, |cure| format!(" -> {cure}"));
        (self.name.clone(), format!("{mark}{}{cure}", self.lines.join("; ")))
    }
}

/// Terms with their meanings.
pub(super) fn terms(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| line.split_once(": "))
}

/// Values of several series, a line each.
#[derive(Debug, Clone)]
pub(super) struct Strips {
    /// What they are, with the unit.
    pub(super) heading: &'static str,
    /// Names with values in nanoseconds.
    pub(super) rows: Vec<(String, Vec<f64>)>,
}

/// What kind of thing is remarked; the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Something is to be done about it.
    Warning,
    /// It is to be known.
    Remark,
    /// Evidence that all is well.
    Well,
}

/// One remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    /// What it is.
    pub(super) kind: Kind,
    /// Our words, with names of functions among them.
    pub(super) text: String,
    /// Foreign words, such as the cause of an error, to be shown as such.
    pub(super) quote: Option<String>,
}

impl Note {
    pub(super) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), quote: None }
    }

    pub(super) fn warning(text: impl Into<String>) -> Self {
        Self::new(Kind::Warning, text)
    }

    pub(super) fn remark(text: impl Into<String>) -> Self {
        Self::new(Kind::Remark, text)
    }

    pub(super) fn well(text: impl Into<String>) -> Self {
        Self::new(Kind::Well, text)
    }

    /// All of it.
    pub(super) fn whole(&self) -> String {
        let quote = self.quote.as_ref().map_or_else(String::new, |quote| format!(": {quote}"));
        format!("{}{quote}", self.text)
    }

    pub(super) fn quoting(mut self, quote: String) -> Self {
        self.quote = Some(quote);
        self
    }
}
