//! What a Raydium CLMM pool is made from, and what is refused.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::accounts;
use super::book::{Arrays, Book, End, Frame};
use super::swap_step::Rates;
use super::tick_math::{
    MAX_SQRT_PRICE_X64, MAX_TICK, MIN_SQRT_PRICE_X64, MIN_TICK, sqrt_price, tick,
};
use super::{Facts, RaydiumClmmPool};
use crate::ChainAddress;
use crate::pools::concentrated::{Ladder, Position};
use crate::pools::{AccountSet, ChainClock, PoolError, decimal};
use crate::solana::TransferFees;

/// The whole state of a pool: its accounts, as far as they were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaydiumClmmState {
    /// The pool's account.
    pub pool: ChainAddress,
    /// `token_mint_0`.
    pub token_mint_0: ChainAddress,
    /// `token_mint_1`.
    pub token_mint_1: ChainAddress,
    /// The account that holds the fees.
    pub amm_config: ChainAddress,
    /// `AmmConfig.trade_fee_rate`: of the input, in parts per million.
    pub trade_fee_rate: u32,
    /// `AmmConfig.protocol_fee_rate`: of the fee, in parts per million.
    pub protocol_fee_rate: u32,
    /// `AmmConfig.fund_fee_rate`: of the fee, in parts per million.
    pub fund_fee_rate: u32,
    /// `tick_spacing`.
    pub tick_spacing: u16,
    /// `sqrt_price_x64`.
    #[serde(with = "decimal")]
    pub sqrt_price_x64: u128,
    /// `tick_current`.
    pub tick_current: i32,
    /// `liquidity`.
    #[serde(with = "decimal")]
    pub liquidity: u128,
    /// `status`: bit 4 forbids swaps.
    pub status: u8,
    /// `open_time`: the pool swaps in the seconds after it.
    #[serde(with = "decimal")]
    pub open_time: u64,
    /// Every tick array that the bitmaps say is initialised, in ascending order.
    pub tick_arrays: Vec<RaydiumClmmTickArray>,
    /// Whether `tick_arrays` also has those that the bitmap extension tells; it must not where that was not read.
    pub bitmap_extension_read: bool,
    /// What transfers of token 0 cost.
    #[serde(default)]
    pub transfer_fees_0: TransferFees,
    /// What transfers of token 1 cost.
    #[serde(default)]
    pub transfer_fees_1: TransferFees,
    /// The chain's clock.
    pub clock: ChainClock,
}

/// An initialised tick array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaydiumClmmTickArray {
    /// `start_tick_index`, a multiple of 60 spacings.
    pub start_tick_index: i32,
    /// Its initialised ticks in ascending order; absent when the array was not read, and then a swap that
    /// comes to it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticks: Option<Vec<RaydiumClmmTick>>,
}

/// An initialised tick, as `TickState` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaydiumClmmTick {
    /// The tick, a multiple of the spacing.
    pub tick: i32,
    /// What the active liquidity gains when the price rises across the tick.
    #[serde(with = "decimal")]
    pub liquidity_net: i128,
}

impl RaydiumClmmPool {
    /// Checks a state and makes it a pool.
    ///
    /// # Errors
    /// `state_invalid`, or `unsupported_feature` for a status that is not known. A pool that does not swap now
    /// can be made, and refuses each quote.
    pub fn new(state: &RaydiumClmmState) -> Result<Self, PoolError> {
        let facts = Facts {
            address: state.pool,
            tokens: [state.token_mint_0, state.token_mint_1],
            amm_config: state.amm_config,
            open_time: state.open_time,
            status: state.status,
            transfer_fees: [state.transfer_fees_0, state.transfer_fees_1],
            clock: state.clock,
        };
        facts.check()?;
        let frame = state.frame();
        check_frame(frame)?;
        let position = Position {
            sqrt_price: state.sqrt_price_x64,
            tick: state.tick_current,
            liquidity: state.liquidity,
        };
        check_position(position)?;
        let arrays = arrays(&state.tick_arrays, frame)?;
        let book = Book::new(&arrays, frame, position);
        if let Some(End::Torn(tick)) = book.ends.iter().find(|end| matches!(end, End::Torn(_))) {
            return Err(invalid(
                "tick_arrays",
                format!(
                    "their net liquidity does not fit liquidity {} at tick {tick}; read pool and arrays in one call",
                    state.liquidity
                ),
            ));
        }
        Ok(Self {
            facts,
            frame,
            arrays: Arc::new(arrays),
            ladder: Ladder::new(book, position),
        })
    }

    /// The whole state, from which an equal pool can be made.
    #[must_use]
    pub fn state(&self) -> RaydiumClmmState {
        let (facts, frame, position) = (&self.facts, self.frame, self.ladder.position());
        let tick_arrays = self
            .arrays
            .iter()
            .map(|(start, ticks)| RaydiumClmmTickArray {
                start_tick_index: *start,
                ticks: ticks.as_ref().map(|ticks| ticks.to_vec()),
            });
        RaydiumClmmState {
            pool: facts.address,
            token_mint_0: facts.tokens[0],
            token_mint_1: facts.tokens[1],
            amm_config: facts.amm_config,
            trade_fee_rate: frame.rates.trade_fee,
            protocol_fee_rate: frame.rates.protocol,
            fund_fee_rate: frame.rates.fund,
            tick_spacing: frame.spacing.unsigned_abs().try_into().unwrap_or(u16::MAX),
            sqrt_price_x64: position.sqrt_price,
            tick_current: position.tick,
            liquidity: position.liquidity,
            status: facts.status,
            open_time: facts.open_time,
            tick_arrays: tick_arrays.collect(),
            bitmap_extension_read: frame.extension_known,
            transfer_fees_0: facts.transfer_fees[0],
            transfer_fees_1: facts.transfer_fees[1],
            clock: facts.clock,
        }
    }

