//! What a runtime tells of the modules that it loads, where its environment asks for it. How
//! is data: `profilers.toml`. Its lines stand among whatever else a function writes, and are
//! hostile.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use regex_lite::{Captures, Regex};
use serde::Deserialize;

use super::found::{ModuleTree, ModuleUse};
use super::layouts::Layouts;
use crate::text::diagnostic::Mistake;
use crate::text::sanitize::printable;

mod packages;

use packages::Package;

/// The table that comes with the program.
const SHIPPED: &str = include_str!("../../functions/profilers.toml");
/// The scripts that it names.
const SCRIPTS: [(&str, &str); 1] =
    [("profilers/module_times.mjs", include_str!("../../functions/profilers/module_times.mjs"))];
/// What stands for the script in the value of a variable.
const SCRIPT: &str = "{script}";
/// Bytes of a script: a variable holds 128 KiB.
const SCRIPT_BYTES: usize = 64 * 1024;
/// Modules that are kept.
const MOST: usize = 50_000;
/// Characters of a name that are kept.
const NAME: usize = 300;
/// Microseconds below which a time makes sense: three days, so that a sum of all is a number.
const MOST_US: u64 = 1 << 38;
/// How deep a module stands at most: no runtime's stack holds more.
const DEEPEST: u32 = 1_000;
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
    script: Option<String>,
    separator: Option<String>,
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
        Self::parse(SHIPPED, "functions/profilers.toml", &|name| {
            let shipped = SCRIPTS.iter().find(|(file, _)| *file == name);
            shipped.map(|(_, script)| (*script).to_owned()).context("no script comes with it")
        })
    }

    /// Those of a file.
    ///
    /// # Errors
    /// Names the file, the line and what was expected.
    pub fn load(path: &Path) -> Result<Self> {
        let text = crate::spec::function::read_text(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, &path.display().to_string(), &|name| {
            Ok(crate::spec::function::read_text(&folder.join(name))?)
        })
    }

    /// `script` gives a file beside the table.
    fn parse(text: &str, file: &str, script: &dyn Fn(&str) -> Result<String>) -> Result<Self> {
        let wire: WireFile =
            toml::from_str(text).map_err(|error| Mistake::in_toml(text, file, &error))?;
        let checked = wire.profiler.into_iter().map(|entry| {
            let span = entry.span();
            let wrong = |message: String| Mistake::at(text, file, span.clone(), message);
            let mut told = entry.into_inner();
            told.put_script(script)
                .map_err(|error| wrong(format!("`script` of `{}`: {error:#}", told.name)))?;
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
    pub(super) fn read(&self, told: &Told<'_>) -> Option<ModuleTree> {
        let text = String::from_utf8_lossy(told.output);
        let each = self.0.iter().filter_map(|profiler| profiler.read(&text, told));
        each.max_by_key(|tree| tree.modules.len())
    }
}

impl Wire {
    /// Puts its script where its variables want it.
    fn put_script(&mut self, read: &dyn Fn(&str) -> Result<String>) -> Result<()> {
        let Some(name) = &self.script else { return Ok(()) };
        let script = read(name).with_context(|| format!("cannot read {name}"))?;
        ensure!(script.len() <= SCRIPT_BYTES, "{name} has over {SCRIPT_BYTES} bytes");
        ensure!(self.env.values().any(|value| value.contains(SCRIPT)), "no variable has {SCRIPT}");
        let script = BASE64_STANDARD.encode(script);
        for value in self.env.values_mut() {
            *value = value.replace(SCRIPT, &script);
        }
        Ok(())
    }
}

/// What a start wrote.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) output: &'a [u8],
    /// Whether there was more.
    pub(super) cut: bool,
    /// Nanoseconds from its exec until it was ready; none of one that never was.
    pub(super) own_part: Option<u64>,
    /// Of its image.
    pub(super) layouts: &'a Layouts,
}

/// A line that made sense.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    name: String,
    source: String,
    path: Option<String>,
    depth: u32,
    own: u64,
    cumulative: u64,
    at: u64,
}

