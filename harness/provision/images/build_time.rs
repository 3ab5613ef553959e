//! How long an image took to be made, noted on the image itself: whoever measures it later
//! knows it too.

use std::collections::BTreeMap;
use std::time::Duration;

use super::context;
use crate::engine::{BuildSpec, EngineError, Image, ImageStore, LABEL_BUILD_MS};
use crate::spec::function::DOCKERFILE;
use crate::store::{BuildRecord, FunctionRecord};

/// Notes it on an image that was just built: one more of the same layers and the same name,
/// with a label. Before the build it could not be known.
pub(super) async fn note(
    engine: &impl ImageStore,
    built: &BuildSpec,
    took: Duration,
) -> Result<(), EngineError> {
    let ms = took.as_millis().to_string();
    let spec = BuildSpec {
        context: context::of_text(DOCKERFILE, &format!("FROM {}\n", built.tag)),
        arguments: BTreeMap::new(),
        labels: BTreeMap::from([(LABEL_BUILD_MS.to_owned(), ms)]),
        ..built.clone()
    };
    engine.build(&spec, &|_: &str| ()).await
}

/// What is noted on an image; none where nobody noted it.
pub(super) fn noted(image: &Image) -> Option<BuildRecord> {
    let ms = image.labels.get(LABEL_BUILD_MS)?.parse().ok()?;
    Some(BuildRecord { ms, in_this_run: false })
}

/// Leaves it on those alone that stand beside a variant: of others nobody asks.
pub(super) fn only_beside_variants(records: &mut [FunctionRecord]) {
    let mut asked: Vec<String> = Vec::new();
    for record in records.iter() {
        if let Some(variant) = &record.variant {
            asked.extend([record.name.clone(), variant.of.clone()]);
        }
    }
    for record in records.iter_mut().filter(|record| !asked.contains(&record.name)) {
        record.build = None;
    }
}
