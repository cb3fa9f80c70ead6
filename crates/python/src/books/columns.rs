//! Columns through the buffer protocol: any contiguous buffer of the right type, copied in pieces that stay in cache.

use std::marker::PhantomData;
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

struct Column<'a, 'py, T> {
    field: &'static str,
    of: Any<'a, 'py>,
    what: &'static str,
    /// Pieces are cut from this one; holding it keeps the length.
    view: Bound<'py, PyMemoryView>,
    len: usize,
    items: PhantomData<T>,
}

impl<'a, 'py, T: Element + Copy + Default> Column<'a, 'py, T> {
    fn read(field: &'static str, of: Any<'a, 'py>, what: &'static str) -> PyResult<Self> {
        let refused = |_| malformed(field, of, what);
        let view = PyMemoryView::from(of).map_err(refused)?;
        let mut len = view.len().map_err(refused)?;
        // An empty array need not have an address that suits its type.
        if len > 0 {
            let buffer = PyBuffer::<T>::get(of).map_err(refused)?;
            len = buffer.item_count();
            if buffer.dimensions() != 1 {
                return Err(malformed(field, of, what));
            }
        }
        Ok(Self {
            field,
            of,
            what,
            view,
            len,
            items: PhantomData,
        })
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
        self.copy(&(0..self.len), &mut values)?;
        Ok(values)
    }
}

/// The columns of `apply_events`, read piece by piece.
pub(super) struct EventColumns<'a, 'py> {
    /// Last sequences, prices, sizes.
    last: Column<'a, 'py, i64>,
    prices: Column<'a, 'py, i64>,
    sizes: Column<'a, 'py, i64>,
    sides: Column<'a, 'py, u8>,
    /// None: each event covers one sequence, its last.
    first: Option<Column<'a, 'py, i64>>,
    /// None: each event has one row.
    counts: Option<Column<'a, 'py, i64>>,
    copies: Copies,
    /// Events and rows before the next piece.
    events: usize,
    rows: usize,
}

/// What was copied last.
#[derive(Default)]
struct Copies {
    first: Vec<i64>,
    last: Vec<i64>,
    counts: Vec<i64>,
    prices: Vec<i64>,
    sizes: Vec<i64>,
    sides: Vec<u8>,
}

impl<'a, 'py> EventColumns<'a, 'py> {
    pub(super) fn read(
        last: Any<'a, 'py>,
        first: Option<Any<'a, 'py>>,
        counts: Option<Any<'a, 'py>>,
        sides: Any<'a, 'py>,
        levels: [Any<'a, 'py>; 2],
    ) -> PyResult<Self> {
        let optional = |field, column: Option<Any<'a, 'py>>| {
            column
                .map(|column| Column::read(field, column, INTEGERS))
                .transpose()
        };
        let columns = Self {
            last: Column::read("last_sequences", last, INTEGERS)?,
            first: optional("first_sequences", first)?,
            counts: optional("row_counts", counts)?,
            sides: Column::read("sides", sides, "unsigned bytes")?,
            prices: Column::read("prices", levels[0], INTEGERS)?,
            sizes: Column::read("sizes", levels[1], INTEGERS)?,
            copies: Copies::default(),
            events: 0,
            rows: 0,
        };
        columns.check()?;
        Ok(columns)
    }

    /// Refuses columns that do not belong together before anything is applied.
    fn check(&self) -> PyResult<()> {
        let events = self.last.len;
        let rows = self.row_count()?.unwrap_or(usize::MAX);
        let first = self.first.as_ref().map_or(events, |column| column.len);
        let counts = self.counts.as_ref().map_or(events, |column| column.len);
        let lengths = [
            ("first_sequences", events, first),
            ("row_counts", events, counts),
            ("sides", rows, self.sides.len),
            ("prices", rows, self.prices.len),
            ("sizes", rows, self.sizes.len),
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

    /// The rows of all events; `None` when a count is negative, or their sum is out of range.
    fn row_count(&self) -> PyResult<Option<usize>> {
        let Some(counts) = &self.counts else {
            return Ok(Some(self.last.len));
        };
        let (mut total, mut some) = (Some(0_usize), Vec::new());
        for start in (0..counts.len).step_by(PIECE) {
            counts.copy(&(start..counts.len.min(start + PIECE)), &mut some)?;
            total = some.iter().fold(total, |sum, count| {
                sum?.checked_add(usize::try_from(*count).ok()?)
            });
        }
        Ok(total)
    }

    /// Copies the next piece; `false` at the end.
    pub(super) fn advance(&mut self) -> PyResult<bool> {
        let copies = &mut self.copies;
        self.events += copies.last.len();
        self.rows += copies.sides.len();
        if self.events >= self.last.len {
            return Ok(false);
        }
        let mut events = self.events..(self.events + PIECE).min(self.last.len);
        let mut rows = self.rows..self.rows + events.len();
        if let Some(counts) = &self.counts {
            counts.copy(&events, &mut copies.counts)?;
            let (count, sum) = fitting(&copies.counts);
            copies.counts.truncate(count);
            events.end = events.start + count;
            rows.end = rows.start + sum;
        }
        if let Some(first) = &self.first {
            first.copy(&events, &mut copies.first)?;
        }
        self.last.copy(&events, &mut copies.last)?;
        self.prices.copy(&rows, &mut copies.prices)?;
        self.sizes.copy(&rows, &mut copies.sizes)?;
        self.sides.copy(&rows, &mut copies.sides)?;
        Ok(true)
    }

    pub(super) fn piece(&self) -> Piece<'_> {
        let copies = &self.copies;
        let first = self.first.as_ref().map_or(&copies.last, |_| &copies.first);
        Piece {
            events: Events {
                first,
                last: &copies.last,
                counts: self.counts.as_ref().map(|_| copies.counts.as_slice()),
                rows: Rows {
                    sides: &copies.sides,
                    prices: &copies.prices,
                    sizes: &copies.sizes,
                },
            },
            rows_before: self.rows,
            events_before: self.events,
        }
    }
}

/// How many events fit in a piece, one at least, and their rows.
fn fitting(counts: &[i64]) -> (usize, usize) {
    let (mut events, mut rows) = (0, 0);
    for count in counts {
        let count = usize::try_from(*count).unwrap_or_default();
        if events > 0 && rows + count > PIECE {
            break;
        }
        rows += count;
        events += 1;
    }
    (events, rows)
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
