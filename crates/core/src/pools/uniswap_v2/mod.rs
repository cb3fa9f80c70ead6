//! Uniswap V2 and its forks: constant product, to the unit what the router's library answers.
//!
//! - `state`: what a pair is made from and what may change it;
//! - here: `getAmountOut` and `getAmountIn` of `UniswapV2Library`, with the fee as a parameter, and the limits
//!   of `UniswapV2Pair.swap`.

mod state;

pub use state::{UniswapV2Change, UniswapV2State};

use alloy_primitives::{U256, Uint};

use super::constant_product::mul_div;
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
    share: Share,
}

/// One less the fee, in lowest terms: a fork that counts in thousandths, ten-thousandths or millionths divides
/// the same fraction, so its quotients are the same.
#[derive(Debug, Clone, Copy)]
struct Share {
    kept: u32,
    whole: u32,
}

impl Share {
    fn less_fee(fee_ppm: u32) -> Self {
        let (mut whole, mut rest) = (MILLION, fee_ppm);
        while rest > 0 {
            (whole, rest) = (rest, whole % rest);
        }
        Self {
            kept: (MILLION - fee_ppm) / whole,
            whole: MILLION / whole,
        }
    }
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

    #[inline]
    fn output(&self, pair: TokenPair, amount_in_raw: U256) -> Option<U256> {
        let reserves = pair.direction()?.in_and_out(self.reserves);
        let amount_in = u128::try_from(amount_in_raw).ok()?;
        let fits = amount_in > 0 && amount_in < (1 << 112) - reserves.0;
        if !fits || reserves.0 == 0 || reserves.1 == 0 {
            return None;
        }
        let out = self.given(reserves, amount_in);
        (out > 0).then(|| U256::from(out))
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
            other => Err(other.refused_by(self.address, "uniswap_v2")),
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
    /// `getAmountOut`, and what the pair then demands: something comes out, and the reserve keeps its bits.
    fn exact_in(
        &self,
        reserves: (u128, u128),
        amount_in_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        const FIELD: &str = "amount_in_raw";
        let (reserve_in, reserve_out) = reserves;
        if amount_in_raw.is_zero() {
            return Err(PoolError::AmountZero { field: FIELD });
        }
        if reserve_in == 0 || reserve_out == 0 || amount_in_raw > room(reserve_in) {
            return Err(self.exhausted(FIELD, reserves));
        }
        let amount_out_raw = self.given(reserves, amount_in_raw.wrapping_to());
        if amount_out_raw == 0 {
            return Err(PoolError::SwapRefused {
                field: FIELD,
                pool: self.address,
                given: amount_in_raw,
                reason: "nothing would come out (INSUFFICIENT_OUTPUT_AMOUNT)",
            });
        }
        Ok(SwapAmounts {
            amount_in_raw,
            amount_out_raw: U256::from(amount_out_raw),
        })
    }

    /// `floor(in * kept * R_out / (R_in * whole + in * kept))`, for an amount that the reserve has room for.
    #[inline]
    fn given(&self, (reserve_in, reserve_out): (u128, u128), amount_in_raw: u128) -> u128 {
        let Share { kept, whole } = self.share;
        // A reserve or amount of 107 bits times a share of 20 bits leaves room for the sum of two such products.
        if (amount_in_raw | reserve_in) >> 107 == 0 {
            let less_fee = amount_in_raw * u128::from(kept);
            let under = reserve_in * u128::from(whole) + less_fee;
            if let Some(out) = mul_div(less_fee, reserve_out, under) {
                return out;
            }
        }
        let less_fee = U320::from(amount_in_raw) * U320::from(kept);
        let under = U320::from(reserve_in) * U320::from(whole) + less_fee;
        (less_fee * U320::from(reserve_out) / under).wrapping_to()
    }

    /// `getAmountIn`, and what the pair then demands: the reserve keeps its bits.
    fn exact_out(
        &self,
        reserves: (u128, u128),
        amount_out_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        const FIELD: &str = "amount_out_raw";
        let (reserve_in, reserve_out) = reserves;
        if amount_out_raw.is_zero() {
            return Err(PoolError::AmountZero { field: FIELD });
        }
        if amount_out_raw >= U256::from(reserve_out) || reserve_in == 0 {
            return Err(self.exhausted(FIELD, reserves));
        }
        self.taken(reserves, amount_out_raw.wrapping_to())
            .map(U256::from)
            .filter(|amount_in_raw| *amount_in_raw <= room(reserve_in))
            .map(|amount_in_raw| SwapAmounts {
                amount_in_raw,
                amount_out_raw,
            })
            .ok_or_else(|| self.exhausted(FIELD, reserves))
    }

    /// `floor(R_in * whole * out / ((R_out - out) * kept)) + 1`, for an output below the reserve; `None` when that
    /// is more than 128 bits.
    #[inline]
    fn taken(&self, (reserve_in, reserve_out): (u128, u128), amount_out_raw: u128) -> Option<u128> {
        let Share { kept, whole } = self.share;
        let left = reserve_out - amount_out_raw;
        let narrow = || {
            let over = reserve_in.checked_mul(u128::from(whole))?;
            Some((over, left.checked_mul(u128::from(kept))?))
        };
        let quotient = if let Some((over, under)) = narrow() {
            mul_div(over, amount_out_raw, under)?
        } else {
            let over = U320::from(reserve_in) * U320::from(whole) * U320::from(amount_out_raw);
            u128::try_from(over / (U320::from(left) * U320::from(kept))).ok()?
        };
        quotient.checked_add(1)
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
        pair.direction_in(self.address)
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
#[inline]
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
