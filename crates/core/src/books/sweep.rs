//! What an amount costs or brings when it is taken from the consolidated book, level by level, and from whom.
//!
//! The best price after fees is taken first (or before fees, when asked so). Everything is an integer of the
//! instrument's units: a notional is price units times size units and exact; the fee is charged on each venue's
//! notional as a whole and rounded up. Only whole lots of a venue are taken. What the book cannot fill is said.

use alloy_primitives::U256;

use super::aggregate::{ConsolidatedBook, Part};
use super::effective::{by_effective_price, fee_ppm};
use super::error::BookError;
use super::order_book::Side;
use super::terms::PPM;

/// What is fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepAmount {
    /// This much base, in size units.
    Size(u128),
    /// This much quote with its fees, in notional units. Buying spends at most this; selling brings at least this.
    Notional(U256),
}

/// One venue's share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VenueFill {
    /// The place in [`ConsolidatedBook::venues`].
    pub venue: u32,
    /// In size units.
    pub size: u128,
    /// Exact, without the fee.
    pub notional: U256,
    /// Rounded up to a notional unit.
    pub fee: U256,
}

/// What a sweep would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// The side of the book that is taken: asks to buy, bids to sell.
    pub side: Side,
    /// Whether the whole amount is filled. A notional to spend is when what remains buys no further lot at the best
    /// price left.
    pub complete: bool,
    /// In size units.
    pub size: u128,
    /// Exact, without fees.
    pub notional: U256,
    /// The venues' fees together, each rounded up.
    pub fee: U256,
    /// What is paid (buying: notional and fee) or got (selling: notional less fee).
    pub total: U256,
    /// `total / size` in price units, rounded against the taker: up when buying, down when selling; none without size.
    pub average_price: Option<U256>,
    /// The last price that is taken, as its venue states it.
    pub worst_price: Option<u64>,
    /// Who fills how much, in the order of the venues; only those that do.
    pub fills: Vec<VenueFill>,
}

impl ConsolidatedBook {
    /// Takes an amount from a side; see the module for order and rounding.
    ///
    /// # Errors
    /// `amount_zero`.
    pub fn sweep(
        &self,
        side: Side,
        amount: SweepAmount,
        best_after_fees: bool,
    ) -> Result<Sweep, BookError> {
        match amount {
            SweepAmount::Size(0) => return Err(BookError::AmountZero("size")),
            SweepAmount::Notional(U256::ZERO) => return Err(BookError::AmountZero("notional")),
            _ => {}
        }
        let mut walk = Walk::new(self, side);
        let mut complete = false;
        for (_, part) in by_effective_price(self, side, best_after_fees) {
            let lots = walk.wanted(&part, amount).min(part.size);
            walk.take(&part, lots);
            if walk.done(&part, lots, amount) {
                complete = true;
                break;
            }
        }
        Ok(walk.into_sweep(complete))
    }
}

struct Walk<'a> {
    book: &'a ConsolidatedBook,
    side: Side,
    fills: Vec<VenueFill>,
    size: u128,
    total: U256,
    worst_price: Option<u64>,
}

impl<'a> Walk<'a> {
    fn new(book: &'a ConsolidatedBook, side: Side) -> Self {
        let none = |venue| VenueFill {
            venue,
            size: 0,
            notional: U256::ZERO,
            fee: U256::ZERO,
        };
        Self {
            book,
            side,
            fills: (0..).take(book.venues.len()).map(none).collect(),
            size: 0,
            total: U256::ZERO,
            worst_price: None,
        }
    }

    /// How much of the part the amount still asks for, in whole lots of its venue.
    fn wanted(&self, part: &Part, amount: SweepAmount) -> u64 {
        match amount {
            SweepAmount::Size(size) => {
                let left = size.saturating_sub(self.size).min(u128::from(u64::MAX));
                self.lots_down(part, U256::from(left))
            }
            SweepAmount::Notional(notional) => self.wanted_for(part, notional),
        }
    }

