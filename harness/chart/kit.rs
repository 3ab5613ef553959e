//! What every chart is drawn with: a canvas, colours, text, axes, legends. Must not know
//! what is charted.

pub(crate) mod axis;
pub(crate) mod canvas;
pub(crate) mod declutter;
pub(crate) mod error_bar;
pub(crate) mod legend;
pub(crate) mod palette;
pub(crate) mod text_layout;
pub(crate) mod theme;
pub(crate) mod time_unit;
