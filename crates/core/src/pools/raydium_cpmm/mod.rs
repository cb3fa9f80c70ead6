//! Raydium CPMM: constant product with fees for the pool, the protocol, a fund and a creator, and the transfer
//! fees of Token-2022.
//!
//! - `layout`: the bytes of its accounts;
//! - `state`: what a pool is made from and what may change it;
//! - `swap`: the program's arithmetic;
//! - here: the contract of a pool.

mod layout;
mod state;
mod swap;

pub use layout::RAYDIUM_CPMM_PROGRAM;
pub use state::{CreatorFeeOn, FeeRounding, RaydiumCpmmState};

use std::sync::Arc;

use alloy_primitives::{U256, Uint};

use super::constant_product::amount_u64;
use super::{
    Curve, Direction, Exact, Fee, FeeKind, Hyperbola, PoolChange, PoolError, PoolMath, PoolQuote,
    PriceRatio, SwapAmounts, TokenPair, transfer_share,
};
use crate::ChainAddress;
use crate::solana::TOKEN_2022_PROGRAM;
use swap::{Door, Swap, share_down};

/// A pool whose state the program could be in.
#[derive(Debug, Clone)]
pub struct RaydiumCpmmPool {
    tokens: [ChainAddress; 2],
    door: Door,
    /// Shared by clones until one changes.
    state: Arc<RaydiumCpmmState>,
}

impl PoolMath for RaydiumCpmmPool {
    fn address(&self) -> ChainAddress {
        self.state.pool
    }

    fn tokens(&self) -> &[ChainAddress] {
        &self.tokens
    }

    /// The trade fee and the creator's fee, whichever token it is in.
    fn fee_ppm(&self, _: TokenPair) -> u32 {
        let creator = if self.state.enable_creator_fee {
            self.state.creator_fee_ppm
        } else {
            0
        };
        self.state.trade_fee_ppm + creator
    }

    fn spot_price(&self, pair: TokenPair) -> PriceRatio {
        let sides = pair
            .direction()
            .and_then(|direction| self.door.sides(direction));
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
        self.fix(pair, exact, amount_raw)
            .map(|(_, swap)| amounts(swap))
    }

    #[inline]
    fn output(&self, pair: TokenPair, amount_in_raw: U256) -> Option<U256> {
        let sides = self.door.sides(pair.direction()?)?;
        let swap = sides.exact_in(u64::try_from(amount_in_raw).ok().filter(|raw| *raw > 0)?);
        swap.ok().map(|swap| U256::from(swap.amount_out))
    }

    fn quote(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        let (direction, swap) = self.fix(pair, exact, amount_raw)?;
        let mut after = self.clone();
        after.settle(direction, exact, swap)?;
        let (token_in, token_out) = direction.in_and_out(self.tokens);
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
            fees: self.fees(direction, exact, swap),
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
        let (direction, swap) = self.fix(pair, exact, amount_raw)?;
        self.settle(direction, exact, swap)?;
        Ok(amounts(swap))
    }

    fn apply(&mut self, change: PoolChange<'_>) -> Result<(), PoolError> {
        self.change(change)
    }

    fn accounts(&self) -> Vec<ChainAddress> {
        let state = &self.state;
        let mut accounts = vec![state.pool, state.config, state.vault0, state.vault1];
        for (mint, program) in [
            (state.token0, state.token0_program),
            (state.token1, state.token1_program),
        ] {
            if program == TOKEN_2022_PROGRAM {
                accounts.push(mint);
            }
        }
        accounts
    }

    #[allow(
        clippy::float_arithmetic,
        clippy::cast_precision_loss,
        reason = "a curve steers a search and bounds it; it decides no amount"
    )]
    fn curve(&self, pair: TokenPair) -> Curve {
        let Some(sides) = pair
            .direction()
            .and_then(|direction| self.door.sides(direction))
        else {
            return Curve::Nothing;
        };
        let rate = |ppm: u32| 1.0 - f64::from(ppm) / 1e6;
        let (capacity_in, reserve_out) = (u64::MAX as f64, sides.reserve_out as f64);
        Curve::Hyperbolas(vec![Hyperbola {
            reserve_in: sides.reserve_in as f64,
            reserve_out: reserve_out
                * rate(sides.creator_out_ppm)
                * transfer_share::of_sent(sides.transfer_out, reserve_out),
            gamma: rate(sides.rate_in()) * transfer_share::of_sent(sides.transfer_in, capacity_in),
            capacity_in,
        }])
    }
}

