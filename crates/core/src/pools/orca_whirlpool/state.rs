//! What a Whirlpool is made from, and what is refused.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::course::WhirlpoolCourse;
use super::oracle::Oracle;
use super::outlook::Outlook;
use super::tick_arrays::{TickArray, TickArrays};
use super::tick_math::{MAX_SQRT_PRICE_X64, MIN_SQRT_PRICE_X64, sqrt_price, tick};
use super::{OrcaWhirlpoolPool, Terms};
use crate::ChainAddress;
use crate::decode::solana::Key;
use crate::pools::concentrated::{Ladder, Position};
use crate::pools::{ChainClock, PoolError, decimal};
use crate::solana::TransferFees;

/// The Whirlpool program; its upgrade authority may change it.
pub const WHIRLPOOL_PROGRAM: ChainAddress =
    Key::constant("whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc").address();

/// The deployment of the Whirlpool program that nobody can change.
pub const IMMUTABLE_WHIRLPOOL_PROGRAM: ChainAddress =
    Key::constant("iwhrLHdsgrvmnwU8GF2FSmyabSMjfHwFGJAX2ufJ3ZN").address();

/// The most of the fee that the protocol takes, in ten-thousandths.
const MAX_PROTOCOL_FEE_BPS: u16 = 2_500;

/// The whole state of a pool, as the program's accounts give it at one slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrcaWhirlpoolState {
    /// The pool's account.
    pub pool: ChainAddress,
    /// [`WHIRLPOOL_PROGRAM`] or [`IMMUTABLE_WHIRLPOOL_PROGRAM`].
    pub program: ChainAddress,
    /// Mint of token a, the lower key.
    pub token_a: ChainAddress,
    /// Mint of token b.
    pub token_b: ChainAddress,
    /// Ticks between two that can be initialised.
    pub tick_spacing: u16,
    /// The fixed part of the fee, in parts per million of the input.
    pub fee_ppm: u16,
    /// Of the fee, what the protocol takes, in ten-thousandths.
    pub protocol_fee_bps: u16,
    /// Square root of the price of a in b, Q64.64.
    #[serde(with = "decimal")]
    pub sqrt_price_x64: u128,
    /// The current tick.
    pub tick: i32,
    /// The active liquidity.
    #[serde(with = "decimal")]
    pub liquidity: u128,
    /// The tick arrays that were looked up, also those that do not exist. A swap ends before any other.
    pub tick_arrays: Vec<TickArray>,
    /// Of a pool with an adaptive fee, and of no other.
    #[serde(default)]
    pub oracle: Option<Box<Oracle>>,
    /// What transfers of token a cost; only under Token-2022.
    #[serde(default)]
    pub transfer_fees_a: TransferFees,
    /// What transfers of token b cost.
    #[serde(default)]
    pub transfer_fees_b: TransferFees,
    /// By which the adaptive fee and the transfer fees go.
    #[serde(default)]
    pub clock: ChainClock,
}

