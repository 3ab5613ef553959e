//! Scales, ticks, and the frame that a chart is drawn in.

use super::canvas::Canvas;
use super::colour::FAINT;
use super::text::Text;

/// Where values fall between the ends of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scale {
    /// Even steps.
    Linear { min: f64, max: f64 },
    /// Even ratios; both ends positive.
    Log { min: f64, max: f64 },
}

impl Scale {
    /// From nought to one.
    pub(crate) const UNIT: Scale = Scale::Linear { min: 0.0, max: 1.0 };

    /// A logarithmic scale about some values, with air at both ends. None
    /// without a positive value.
    pub(crate) fn log_about(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let (min, max) = ends(values.into_iter().filter(|v| *v > 0.0))?;
        let ratio = max / min;
        // Equal values still need a scale to stand on.
        let air = if ratio < 1.05 { 1.3 } else { ratio.powf(0.06) };
        Some(Self::Log { min: min / air, max: max * air })
    }

    /// A scale from nought to a little beyond the largest value.
    pub(crate) fn from_nought(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let (_, max) = ends(values)?;
        let max = if max > 0.0 { max * 1.02 } else { 1.0 };
        Some(Self::Linear { min: 0.0, max })
    }

    /// The place of a value: 0 at the lower end, 1 at the upper.
    pub(crate) fn place(&self, value: f64) -> f64 {
        match *self {
            Scale::Linear { min, max } => (value - min) / (max - min),
            // Nought has no place on a log axis: it stands at the edge.
            Scale::Log { min, max } => (value.max(min) / min).ln() / (max / min).ln(),
        }
    }

    /// On which side a value leaves the axis: -1 below, 1 above, 0 when it does not.
    pub(crate) fn beyond(&self, value: f64) -> i8 {
        let (Scale::Linear { min, max } | Scale::Log { min, max }) = *self;
        i8::from(value > max) - i8::from(value < min)
    }

    /// Round values to write at the axis.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        match *self {
            Scale::Linear { min, max } => linear_ticks(min, max),
            Scale::Log { min, max } => log_ticks(min, max),
        }
    }
}

fn ends(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().fold(None, |ends: Option<(f64, f64)>, v| {
        Some(ends.map_or((v, v), |(min, max)| (min.min(v), max.max(v))))
    })
}

/// Steps of 1, 2 or 5 times a power of ten, four to nine of them.
fn linear_ticks(min: f64, max: f64) -> Vec<f64> {
    let rough = (max - min) / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|s| s * power);
    let step = steps.into_iter().find(|s| *s >= rough * 0.999).unwrap_or(rough);
    let first = (min / step).ceil() as i64;
    let last = (max / step).floor() as i64;
    (first..=last).map(|i| i as f64 * step).collect()
}

/// As many round figures a decade as there is room for; even steps where the
/// range is too short for three of them.
fn log_ticks(min: f64, max: f64) -> Vec<f64> {
    let decades = (max / min).log10();
    let figures: &[f64] = match decades {
        d if d > 3.5 => &[1.0],
        d if d > 0.9 => &[1.0, 2.0, 5.0],
        d if d > 0.5 => &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0],
        _ => &[],
    };
    let powers = min.log10().floor() as i32..=max.log10().ceil() as i32;
    let ticks: Vec<f64> = powers
        .flat_map(|power| figures.iter().map(move |f| f * 10_f64.powi(power)))
        .filter(|tick| (min..=max).contains(tick))
        .collect();
    if ticks.len() < 3 { linear_ticks(min, max) } else { ticks }
}

/// A tick as text, without needless noughts.
pub(crate) fn tick_text(value: f64) -> String {
    // Four figures are more than any tick has, and hide 0.30000000000000004.
    let text = match value.abs() {
        v if v >= 1000.0 || v == 0.0 => format!("{value:.0}"),
        v => format!("{value:.*}", (3 - v.log10().floor() as i32).max(0) as usize),
    };
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A scale with the values that are written at it, and what it counts.
pub(crate) struct Axis {
    pub(crate) scale: Scale,
    pub(crate) ticks: Vec<(f64, String)>,
    pub(crate) name: String,
}

impl Axis {
    /// With round values.
    pub(crate) fn new(scale: Scale, name: impl Into<String>) -> Self {
        Self { scale, ticks: labelled(&scale), name: name.into() }
    }

    /// With other values.
    pub(crate) fn with(self, ticks: Vec<(f64, String)>) -> Self {
        Self { ticks, ..self }
    }
}

/// A field of a chart, in pixels, with its two scales.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    pub(crate) x: Scale,
    pub(crate) y: Scale,
}

