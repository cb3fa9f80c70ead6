//! Raydium AMM v4: constant product on what the vaults hold beyond `need_take_pnl`.
//!
//! - `layout`: the bytes of its accounts;
//! - `state`: what a pool is made from and what may change it;
//! - `swap`: the program's arithmetic;
//! - here: the contract of a pool.

mod layout;
mod state;
mod swap;

pub use layout::RAYDIUM_AMM_V4_PROGRAM;
pub use state::{RaydiumAmmV4State, Rounding};

use std::sync::Arc;

use alloy_primitives::{U256, Uint};

use super::constant_product::ppm_up;
use super::{
    Curve, Exact, Fee, FeeKind, Hyperbola, PoolChange, PoolError, PoolMath, PoolQuote, PriceRatio,
    SwapAmounts, TokenPair,
};
use crate::ChainAddress;
use swap::Swap;

/// A pool whose state the program could be in.
#[derive(Debug, Clone)]
pub struct RaydiumAmmV4Pool {
    tokens: [ChainAddress; 2],
    door: Door,
    /// Shared by clones until one changes.
    state: Arc<RaydiumAmmV4State>,
}

/// Whether the pool swaps now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// With these reserves: coin, then pc.
    Open([u64; 2]),
    /// Status 1: the reserves include balances on an order book.
    OrderBook,
    /// Status 7, before the time.
    NotYetOpen,
    /// Another status.
    Closed,
    /// Pool and vaults were not read together.
    OwedMoreThanHeld,
}

impl PoolMath for RaydiumAmmV4Pool {
    fn address(&self) -> ChainAddress {
        self.state.pool
    }

    fn tokens(&self) -> &[ChainAddress] {
        &self.tokens
    }

    fn fee_ppm(&self, _: TokenPair) -> u32 {
        ppm_up(
            self.state.swap_fee_numerator,
            self.state.swap_fee_denominator,
        )
    }

    fn spot_price(&self, pair: TokenPair) -> PriceRatio {
        let sides = pair.direction().and_then(|direction| self.sides(direction));
        let (over, under) = sides.map_or((0, 1), |sides| (sides.reserve_out, sides.reserve_in));
        PriceRatio {
            numerator: Uint::from(over),
            denominator: Uint::from(under.max(1)),
        }
    }

    fn amounts(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        self.fix(pair, exact, amount_raw).map(amounts)
    }

    #[inline]
    fn output(&self, pair: TokenPair, amount_in_raw: U256) -> Option<U256> {
        let sides = self.sides(pair.direction()?)?;
        let swap = self.exact_in(sides, u64::try_from(amount_in_raw).ok()?);
        swap.ok().map(|swap| U256::from(swap.amount_out))
    }

    fn quote(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        let swap = self.fix(pair, exact, amount_raw)?;
        let mut after = self.clone();
        after.settle(pair, swap)?;
        let (token_in, token_out) = pair.direction_in(self.address())?.in_and_out(self.tokens);
        let fee = Fee {
            kind: FeeKind::Liquidity,
            token: token_in,
            amount_raw: U256::from(swap.fee),
        };
        let SwapAmounts {
            amount_in_raw,
            amount_out_raw,
        } = amounts(swap);
        Ok(PoolQuote {
            pool: self.address(),
            token_in,
            token_out,
            fee_ppm: self.fee_ppm(pair),
            amount_in_raw,
            amount_out_raw,
            fees: Vec::from_iter(Some(fee).filter(|fee| !fee.amount_raw.is_zero())),
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
        let swap = self.fix(pair, exact, amount_raw)?;
        self.settle(pair, swap)?;
        Ok(amounts(swap))
    }

    fn apply(&mut self, change: PoolChange<'_>) -> Result<(), PoolError> {
        self.change(change)
    }

    fn accounts(&self) -> Vec<ChainAddress> {
        vec![self.state.pool, self.state.coin_vault, self.state.pc_vault]
    }

    #[allow(
        clippy::float_arithmetic,
        clippy::cast_precision_loss,
        reason = "a curve steers a search and bounds it; it decides no amount"
    )]
    fn curve(&self, pair: TokenPair) -> Curve {
        let sides = pair.direction().and_then(|direction| self.sides(direction));
        let Some(sides) = sides.filter(|sides| sides.reserve_in > 0 && sides.reserve_out > 0)
        else {
            return Curve::Nothing;
        };
        let fee = match self.state.rounding {
            Rounding::Up => {
                self.state.swap_fee_numerator as f64 / self.state.swap_fee_denominator as f64
            }
            // Small amounts may pay nothing at all.
            Rounding::NearestBelowOne => 0.0,
        };
        Curve::Hyperbolas(vec![Hyperbola {
            reserve_in: sides.reserve_in as f64,
            reserve_out: sides.reserve_out as f64,
            gamma: 1.0 - fee,
            capacity_in: u64::MAX as f64,
        }])
    }
}

impl RaydiumAmmV4Pool {
    /// Moves the vaults; a waiting pool has begun to trade.
    fn settle(&mut self, pair: TokenPair, swap: Swap) -> Result<(), PoolError> {
        let [coin, pc] = [self.state.coin_vault_raw, self.state.pc_vault_raw];
        let zero_for_one = pair.direction_in(self.address())? == super::Direction::ZeroForOne;
        let (vault_in, vault_out) = if zero_for_one { (coin, pc) } else { (pc, coin) };
        let paid = vault_in.checked_add(swap.amount_in);
        let given = vault_out.checked_sub(swap.amount_out);
        let (Some(paid), Some(given)) = (paid, given) else {
            return Err(PoolError::SwapRefused {
                field: "amount_in_raw",
                pool: self.address(),
                given: U256::from(swap.amount_in),
                reason: "a vault cannot hold or give it",
            });
        };
        let (coin, pc) = if zero_for_one {
            (paid, given)
        } else {
            (given, paid)
        };
        let state = Arc::make_mut(&mut self.state);
        state.coin_vault_raw = coin;
        state.pc_vault_raw = pc;
        state.status = 6;
        self.door = self.state.door();
        Ok(())
    }
}

fn amounts(swap: Swap) -> SwapAmounts {
    SwapAmounts {
        amount_in_raw: U256::from(swap.amount_in),
        amount_out_raw: U256::from(swap.amount_out),
    }
}