impl RaydiumCpmmPool {
    fn fix(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<(Direction, Swap), PoolError> {
        let pool = self.address();
        let direction = pair.direction_in(pool)?;
        let sides = self.door.sides(direction);
        let sides = sides.ok_or_else(|| self.door.refusal(&self.state))?;
        let field = match exact {
            Exact::In => "amount_in_raw",
            Exact::Out => "amount_out_raw",
        };
        let amount = amount_u64(pool, field, amount_raw)?;
        let most_out_raw = sides.most_out();
        let answer = match exact {
            Exact::In => sides.exact_in(amount),
            Exact::Out if U256::from(amount) > most_out_raw => {
                let most_in_raw = sides.most_in();
                return Err(PoolError::InsufficientLiquidity {
                    field,
                    pool,
                    most_in_raw,
                    most_out_raw,
                });
            }
            Exact::Out => sides.exact_out(amount),
        };
        let refused = |reason| PoolError::SwapRefused {
            field,
            pool,
            given: amount_raw,
            reason,
        };
        answer.map(|swap| (direction, swap)).map_err(refused)
    }

    fn fees(&self, direction: Direction, exact: Exact, swap: Swap) -> Vec<Fee> {
        let (token_in, token_out) = direction.in_and_out(self.tokens);
        let [trade, creator] = self.shares(direction, exact, swap);
        let [protocol, fund] = self.cuts(trade);
        let of = |kind, token, raw: u64| Fee {
            kind,
            token,
            amount_raw: U256::from(raw),
        };
        let liquidity = trade.saturating_sub(protocol).saturating_sub(fund);
        let fees = [
            of(FeeKind::Liquidity, token_in, liquidity),
            of(FeeKind::Protocol, token_in, protocol),
            of(FeeKind::Fund, token_in, fund),
            of(FeeKind::Creator, token_in, creator),
            of(FeeKind::Creator, token_out, swap.creator_out),
            of(
                FeeKind::Transfer,
                token_in,
                swap.amount_in.saturating_sub(swap.net_in),
            ),
            of(
                FeeKind::Transfer,
                token_out,
                swap.gross_out.saturating_sub(swap.amount_out),
            ),
        ];
        fees.into_iter()
            .filter(|fee| !fee.amount_raw.is_zero())
            .collect()
    }

    /// The trade fee and the creator's fee on the input.
    fn shares(&self, direction: Direction, exact: Exact, swap: Swap) -> [u64; 2] {
        let sides = self.door.sides(direction);
        let (trade, creator) = sides.map_or((0, 0), |sides| sides.split(swap, exact == Exact::Out));
        [trade, creator]
    }

    /// What protocol and fund get of a trade fee.
    fn cuts(&self, trade_fee: u64) -> [u64; 2] {
        [self.state.protocol_fee_ppm, self.state.fund_fee_ppm]
            .map(|ppm| share_down(trade_fee, ppm, 1_000_000))
    }

    /// Moves the vaults and what is owed out of them.
    fn settle(&mut self, direction: Direction, exact: Exact, swap: Swap) -> Result<(), PoolError> {
        let [trade, creator_in] = self.shares(direction, exact, swap);
        let [protocol, fund] = self.cuts(trade);
        let mut state = (*self.state).clone();
        let [
            vault_in,
            vault_out,
            protocol_in,
            fund_in,
            creator_in_owed,
            creator_out_owed,
        ] = match direction {
            Direction::ZeroForOne => [
                &mut state.vault0_raw,
                &mut state.vault1_raw,
                &mut state.protocol_fees0_raw,
                &mut state.fund_fees0_raw,
                &mut state.creator_fees0_raw,
                &mut state.creator_fees1_raw,
            ],
            Direction::OneForZero => [
                &mut state.vault1_raw,
                &mut state.vault0_raw,
                &mut state.protocol_fees1_raw,
                &mut state.fund_fees1_raw,
                &mut state.creator_fees1_raw,
                &mut state.creator_fees0_raw,
            ],
        };
        let more = [
            (vault_in, swap.net_in),
            (protocol_in, protocol),
            (fund_in, fund),
            (creator_in_owed, creator_in),
            (creator_out_owed, swap.creator_out),
        ];
        let given = vault_out.checked_sub(swap.gross_out);
        *vault_out = given.ok_or_else(|| self.unpayable(swap))?;
        for (balance, raw) in more {
            *balance = balance
                .checked_add(raw)
                .ok_or_else(|| self.unpayable(swap))?;
        }
        self.door = Door::of(&state);
        self.state = Arc::new(state);
        Ok(())
    }

    fn unpayable(&self, swap: Swap) -> PoolError {
        PoolError::SwapRefused {
            field: "amount_in_raw",
            pool: self.address(),
            given: U256::from(swap.amount_in),
            reason: "a vault cannot hold or give it",
        }
    }
}

fn amounts(swap: Swap) -> SwapAmounts {
    SwapAmounts {
        amount_in_raw: U256::from(swap.amount_in),
        amount_out_raw: U256::from(swap.amount_out),
    }
}