    /// The part's size at which the venue's total with its fee reaches what is left of `notional`.
    ///
    /// A venue's total is `ceil(n * (1 + f))` when buying and `floor(n * (1 - f))` when selling; both are solved for
    /// the greatest, or least, exact `n`.
    fn wanted_for(&self, part: &Part, notional: U256) -> u64 {
        let fill = self.fills[part.venue as usize];
        let fee = U256::from(fee_ppm(self.book, part.venue, true));
        let (ppm, price) = (U256::from(PPM), U256::from(part.price));
        let others = self.total - self.venue_total(&fill);
        // More than everything that a book can hold is as good as that, and keeps the products in range.
        let left = notional.saturating_sub(others).min(U256::MAX >> 32);
        match self.side {
            Side::Ask => {
                let most = left * ppm / (ppm + fee);
                self.lots_down(part, most.saturating_sub(fill.notional) / price)
            }
            Side::Bid => {
                let least = (left * ppm).div_ceil(ppm - fee);
                self.lots_up(part, least.saturating_sub(fill.notional).div_ceil(price))
            }
        }
    }

    fn take(&mut self, part: &Part, size: u64) {
        if size == 0 {
            return;
        }
        let mut fill = self.fills[part.venue as usize];
        self.total -= self.venue_total(&fill);
        fill.size += u128::from(size);
        fill.notional += U256::from(part.price) * U256::from(size);
        let fee_ppm = U256::from(fee_ppm(self.book, part.venue, true));
        fill.fee = (fill.notional * fee_ppm).div_ceil(U256::from(PPM));
        self.total += self.venue_total(&fill);
        self.fills[part.venue as usize] = fill;
        self.size += u128::from(size);
        let worse = match self.side {
            Side::Ask => self.worst_price.max(Some(part.price)),
            Side::Bid => Some(
                self.worst_price
                    .map_or(part.price, |worst| worst.min(part.price)),
            ),
        };
        self.worst_price = worse;
    }

    /// Whether the amount is reached, after `taken` of the part.
    fn done(&self, part: &Part, taken: u64, amount: SweepAmount) -> bool {
        match (amount, self.side) {
            (SweepAmount::Size(size), _) => self.size >= size,
            (SweepAmount::Notional(notional), Side::Ask) => {
                taken < part.size || self.total == notional
            }
            (SweepAmount::Notional(notional), Side::Bid) => self.total >= notional,
        }
    }

    fn venue_total(&self, fill: &VenueFill) -> U256 {
        match self.side {
            Side::Ask => fill.notional + fill.fee,
            Side::Bid => fill.notional - fill.fee,
        }
    }

    fn lot(&self, part: &Part) -> u64 {
        self.book.venues[part.venue as usize].lot
    }

    fn lots_down(&self, part: &Part, size: U256) -> u64 {
        let size = size.min(U256::from(part.size)).saturating_to::<u64>();
        size - size % self.lot(part)
    }

    fn lots_up(&self, part: &Part, size: U256) -> u64 {
        let size = size.min(U256::from(part.size)).saturating_to::<u64>();
        size.div_ceil(self.lot(part)).saturating_mul(self.lot(part))
    }

    fn into_sweep(self, complete: bool) -> Sweep {
        let size = U256::from(self.size);
        let average_price = (self.size > 0).then(|| match self.side {
            Side::Ask => self.total.div_ceil(size),
            Side::Bid => self.total / size,
        });
        let sum =
            |of: fn(&VenueFill) -> U256| self.fills.iter().map(of).fold(U256::ZERO, |a, b| a + b);
        Sweep {
            side: self.side,
            complete,
            size: self.size,
            notional: sum(|fill| fill.notional),
            fee: sum(|fill| fill.fee),
            total: self.total,
            average_price,
            worst_price: self.worst_price,
            fills: self
                .fills
                .into_iter()
                .filter(|fill| fill.size > 0)
                .collect(),
        }
    }
}