    /// Decodes a pool from its `PoolState`, `AmmConfig`, both mints, the tick arrays that were read, and the
    /// bitmap extension if it was.
    ///
    /// # Errors
    /// `account_missing`, `account_malformed`, `unsupported_feature` (dynamic fee, limit orders, a fee on the
    /// output, unknown flags), `state_invalid`, and those of [`Mint::decode`].
    pub fn from_accounts(
        pool: ChainAddress,
        accounts: &AccountSet<'_>,
        clock: ChainClock,
    ) -> Result<Self, PoolError> {
        Self::new(&accounts::state(pool, accounts, clock)?)
    }
}

impl RaydiumClmmState {
    fn frame(&self) -> Frame {
        Frame {
            spacing: i32::from(self.tick_spacing),
            rates: Rates {
                trade_fee: self.trade_fee_rate,
                protocol: self.protocol_fee_rate,
                fund: self.fund_fee_rate,
            },
            extension_known: self.bitmap_extension_read,
        }
    }
}

impl Facts {
    pub(super) fn check(&self) -> Result<(), PoolError> {
        let [token0, token1] = self.tokens;
        if token0 >= token1 {
            return Err(invalid(
                "token_mint_1",
                "must be above token_mint_0, as the program orders them".to_owned(),
            ));
        }
        // Bits 0 to 3 and 5 forbid positions, fees, rewards and limit orders; no quote depends on them.
        if self.status >> 6 != 0 {
            return Err(PoolError::Unsupported {
                pool: self.address,
                feature: format!(
                    "status {}, of which bits 6 and 7 are not known",
                    self.status
                ),
            });
        }
        if self.transfer_fees.iter().any(TransferFees::out_of_range) {
            let fault = "basis_points must be at most 10000".to_owned();
            return Err(invalid("transfer_fees_0", fault));
        }
        Ok(())
    }
}

pub(super) fn check_frame(frame: Frame) -> Result<(), PoolError> {
    let Rates {
        trade_fee,
        protocol,
        fund,
    } = frame.rates;
    if trade_fee >= 1_000_000 {
        let fault = format!("must be below 1000000 (100 %), not {trade_fee}");
        return Err(invalid("trade_fee_rate", fault));
    }
    if u64::from(protocol) + u64::from(fund) > 1_000_000 {
        let fault = format!("with fund_fee_rate must be at most 1000000, not {protocol} + {fund}");
        return Err(invalid("protocol_fee_rate", fault));
    }
    if !(1..=1_000).contains(&frame.spacing) {
        let fault = format!("must be from 1 to 1000, not {}", frame.spacing);
        return Err(invalid("tick_spacing", fault));
    }
    Ok(())
}

/// After a fall that ended exactly on a tick, the program's tick is one below that of its price.
pub(super) fn check_position(position: Position<u128>) -> Result<(), PoolError> {
    let price = position.sqrt_price;
    if !(MIN_SQRT_PRICE_X64..MAX_SQRT_PRICE_X64).contains(&price) {
        let fault = format!(
            "must be at least {MIN_SQRT_PRICE_X64} and below {MAX_SQRT_PRICE_X64}, not {price}"
        );
        return Err(invalid("sqrt_price_x64", fault));
    }
    let of_price = tick(price);
    let ended_on_tick =
        of_price > MIN_TICK && position.tick == of_price - 1 && sqrt_price(of_price) == price;
    if position.tick != of_price && !ended_on_tick {
        let fault = format!(
            "{} does not belong to sqrt_price_x64 {price}, whose tick is {of_price}; read both in one call",
            position.tick
        );
        return Err(invalid("tick_current", fault));
    }
    Ok(())
}

fn arrays(given: &[RaydiumClmmTickArray], frame: Frame) -> Result<Arrays, PoolError> {
    let mut arrays = Arrays::new();
    for array in given {
        let start = array.start_tick_index;
        let fault = |fault: &str| invalid("tick_arrays", format!("array {start} {fault}"));
        let in_bounds = start > MIN_TICK - frame.span() && start <= MAX_TICK;
        if start % frame.span() != 0 || !in_bounds {
            return Err(fault(
                "does not begin where an array of this spacing begins",
            ));
        }
        if arrays
            .last_key_value()
            .is_some_and(|(last, _)| *last >= start)
        {
            return Err(fault(
                "is not above the one before it; sort them, each one once",
            ));
        }
        let ticks = array.ticks.as_deref();
        if ticks.is_some_and(<[_]>::is_empty) {
            return Err(fault(
                "has no initialised tick, so no bitmap tells it; leave it out",
            ));
        }
        let mut last = start - 1;
        for tick in ticks.unwrap_or_default() {
            let inside =
                tick.tick < start + frame.span() && (MIN_TICK..=MAX_TICK).contains(&tick.tick);
            if tick.tick <= last || !inside || tick.tick % frame.spacing != 0 {
                return Err(fault(&format!(
                    "has tick {}, which is out of order, outside it, or no multiple of tick_spacing",
                    tick.tick
                )));
            }
            last = tick.tick;
        }
        arrays.insert(start, ticks.map(Arc::from));
    }
    Ok(arrays)
}

pub(super) fn invalid(field: &'static str, fault: String) -> PoolError {
    PoolError::StateInvalid { field, fault }
}
