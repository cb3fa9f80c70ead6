//! The dual of routing: prices at which no pool has anything left to give.
//!
//! For prices `nu` of all tokens, the most that anybody can make is what each pool loses to the best trade at these
//! prices, plus what the amount itself is worth. That sum is convex in `nu`, its least value is the optimum of
//! routing, and any other value is a bound on it (Angeris, Evans, Chitra, Boyd: "Optimal Routing for Constant
//! Function Market Makers", 2022; Diamandis, Resnick, Chitra, Angeris: "An Efficient Algorithm for Optimal Routing
//! Through Constant Function Market Makers", 2023).

use super::edge_curve::Trade;
use super::market::{Market, Venue};

/// Rounding of one trade's value, relative to what goes in and out: hundreds of sums of 53 bits and to spare.
const ROUNDING: f64 = 1e-11;

/// What is asked: an amount that enters at one token, or has to leave at one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    /// The token whose price is one, and whose surplus is the answer.
    pub(super) ground: usize,
    /// The token of the amount.
    pub(super) source: usize,
    /// Positive for an amount that enters, negative for one that leaves.
    pub(super) amount: f64,
}

/// Prices of all tokens in units of the ground token.
pub(super) type Prices = Vec<f64>;

/// The dual at some prices, with all that the next step needs.
pub(super) struct Point {
    pub(super) value: f64,
    /// Surplus of each token times its price: the derivative by the logarithm of the price.
    pub(super) gradient: Vec<f64>,
    /// Value that each venue moves from its first end to its second, in the order of the list.
    pub(super) flows: Vec<f64>,
    /// By how much a flow grows with the logarithm of the ratio of the prices.
    pub(super) weights: Vec<f64>,
}

/// One venue's best trade, and the side that pays in.
#[derive(Debug, Clone, Copy)]
pub(in crate::routing) struct Use {
    pub(in crate::routing) venue: usize,
    pub(in crate::routing) side: usize,
    pub(in crate::routing) trade: Trade,
}

impl Point {
    pub(super) fn at(
        market: &Market,
        venues: &[usize],
        question: Question,
        prices: &[f64],
    ) -> Self {
        let worth = question.amount * prices[question.source];
        let mut gradient = vec![0.0; prices.len()];
        gradient[question.source] = worth;
        let mut value = worth;
        let mut weights = vec![0.0; venues.len()];
        let mut flows = vec![0.0; venues.len()];
        for ((venue, weight), flow) in venues.iter().zip(&mut weights).zip(&mut flows) {
            let venue = &market.venues[*venue];
            let Some((side, ratio)) = open_side(venue, prices) else {
                continue;
            };
            let trade = venue.curves[side]
                .as_ref()
                .map(|curve| curve.trade_at(ratio));
            let Some(trade) = trade else { continue };
            let (input, output) = (venue.ends[side], venue.ends[1 - side]);
            let (paid, got) = (trade.input * prices[input], trade.output * prices[output]);
            value += got - paid;
            gradient[input] -= paid;
            gradient[output] += got;
            *weight = trade.slack * prices[input];
            *flow = 0.5 * (paid + got) * if side == 0 { 1.0 } else { -1.0 };
        }
        Self {
            value,
            gradient,
            flows,
            weights,
        }
    }

    /// Value of all surpluses and deficits but the ground token's.
    pub(super) fn imbalance(&self, ground: usize) -> f64 {
        let all: f64 = self.gradient.iter().map(|value| value.abs()).sum();
        all - self.gradient[ground].abs()
    }
}

/// The side on which a venue trades at these prices, and the ratio at which its trade ends.
pub(super) fn open_side(venue: &Venue, prices: &[f64]) -> Option<(usize, f64)> {
    let [a, b] = venue.ends.map(|end| prices[end]);
    if a < b * venue.best[0] {
        Some((0, a / b))
    } else if b < a * venue.best[1] {
        Some((1, b / a))
    } else {
        None
    }
}

/// What every venue trades at these prices.
pub(in crate::routing) fn uses(market: &Market, venues: &[usize], prices: &[f64]) -> Vec<Use> {
    let open = |venue: &usize| {
        let (side, ratio) = open_side(&market.venues[*venue], prices)?;
        let curve = market.venues[*venue].curves[side].as_ref()?;
        Some(Use {
            venue: *venue,
            side,
            trade: curve.trade_at(ratio),
        })
    };
    venues.iter().filter_map(open).collect()
}

/// The dual at these prices, less or more what rounding may hide: at least the value of every possible routing.
///
/// Both sides of a venue are counted, so that a pool whose own prices cross is not underestimated.
pub(super) fn ceiling(
    market: &Market,
    venues: &[usize],
    question: Question,
    prices: &[f64],
) -> f64 {
    let worth = question.amount * prices[question.source];
    let (mut value, mut gross) = (worth, worth.abs());
    for venue in venues.iter().map(|venue| &market.venues[*venue]) {
        for side in [0, 1] {
            let (input, output) = (prices[venue.ends[side]], prices[venue.ends[1 - side]]);
            let Some(curve) = venue.curves[side]
                .as_ref()
                .filter(|_| input < output * venue.best[side])
            else {
                continue;
            };
            let trade = curve.exact_trade_at(input / output);
            let (paid, got) = (trade.input * input, trade.output * output);
            value += got - paid;
            gross += got + paid + curve.grain() * output / ROUNDING;
        }
    }
    // The proof needs the ground token's price to be one.
    (value + ROUNDING * gross) / prices[question.ground]
}
