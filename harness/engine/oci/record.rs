//! What is known of an instance after its driver is gone: a file in its folder.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::folders::Folders;
use crate::engine::{InstanceId, LABEL_FUNCTION, LABEL_MAKER, LABEL_RUN, ListedInstance};
use crate::system::maker::Maker;

/// Its name.
const FILE: &str = "instance.json";
/// What it is written as before it has that name.
const FRESH: &str = "instance.json.new";
/// Hexadecimal digits of an id.
const ID: usize = 32;

/// An instance.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Record {
    /// Its labels.
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    /// The runtime that it is made by, as a path.
    #[serde(default)]
    pub(super) runtime: String,
    /// Its address, where it has a network of its own with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<Ipv4Addr>,
}

impl Record {
    /// At once: whoever reads it meanwhile finds the one before it, or none, and no part of one.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let fresh = folder.join(FRESH);
        fs::write(&fresh, serde_json::to_vec(self)?)?;
        fs::rename(fresh, folder.join(FILE))
    }

    /// What cannot be read says nothing: whoever made it was ended before it was written.
    pub(super) fn read(folder: &Path) -> Self {
        let read = fs::read(folder.join(FILE)).ok();
        read.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    fn label(&self, name: &str) -> String {
        self.labels.get(name).cloned().unwrap_or_default()
    }
}

/// A fresh id.
pub(super) fn fresh() -> InstanceId {
    InstanceId(uuid::Uuid::new_v4().simple().to_string())
}

/// Whether it is an id of ours: it becomes a path.
pub(super) fn is_id(id: &str) -> bool {
    id.len() == ID && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Every instance that has a folder, whoever made it.
pub(super) fn list(
    disk: &Path,
    bundles: &Path,
    run: Option<&str>,
) -> io::Result<Vec<ListedInstance>> {
    let entries = match fs::read_dir(disk) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let found = names.filter(|name| is_id(name)).map(|name| {
        let folders = Folders::of(disk, bundles, &name);
        let record = Record::read(&folders.disk);
        ListedInstance {
            running: folders.bundle.join(super::PID).exists(),
            id: InstanceId(name),
            run: record.label(LABEL_RUN),
            function: record.label(LABEL_FUNCTION),
            maker: Maker::parse(&record.label(LABEL_MAKER)),
        }
    });
    Ok(found.filter(|found| run.is_none_or(|run| found.run == run)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_listed_by_its_folder_and_nothing_else_is() {
        let home = tempfile::tempdir().unwrap();
        let state = home.path();
        assert!(list(&state.join("none"), state, None).unwrap().is_empty());
        let (own, half) = (fresh(), fresh());
        for id in [&own.0, &half.0, "addresses"] {
            fs::create_dir(state.join(id)).unwrap();
        }
        let labels = [(LABEL_RUN, "r".to_owned()), (LABEL_MAKER, Maker::own().to_string())];
        let labels = labels.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Record { labels, ..Record::default() }.write(&state.join(&own.0)).unwrap();
        fs::write(state.join(&half.0).join(FILE), "{").unwrap();
        assert_eq!(list(state, state, None).unwrap().len(), 2);
        let found = list(state, state, Some("r")).unwrap();
        assert_eq!((found.len(), &found[0].id), (1, &own));
        assert_eq!(found[0].maker.as_ref(), Some(Maker::own()));
        assert!(!is_id("../../etc") && !is_id(&"A".repeat(32)) && is_id(&own.0));
    }

    #[test]
    fn a_reader_never_sees_the_half_of_a_record() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path();
        // Long enough that it is not written at one stroke.
        let of = |run: &str| {
            let labels = [(LABEL_RUN, run.to_owned()), ("long", "x".repeat(1 << 20))];
            let labels = labels.map(|(name, value)| (name.to_owned(), value)).into();
            Record { labels, ..Record::default() }
        };
        of("first").write(folder).unwrap();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for _ in 0..50 {
                    of("second").write(folder).unwrap();
                }
            });
            let mut reads = 0;
            while !writer.is_finished() || reads == 0 {
                let run = Record::read(folder).label(LABEL_RUN);
                assert!(["first", "second"].contains(&&*run), "half of one: `{run}`");
                reads += 1;
            }
        });
        assert_eq!(Record::read(folder).label(LABEL_RUN), "second");
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "nothing else stays");
    }
}
