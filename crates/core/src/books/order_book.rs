//! One venue's order book: snapshots and deltas in, levels out, and no answer while it is out of sync.

use std::ops::Range;
use std::sync::Arc;

use super::checksum::kraken_checksum;
use super::columns::{Event, Events, Numbers, Rows, Snapshot, equal};
use super::error::BookError;
use super::ladder::Ladder;
use super::pending::Pending;
use super::terms::{BookTerms, SequenceRule};

/// The levels of one side at most; a book that is told of more goes out of sync.
pub const MAX_LEVELS: usize = 1_000_000;

/// A side of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Who buys; the best price is the highest.
    Bid,
    /// Who sells; the best price is the lowest.
    Ask,
}

/// Why a book does not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutOfSync {
    /// No snapshot came yet.
    NoSnapshot,
    /// Updates are missing.
    Gap {
        /// The id that the next event had to begin with, or before.
        expected: u64,
        /// The id that it began with.
        first: u64,
    },
    /// What came cannot be part of a book.
    Malformed,
    /// Whoever feeds the book says so.
    Told(String),
}

/// What became of the events of one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// Events that changed the book.
    pub applied_events: u64,
    /// Their rows.
    pub applied_rows: u64,
    /// Events that the book already had, or has no use for.
    pub ignored_events: u64,
    /// Events that wait for a snapshot.
    pub pending_events: u64,
}

/// What became of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotOutcome {
    /// The book answers; the waiting events are in it.
    Live(Applied),
    /// The book answers from what it has, which is not older.
    Older,
    /// Updates between the snapshot, or an event after it, and the next waiting event are missing: get a newer one.
    Gap(Applied),
}

/// What a sequence rule says of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It changes the book.
    Applies,
    /// The book has it already.
    Known,
    /// It has no place before the next snapshot.
    Waits,
}

/// One venue's book.
#[derive(Debug, Clone)]
pub struct OrderBook {
    terms: Arc<BookTerms>,
    max_price: u64,
    max_size: u64,
    /// Bids under the complement of their price, so that the best key is the lowest on both sides; then asks.
    sides: [Ladder; 2],
    out_of_sync: Option<OutOfSync>,
    sequence: u64,
    as_of_ns: u64,
    pending: Pending,
}

impl OrderBook {
    /// A book that waits for its first snapshot.
    ///
    /// # Errors
    /// `term_out_of_range`.
    pub fn new(terms: BookTerms) -> Result<Self, BookError> {
        terms.check()?;
        Ok(Self {
            max_price: terms.max_price_ticks(),
            max_size: terms.max_size_lots(),
            terms: Arc::new(terms),
            sides: [Ladder::new(), Ladder::new()],
            out_of_sync: Some(OutOfSync::NoSnapshot),
            sequence: 0,
            as_of_ns: 0,
            pending: Pending::default(),
        })
    }

    /// What its integers mean.
    #[must_use]
    pub fn terms(&self) -> &Arc<BookTerms> {
        &self.terms
    }

    /// Why it does not answer; `None` when it does.
    #[must_use]
    pub fn out_of_sync(&self) -> Option<&OutOfSync> {
        self.out_of_sync.as_ref()
    }

    /// The last update id that is in it; for a venue without numbers, how many events are.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The time that came with the newest snapshot or event that is in it.
    #[must_use]
    pub fn as_of_ns(&self) -> u64 {
        self.as_of_ns
    }

    /// Events that wait for a snapshot.
    #[must_use]
    pub fn pending_events(&self) -> usize {
        self.pending.len()
    }

    /// Events that waited for a snapshot and had to make room, ever.
    #[must_use]
    pub fn dropped_events(&self) -> u64 {
        self.pending.dropped()
    }

    /// How many levels the side has.
    ///
    /// # Errors
    /// `book_out_of_sync`.
    pub fn level_count(&self, side: Side) -> Result<usize, BookError> {
        self.in_sync()?;
        Ok(self.sides[side as usize].len())
    }

