//! What took the time, worked or waited, was loaded, was never opened: as tables.

use super::ms;
use crate::explain::{Explained, Explanation, ModuleUse, PackageLoad, PackageUse, PhaseUse};
use crate::report::document::Importance::{Detail, Usual};
use crate::report::document::{Block, Cell, Column, Row, Table};
use crate::words::plain;

/// Rows that are told of one function.
const PACKAGES: usize = 12;
const MODULES: usize = 15;

/// Packages, the most first.
pub(super) fn packages(found: &Explanation) -> Block<'static> {
    let columns = [
        Column::new("package").names(),
        Column::new("attributed").ms(),
        Column::new("share"),
        Column::of("files", Usual),
        Column::of("bytes", Usual),
    ];
    let rows = found.functions.iter().flat_map(|of| {
        let all = of.packages.iter().filter(|package| package.ns > 0);
        all.take(PACKAGES).map(|package| grouped(found, of, package_row(package)))
    });
    let caption = "From exec to ready, by what was opened last (median of the watched starts)";
    Block::Table(Table::new("packages", caption, &columns, rows.collect()).key())
}

fn package_row(of: &PackageUse) -> Vec<Cell> {
    vec![
        Cell::Text(plain(&of.package)),
        Cell::ns(of.ns as f64),
        Cell::Figure(format!("{:.1} %", of.share * 100.0)),
        Cell::Count(u64::from(of.files)),
        Cell::Bytes(of.bytes),
    ]
}

/// A row of a function, below its name where there are several.
fn grouped(found: &Explanation, of: &Explained, cells: Vec<Cell>) -> Row {
    let group = if found.functions.len() > 1 { plain(&of.function) } else { String::new() };
    Row { group, ..cells.into() }
}

/// Phases of the typical watched starts.
pub(super) fn phases(found: &Explanation) -> Block<'static> {
    let columns = [
        Column::new("phase").names(),
        Column::new("wall").ms(),
        Column::new("CPU").ms(),
        Column::of("in the kernel", Usual).ms(),
        Column::new("first thread ran"),
        Column::new("waits in").sparse(),
        Column::of("faults", Usual),
        Column::of("from storage", Usual).sparse(),
        Column::of("switches", Usual).sparse(),
    ];
    let rows = found
        .functions
        .iter()
        .flat_map(|of| of.phases.iter().map(move |p| grouped(found, of, phase_row(p))));
    let caption = "The watched start nearest the median, from the function's exec on";
    Block::Table(Table::new("work", caption, &columns, rows.collect()).key())
}

fn phase_row(of: &PhaseUse) -> Vec<Cell> {
    let cpu = of.user.zip(of.system);
    let ns = |ns: u64| Cell::ns(ns as f64);
    let share = |part: u64| format!("{:.0} %", part as f64 / of.looks.max(1) as f64 * 100.0);
    let place = |place: &str| if place.is_empty() { "unknown".to_owned() } else { plain(place) };
    let waits: Vec<String> = of
        .waits
        .iter()
        .map(|wait| format!("{} {}", place(&wait.place), share(wait.looks)))
        .collect();
    let switches = of.voluntary_switches.zip(of.forced_switches);
    vec![
        Cell::Text(plain(&of.name)),
        ns(of.ns),
        Cell::or_unknown(cpu, |(user, system)| ns(user + system)),
        Cell::or_unknown(cpu, |(_, system)| ns(system)),
        if of.looks == 0 { Cell::Unknown } else { Cell::Figure(share(of.ran)) },
        if waits.is_empty() { Cell::Empty } else { Cell::Text(waits.join(", ")) },
        Cell::Figure(format!("{} + {}", of.minor_faults, of.major_faults)),
        of.read.filter(|bytes| *bytes > 0).map_or(Cell::Empty, Cell::Bytes),
        switches.map_or(Cell::Empty, |(own, forced)| {
            Cell::Figure(format!("{own} own, {forced} forced"))
        }),
    ]
}