impl OrcaWhirlpoolPool {
    /// Checks a state and makes it a pool.
    ///
    /// # Errors
    /// `state_invalid`, `tokens_unordered` or `tick_malformed`.
    pub fn new(state: &OrcaWhirlpoolState) -> Result<Self, PoolError> {
        if ![WHIRLPOOL_PROGRAM, IMMUTABLE_WHIRLPOOL_PROGRAM].contains(&state.program) {
            return Err(invalid(
                "program",
                format!(
                    "{} is no Whirlpool program; give {WHIRLPOOL_PROGRAM} or {IMMUTABLE_WHIRLPOOL_PROGRAM}",
                    state.program
                ),
            ));
        }
        if state.token_a >= state.token_b {
            return Err(PoolError::TokensUnordered {
                token0: state.token_a,
                token1: state.token_b,
            });
        }
        if state.tick_spacing == 0 {
            return Err(invalid("tick_spacing", "must be above zero".to_owned()));
        }
        check_protocol_fee(state.protocol_fee_bps)?;
        if state.transfer_fees_a.out_of_range() || state.transfer_fees_b.out_of_range() {
            let fault = "basis_points must be at most 10000".to_owned();
            return Err(invalid("transfer_fees_a, transfer_fees_b", fault));
        }
        if let Some(oracle) = &state.oracle {
            oracle.check(state.tick_spacing)?;
        }
        let position = position(state.sqrt_price_x64, state.tick, state.liquidity)?;
        let arrays = TickArrays::new(&state.tick_arrays, state.tick_spacing)?;
        let course = WhirlpoolCourse::new(
            Arc::new(arrays),
            u32::from(state.fee_ppm),
            state.protocol_fee_bps,
            &position,
        );
        let ladder = Ladder::new(course, position);
        Ok(Self {
            terms: Arc::new(Terms {
                address: state.pool,
                program: state.program,
                tokens: [state.token_a, state.token_b],
                tick_spacing: state.tick_spacing,
                transfer_fees: [state.transfer_fees_a, state.transfer_fees_b],
            }),
            oracle: state.oracle.clone(),
            clock: state.clock,
            outlooks: Outlook::both(&ladder),
            ladder,
        })
    }

    /// The whole state, from which an equal pool can be made.
    #[must_use]
    pub fn state(&self) -> OrcaWhirlpoolState {
        let (position, course, terms) = (self.ladder.position(), self.ladder.course(), &self.terms);
        OrcaWhirlpoolState {
            pool: terms.address,
            program: terms.program,
            token_a: terms.tokens[0],
            token_b: terms.tokens[1],
            tick_spacing: terms.tick_spacing,
            fee_ppm: u16::try_from(course.fee_ppm).unwrap_or(u16::MAX),
            protocol_fee_bps: course.protocol_fee_bps,
            sqrt_price_x64: position.sqrt_price,
            tick: position.tick,
            liquidity: position.liquidity,
            tick_arrays: course.arrays.arrays(),
            oracle: self.oracle.clone(),
            transfer_fees_a: terms.transfer_fees[0],
            transfer_fees_b: terms.transfer_fees[1],
            clock: self.clock,
        }
    }
}

pub(super) fn check_protocol_fee(protocol_fee_bps: u16) -> Result<(), PoolError> {
    if protocol_fee_bps <= MAX_PROTOCOL_FEE_BPS {
        return Ok(());
    }
    Err(invalid(
        "protocol_fee_bps",
        format!(
            "must be at most {MAX_PROTOCOL_FEE_BPS}, as the program keeps it, not {protocol_fee_bps}"
        ),
    ))
}

/// Where the pool stands, if the program can stand there.
///
/// After a fall that ended exactly on a tick, the program's tick is one below that of its price.
pub(super) fn position(
    price: u128,
    given_tick: i32,
    liquidity: u128,
) -> Result<Position<u128>, PoolError> {
    if !(MIN_SQRT_PRICE_X64..=MAX_SQRT_PRICE_X64).contains(&price) {
        return Err(invalid(
            "sqrt_price_x64",
            format!("must be from {MIN_SQRT_PRICE_X64} to {MAX_SQRT_PRICE_X64}, not {price}"),
        ));
    }
    let of_price = tick(price);
    let ended_on_tick = given_tick == of_price - 1 && sqrt_price(of_price) == price;
    if given_tick != of_price && !ended_on_tick {
        return Err(invalid(
            "tick",
            format!(
                "{given_tick} does not belong to sqrt_price_x64 {price}, whose tick is {of_price}; read both from one account"
            ),
        ));
    }
    Ok(Position {
        sqrt_price: price,
        tick: given_tick,
        liquidity,
    })
}

pub(super) fn invalid(field: &'static str, fault: String) -> PoolError {
    PoolError::StateInvalid { field, fault }
}
