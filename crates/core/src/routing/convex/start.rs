//! Prices to start from: along the deepest pools, then each token balanced once.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::dual::{Prices, Question, open_side};
use super::edge_curve::EdgeCurve;
use super::market::Market;

/// Trials of one token's price while the others rest.
const MOST_TRIALS: usize = 12;
/// A change of a logarithm that one trial may make at most.
const LONGEST_TRIAL: f64 = 3.0;
/// Imbalance, relative to what flows, at which one token is left for now.
const ROUGH: f64 = 0.01;

/// Prices near those at which every token balances.
pub(super) fn start(market: &Market, venues: &[usize], question: Question) -> Prices {
    let mut usable = vec![false; market.venues.len()];
    for venue in venues {
        usable[*venue] = true;
    }
    let mut prices = spot_prices(market, &usable, question.ground);
    for token in market.elimination.order() {
        if token != question.ground {
            balance(market, &usable, question, &mut prices, token);
        }
    }
    prices
}

/// Moves one token's price until what flows in flows out, roughly.
fn balance(market: &Market, usable: &[bool], question: Question, prices: &mut [f64], token: usize) {
    let (mut low, mut high) = (0.0, f64::INFINITY);
    for _ in 0..MOST_TRIALS {
        let price = prices[token];
        let Net {
            surplus,
            gross,
            weight,
        } = net(market, usable, question, prices, token);
        if surplus.abs() <= ROUGH * gross {
            return;
        }
        if surplus > 0.0 {
            high = price;
        } else {
            low = price;
        }
        let newton = -surplus / (weight + 0.05 * surplus.abs());
        let next = price * newton.clamp(-LONGEST_TRIAL, LONGEST_TRIAL).exp();
        prices[token] = if next > low && next < high {
            next
        } else {
            (low * high).sqrt()
        };
    }
}

/// What all pools do to one token at the given prices, in value.
struct Net {
    surplus: f64,
    gross: f64,
    /// How the surplus falls with the logarithm of the token's price.
    weight: f64,
}

fn net(market: &Market, usable: &[bool], question: Question, prices: &[f64], token: usize) -> Net {
    let price = prices[token];
    let given = if token == question.source {
        question.amount * price
    } else {
        0.0
    };
    let mut net = Net {
        surplus: given,
        gross: given.abs(),
        weight: 0.0,
    };
    for number in market.at[token].iter().filter(|venue| usable[**venue]) {
        let venue = &market.venues[*number];
        let Some((side, ratio)) = open_side(venue, prices) else {
            continue;
        };
        let Some(curve) = &venue.curves[side] else {
            continue;
        };
        let trade = curve.trade_at(ratio);
        let value = if venue.ends[side] == token {
            -trade.input * price
        } else {
            trade.output * price
        };
        net.surplus += value;
        net.gross += value.abs();
        net.weight += trade.slack * prices[venue.ends[side]];
    }
    net
}

/// Prices along the deepest way from the ground token to every other.
///
/// A token that no venue reaches keeps the price one; nothing depends on it.
fn spot_prices(market: &Market, usable: &[bool], ground: usize) -> Prices {
    let mut prices = vec![0.0; market.tokens.len()];
    let mut border = BinaryHeap::from([Reach {
        depth: f64::INFINITY,
        token: ground,
        price: 1.0,
    }]);
    while let Some(Reach { token, price, .. }) = border.pop() {
        if prices[token] != 0.0 {
            continue;
        }
        prices[token] = price;
        for venue in market.at[token].iter().filter(|venue| usable[**venue]) {
            let venue = &market.venues[*venue];
            let side = usize::from(venue.ends[1] == token);
            let other = venue.ends[1 - side];
            if prices[other] != 0.0 {
                continue;
            }
            let Some(ratio) = venue.price() else { continue };
            let here = if side == 0 {
                price / ratio
            } else {
                price * ratio
            };
            let depths = venue
                .curves
                .each_ref()
                .map(|curve| curve.as_ref().map_or(0.0, EdgeCurve::depth));
            border.push(Reach {
                depth: (depths[side] * price).max(depths[1 - side] * here),
                token: other,
                price: here,
            });
        }
    }
    for price in prices.iter_mut().filter(|price| **price == 0.0) {
        *price = 1.0;
    }
    prices
}

/// A token that can be priced, by the value of the pool that leads to it.
struct Reach {
    depth: f64,
    token: usize,
    price: f64,
}

impl Ord for Reach {
    fn cmp(&self, other: &Self) -> Ordering {
        self.depth
            .total_cmp(&other.depth)
            .then_with(|| other.token.cmp(&self.token))
            .then_with(|| self.price.total_cmp(&other.price))
    }
}

impl PartialOrd for Reach {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Reach {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Reach {}
