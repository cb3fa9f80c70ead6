//! Uniswap V2 and its forks: constant product, to the unit what the router's library answers.
//!
//! - `state`: what a pair is made from and what may change it;
//! - here: `getAmountOut` and `getAmountIn` of `UniswapV2Library`, with the fee as a parameter.

mod state;

pub use state::{UniswapV2Change, UniswapV2State};

use alloy_primitives::{U256, Uint};

use super::{
    Curve, Direction, Exact, Fee, FeeKind, Hyperbola, PoolChange, PoolError, PoolMath, PoolQuote,
    PriceRatio, SwapAmounts, TokenPair,
};
use crate::ChainAddress;

const MILLION: u32 = 1_000_000;

/// Room for an amount of 112 bits, a reserve of 112 and a million.
type U320 = Uint<320, 5>;

/// A pair whose state is known to be one that the contract can be in.
#[derive(Debug, Clone)]
pub struct UniswapV2Pool {
    address: ChainAddress,
    tokens: [ChainAddress; 2],
    reserves: [u128; 2],
    fee_ppm: u32,
}

impl PoolMath for UniswapV2Pool {
    fn address(&self) -> ChainAddress {
        self.address
    }

    fn tokens(&self) -> &[ChainAddress] {
        &self.tokens
    }

    fn fee_ppm(&self, _: TokenPair) -> u32 {
        self.fee_ppm
    }

    fn spot_price(&self, pair: TokenPair) -> PriceRatio {
        let direction = pair.direction().unwrap_or(Direction::ZeroForOne);
        spot_price(direction.in_and_out(self.reserves))
    }

    fn amounts(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        let reserves = self.direction(pair)?.in_and_out(self.reserves);
        match exact {
            Exact::In => self.exact_in(reserves, amount_raw),
            Exact::Out => self.exact_out(reserves, amount_raw),
        }
    }

    fn quote(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        let direction = self.direction(pair)?;
        let amounts = self.amounts(pair, exact, amount_raw)?;
        let mut after = self.clone();
        after.settle(direction, amounts)?;
        let (token_in, token_out) = direction.in_and_out(self.tokens);
        let fee = Fee {
            kind: FeeKind::Liquidity,
            token: token_in,
            amount_raw: self.fee_on(amounts.amount_in_raw),
        };
        Ok(PoolQuote {
            pool: self.address,
            token_in,
            token_out,
            fee_ppm: self.fee_ppm,
            amount_in_raw: amounts.amount_in_raw,
            amount_out_raw: amounts.amount_out_raw,
            fees: Some(fee)
                .filter(|fee| !fee.amount_raw.is_zero())
                .into_iter()
                .collect(),
            spot_before: self.spot_price(pair),
            spot_after: after.spot_price(pair),
            movement: None,
        })
    }

    fn swap(
        &mut self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        let amounts = self.amounts(pair, exact, amount_raw)?;
        self.settle(self.direction(pair)?, amounts)?;
        Ok(amounts)
    }

    fn apply(&mut self, change: PoolChange<'_>) -> Result<(), PoolError> {
        match change {
            PoolChange::UniswapV2(change) => self.change(change),
            other => Err(PoolError::ChangeMismatch {
                pool: self.address,
                venue: "uniswap_v2",
                change: other.kind(),
            }),
        }
    }

    #[allow(
        clippy::float_arithmetic,
        clippy::cast_precision_loss,
        reason = "a curve steers a search and bounds it; it decides no amount"
    )]
    fn curve(&self, pair: TokenPair) -> Curve {
        let Some(direction) = pair.direction() else {
            return Curve::Nothing;
        };
        let (reserve_in, reserve_out) = direction.in_and_out(self.reserves);
        if reserve_in == 0 || reserve_out == 0 {
            return Curve::Nothing;
        }
        Curve::Hyperbolas(vec![Hyperbola {
            reserve_in: reserve_in as f64,
            reserve_out: reserve_out as f64,
            gamma: 1.0 - f64::from(self.fee_ppm) / f64::from(MILLION),
            capacity_in: f64::INFINITY,
        }])
    }
}