impl Frame {
    /// Pixels of a pair of values.
    pub(crate) fn point(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x_of(x), self.y_of(y))
    }

    pub(crate) fn x_of(&self, x: f64) -> f64 {
        self.left + self.x.place(x) * (self.right - self.left)
    }

    pub(crate) fn y_of(&self, y: f64) -> f64 {
        self.bottom - self.y.place(y) * (self.bottom - self.top)
    }

    /// The same, on an edge where it is beyond.
    pub(crate) fn x_within(&self, x: f64) -> f64 {
        self.x_of(x).clamp(self.left, self.right)
    }

    pub(crate) fn y_within(&self, y: f64) -> f64 {
        self.y_of(y).clamp(self.top, self.bottom)
    }

    /// Grid, ticks and the name of the horizontal axis.
    pub(crate) fn x_axis(&self, canvas: &mut Canvas, ticks: &[(f64, String)], name: &str) {
        let mut free = f64::NEG_INFINITY;
        for (value, text) in ticks {
            let x = self.x_of(*value);
            canvas.line(vec![(x, self.top), (x, self.bottom)], FAINT, 1.0);
            let text = Text::new(text).centred().grey();
            let half = text.width() / 2.0;
            // At the edge of the canvas the text is moved, not the line.
            let x = x.min(canvas.width - half - 1.0).max(half + 1.0);
            // A tick that would stand on its neighbour keeps its line only.
            if x - half > free && !text.text.is_empty() {
                free = x + half + 6.0;
                canvas.text(text.at(x, self.bottom + 15.0));
            }
        }
        let name = Text::new(name).centred().cut(canvas.width - 8.0);
        let half = name.width() / 2.0 + 2.0;
        let middle = f64::midpoint(self.left, self.right).min(canvas.width - half).max(half);
        canvas.text(name.at(middle, self.bottom + 36.0));
    }

    /// Grid, ticks and the name of the vertical axis.
    pub(crate) fn y_axis(&self, canvas: &mut Canvas, ticks: &[(f64, String)], name: &str) {
        let mut free = f64::INFINITY;
        for (value, text) in ticks {
            let y = self.y_of(*value);
            canvas.line(vec![(self.left, y), (self.right, y)], FAINT, 1.0);
            if y + 7.0 < free {
                free = y - 9.0;
                canvas.text(Text::new(text).at(self.left - 8.0, y).right().grey());
            }
        }
        let x = if canvas.is_narrow() { 10.0 } else { 20.0 };
        let middle = f64::midpoint(self.top, self.bottom);
        canvas.text(Text::new(name).at(x, middle).centred().upright());
    }
}

/// How far from the left a field begins, so that the ticks of its vertical axis and
/// the axis' name have room: no less than on other charts.
pub(crate) fn left_of_field<'a>(
    canvas: &Canvas,
    ticks: impl Iterator<Item = &'a (f64, String)>,
) -> f64 {
    let widest = ticks.map(|(_, text)| Text::new(text).width()).fold(0.0, f64::max);
    if canvas.is_narrow() { widest + 30.0 } else { (widest + 40.0).max(76.0) }
}

/// The ticks of a scale with their texts.
pub(crate) fn labelled(scale: &Scale) -> Vec<(f64, String)> {
    scale.ticks().into_iter().map(|t| (t, tick_text(t))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(scale: Scale) -> String {
        labelled(&scale).into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round_and_enough() {
        assert_eq!(texts(Scale::Linear { min: 0.0, max: 300.0 }), "0 100 200 300");
        assert_eq!(texts(Scale::Linear { min: 0.0, max: 1.0 }), "0 0.2 0.4 0.6 0.8 1");
        assert_eq!(texts(Scale::Log { min: 150.0, max: 320.0 }), "150 200 250 300");
        assert_eq!(texts(Scale::Log { min: 0.15, max: 800.0 }), "1 10 100");
        assert_eq!(texts(Scale::Log { min: 216.0, max: 246.0 }), "220 230 240");
        assert_eq!(texts(Scale::Log { min: 0.9, max: 9.5 }), "1 2 5");
    }

    #[test]
    fn what_leaves_an_axis_is_told() {
        for scale in [Scale::Linear { min: 1.0, max: 9.0 }, Scale::Log { min: 1.0, max: 9.0 }] {
            let values = [f64::NEG_INFINITY, 0.0, 1.0, 9.0, 9.1, f64::INFINITY];
            assert_eq!(values.map(|v| scale.beyond(v)), [-1, -1, 0, 0, 1, 1]);
        }
    }

    #[test]
    fn equal_values_have_a_scale() {
        let scale = Scale::log_about([5.0, 5.0]).unwrap();
        assert!((scale.place(5.0) - 0.5).abs() < 1e-9);
        assert_eq!(Scale::log_about([]), None);
        assert_eq!(Scale::log_about([0.0]), None);
        assert!(Scale::from_nought([0.0]).unwrap().ticks().len() > 1);
    }
}
