//! Daemons that took turns: what each is, and how far apart they are.

use crate::analysis::Analysis;
use crate::report::document::{Block, Cell, Column, Table};
use crate::spec::factor::Factors;
use crate::words::plain;

use super::between;

const DAEMONS: [Column; 5] = [
    Column::new("daemon").names(),
    Column::new("engine"),
    Column::new("OCI runtime"),
    Column::new("storage"),
    Column::new("cgroups"),
];

const BETWEEN: [Column; 3] = between::columns("against the first daemon (95 %)");

/// Both tables; nothing of a run of one.
pub(super) fn blocks<'a>(analysis: &Analysis) -> Vec<Block<'a>> {
    let record = &analysis.run.record;
    let asked = record.scenario.factors.daemons.iter();
    let known = asked.filter_map(|one| Some((one, record.engine.daemons.get(one.name())?)));
    let rows: Vec<_> = known
        .map(|(one, engine)| {
            let name = one.name().to_owned();
            let version = format!("{} {}", engine.kind, engine.version);
            let told = [name, version, engine.oci_runtime.clone(), engine.storage_driver.clone()];
            let told = told.into_iter().chain([engine.cgroups.clone()]);
            told.map(|text| Cell::Text(plain(&text))).collect::<Vec<_>>().into()
        })
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let caption = "Each made its instances in turns with the others, of the same images";
    let mut blocks = vec![Block::Table(Table::new("daemons", caption, &DAEMONS, rows).key())];
    // Where nobody chose one, each has its own.
    let is_open = record.scenario.factors.runtimes.is_empty();
    let but = |mut factors: Factors| {
        if is_open {
            factors.runtime.clear();
        }
        Factors { daemon: None, ..factors }
    };
    let rows: Vec<_> = between::rows(analysis, but).into_iter().map(Into::into).collect();
    if !rows.is_empty() {
        let caption = "Cold starts by daemon: how much longer one takes than on the first \
                       (Hodges-Lehmann)";
        blocks.push(Block::Table(Table::new("between-daemons", caption, &BETWEEN, rows).key()));
    }
    blocks
}
