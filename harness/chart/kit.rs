//! What every chart is drawn with: a canvas, colours, text, axes, a legend, two layouts
//! that take any width, and what a drawing can be zoomed into. Must not know what is charted.

pub(crate) mod axis;
pub(crate) mod canvas;
pub(crate) mod colour;
pub(crate) mod declutter;
pub(crate) mod legend;
pub(crate) mod mark;
pub(crate) mod plot;
pub(crate) mod rows;
pub(crate) mod text;
pub(crate) mod time_unit;
pub(crate) mod zoom;
