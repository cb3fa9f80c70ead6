//! Columns through the buffer protocol: any contiguous buffer of the right type, copied in pieces that stay in cache.

use std::ops::Range;

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use pyo3::types::{PyMemoryView, PySlice};
use tradewind_core::books::{BookError, Events, Rows};

use crate::error::{core_error, raise};

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// Rows, and events, of one piece; a longer event is a piece of its own.
const PIECE: usize = 1 << 14;

/// A whole column of signed 64-bit integers.
///
/// # Errors
/// `column_malformed`.
pub(super) fn integers(field: &'static str, column: Any<'_, '_>) -> PyResult<Vec<i64>> {
    Column::<i64>::read(field, column, INTEGERS)?.values()
}

const INTEGERS: &str = "signed 64-bit integers";

struct Column<'a, 'py, T: Element> {
    field: &'static str,
    of: Any<'a, 'py>,
    what: &'static str,
    /// Pieces are cut from this one; what holds it holds the buffer's length.
    view: Bound<'py, PyMemoryView>,
    buffer: PyBuffer<T>,
}

impl<'a, 'py, T: Element + Copy + Default> Column<'a, 'py, T> {
    fn read(field: &'static str, of: Any<'a, 'py>, what: &'static str) -> PyResult<Self> {
        let buffer = PyBuffer::<T>::get(of).ok();
        let buffer = buffer.filter(|buffer| buffer.dimensions() == 1);
        let view = PyMemoryView::from(of).ok();
        let Some((buffer, view)) = buffer.zip(view) else {
            return Err(malformed(field, of, what));
        };
        Ok(Self {
            field,
            of,
            what,
            view,
            buffer,
        })
    }

    fn len(&self) -> usize {
        self.buffer.item_count()
    }

    fn copy(&self, range: &Range<usize>, into: &mut Vec<T>) -> PyResult<()> {
        let py = self.of.py();
        into.resize(range.len(), T::default());
        if into.is_empty() {
            return Ok(());
        }
        let ends = (isize::try_from(range.start)?, isize::try_from(range.end)?);
        let part = self.view.get_item(PySlice::new(py, ends.0, ends.1, 1))?;
        let copied = PyBuffer::<T>::get(&part).and_then(|part| part.copy_to_slice(py, into));
        copied.map_err(|_| malformed(self.field, self.of, self.what))
    }

    fn values(&self) -> PyResult<Vec<T>> {
        let mut values = Vec::new();
        self.copy(&(0..self.len()), &mut values)?;
        Ok(values)
    }
}

/// The columns of `apply_events`, read piece by piece.
pub(super) struct EventColumns<'a, 'py> {
    integers: [Column<'a, 'py, i64>; 5],
    sides: Column<'a, 'py, u8>,
    /// What was copied last: first and last sequences, row counts, prices, sizes; and the sides.
    copies: [Vec<i64>; 5],
    side_copies: Vec<u8>,
    /// Events and rows before the next piece.
    events: usize,
    rows: usize,
}

impl<'a, 'py> EventColumns<'a, 'py> {
    pub(super) fn read(
        sequences: [Any<'a, 'py>; 2],
        row_counts: Any<'a, 'py>,
        sides: Any<'a, 'py>,
        levels: [Any<'a, 'py>; 2],
    ) -> PyResult<Self> {
        let integers = [
            Column::read("first_sequences", sequences[0], INTEGERS)?,
            Column::read("last_sequences", sequences[1], INTEGERS)?,
            Column::read("row_counts", row_counts, INTEGERS)?,
            Column::read("prices", levels[0], INTEGERS)?,
            Column::read("sizes", levels[1], INTEGERS)?,
        ];
        let columns = Self {
            integers,
            sides: Column::read("sides", sides, "unsigned bytes")?,
            copies: Default::default(),
            side_copies: Vec::new(),
            events: 0,
            rows: 0,
        };
        columns.check()?;
        Ok(columns)
    }

    /// Refuses columns that do not belong together before anything is applied.
    fn check(&self) -> PyResult<()> {
        let [first, last, counts, prices, sizes] = &self.integers;
        let mut total = Some(0_usize);
        for count in counts.values()? {
            let count = usize::try_from(count).ok();
            total = total
                .zip(count)
                .and_then(|(sum, count)| sum.checked_add(count));
        }
        let rows = total.unwrap_or(usize::MAX);
        let lengths = [
            (first.field, counts.len(), first.len()),
            (last.field, counts.len(), last.len()),
            (self.sides.field, rows, self.sides.len()),
            (prices.field, rows, prices.len()),
            (sizes.field, rows, sizes.len()),
        ];
        let unequal = lengths
            .into_iter()
            .find(|(_, expected, rows)| expected != rows);
        unequal.map_or(Ok(()), |(field, expected, rows)| {
            Err(raise(BookError::ColumnsUnequal {
                field,
                expected,
                rows,
            }))
        })
    }

    /// Copies the next piece; `false` at the end.
    pub(super) fn advance(&mut self) -> PyResult<bool> {
        let all = self.integers[2].len();
        self.events += self.copies[2].len();
        self.rows += self.side_copies.len();
        if self.events >= all {
            return Ok(false);
        }
        let some = self.events..(self.events + PIECE).min(all);
        self.integers[2].copy(&some, &mut self.copies[2])?;
        let mut rows = 0;
        let mut count = 0;
        for more in &self.copies[2] {
            let more = usize::try_from(*more).unwrap_or_default();
            if count > 0 && rows + more > PIECE {
                break;
            }
            rows += more;
            count += 1;
        }
        self.copies[2].truncate(count);
        for (place, range) in [
            (0, self.events..self.events + count),
            (1, self.events..self.events + count),
            (3, self.rows..self.rows + rows),
            (4, self.rows..self.rows + rows),
        ] {
            self.integers[place].copy(&range, &mut self.copies[place])?;
        }
        self.sides
            .copy(&(self.rows..self.rows + rows), &mut self.side_copies)?;
        Ok(true)
    }

    pub(super) fn piece(&self) -> Piece<'_> {
        let [first, last, counts, prices, sizes] = &self.copies;
        Piece {
            events: Events {
                first,
                last,
                counts,
                rows: Rows {
                    sides: &self.side_copies,
                    prices,
                    sizes,
                },
            },
            rows_before: self.rows,
            events_before: self.events,
        }
    }
}

/// What was copied last, and what came before it.
pub(super) struct Piece<'a> {
    pub(super) events: Events<'a>,
    pub(super) rows_before: usize,
    pub(super) events_before: usize,
}

fn malformed(field: &str, column: Any<'_, '_>, what: &str) -> PyErr {
    let message = format!(
        "{field}: must be a contiguous buffer of {what}, such as an array or a NumPy array, not {}",
        column.get_type()
    );
    core_error("column_malformed", &message)
}
