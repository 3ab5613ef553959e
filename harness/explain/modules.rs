//! What a runtime tells of the modules that it loads, where its environment asks for it. How
//! is data: `profilers.toml`. Its lines stand among whatever else a function writes, and are
//! hostile.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use regex_lite::{Captures, Regex};
use serde::Deserialize;

use super::found::{ModuleTree, ModuleUse};
use crate::text::diagnostic::Mistake;
use crate::text::sanitize::printable;

/// The table that comes with the program.
const SHIPPED: &str = include_str!("../../functions/profilers.toml");
/// Modules that are kept.
const MOST: usize = 50_000;
/// Characters of a name that are kept.
const NAME: usize = 300;
/// Microseconds below which a time makes sense: three days, so that a sum of all is a number.
const MOST_US: u64 = 1 << 38;
/// Parts of a name that a group has at most.
const PARTS: usize = 3;
/// Lines of its own that make sense, of which a runtime must have written so many before it
/// is believed to have told anything.
const LEAST: usize = 3;

/// What can be asked of runtimes.
#[derive(Debug, Clone)]
pub struct Profilers(Vec<Profiler>);

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFile {
    #[serde(default)]
    profiler: Vec<toml::Spanned<Wire>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    name: String,
    about: String,
    env: BTreeMap<String, String>,
    #[serde(default)]
    join: bool,
    begins: String,
    heading: Option<String>,
    line: String,
    order: Order,
    group: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Order {
    /// A module stands behind all that it loaded.
    ChildrenFirst,
    /// One after another, each with its instant.
    AsTold,
}

/// One that can be asked.
#[derive(Debug, Clone)]
struct Profiler {
    told: Wire,
    line: Regex,
}

impl Profilers {
    /// Those that come with the program.
    ///
    /// # Errors
    /// Never: a test reads them.
    pub fn shipped() -> Result<Self> {
        Self::parse(SHIPPED, "functions/profilers.toml")
    }

    /// Those of a file.
    ///
    /// # Errors
    /// Names the file, the line and what was expected.
    pub fn load(path: &Path) -> Result<Self> {
        let text = crate::spec::function::read_text(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text, &path.display().to_string())
    }

    fn parse(text: &str, file: &str) -> Result<Self> {
        let wire: WireFile =
            toml::from_str(text).map_err(|error| Mistake::in_toml(text, file, &error))?;
        let checked = wire.profiler.into_iter().map(|entry| {
            let span = entry.span();
            let wrong = |message: String| Mistake::at(text, file, span.clone(), message);
            let told = entry.into_inner();
            let line = Regex::new(&told.line)
                .map_err(|error| wrong(format!("`line` of `{}`: {error}", told.name)))?;
            let has = |name: &str| line.capture_names().flatten().any(|group| group == name);
            let needs: &[&str] = match told.order {
                Order::ChildrenFirst => &["name", "own_us", "cumulative_us", "indent"],
                Order::AsTold => &["name", "at_ns"],
            };
            match needs.iter().find(|name| !has(name)) {
                Some(lacks) => {
                    Err(wrong(format!("`line` of `{}` lacks (?P<{lacks}>...)", told.name)))
                }
                None => Ok(Profiler { told, line }),
            }
        });
        Ok(Self(checked.collect::<Result<_, Mistake>>()?))
    }

    /// The variables that ask all runtimes at once, for a function whose image and
    /// description set these: each runtime looks at its own.
    pub(super) fn env(&self, set: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut env = BTreeMap::new();
        for Profiler { told, .. } in &self.0 {
            for (name, value) in &told.env {
                let value = match set.get(name).filter(|_| told.join) {
                    Some(before) => format!("{before} {value}"),
                    None => value.clone(),
                };
                env.insert(name.clone(), value);
            }
        }
        env
    }

    /// What the runtime told of its modules, whichever it is; none of one that told nothing.
    /// `cut` says that there was more than was read.
    pub(super) fn read(&self, output: &[u8], cut: bool) -> Option<ModuleTree> {
        let text = String::from_utf8_lossy(output);
        let each = self.0.iter().filter_map(|profiler| profiler.read(&text, cut));
        each.max_by_key(|tree| tree.modules.len())
    }
}

/// A line that made sense.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    name: String,
    source: String,
    depth: u32,
    own: u64,
    cumulative: u64,
    at: u64,
}