/// The packages whose modules were loaded, and by which.
fn loads(found: &Explanation) -> Block<'static> {
    let columns = [
        Column::new("package").names(),
        Column::new("with all it loaded").ms(),
        Column::new("own").ms(),
        Column::of("modules", Usual),
        Column::of("loaded first by", Usual).sparse(),
    ];
    let rows = found.functions.iter().flat_map(|of| {
        let all = of.modules.iter().flat_map(|tree| &tree.packages);
        all.take(PACKAGES).map(|load| grouped(found, of, load_row(load)))
    });
    let caption = "As the runtime told it, by package; what several load stands where it was loaded \
                   first";
    Block::Table(Table::new("loaded-packages", caption, &columns, rows.collect()).key())
}

fn load_row(of: &PackageLoad) -> Vec<Cell> {
    vec![
        Cell::Text(plain(&of.package)),
        Cell::ns(of.cumulative as f64),
        Cell::ns(of.own as f64),
        Cell::Count(of.modules),
        if of.by.is_empty() { Cell::Empty } else { Cell::Text(plain(&of.by)) },
    ]
}

/// The modules that took most with all they loaded.
pub(super) fn modules(found: &Explanation) -> Vec<Block<'static>> {
    let columns = [
        Column::new("module").names(),
        Column::new("with all it loaded").ms(),
        Column::new("own").ms(),
        Column::of("from", Detail).sparse(),
    ];
    let rows = found.functions.iter().flat_map(|of| {
        let modules = of.modules.iter().flat_map(|tree| &tree.modules);
        let mut most: Vec<&ModuleUse> = modules.collect();
        most.sort_by_key(|module| std::cmp::Reverse(module.cumulative));
        most.into_iter().take(MODULES).map(|module| grouped(found, of, module_row(module)))
    });
    let rows: Vec<Row> = rows.collect();
    let mut blocks = Vec::new();
    let silent = found.functions.iter().filter(|of| of.modules.is_none() && of.failure.is_none());
    let silent: Vec<String> = silent.map(|of| format!("`{}`", plain(&of.function))).collect();
    if !silent.is_empty() {
        blocks.push(Block::Paragraph(format!(
            "{}: its runtime tells nothing of what it loads when its environment asks for it; the \
             files above are what is known.",
            silent.join(", ")
        )));
    }
    blocks.push(loads(found));
    let caption = "Largest first; a module is counted in all that loaded it";
    blocks.push(Block::Table(Table::new("loaded", caption, &columns, rows)));
    blocks
}

fn module_row(of: &ModuleUse) -> Vec<Cell> {
    vec![
        Cell::Text(plain(&of.name)),
        Cell::ns(of.cumulative as f64),
        Cell::ns(of.own as f64),
        if of.source.is_empty() { Cell::Empty } else { Cell::Text(plain(&of.source)) },
    ]
}

/// Where most of what nobody opened is.
pub(super) fn unopened(found: &Explanation) -> Vec<Block<'static>> {
    let columns =
        [Column::new("folder").names(), Column::new("never opened"), Column::of("files", Usual)];
    let rows = found.functions.iter().flat_map(|of| {
        let folders = of.unopened.iter().flat_map(|of| &of.folders);
        folders.map(|folder| {
            let cells = vec![
                Cell::Text(plain(&folder.path)),
                Cell::Bytes(folder.bytes),
                Cell::Count(folder.files),
            ];
            grouped(found, of, cells)
        })
    });
    let caption =
        "Files of the image that none of the watched starts opened, up to its first reply";
    vec![Block::Table(Table::new("unopened-folders", caption, &columns, rows.collect()))]
}

/// A time with its sign.
pub(super) fn change(base: u64, head: u64) -> String {
    let sign = if head < base { "−" } else { "+" };
    format!("{sign}{} ms", ms(head.abs_diff(base)))
}
