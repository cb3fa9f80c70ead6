//! The answer of a pool: amounts, fees, prices, and how the pool moves.

use alloy_primitives::aliases::U160;
use alloy_primitives::{U256, U512};

use super::PriceRatio;
use crate::ChainAddress;

/// Both sides of a swap, in raw units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SwapAmounts {
    /// What the trader pays, every fee included.
    pub amount_in_raw: U256,
    /// What the trader gets, every fee taken.
    pub amount_out_raw: U256,
}

/// Who gets a fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FeeKind {
    /// Those who provide the liquidity.
    Liquidity,
    /// The protocol (on Raydium's fund too, where the pool keeps one account for both).
    Protocol,
    /// The fund of the protocol.
    Fund,
    /// Whoever created the pool or the coin.
    Creator,
    /// The token itself, on each transfer (Token-2022).
    Transfer,
}

/// A part of a swap's price that is not the curve's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fee {
    /// Who gets it.
    pub kind: FeeKind,
    /// In what: the token paid in (contained in `amount_in_raw`), or the one that comes out (already taken
    /// off `amount_out_raw`).
    pub token: ChainAddress,
    /// In raw units of `token`.
    pub amount_raw: U256,
}

/// A full answer: what is paid, what is got, and where the pool then stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolQuote {
    /// The pool's contract or account.
    pub pool: ChainAddress,
    /// What is paid in.
    pub token_in: ChainAddress,
    /// What comes out.
    pub token_out: ChainAddress,
    /// The fee's rate in parts per million of the input, rounded up; without transfer fees.
    pub fee_ppm: u32,
    /// Paid, in raw units of `token_in`, every fee included.
    pub amount_in_raw: U256,
    /// Got, in raw units of `token_out`.
    pub amount_out_raw: U256,
    /// The fees, each kind and token once; none of amount zero.
    pub fees: Vec<Fee>,
    /// Units of output per unit of input before the swap, without fees.
    pub spot_before: PriceRatio,
    /// The same after it.
    pub spot_after: PriceRatio,
    /// How the pool moves, where reserves do not tell.
    pub movement: Option<Movement>,
}

impl PoolQuote {
    /// The fees paid in the input token, in raw units.
    #[must_use]
    pub fn fee_in_raw(&self) -> U256 {
        self.fees_in(self.token_in)
    }

    /// The fees taken off the output token, in raw units.
    #[must_use]
    pub fn fee_out_raw(&self) -> U256 {
        self.fees_in(self.token_out)
    }

    /// How much worse the average price is than the spot price, both without fees: parts per million, rounded
    /// up. `1 - out / (in * spot)`.
    #[must_use]
    pub fn price_impact_ppm(&self) -> u32 {
        const MILLION: u64 = 1_000_000;
        type Wide = alloy_primitives::Uint<768, 12>;
        let curve_in = Wide::from(self.amount_in_raw.saturating_sub(self.fee_in_raw()));
        let curve_out = Wide::from(self.amount_out_raw.saturating_add(self.fee_out_raw()));
        let at_spot = curve_in * Wide::from(self.spot_before.numerator);
        let given = curve_out * Wide::from(self.spot_before.denominator);
        if at_spot.is_zero() || given >= at_spot {
            return 0;
        }
        ((at_spot - given) * Wide::from(MILLION))
            .div_ceil(at_spot)
            .saturating_to()
    }

    fn fees_in(&self, token: ChainAddress) -> U256 {
        let fees = self.fees.iter().filter(|fee| fee.token == token);
        let total: U512 = fees.map(|fee| U512::from(fee.amount_raw)).sum();
        total.saturating_to()
    }
}

/// How a swap moves a pool, per family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// A Uniswap V3 pool moves its price, and its liquidity where it crosses ticks.
    UniswapV3 {
        /// `slot0.sqrtPriceX96` before the swap.
        sqrt_price_before_x96: U160,
        /// `slot0.sqrtPriceX96` after it.
        sqrt_price_after_x96: U160,
        /// `slot0.tick` after it.
        tick_after: i32,
        /// `liquidity()` after it.
        liquidity_after: u128,
        /// Initialised ticks that it crosses.
        ticks_crossed: u32,
    },
    /// Concentrated liquidity of a Solana program.
    ConcentratedX64 {
        /// Square root of the price, Q64.64, before the swap.
        sqrt_price_before_x64: u128,
        /// The same after it.
        sqrt_price_after_x64: u128,
        /// The current tick after it.
        tick_after: i32,
        /// The active liquidity after it.
        liquidity_after: u128,
        /// Initialised ticks that it crosses.
        ticks_crossed: u32,
    },
    /// A pool of bins moves its active bin.
    Bins {
        /// The active bin before the swap.
        active_before: i32,
        /// The active bin after it.
        active_after: i32,
        /// Bins that are emptied.
        bins_crossed: u32,
    },
}
