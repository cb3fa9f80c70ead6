//! Why a book does not answer, or does not take what it was given: each reason with a stable code.

use thiserror::Error;

/// A refusal by the order books. Branch on [`BookError::code`], never on the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BookError {
    /// The book waits for a snapshot.
    #[error("{venue}: the book is out of sync ({reason}); give it a fresh snapshot")]
    OutOfSync {
        /// The book's venue.
        venue: String,
        /// Why, in words.
        reason: String,
    },
    /// A price that the venue's units cannot hold.
    #[error(
        "{field}, row {row}: must be from 1 to {most} ticks, not {price}; the book is out of sync now"
    )]
    PriceOutOfRange {
        /// Name of the column.
        field: &'static str,
        /// Counted from 0.
        row: usize,
        /// As given.
        price: i64,
        /// The highest that fits.
        most: u64,
    },
    /// A size that the venue's units cannot hold.
    #[error(
        "{field}, row {row}: must be from 0 to {most} lots, not {size}; the book is out of sync now"
    )]
    SizeOutOfRange {
        /// Name of the column.
        field: &'static str,
        /// Counted from 0.
        row: usize,
        /// As given.
        size: i64,
        /// The largest that fits.
        most: u64,
    },
    /// Neither a bid nor an ask.
    #[error(
        "sides, row {row}: must be 0 (bid) or 1 (ask), not {side}; the book is out of sync now"
    )]
    SideUnknown {
        /// Counted from 0.
        row: usize,
        /// As given.
        side: u8,
    },
    /// Columns that do not belong together.
    #[error("{field}: must have {expected} rows, not {rows}")]
    ColumnsUnequal {
        /// Name of the column.
        field: &'static str,
        /// What the other columns say.
        expected: usize,
        /// What this one has.
        rows: usize,
    },
    /// Sequence numbers that no venue sends.
    #[error(
        "{field}, event {event}: must be from 0 on and not before the event's first, not {value}"
    )]
    SequenceMalformed {
        /// Name of the column.
        field: &'static str,
        /// Counted from 0.
        event: usize,
        /// As given.
        value: i64,
    },
    /// More levels than a book may hold.
    #[error("{venue}: more than {most} levels on one side; the book is out of sync now")]
    TooManyLevels {
        /// The book's venue.
        venue: String,
        /// The bound.
        most: usize,
    },
    /// A unit, fee or bound outside its range.
    #[error("{field}: must be from {least} to {most}, not {value}")]
    TermOutOfRange {
        /// Name of the argument.
        field: &'static str,
        /// The lowest that is allowed.
        least: u64,
        /// The highest that is allowed.
        most: u64,
        /// As given.
        value: u64,
    },
    /// Books of different instruments or units.
    #[error(
        "{venue}: counts {theirs}, but {first} counts {ours}; merge books of one instrument in its units"
    )]
    UnitsMismatch {
        /// The book that differs.
        venue: String,
        /// Its instrument and units.
        theirs: String,
        /// The first book.
        first: String,
        /// Its instrument and units.
        ours: String,
    },
    /// One venue given twice.
    #[error("books: {0} is there twice; each venue has one book")]
    VenueTwice(String),
    /// Too few or too many books.
    #[error("books: must be from 1 to {most}, not {count}")]
    BookCount {
        /// As given.
        count: usize,
        /// The bound.
        most: usize,
    },
    /// Nothing to trade.
    #[error("{0}: must be greater than zero")]
    AmountZero(&'static str),
    /// A sample that is no point of a pool's curve.
    #[error("samples, row {row}: {fault}")]
    CurveMalformed {
        /// Counted from 0.
        row: usize,
        /// What is wrong, and what a sample is.
        fault: &'static str,
    },
}

impl BookError {
    /// The same refusal in a longer list, of which `rows` rows and `events` events came before.
    #[must_use]
    pub fn after(mut self, rows: usize, events: usize) -> Self {
        match &mut self {
            Self::PriceOutOfRange { row, .. }
            | Self::SizeOutOfRange { row, .. }
            | Self::SideUnknown { row, .. } => *row = row.saturating_add(rows),
            Self::SequenceMalformed { event, .. } => *event = event.saturating_add(events),
            _ => {}
        }
        self
    }

    /// The stable name of the fault, in snake case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OutOfSync { .. } => "book_out_of_sync",
            Self::PriceOutOfRange { .. } => "price_out_of_range",
            Self::SizeOutOfRange { .. } => "size_out_of_range",
            Self::SideUnknown { .. } => "side_unknown",
            Self::ColumnsUnequal { .. } => "columns_unequal",
            Self::SequenceMalformed { .. } => "sequence_malformed",
            Self::TooManyLevels { .. } => "too_many_levels",
            Self::TermOutOfRange { .. } => "term_out_of_range",
            Self::UnitsMismatch { .. } => "units_mismatch",
            Self::VenueTwice(_) => "venue_twice",
            Self::BookCount { .. } => "book_count",
            Self::AmountZero(_) => "amount_zero",
            Self::CurveMalformed { .. } => "curve_malformed",
        }
    }
}