    /// The levels of a side, best first: price in ticks, size in lots.
    ///
    /// # Errors
    /// `book_out_of_sync`.
    pub fn levels(&self, side: Side) -> Result<impl Iterator<Item = (u64, u64)> + '_, BookError> {
        self.in_sync()?;
        Ok(self
            .keys(side)
            .map(move |(key, size)| (key ^ mask(side), size)))
    }

    /// The checksum of Kraken's book channel over this book; see [`kraken_checksum`].
    ///
    /// `price_step` and `size_step` are the tick and the lot in units of the pair's precision, mostly 1.
    ///
    /// # Errors
    /// `book_out_of_sync`.
    pub fn checksum(&self, price_step: u64, size_step: u64) -> Result<u32, BookError> {
        let digits = move |(price, size): (u64, u64)| {
            let price = u128::from(price) * u128::from(price_step);
            (price, u128::from(size) * u128::from(size_step))
        };
        let asks = self.levels(Side::Ask)?.map(digits);
        Ok(kraken_checksum(asks, self.levels(Side::Bid)?.map(digits)))
    }

    /// Says that the book cannot be relied on; it refuses until the next snapshot.
    ///
    /// What waits is forgotten: after a lost connection nothing follows on it. `keep_pending` keeps it, for a book
    /// that is wrong while its stream is whole.
    pub fn lose_sync(&mut self, reason: OutOfSync, keep_pending: bool) {
        self.out_of_sync = Some(reason);
        if !keep_pending {
            self.pending.clear();
        }
    }

    /// Replaces the book, then applies the events that waited for it.
    ///
    /// # Errors
    /// `columns_unequal` (nothing has changed); `price_out_of_range`, `size_out_of_range`, `too_many_levels` (the book
    /// is out of sync).
    pub fn apply_snapshot(
        &mut self,
        snapshot: &Snapshot<'_>,
        time_ns: u64,
    ) -> Result<SnapshotOutcome, BookError> {
        equal(
            "bid_sizes",
            snapshot.bid_prices.len(),
            snapshot.bid_sizes.len(),
        )?;
        equal(
            "ask_sizes",
            snapshot.ask_prices.len(),
            snapshot.ask_sizes.len(),
        )?;
        let numbered = self.numbered();
        if numbered && self.out_of_sync.is_none() && snapshot.sequence <= self.sequence {
            return Ok(SnapshotOutcome::Older);
        }
        // Whatever fails from here on leaves the book out of sync.
        self.out_of_sync = Some(OutOfSync::Malformed);
        self.load(
            Side::Bid,
            "bid_prices",
            "bid_sizes",
            snapshot.bid_prices,
            snapshot.bid_sizes,
        )?;
        self.load(
            Side::Ask,
            "ask_prices",
            "ask_sizes",
            snapshot.ask_prices,
            snapshot.ask_sizes,
        )?;
        self.after_rows()?;
        self.sequence = if numbered { snapshot.sequence } else { 0 };
        self.as_of_ns = time_ns;
        self.out_of_sync = None;
        self.replay()
    }

    /// Applies events in the order given, each by the venue's sequence rule; a size of 0 takes a level out, also one
    /// that is not there. From a gap on, events wait for a snapshot.
    ///
    /// # Errors
    /// `columns_unequal` (nothing has changed); `sequence_malformed`, `side_unknown`, `price_out_of_range`,
    /// `size_out_of_range`, `too_many_levels`: the book is out of sync, and the rest of the call is left out.
    pub fn apply_events(
        &mut self,
        events: &Events<'_>,
        time_ns: u64,
    ) -> Result<Applied, BookError> {
        events.check()?;
        let mut applied = Applied::default();
        // Events that follow on each other are set as one, because nothing looks at the book between them.
        let singly = self.terms.depth.is_some();
        let (mut run, mut end) = (0..0, 0);
        for numbers in events.each(self.numbered()) {
            let numbers = numbers.inspect_err(|_| self.lose_sync(OutOfSync::Malformed, false))?;
            let rows = std::mem::replace(&mut end, numbers.end)..numbers.end;
            let fate = self.fate(numbers.first, numbers.last);
            if fate == Fate::Applies {
                run.end = end;
                self.as_of_ns = self.as_of_ns.max(time_ns);
                applied.applied_events += 1;
                applied.applied_rows += rows.len() as u64;
            }
            if fate != Fate::Applies || singly {
                self.set_rows(&events.rows, run)?;
                run = end..end;
            }
            match fate {
                Fate::Applies => {}
                Fate::Known => applied.ignored_events += 1,
                Fate::Waits => self.keep(&numbers, events.rows.part(rows), time_ns, &mut applied),
            }
        }
        self.set_rows(&events.rows, run)?;
        Ok(applied)
    }

    /// What the sequence rule says of an event; the book counts as having it, or as out of sync, from here on.
    #[inline]
    fn fate(&mut self, first: u64, last: u64) -> Fate {
        if self.out_of_sync.is_some() {
            return Fate::Waits;
        }
        let next = self.sequence.saturating_add(1);
        if !self.numbered() {
            self.sequence = next;
            return Fate::Applies;
        }
        if last < next {
            return Fate::Known;
        }
        if first > next {
            self.out_of_sync = Some(OutOfSync::Gap {
                expected: next,
                first,
            });
            return Fate::Waits;
        }
        self.sequence = last;
        Fate::Applies
    }

    #[cold]
    fn keep(&mut self, numbers: &Numbers, rows: Rows<'_>, time_ns: u64, applied: &mut Applied) {
        // Without numbers nobody could tell which of them the snapshot already holds, and it holds them all: it is
        // sent on the same connection, before the events that follow it.
        if self.numbered() {
            let (first, last) = (numbers.first, numbers.last);
            self.pending.push(&Event { first, last, rows }, time_ns);
            applied.pending_events += 1;
        } else {
            applied.ignored_events += 1;
        }
    }

    fn replay(&mut self) -> Result<SnapshotOutcome, BookError> {
        let mut applied = Applied::default();
        while let Some(waiting) = self.pending.first() {
            let (first, last) = (waiting.first, waiting.last);
            let fate = self.fate(first, last);
            if fate == Fate::Waits {
                applied.pending_events = self.pending.len() as u64;
                return Ok(SnapshotOutcome::Gap(applied));
            }
            let Some(waited) = self.pending.pop() else {
                break;
            };
            if fate == Fate::Known {
                applied.ignored_events += 1;
                continue;
            }
            let rows = waited.event().rows;
            applied.applied_events += 1;
            applied.applied_rows += rows.len() as u64;
            self.as_of_ns = self.as_of_ns.max(waited.time_ns);
            self.set_rows(&rows, 0..rows.len())?;
        }
        Ok(SnapshotOutcome::Live(applied))
    }

    /// Sets a run of rows; errors count them from the first row of the call.
    fn set_rows(&mut self, rows: &Rows<'_>, run: Range<usize>) -> Result<(), BookError> {
        let start = run.start;
        let rows = rows.part(run);
        let columns = rows.sides.iter().zip(rows.prices).zip(rows.sizes);
        for (row, ((side, price), size)) in columns.enumerate() {
            let (ticks, lots) = (price.cast_unsigned(), size.cast_unsigned());
            // A negative price or size is beyond every bound here.
            let fits = ticks.wrapping_sub(1) < self.max_price && lots <= self.max_size;
            match self.sides.get_mut(usize::from(*side)) {
                // All ones for a bid, all zeros for an ask; see `mask`.
                Some(ladder) if fits => ladder.set(ticks ^ u64::from(*side).wrapping_sub(1), lots),
                _ => {
                    let (price, size) = (("prices", *price), ("sizes", *size));
                    return Err(self.refuse_row(start + row, *side, price, size));
                }
            }
        }
        self.after_rows()
    }

    #[inline]
    fn after_rows(&mut self) -> Result<(), BookError> {
        if let Some(depth) = self.terms.depth {
            self.sides.iter_mut().for_each(|side| side.truncate(depth));
        }
        if self.sides.iter().any(|side| side.len() > MAX_LEVELS) {
            self.lose_sync(OutOfSync::Malformed, false);
            return Err(BookError::TooManyLevels {
                venue: self.terms.venue.clone(),
                most: MAX_LEVELS,
            });
        }
        Ok(())
    }

    fn load(
        &mut self,
        side: Side,
        price_field: &'static str,
        size_field: &'static str,
        prices: &[i64],
        sizes: &[i64],
    ) -> Result<(), BookError> {
        let key_of = |price: &i64| price.cast_unsigned() ^ mask(side);
        self.sides[side as usize].restart(prices.iter().map(key_of).min());
        for (row, (price, size)) in prices.iter().zip(sizes).enumerate() {
            let (ticks, lots) = (price.cast_unsigned(), size.cast_unsigned());
            if ticks.wrapping_sub(1) >= self.max_price || lots > self.max_size {
                let (price, size) = ((price_field, *price), (size_field, *size));
                return Err(self.refuse_row(row, side as u8, price, size));
            }
            self.sides[side as usize].set(ticks ^ mask(side), lots);
        }
        Ok(())
    }

    #[cold]
    fn refuse_row(
        &mut self,
        row: usize,
        side: u8,
        (price_field, price): (&'static str, i64),
        (size_field, size): (&'static str, i64),
    ) -> BookError {
        self.lose_sync(OutOfSync::Malformed, false);
        if side > 1 {
            return BookError::SideUnknown { row, side };
        }
        if price.cast_unsigned().wrapping_sub(1) >= self.max_price {
            return BookError::PriceOutOfRange {
                field: price_field,
                row,
                price,
                most: self.max_price,
            };
        }
        BookError::SizeOutOfRange {
            field: size_field,
            row,
            size,
            most: self.max_size,
        }
    }

    /// Keys and sizes of a side that may be read; see `sides`.
    fn keys(&self, side: Side) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.sides[side as usize].iter()
    }

    /// The best `most` keys and sizes of a side that may be read.
    pub(super) fn for_best(&self, side: Side, most: usize, each: impl FnMut(u64, u64)) {
        self.sides[side as usize].for_best(most, each);
    }

    pub(super) fn len(&self, side: Side) -> usize {
        self.sides[side as usize].len()
    }

    fn numbered(&self) -> bool {
        self.terms.sequence == SequenceRule::Ranged
    }

    fn in_sync(&self) -> Result<(), BookError> {
        match &self.out_of_sync {
            None => Ok(()),
            Some(reason) => Err(BookError::OutOfSync {
                venue: self.terms.venue.clone(),
                reason: reason.to_string(),
            }),
        }
    }
}

impl std::fmt::Display for OutOfSync {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSnapshot => formatter.write_str("no snapshot yet"),
            Self::Gap { expected, first } => {
                write!(formatter, "a gap: update {expected} was next, {first} came")
            }
            Self::Malformed => formatter.write_str("it was given what cannot be part of a book"),
            Self::Told(reason) => formatter.write_str(reason),
        }
    }
}

/// What turns a price into its key and back: the complement for bids.
pub(super) fn mask(side: Side) -> u64 {
    match side {
        Side::Bid => u64::MAX,
        Side::Ask => 0,
    }
}
