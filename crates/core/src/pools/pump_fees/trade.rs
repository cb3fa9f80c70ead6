//! One trade of a coin against its quote token: the curve's amounts, the fees on the quote, and who gets them.

use alloy_primitives::U256;

use super::{FeeRates, ONE_IN_BPS};
use crate::ChainAddress;
use crate::pools::{Direction, Exact, Fee, FeeKind, PoolError, SwapAmounts};

/// `ceil(amount * bps / 10000)`.
fn fee_raw(amount_raw: u128, bps: u64) -> u128 {
    // Rates are at most 10,000 and amounts below 2**114, so the product fits.
    (amount_raw * u128::from(bps)).div_ceil(u128::from(ONE_IN_BPS))
}

/// The three fees of one trade, in raw units of the quote token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::struct_field_names, reason = "the unit stands in every name")]
pub(in crate::pools) struct Fees {
    pub(in crate::pools) lp_raw: u128,
    pub(in crate::pools) protocol_raw: u128,
    pub(in crate::pools) creator_raw: u128,
}

impl Fees {
    /// Each rounded up by itself.
    pub(in crate::pools) fn on(quote_raw: u128, rates: FeeRates) -> Self {
        Self {
            lp_raw: fee_raw(quote_raw, rates.lp_bps),
            protocol_raw: fee_raw(quote_raw, rates.protocol_bps),
            creator_raw: fee_raw(quote_raw, rates.creator_bps),
        }
    }

    pub(in crate::pools) fn total_raw(self) -> u128 {
        self.lp_raw + self.protocol_raw + self.creator_raw
    }
}

/// A trade that the program takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pools) struct Trade {
    /// The coin's side, which pays no fee.
    pub(in crate::pools) base_raw: u64,
    /// What the curve moves of the quote token, before the fees.
    pub(in crate::pools) quote_raw: u64,
    pub(in crate::pools) fees: Fees,
    pub(in crate::pools) side: Side,
}

/// Whether the coin comes out or is paid in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pools) enum Side {
    Buy,
    Sell,
}

impl Side {
    /// Of a swap in a pool whose first token is the coin.
    pub(in crate::pools) fn of(direction: Direction) -> Self {
        match direction {
            Direction::ZeroForOne => Self::Sell,
            Direction::OneForZero => Self::Buy,
        }
    }

    /// The rate of the fee in parts per million of the input, rounded up: a buyer's fee is on top of what the
    /// curve takes, a seller's is taken off what it gives.
    pub(in crate::pools) fn fee_ppm(self, rates: FeeRates) -> u32 {
        const MILLION: u64 = 1_000_000;
        let total = rates.total_bps();
        let ppm = match self {
            Self::Buy => (total * MILLION).div_ceil(ONE_IN_BPS + total),
            Self::Sell => total * (MILLION / ONE_IN_BPS),
        };
        u32::try_from(ppm).unwrap_or(u32::MAX)
    }
}

impl Trade {
    /// What the trader pays and gets.
    pub(in crate::pools) fn amounts(&self) -> SwapAmounts {
        let quote = u128::from(self.quote_raw);
        match self.side {
            Side::Buy => SwapAmounts {
                amount_in_raw: U256::from(quote + self.fees.total_raw()),
                amount_out_raw: U256::from(self.base_raw),
            },
            Side::Sell => SwapAmounts {
                amount_in_raw: U256::from(self.base_raw),
                amount_out_raw: U256::from(quote.saturating_sub(self.fees.total_raw())),
            },
        }
    }

    /// The fees that are not zero, all in the quote token.
    pub(in crate::pools) fn fee_list(&self, quote_mint: ChainAddress) -> Vec<Fee> {
        let Fees {
            lp_raw,
            protocol_raw,
            creator_raw,
        } = self.fees;
        [
            (FeeKind::Liquidity, lp_raw),
            (FeeKind::Protocol, protocol_raw),
            (FeeKind::Creator, creator_raw),
        ]
        .into_iter()
        .filter(|(_, amount)| *amount > 0)
        .map(|(kind, amount)| Fee {
            kind,
            token: quote_mint,
            amount_raw: U256::from(amount),
        })
        .collect()
    }
}

/// What of a quote budget reaches the curve, and the fees: `floor(budget * 10000 / (10000 + rates))`, the fees
/// on that, and what they take beyond the budget off it. `None` when nothing is left.
pub(in crate::pools) fn within_budget(budget_raw: u64, rates: FeeRates) -> Option<(u64, Fees)> {
    let budget = u128::from(budget_raw);
    let net =
        budget * u128::from(ONE_IN_BPS) / u128::from(ONE_IN_BPS.saturating_add(rates.total_bps()));
    let fees = Fees::on(net, rates);
    let excess = (net + fees.total_raw()).saturating_sub(budget);
    let net = u64::try_from(net.checked_sub(excess)?).ok()?;
    (net > 0).then_some((net, fees))
}

/// The least input of the coin whose sale for `floor(Q * b / (B + b))` leaves at least `wanted_raw` after the fees;
/// `None` when no input of 64 bits does.
///
/// Fees are rounded up one by one, so what is left after them does not always grow with the input: every
/// candidate is tried, but those that cannot do, because one unit more before the fees is at most one more
/// after them.
pub(in crate::pools) fn least_sale(
    [base_raw, quote_raw]: [u64; 2],
    wanted_raw: u64,
    rates: FeeRates,
) -> Option<u64> {
    let (base, reserve) = (u128::from(base_raw), u128::from(quote_raw));
    let kept_bps = ONE_IN_BPS
        .checked_sub(rates.total_bps())
        .filter(|kept| *kept > 0)?;
    let before_fees = u128::from(wanted_raw) * u128::from(ONE_IN_BPS);
    let mut quote = before_fees.div_ceil(u128::from(kept_bps));
    loop {
        if quote >= reserve {
            return None;
        }
        let base_in = u64::try_from((quote * base).div_ceil(reserve - quote)).ok()?;
        let given = reserve * u128::from(base_in) / (base + u128::from(base_in));
        let left = given.saturating_sub(Fees::on(given, rates).total_raw());
        let missing = u128::from(wanted_raw).saturating_sub(left);
        if missing == 0 {
            return Some(base_in);
        }
        quote = given + missing;
    }
}

/// The amount as the programs take it.
///
/// # Errors
/// `amount_zero`; `swap_refused` beyond 64 bits.
pub(in crate::pools) fn amount_raw(
    pool: ChainAddress,
    exact: Exact,
    amount_raw: U256,
) -> Result<u64, PoolError> {
    let field = field(exact);
    if amount_raw.is_zero() {
        return Err(PoolError::AmountZero { field });
    }
    u64::try_from(amount_raw).map_err(|_| PoolError::SwapRefused {
        field,
        pool,
        given: amount_raw,
        reason: "the program takes amounts of 64 bits",
    })
}

/// The argument that `exact` fixes.
pub(in crate::pools) fn field(exact: Exact) -> &'static str {
    match exact {
        Exact::In => "amount_in_raw",
        Exact::Out => "amount_out_raw",
    }
}