impl Profiler {
    fn read(&self, text: &str, told: &Told<'_>) -> Option<ModuleTree> {
        let (mut lines, mut garbled, mut cut) = (Vec::new(), 0, told.cut);
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
        let lines = match self.told.order {
            Order::ChildrenFirst => parents_first(&lines),
            Order::AsTold => until_the_next(lines, told.own_part),
        };
        let packages = packages::of(&lines, |line| self.package(line, told.layouts));
        let modules: Vec<ModuleUse> = lines.into_iter().map(Line::module).collect();
        let modules = match &self.told.group {
            None => modules,
            Some(separator) => grouped(modules, separator),
        };
        let Wire { name, about, .. } = &self.told;
        let (profiler, about, own_part) =
            (name.clone(), about.clone(), told.own_part.unwrap_or_default());
        Some(ModuleTree { profiler, about, own_part, packages, modules, garbled, cut })
    }

    /// What a line's module belongs to.
    fn package(&self, line: &Line, layouts: &Layouts) -> Package {
        if let Some(path) = line.path.as_deref().filter(|path| path.starts_with('/')) {
            let (name, installed) = layouts.package(path);
            return Package { name, installed, own_code: !installed };
        }
        let first = self.told.separator.as_ref().and_then(|s| line.name.split(s.as_str()).next());
        let source = || Some(line.source.as_str()).filter(|source| !source.is_empty());
        let name = first.or_else(source).unwrap_or(&line.name);
        Package { name: name.to_owned(), installed: false, own_code: false }
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
    let depth = u32::try_from(text("indent").len() / 2).ok().filter(|depth| *depth <= DEEPEST)?;
    let own = number("own_us", MOST_US)?.saturating_mul(1_000);
    let cumulative = number("cumulative_us", MOST_US)?.saturating_mul(1_000);
    let (at, source) = (number("at_ns", 1 << 50)?, printable(text("source").trim(), NAME));
    let path = found.name("path").map(|path| printable(path.as_str(), NAME));
    (!name.is_empty()).then_some(Line { name, source, path, depth, own, cumulative, at })
}

impl Line {
    fn module(self) -> ModuleUse {
        let Self { name, depth, own, cumulative, source, .. } = self;
        ModuleUse { name, depth, own, cumulative, source }
    }
}

/// Lines of which each stands behind those that are deeper, each before them.
fn parents_first(lines: &[Line]) -> Vec<Line> {
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
        all.push(Line { depth, ..lines[at].clone() });
        left.extend(children[at].iter().map(|child| (*child, depth + 1)));
    }
    all
}

/// Each takes the time until the next; what came after the start was ready is none of it. What
/// the runtime brings itself, of which no file is told, was loaded for the last that came from
/// one.
fn until_the_next(mut lines: Vec<Line>, ready: Option<u64>) -> Vec<Line> {
    lines.retain(|line| ready.is_none_or(|ready| line.at < ready));
    lines.sort_by_key(|line| line.at);
    let next: Vec<u64> = lines.iter().skip(1).map(|line| line.at).chain(ready).collect();
    let mut last: Option<usize> = None;
    for (at, next) in next.into_iter().enumerate() {
        let own = next.saturating_sub(lines[at].at);
        let above = if lines[at].path.is_some() { None } else { last };
        last = if lines[at].path.is_some() { Some(at) } else { last };
        if let Some(above) = above {
            lines[above].cumulative += own;
        }
        let line = &mut lines[at];
        (line.own, line.cumulative, line.depth) = (own, own, u32::from(above.is_some()));
    }
    lines
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
        groups[index].1.push(ModuleUse { depth: 1, cumulative: module.own, ..module });
    }
    let of = |(name, members): (String, Vec<ModuleUse>)| {
        let cumulative = members.iter().map(|member| member.own).sum();
        let source = String::new();
        let head = ModuleUse { name, depth: 0, own: 0, cumulative, source };
        std::iter::once(head).chain(members)
    };
    groups.into_iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests;
