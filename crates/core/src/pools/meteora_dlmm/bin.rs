//! One bin: a fixed price, the tokens of its liquidity and of its limit orders, and what a swap takes of them.
//!
//! Source: `swap_exact_in_quote_at_bin` and `swap_exact_out_quote_at_bin` of the program (`lb_clmm` 0.12.0, published
//! in `MeteoraAg/dlmm-sdk`); what a swap leaves, from executing it.

use serde::{Deserialize, Serialize};

use super::fees::{fee_on_top, fee_within};
use super::price::{input_raw, output_raw};
use crate::pools::{Direction, decimal};

/// A bin that holds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DlmmBin {
    /// Its place: the price is `(1 + bin_step / 10000) ** id`.
    pub id: i32,
    /// Token X of its liquidity.
    #[serde(with = "decimal")]
    pub amount_x_raw: u64,
    /// Token Y of its liquidity.
    #[serde(with = "decimal")]
    pub amount_y_raw: u64,
    /// The price as the bin stores it, units of Y per unit of X, Q64.64.
    #[serde(with = "decimal")]
    pub price_x64: u128,
    /// Its limit orders, where the pair has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<DlmmOrders>,
}

/// What the limit orders of a bin still offer; it is traded after the liquidity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DlmmOrders {
    /// Whether they sell X; else they sell Y.
    pub ask: bool,
    /// `processed_order_remaining_amount`: of the orders that a swap has begun, which come first.
    #[serde(with = "decimal")]
    pub begun_raw: u64,
    /// `open_order_amount`: of those that none has touched.
    #[serde(with = "decimal")]
    pub open_raw: u64,
}

/// Where the fee of a swap is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeeSide {
    Input,
    Output,
}

/// What a swap does in one bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fill {
    /// Paid, the fee included where it is charged there.
    pub(super) in_raw: u64,
    /// Got, the fee taken off where it is charged there.
    pub(super) out_raw: u64,
    pub(super) fee_raw: u64,
    /// The part of the fee that liquidity earned, before the protocol's share.
    pub(super) liquidity_fee_raw: u64,
    /// Whether the bin has nothing left to give.
    pub(super) drained: bool,
    /// The bin afterwards.
    pub(super) after: DlmmBin,
}

