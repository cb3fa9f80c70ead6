//! `aggregate_order_books`: the books of several venues as one, with the depth of each venue at every level.
//!
//! Every venue's ticks and lots are multiplied into the instrument's units, which is exact, and what each side gives
//! is a sorted run; merging runs keeps equal prices in the order of the books.

use std::sync::Arc;

use super::error::BookError;
use super::order_book::{OrderBook, Side, mask};
use super::runs::merge_runs;
use super::terms::BookTerms;

/// The books that are merged at most.
pub const MAX_BOOKS: usize = 1024;

/// What to merge, and what to leave out.
#[derive(Debug, Clone, Copy, Default)]
pub struct AggregateRequest {
    /// The consolidated levels of each side at most; all of them when `None`.
    pub levels: Option<usize>,
    /// The time to judge ages by; it comes from the caller because nothing here has a clock.
    pub now_ns: u64,
    /// Books whose newest update is older are left out; none is when `None`.
    pub max_age_ns: Option<u64>,
}

/// What one venue offers at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// In the instrument's price units.
    pub price: u64,
    /// In the instrument's size units.
    pub size: u64,
    /// The place of the venue in [`ConsolidatedBook::venues`].
    pub venue: u32,
}

/// One price, and what all venues offer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level<'a> {
    /// In the instrument's price units.
    pub price: u64,
    /// The venues' sizes together, in the instrument's size units.
    pub size: u128,
    /// Each venue's own, in the order of the books.
    pub parts: &'a [Part],
}

/// Why a book is not in the merged one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exclusion {
    /// It is out of sync.
    OutOfSync,
    /// Its newest update is older than was allowed.
    Stale {
        /// How old it is.
        age_ns: u64,
    },
}

/// Several venues' books as one.
#[derive(Debug, Clone)]
pub struct ConsolidatedBook {
    /// The venues that are in it, in the order of the books.
    pub venues: Vec<Arc<BookTerms>>,
    /// Of each venue in it, the last update id and the time of the newest update.
    pub as_of: Vec<(u64, u64)>,
    /// The venues that are not, and why.
    pub excluded: Vec<(String, Exclusion)>,
    /// Parts by side, best first.
    parts: [Vec<Part>; 2],
    /// The end of each level in `parts`.
    ends: [Vec<u32>; 2],
}

impl ConsolidatedBook {
    /// The levels of a side, best first.
    #[must_use]
    pub fn levels(&self, side: Side) -> impl ExactSizeIterator<Item = Level<'_>> + '_ {
        let parts = self.parts(side);
        let ends = &self.ends[side as usize];
        (0..ends.len()).map(move |place| {
            let from = place.checked_sub(1).map_or(0, |before| ends[before]);
            let parts = parts
                .get(from as usize..ends[place] as usize)
                .unwrap_or_default();
            Level {
                price: parts.first().map_or(0, |part| part.price),
                size: parts.iter().map(|part| u128::from(part.size)).sum(),
                parts,
            }
        })
    }

    /// What the venues offer on a side, best price first; of one price in the order of the books.
    #[must_use]
    pub fn parts(&self, side: Side) -> &[Part] {
        &self.parts[side as usize]
    }
}

/// Merges the books of one instrument.
///
/// # Errors
/// `book_count`, `venue_twice`, `units_mismatch`.
pub fn aggregate_order_books(
    books: &[&OrderBook],
    request: &AggregateRequest,
) -> Result<ConsolidatedBook, BookError> {
    check(books)?;
    let mut merged = ConsolidatedBook {
        venues: Vec::with_capacity(books.len()),
        as_of: Vec::with_capacity(books.len()),
        excluded: Vec::new(),
        parts: [Vec::new(), Vec::new()],
        ends: [Vec::new(), Vec::new()],
    };
    let mut included = Vec::with_capacity(books.len());
    for book in books {
        if let Some(reason) = exclusion(book, request) {
            let venue = book.terms().venue.clone();
            merged.excluded.push((venue, reason));
            continue;
        }
        merged.venues.push(Arc::clone(book.terms()));
        merged.as_of.push((book.sequence(), book.as_of_ns()));
        included.push(*book);
    }
    let most = request.levels.unwrap_or(usize::MAX);
    for side in [Side::Bid, Side::Ask] {
        let (parts, ends) = merge(&included, side, most);
        merged.parts[side as usize] = parts;
        merged.ends[side as usize] = ends;
    }
    Ok(merged)
}

fn check(books: &[&OrderBook]) -> Result<(), BookError> {
    let Some(first) = books.first().filter(|_| books.len() <= MAX_BOOKS) else {
        return Err(BookError::BookCount {
            count: books.len(),
            most: MAX_BOOKS,
        });
    };
    let ours = first.terms();
    let same = |theirs: &BookTerms| {
        (
            &theirs.instrument,
            theirs.price_decimals,
            theirs.size_decimals,
        ) == (&ours.instrument, ours.price_decimals, ours.size_decimals)
    };
    for (place, book) in books.iter().enumerate() {
        let terms = book.terms();
        if !same(terms) {
            return Err(BookError::UnitsMismatch {
                venue: terms.venue.clone(),
                theirs: terms.units(),
                first: ours.venue.clone(),
                ours: ours.units(),
            });
        }
        if books[..place]
            .iter()
            .any(|other| other.terms().venue == terms.venue)
        {
            return Err(BookError::VenueTwice(terms.venue.clone()));
        }
    }
    Ok(())
}

fn exclusion(book: &OrderBook, request: &AggregateRequest) -> Option<Exclusion> {
    if book.out_of_sync().is_some() {
        return Some(Exclusion::OutOfSync);
    }
    let age_ns = request.now_ns.saturating_sub(book.as_of_ns());
    let stale = request.max_age_ns.is_some_and(|most| age_ns > most);
    stale.then_some(Exclusion::Stale { age_ns })
}

fn merge(books: &[&OrderBook], side: Side, most: usize) -> (Vec<Part>, Vec<u32>) {
    let room = books.iter().map(|book| book.len(side).min(most)).sum();
    let mut parts: Vec<Part> = Vec::with_capacity(room);
    let mut run_ends = Vec::with_capacity(books.len());
    for (book, venue) in books.iter().zip(0_u32..) {
        let BookTerms { tick, lot, .. } = **book.terms();
        // Products of what a book lets in are at most MAX_UNITS; see BookTerms::max_price_ticks.
        book.for_best(side, most, |key, lots| {
            parts.push(Part {
                price: (key ^ mask(side)).wrapping_mul(tick),
                size: lots.wrapping_mul(lot),
                venue,
            });
        });
        run_ends.push(parts.len());
    }
    let mut parts = merge_runs(parts, run_ends, mask(side));
    let ends = level_ends(&parts, most);
    parts.truncate(ends.last().map_or(0, |end| *end as usize));
    (parts, ends)
}

/// Where each level ends, of the best `most`.
fn level_ends(parts: &[Part], most: usize) -> Vec<u32> {
    let mut ends = vec![0; parts.len()];
    let mut count = 0;
    for (pair, end) in parts.windows(2).zip(1_u32..) {
        ends[count] = end;
        count += usize::from(pair[0].price != pair[1].price);
    }
    if let Some(last) = ends.get_mut(count) {
        // At most MAX_BOOKS * MAX_LEVELS parts, which fits.
        *last = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        count += 1;
    }
    ends.truncate(count.min(most));
    ends
}