impl UniswapV2Pool {
    /// `getAmountOut`: `floor(in * g * R_out / (R_in * 1e6 + in * g))` with `g = 1e6 - fee`.
    fn exact_in(
        &self,
        (reserve_in, reserve_out): (u128, u128),
        amount_in_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        const FIELD: &str = "amount_in_raw";
        if amount_in_raw.is_zero() {
            return Err(PoolError::AmountZero { field: FIELD });
        }
        if amount_in_raw > room(reserve_in) {
            return Err(self.exhausted(FIELD, (reserve_in, reserve_out)));
        }
        let less_fee = U320::from(amount_in_raw) * U320::from(MILLION - self.fee_ppm);
        let under = U320::from(reserve_in) * U320::from(MILLION) + less_fee;
        let out = less_fee * U320::from(reserve_out) / under;
        Ok(SwapAmounts {
            amount_in_raw,
            amount_out_raw: out.wrapping_to(),
        })
    }

    /// `getAmountIn`: `floor(R_in * out * 1e6 / ((R_out - out) * g)) + 1`.
    fn exact_out(
        &self,
        (reserve_in, reserve_out): (u128, u128),
        amount_out_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        const FIELD: &str = "amount_out_raw";
        if amount_out_raw.is_zero() {
            return Err(PoolError::AmountZero { field: FIELD });
        }
        if amount_out_raw >= U256::from(reserve_out) || reserve_in == 0 {
            return Err(self.exhausted(FIELD, (reserve_in, reserve_out)));
        }
        let over = U320::from(reserve_in) * U320::from(amount_out_raw) * U320::from(MILLION);
        let left = U320::from(reserve_out) - U320::from(amount_out_raw);
        let amount_in = over / (left * U320::from(MILLION - self.fee_ppm)) + U320::ONE;
        if amount_in > U320::from(room(reserve_in)) {
            return Err(self.exhausted(FIELD, (reserve_in, reserve_out)));
        }
        Ok(SwapAmounts {
            amount_in_raw: amount_in.wrapping_to(),
            amount_out_raw,
        })
    }

    /// `ceil(amount_in * fee / 1e6)`: what stays with the pool beyond the product.
    fn fee_on(&self, amount_in_raw: U256) -> U256 {
        (amount_in_raw * U256::from(self.fee_ppm)).div_ceil(U256::from(MILLION))
    }

    fn settle(&mut self, direction: Direction, amounts: SwapAmounts) -> Result<(), PoolError> {
        let [input, output] = match direction {
            Direction::ZeroForOne => [0, 1],
            Direction::OneForZero => [1, 0],
        };
        let after = |reserve: Option<u128>| {
            reserve
                .ok_or_else(|| self.exhausted("amount_in_raw", direction.in_and_out(self.reserves)))
        };
        let paid = amounts.amount_in_raw.saturating_to::<u128>();
        let got = amounts.amount_out_raw.saturating_to::<u128>();
        let mut reserves = self.reserves;
        reserves[input] = after(reserves[input].checked_add(paid))?;
        reserves[output] = after(reserves[output].checked_sub(got))?;
        self.reserves = reserves;
        Ok(())
    }

    fn direction(&self, pair: TokenPair) -> Result<Direction, PoolError> {
        pair.direction().ok_or(PoolError::PairUnknown {
            pool: self.address,
            tokens: 2,
            input: pair.input,
            output: pair.output,
        })
    }

    fn exhausted(&self, field: &'static str, (reserve_in, reserve_out): (u128, u128)) -> PoolError {
        PoolError::InsufficientLiquidity {
            field,
            pool: self.address,
            most_in_raw: room(reserve_in),
            most_out_raw: U256::from(reserve_out.saturating_sub(1)),
        }
    }
}

/// What may still be paid in before the reserve outgrows its 112 bits.
fn room(reserve_in: u128) -> U256 {
    U256::from((1u128 << 112) - 1 - reserve_in)
}

/// `R_out / R_in`; of an empty pair, nothing for one.
fn spot_price((reserve_in, reserve_out): (u128, u128)) -> PriceRatio {
    PriceRatio {
        numerator: U320::from(reserve_out),
        denominator: U320::from(reserve_in.max(1)),
    }
}