impl Profiler {
    fn read(&self, text: &str, cut: bool) -> Option<ModuleTree> {
        let (mut lines, mut garbled, mut cut) = (Vec::new(), 0, cut);
        let is_own = |line: &&str| {
            let heading = self.told.heading.as_deref();
            line.starts_with(&self.told.begins) && !heading.is_some_and(|h| line.starts_with(h))
        };
        for line in text.lines().filter(is_own) {
            if lines.len() >= MOST {
                cut = true;
                break;
            }
            match self.line.captures(line).and_then(|found| parsed(&found)) {
                Some(line) => lines.push(line),
                None => garbled += 1,
            }
        }
        if lines.len() < LEAST {
            return None;
        }
        let modules = match (self.told.order, &self.told.group) {
            (Order::ChildrenFirst, _) => parents_first(&lines),
            (Order::AsTold, None) => until_the_next(lines),
            (Order::AsTold, Some(separator)) => grouped(until_the_next(lines), separator),
        };
        let Wire { name, about, .. } = &self.told;
        Some(ModuleTree { profiler: name.clone(), about: about.clone(), modules, garbled, cut })
    }
}

fn parsed(found: &Captures<'_>) -> Option<Line> {
    let text = |name: &str| found.name(name).map_or("", |part| part.as_str());
    // What is no number, or larger than any time, is no line of a runtime.
    let number = |name: &str, most: u64| match found.name(name) {
        Some(part) => part.as_str().parse::<u64>().ok().filter(|n| *n < most),
        None => Some(0),
    };
    let name = printable(text("name").trim(), NAME);
    let depth = u32::try_from(text("indent").len() / 2).ok()?;
    let own = number("own_us", MOST_US)?.saturating_mul(1_000);
    let cumulative = number("cumulative_us", MOST_US)?.saturating_mul(1_000);
    let (at, source) = (number("at_ns", 1 << 50)?, printable(text("source").trim(), NAME));
    (!name.is_empty()).then_some(Line { name, source, depth, own, cumulative, at })
}

fn module(line: &Line, depth: u32) -> ModuleUse {
    let Line { name, source, own, cumulative, .. } = line.clone();
    ModuleUse { name, depth, own, cumulative, source }
}

/// Lines of which each stands behind those that are deeper, each before them.
fn parents_first(lines: &[Line]) -> Vec<ModuleUse> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); lines.len()];
    let mut open: Vec<usize> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        while let Some(last) = open.pop_if(|last| lines[*last].depth > line.depth) {
            children[at].push(last);
        }
        open.push(at);
    }
    // The latest of a stack comes first.
    let mut left: Vec<(usize, u32)> = open.into_iter().rev().map(|at| (at, 0)).collect();
    let mut all = Vec::with_capacity(lines.len());
    while let Some((at, depth)) = left.pop() {
        all.push(module(&lines[at], depth));
        left.extend(children[at].iter().map(|child| (*child, depth + 1)));
    }
    all
}

/// Each takes the time until the next.
fn until_the_next(mut lines: Vec<Line>) -> Vec<ModuleUse> {
    lines.sort_by_key(|line| line.at);
    let next: Vec<u64> = lines.iter().skip(1).map(|line| line.at).collect();
    for (line, next) in lines.iter_mut().zip(next) {
        line.own = next.saturating_sub(line.at);
        line.cumulative = line.own;
    }
    lines.iter().map(|line| module(line, 0)).collect()
}

/// Those whose names begin alike below what they begin with, in the order of the first.
fn grouped(modules: Vec<ModuleUse>, separator: &str) -> Vec<ModuleUse> {
    let mut groups: Vec<(String, Vec<ModuleUse>)> = Vec::new();
    let mut at: BTreeMap<String, usize> = BTreeMap::new();
    for module in modules {
        let parts: Vec<&str> = module.name.split(separator).collect();
        let begin = parts[..parts.len().saturating_sub(1).min(PARTS)].join(separator);
        let begin = if begin.is_empty() { module.name.clone() } else { begin };
        let index = *at.entry(begin.clone()).or_insert_with(|| {
            groups.push((begin, Vec::new()));
            groups.len() - 1
        });
        groups[index].1.push(ModuleUse { depth: 1, ..module });
    }
    let of = |(name, members): (String, Vec<ModuleUse>)| {
        let cumulative = members.iter().map(|member| member.cumulative).sum();
        let source = String::new();
        let head = ModuleUse { name, depth: 0, own: 0, cumulative, source };
        std::iter::once(head).chain(members)
    };
    groups.into_iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests;
