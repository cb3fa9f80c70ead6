//! What a venue sent, as columns: many events and their levels in a few flat arrays.

use std::ops::Range;

use super::error::BookError;

/// Level changes, one a row. A price is in ticks, a size in lots and absolute; a size of 0 takes the level out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rows<'a> {
    /// 0 for a bid, 1 for an ask.
    pub sides: &'a [u8],
    /// In ticks, from 1 on.
    pub prices: &'a [i64],
    /// In lots, from 0 on.
    pub sizes: &'a [i64],
}

/// Events in the order in which they came; each takes the next `counts` rows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Events<'a> {
    /// The first update id of each event (`U`); not read for a venue that has no numbers.
    pub first: &'a [i64],
    /// The last update id of each event (`u`).
    pub last: &'a [i64],
    /// How many rows each event has; one each when `None`.
    pub counts: Option<&'a [i64]>,
    /// The rows of all events.
    pub rows: Rows<'a>,
}

/// Both sides of a book at one sequence; any order within a side. Prices are in ticks, sizes in lots.
#[derive(Debug, Clone, Copy, Default)]
pub struct Snapshot<'a> {
    /// The id of the last update that is in it; 0 for a venue that has no numbers.
    pub sequence: u64,
    /// In ticks.
    pub bid_prices: &'a [i64],
    /// In lots.
    pub bid_sizes: &'a [i64],
    /// In ticks.
    pub ask_prices: &'a [i64],
    /// In lots.
    pub ask_sizes: &'a [i64],
}

/// One event of a call: its sequences, and where its rows end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) end: usize,
}

/// One event with its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event<'a> {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) rows: Rows<'a>,
}

impl<'a> Rows<'a> {
    pub(super) fn len(&self) -> usize {
        self.sides.len()
    }

    /// Some of the rows; none when there are not so many.
    pub(super) fn part(&self, range: Range<usize>) -> Rows<'a> {
        let sides = self.sides.get(range.clone());
        let prices = self.prices.get(range.clone());
        Rows {
            sides: sides.unwrap_or_default(),
            prices: prices.unwrap_or_default(),
            sizes: self.sizes.get(range).unwrap_or_default(),
        }
    }
}

impl<'a> Events<'a> {
    /// Checks that the columns belong together.
    ///
    /// # Errors
    /// `columns_unequal`.
    pub(super) fn check(&self) -> Result<(), BookError> {
        let events = self.last.len();
        equal("first_sequences", events, self.first.len())?;
        let mut rows = events;
        if let Some(counts) = self.counts {
            equal("row_counts", events, counts.len())?;
            let counted = counts.iter().try_fold(0_usize, |sum, count| {
                sum.checked_add(usize::try_from(*count).ok()?)
            });
            rows = counted.unwrap_or(usize::MAX);
        }
        equal("sides", rows, self.rows.sides.len())?;
        equal("prices", rows, self.rows.prices.len())?;
        equal("sizes", rows, self.rows.sizes.len())
    }

    /// The events one by one: their sequences (zeros when they are not `numbered`), and the end of their rows.
    pub(super) fn each(
        &self,
        numbered: bool,
    ) -> impl Iterator<Item = Result<Numbers, BookError>> + use<'a> {
        let mut end = 0_usize;
        let counts = self.counts;
        let columns = self.first.iter().zip(self.last);
        columns.enumerate().map(move |(place, (first, last))| {
            let count = counts.map_or(Some(&1), |counts| counts.get(place));
            // Every count was added up by `check`.
            end = end.wrapping_add(count.map_or(0, |count| usize::try_from(*count).unwrap_or(0)));
            let (first, last) = if numbered {
                sequences(place, *first, *last)?
            } else {
                (0, 0)
            };
            Ok(Numbers { first, last, end })
        })
    }
}

#[inline]
fn sequences(event: usize, first: i64, last: i64) -> Result<(u64, u64), BookError> {
    let malformed = |field, value| BookError::SequenceMalformed {
        field,
        event,
        value,
    };
    let last_id = u64::try_from(last).map_err(|_| malformed("last_sequences", last))?;
    let first_id = u64::try_from(first).map_err(|_| malformed("first_sequences", first))?;
    if last_id < first_id {
        return Err(malformed("last_sequences", last));
    }
    Ok((first_id, last_id))
}

pub(super) fn equal(field: &'static str, expected: usize, rows: usize) -> Result<(), BookError> {
    if expected == rows {
        return Ok(());
    }
    Err(BookError::ColumnsUnequal {
        field,
        expected,
        rows,
    })
}