impl DlmmBin {
    /// Whether it has nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        let ordered = self
            .orders
            .is_some_and(|orders| orders.begun_raw > 0 || orders.open_raw > 0);
        self.amount_x_raw == 0 && self.amount_y_raw == 0 && !ordered
    }

    /// What it can give: of its liquidity, of begun orders, of open orders.
    pub(super) fn layers(&self, direction: Direction) -> [u64; 3] {
        let (_, liquidity) = direction.in_and_out([self.amount_x_raw, self.amount_y_raw]);
        let asks = direction == Direction::OneForZero;
        match self.orders.filter(|orders| orders.ask == asks) {
            Some(orders) => [liquidity, orders.begun_raw, orders.open_raw],
            None => [liquidity, 0, 0],
        }
    }

    /// Everything that it can give; the program sums it saturating.
    pub(super) fn most_out_raw(&self, direction: Direction) -> u64 {
        self.layers(direction)
            .into_iter()
            .fold(0, u64::saturating_add)
    }

    /// What must reach it, the fee apart, for all that it can give; `None` where the program would overflow.
    pub(super) fn most_net_in_raw(&self, direction: Direction) -> Option<u64> {
        let layers = self.layers(direction).into_iter();
        layers
            .filter(|layer| *layer > 0)
            .try_fold(0_u64, |sum, layer| {
                sum.checked_add(input_raw(direction, self.price_x64, layer)?)
            })
    }

    /// Spends up to `left_raw`; `None` where the program would overflow.
    pub(super) fn spend(
        &self,
        direction: Direction,
        side: FeeSide,
        rate: u64,
        left_raw: u64,
    ) -> Option<Fill> {
        let layers = self.layers(direction);
        let (mut fee, mut in_raw) = match side {
            FeeSide::Input => (fee_within(left_raw, rate), left_raw),
            FeeSide::Output => (0, left_raw),
        };
        let net = left_raw - fee;
        let (mut unspent, mut ins, mut outs) = (net, [0_u64; 3], [0_u64; 3]);
        for ((layer, paid), given) in layers.into_iter().zip(&mut ins).zip(&mut outs) {
            if layer == 0 || unspent == 0 {
                continue;
            }
            let most_in = input_raw(direction, self.price_x64, layer)?;
            if unspent >= most_in {
                (*paid, *given) = (most_in, layer);
            } else {
                let out = output_raw(direction, self.price_x64, unspent)?;
                (*paid, *given) = (unspent, out);
            }
            unspent -= *paid;
        }
        let gross: u64 = outs.into_iter().try_fold(0, u64::checked_add)?;
        let taken = net - unspent;
        if unspent > 0 {
            if side == FeeSide::Input {
                fee = fee_on_top(taken, rate)?;
            }
            in_raw = taken.checked_add(if side == FeeSide::Input { fee } else { 0 })?;
        }
        let mut out_raw = gross;
        if side == FeeSide::Output {
            fee = fee_within(gross, rate);
            out_raw -= fee;
        }
        Some(Fill {
            in_raw,
            out_raw,
            fee_raw: fee,
            liquidity_fee_raw: share(fee, ins.first().copied().unwrap_or(0), taken),
            drained: outs == layers,
            after: self.after(direction, ins, outs)?,
        })
    }

    /// Pays for `left_raw`, at most what it can give; `None` where the program would overflow.
    ///
    /// The program rounds the input once for all layers, and then spends it layer by layer, so that the output can
    /// be short of what was asked, or beyond it; what is beyond stays with the pair.
    pub(super) fn obtain(
        &self,
        direction: Direction,
        side: FeeSide,
        rate: u64,
        left_raw: u64,
    ) -> Option<Fill> {
        let gross = match side {
            FeeSide::Input => left_raw,
            FeeSide::Output => left_raw.checked_add(fee_on_top(left_raw, rate)?)?,
        };
        if gross >= self.most_out_raw(direction) {
            return self.spend(direction, side, rate, u64::MAX);
        }
        let net = input_raw(direction, self.price_x64, gross)?;
        let paid = match side {
            FeeSide::Input => net.checked_add(fee_on_top(net, rate)?)?,
            FeeSide::Output => net,
        };
        self.spend(direction, side, rate, paid)
    }

    /// The bin after its layers took and gave this; only liquidity keeps what is paid.
    fn after(&self, direction: Direction, ins: [u64; 3], outs: [u64; 3]) -> Option<Self> {
        let ([paid, ..], [given, begun, open]) = (ins, outs);
        let mut bin = *self;
        match direction {
            Direction::ZeroForOne => {
                bin.amount_x_raw = bin.amount_x_raw.checked_add(paid)?;
                bin.amount_y_raw = bin.amount_y_raw.checked_sub(given)?;
            }
            Direction::OneForZero => {
                bin.amount_y_raw = bin.amount_y_raw.checked_add(paid)?;
                bin.amount_x_raw = bin.amount_x_raw.checked_sub(given)?;
            }
        }
        if let Some(orders) = &mut bin.orders {
            orders.begun_raw = orders.begun_raw.checked_sub(begun)?;
            if open > 0 {
                orders.begun_raw = orders.open_raw.checked_sub(open)?;
                orders.open_raw = 0;
            }
        }
        Some(bin)
    }
}

/// `ceil(fee * part / whole)`.
fn share(fee: u64, part: u64, whole: u64) -> u64 {
    if whole == 0 {
        return 0;
    }
    let over = u128::from(fee) * u128::from(part);
    u64::try_from(over.div_ceil(u128::from(whole))).unwrap_or(fee)
}
