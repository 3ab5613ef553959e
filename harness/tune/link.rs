//! The link that the viewer of aws-lambda-power-tuning reads: all figures are in it, and
//! nothing is sent anywhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Tuned;

/// Where it leads: in two pieces, as two slashes are no comment.
pub const VIEWER: &str = concat!("https:/", "/lambda-power-tuning.show/#");
/// Nanoseconds in a millisecond.
const MS: f64 = 1e6;
const MILLION: f64 = 1e6;

/// The link for the sizes that may be chosen; none where there is none.
///
/// Sizes in MB as 16-bit numbers, then the average call in ms and the price of a call as
/// 32-bit floats, each list little-endian and in base64
/// (github.com/alexcasalboni/aws-lambda-power-tuning, `buildVisualizationURL`).
#[must_use]
pub fn link(tuned: &Tuned) -> Option<String> {
    let (mut sizes, mut times, mut prices) = (Vec::new(), Vec::new(), Vec::new());
    for size in tuned.eligible() {
        let (Some(average), Some(price)) = (size.average, size.price) else { continue };
        let Ok(mib) = i16::try_from(size.mib) else { continue };
        sizes.extend(mib.to_le_bytes());
        times.extend(((average.value / MS) as f32).to_le_bytes());
        prices.extend(((price.value / MILLION) as f32).to_le_bytes());
    }
    let encoded = [sizes, times, prices].map(|bytes| STANDARD.encode(bytes)).join(";");
    (encoded.len() > 2).then(|| format!("{VIEWER}{encoded}"))
}
