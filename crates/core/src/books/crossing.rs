//! Whether bids stand above asks, between which venues, how much of them, and what it would bring.

use alloy_primitives::U256;

use super::aggregate::{ConsolidatedBook, Part};
use super::effective::by_effective_price;
use super::order_book::Side;
use super::terms::PPM;

/// How the best bid stands to the best ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrossingState {
    /// The best bid is below the best ask, or a side is empty.
    Clear,
    /// They are equal.
    Locked,
    /// The best bid is above the best ask.
    Crossed,
}

/// A bid that stands above an ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrossedPair {
    /// Where to buy: the place in [`ConsolidatedBook::venues`].
    pub ask_venue: u32,
    /// Where to sell.
    pub bid_venue: u32,
    /// As the venue states it, in price units.
    pub ask_price: u64,
    /// As the venue states it, in price units.
    pub bid_price: u64,
    /// What both have, in size units.
    pub size: u64,
    /// By how much the bid is above the ask for one unit, in millionths of a price unit.
    pub gain_ppm_units: u128,
}

/// The crossed part of a consolidated book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// How the best prices stand.
    pub state: CrossingState,
    /// The best bids against the best asks, until they no longer cross.
    pub pairs: Vec<CrossedPair>,
    /// The sizes of the pairs together, in size units.
    pub size: u128,
    /// What the pairs bring together in notional units (price unit times size unit), rounded down.
    pub gain_notional: U256,
}

impl ConsolidatedBook {
    /// What is crossed or locked, by the stated prices or after the taker's fees on both sides.
    ///
    /// Best against best gives the most size that crosses and the most that it brings. Sizes count in size units;
    /// what a venue's lot allows of them is for the one who trades.
    #[must_use]
    pub fn crossing(&self, after_fees: bool) -> Crossing {
        let asks = by_effective_price(self, Side::Ask, after_fees);
        let bids = by_effective_price(self, Side::Bid, after_fees);
        let state = match (bids.first(), asks.first()) {
            (Some((bid, _)), Some((ask, _))) if bid > ask => CrossingState::Crossed,
            (Some((bid, _)), Some((ask, _))) if bid == ask => CrossingState::Locked,
            _ => CrossingState::Clear,
        };
        let pairs = pair_up(&bids, &asks);
        let gain: U256 = pairs
            .iter()
            .map(|pair| U256::from(pair.gain_ppm_units) * U256::from(pair.size))
            .fold(U256::ZERO, U256::saturating_add);
        Crossing {
            state,
            size: pairs.iter().map(|pair| u128::from(pair.size)).sum(),
            pairs,
            gain_notional: gain / U256::from(PPM),
        }
    }
}

fn pair_up(bids: &[(u128, Part)], asks: &[(u128, Part)]) -> Vec<CrossedPair> {
    let mut pairs = Vec::new();
    let (mut bids, mut asks) = (bids.iter().copied(), asks.iter().copied());
    let (mut bid, mut ask) = (bids.next(), asks.next());
    while let (Some((bid_price, bid_part)), Some((ask_price, ask_part))) = (&mut bid, &mut ask) {
        let Some(gain_ppm_units) = bid_price.checked_sub(*ask_price).filter(|gain| *gain > 0)
        else {
            break;
        };
        let size = bid_part.size.min(ask_part.size);
        pairs.push(CrossedPair {
            ask_venue: ask_part.venue,
            bid_venue: bid_part.venue,
            ask_price: ask_part.price,
            bid_price: bid_part.price,
            size,
            gain_ppm_units,
        });
        bid_part.size -= size;
        ask_part.size -= size;
        if bid_part.size == 0 {
            bid = bids.next();
        }
        if ask.is_some_and(|(_, part)| part.size == 0) {
            ask = asks.next();
        }
    }
    pairs
}
