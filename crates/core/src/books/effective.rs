//! Prices after the taker's fee, exact: in millionths of a price unit.

use super::aggregate::{ConsolidatedBook, Part};
use super::order_book::Side;
use super::terms::PPM;

/// What a unit costs who buys from an ask, or brings who sells to a bid, in millionths of a price unit.
///
/// With fees, `price * (1,000,000 + fee_ppm)` for an ask and `price * (1,000,000 - fee_ppm)` for a bid.
pub(super) fn effective_price(
    book: &ConsolidatedBook,
    side: Side,
    part: &Part,
    fees: bool,
) -> u128 {
    let fee_ppm = fee_ppm(book, part.venue, fees);
    let factor = match side {
        Side::Ask => PPM.saturating_add(fee_ppm),
        Side::Bid => PPM.saturating_sub(fee_ppm),
    };
    u128::from(part.price) * u128::from(factor)
}

pub(super) fn fee_ppm(book: &ConsolidatedBook, venue: u32, fees: bool) -> u32 {
    let terms = book.venues.get(venue as usize).filter(|_| fees);
    terms.map_or(0, |terms| terms.taker_fee_ppm)
}

/// The parts of a side with their effective prices, best first for the taker; equal ones in the book's order.
pub(super) fn by_effective_price(
    book: &ConsolidatedBook,
    side: Side,
    fees: bool,
) -> Vec<(u128, Part)> {
    let parts = book.parts(side).iter();
    let mut priced: Vec<(u128, Part)> = parts
        .map(|part| (effective_price(book, side, part, fees), *part))
        .collect();
    match side {
        Side::Ask => priced.sort_by_key(|(price, _)| *price),
        Side::Bid => priced.sort_by_key(|(price, _)| std::cmp::Reverse(*price)),
    }
    priced
}
