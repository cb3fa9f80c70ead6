//! Whirlpools for tests: plain ones, and the recorded BONO/USDC pool.

pub(crate) mod bono_usdc;
pub(crate) mod bytes;
pub(crate) mod random;

use tradewind_core::ChainAddress;
use tradewind_core::pools::ChainClock;
use tradewind_core::pools::orca_whirlpool::{OrcaWhirlpoolState, WHIRLPOOL_PROGRAM};
use tradewind_core::solana::TransferFees;

/// The account whose bytes are all this number.
pub(crate) fn key(number: u8) -> ChainAddress {
    ChainAddress::Solana([number; 32])
}

/// Ticks of one tick array.
pub(crate) fn array_span(tick_spacing: u16) -> i32 {
    88 * i32::from(tick_spacing)
}

/// A pool at the price 1 without liquidity, fees or known tick arrays.
pub(crate) fn plain(tick_spacing: u16) -> OrcaWhirlpoolState {
    OrcaWhirlpoolState {
        pool: key(200),
        program: WHIRLPOOL_PROGRAM,
        token_a: key(1),
        token_b: key(2),
        tick_spacing,
        fee_ppm: 0,
        protocol_fee_bps: 0,
        sqrt_price_x64: 1 << 64,
        tick: 0,
        liquidity: 0,
        tick_arrays: Vec::new(),
        oracle: None,
        transfer_fees_a: TransferFees::NONE,
        transfer_fees_b: TransferFees::NONE,
        clock: ChainClock::default(),
    }
}
