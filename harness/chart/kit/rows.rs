//! The layout of every chart that has a row a thing, at any width: texts in columns
//! beside the rows' marks where these keep room, else above them.

use super::axis::{Axis, Frame, Scale};
use super::canvas::Canvas;
use super::colour::{FAINT, GREY};
use super::text::{LINE, Text};

/// Between two texts, and between a text and the field.
const GAP: f64 = 14.0;

/// The texts of a row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) name: Text,
    /// What tells it from others of its name.
    pub(crate) note: Option<Text>,
    /// More of what stands before its mark, and what stands after it.
    pub(crate) before: Option<Text>,
    pub(crate) after: Vec<Text>,
}

impl Row {
    pub(crate) fn new(name: Text) -> Self {
        Self { name, note: None, before: None, after: Vec::new() }
    }

    /// Its columns, from the left; and how many of them stand before the mark.
    fn columns(&self) -> (Vec<Option<&Text>>, usize) {
        let mut columns = vec![Some(&self.name), self.note.as_ref(), self.before.as_ref()];
        columns.extend(self.after.iter().map(Some));
        (columns, 3)
    }
}

/// Where the texts of rows stand.
pub(crate) struct RowPlot {
    /// The left end of each column; none where texts stand above their marks.
    columns: Option<Vec<f64>>,
    /// The ends of the marks' field, in pixels.
    pub(crate) field: (f64, f64),
}

impl RowPlot {
    /// Of some rows, of whose width the field has at least `least`.
    pub(crate) fn new(canvas: &Canvas, rows: &[Row], least: f64) -> Self {
        let (left, right) = canvas.edges();
        let mut widths: Vec<f64> = Vec::new();
        for row in rows {
            for (i, text) in row.columns().0.into_iter().enumerate() {
                let width = text.map_or(0.0, Text::width);
                match widths.get_mut(i) {
                    Some(widest) => *widest = width.max(*widest),
                    None => widths.push(width),
                }
            }
        }
        let before = rows.first().map_or(0, |row| row.columns().1);
        let takes = |width: f64| if width > 0.0 { width + GAP } else { 0.0 };
        let room = right - left - widths.iter().copied().map(takes).sum::<f64>();
        if room < least {
            return Self::above(canvas);
        }
        let mut x = left;
        let mut columns = Vec::new();
        let mut field = (left, left + room);
        for (i, width) in widths.into_iter().enumerate() {
            if i == before {
                field = (x, x + room);
                x += room + GAP;
            }
            columns.push(x);
            x += takes(width);
        }
        if columns.len() <= before {
            field = (x, x + room);
        }
        Self { columns: Some(columns), field }
    }

    /// With all texts above their marks.
    pub(crate) fn above(canvas: &Canvas) -> Self {
        Self { columns: None, field: canvas.edges() }
    }

    /// The field with its horizontal axis; its height is that of each mark.
    pub(crate) fn frame(&self, x: Scale) -> Frame {
        let (left, right) = self.field;
        Frame { left, right, top: 0.0, bottom: 0.0, x, y: Scale::UNIT }
    }

    /// Sets the texts of a row that begins at `top`, and whose mark is so high; where
    /// the mark begins. What stands after a mark stands at its `end`, if that is given;
    /// what is behind mark and texts is drawn by `behind`, from where the mark begins.
    pub(crate) fn texts(
        &self,
        canvas: &mut Canvas,
        row: &Row,
        (top, height): (f64, f64),
        end: Option<f64>,
        behind: impl FnOnce(&mut Canvas, f64),
    ) -> f64 {
        let Some(columns) = &self.columns else {
            let begins = above(canvas, row, top);
            behind(canvas, begins);
            return begins;
        };
        behind(canvas, top);
        let (texts, before) = row.columns();
        for (i, (text, x)) in texts.into_iter().zip(columns).enumerate() {
            let Some(text) = text else { continue };
            let x = end.filter(|_| i >= before).map_or(*x, |end| end + 8.0);
            canvas.text_on_page(text.clone().at(x, top + height / 2.0));
        }
        top
    }
}

/// The lines of the ticks, behind a mark.
pub(crate) fn grid(canvas: &mut Canvas, frame: &Frame, x: &Axis, (top, bottom): (f64, f64)) {
    for (value, _) in &x.ticks {
        let x = frame.x_of(*value);
        canvas.line(vec![(x, top), (x, bottom)], FAINT, 1.0);
    }
}

/// The axis below the last row; where it ends.
pub(crate) fn axis(canvas: &mut Canvas, frame: &Frame, x: &Axis, top: f64) -> f64 {
    let below = Frame { top, bottom: top + 5.0, ..*frame };
    below.x_axis(canvas, &x.ticks, &x.name);
    canvas.line(vec![(frame.left, top), (frame.right, top)], GREY, 1.0);
    top + 52.0
}

/// Name and note on the left, the last column on the right; then the rest, likewise.
fn above(canvas: &mut Canvas, row: &Row, top: f64) -> f64 {
    let mut after = row.after.iter().rev();
    let mut y = line(canvas, &[Some(&row.name), row.note.as_ref()], after.next(), top);
    if row.before.is_some() || after.len() > 0 {
        y = line(canvas, &[row.before.as_ref()], after.next(), y);
    }
    y + 3.0
}

/// Texts after each other from the left, and one at the right, in further lines where
/// they have no room; where they end.
fn line(canvas: &mut Canvas, texts: &[Option<&Text>], last: Option<&Text>, top: f64) -> f64 {
    let (left, right) = canvas.edges();
    let (mut x, mut y) = (left, top + LINE / 2.0);
    for text in texts.iter().copied().flatten() {
        if x > left && x + text.width() > right {
            (x, y) = (left, y + LINE);
        }
        for (i, piece) in text.wrapped(right - x, 2).into_iter().enumerate() {
            if i > 0 {
                (x, y) = (left, y + LINE);
            }
            let end = x + piece.width() + 8.0;
            canvas.text_on_page(piece.at(x, y));
            x = end;
        }
    }
    if let Some(last) = last {
        if x > left && x + last.width() > right {
            y += LINE;
        }
        canvas.text_on_page(last.clone().cut(right - left).right().at(right, y));
    }
    y + LINE / 2.0
}
