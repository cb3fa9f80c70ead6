//! Swap instructions of known venues: amounts, limit, direction and accounts, as far as they tell.
//!
//! The same discriminators serve several programs, so the program decides first.

mod concentrated;
mod fixed;

use super::instruction::{Instruction, Meaning};
use super::{AccountKey, Key};
use crate::decode::DecodeError;
use crate::evm::Exact;

/// The venues whose swaps are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Venue {
    /// Raydium AMM v4.
    RaydiumAmmV4,
    /// Raydium CPMM.
    RaydiumCpmm,
    /// Raydium CLMM.
    RaydiumClmm,
    /// Orca Whirlpool, both deployments.
    OrcaWhirlpool,
    /// Meteora DLMM.
    MeteoraDlmm,
    /// pump.fun's AMM.
    PumpSwap,
    /// pump.fun's bonding curve.
    PumpCurve,
}

impl Venue {
    /// Its name in snake case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RaydiumAmmV4 => "raydium_amm_v4",
            Self::RaydiumCpmm => "raydium_cpmm",
            Self::RaydiumClmm => "raydium_clmm",
            Self::OrcaWhirlpool => "orca_whirlpool",
            Self::MeteoraDlmm => "meteora_dlmm",
            Self::PumpSwap => "pump_swap",
            Self::PumpCurve => "pump_curve",
        }
    }

    /// The venue of a program.
    #[must_use]
    pub fn of(program: Key) -> Option<Self> {
        let known = PROGRAMS.iter().find(|(key, _)| *key == program);
        known.map(|(_, venue)| *venue)
    }
}

const PROGRAMS: [(Key, Venue); 8] = [
    (
        Key::constant("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"),
        Venue::RaydiumAmmV4,
    ),
    (
        Key::constant("CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C"),
        Venue::RaydiumCpmm,
    ),
    (
        Key::constant("CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK"),
        Venue::RaydiumClmm,
    ),
    (
        Key::constant("whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"),
        Venue::OrcaWhirlpool,
    ),
    (
        Key::constant("iwhrLHdsgrvmnwU8GF2FSmyabSMjfHwFGJAX2ufJ3ZN"),
        Venue::OrcaWhirlpool,
    ),
    (
        Key::constant("LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo"),
        Venue::MeteoraDlmm,
    ),
    (
        Key::constant("pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"),
        Venue::PumpSwap,
    ),
    (
        Key::constant("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P"),
        Venue::PumpCurve,
    ),
];

/// Which way a swap goes through one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The pool's first token is sold for its second.
    AToB,
    /// The pool's second token is sold for its first.
    BToA,
    /// The base token (the coin) is bought with the quote token.
    Buy,
    /// The base token (the coin) is sold for the quote token.
    Sell,
}

impl Direction {
    /// Its name in snake case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AToB => "a_to_b",
            Self::BToA => "b_to_a",
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }
}

/// One swap through one pool, or two for a two-hop swap. Amounts in raw units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// Where.
    pub venue: Venue,
    /// The instruction's name.
    pub function: &'static str,
    /// Which amount is exact.
    pub exact: Exact,
    /// The exact amount: what is spent (exact in) or received (exact out).
    pub amount_raw: u64,
    /// Least output (exact in) or most input (exact out).
    pub limit_raw: u64,
    /// Where the price stops it in each pool, as sqrt(price) × 2^64, 0 for nowhere; empty on venues
    /// without such limits.
    pub sqrt_price_limits_x64: Vec<u128>,
    /// The pools in trade order.
    pub pools: Vec<AccountKey>,
    /// The way through each pool; empty when the instruction does not tell (Raydium and DLMM: the
    /// mints of the user's token accounts do).
    pub directions: Vec<Direction>,
    /// Who trades.
    pub user: AccountKey,
    /// The mint that is spent, where the accounts have it and the direction is known.
    pub mint_in: Option<AccountKey>,
    /// The mint that is received, alike.
    pub mint_out: Option<AccountKey>,
    /// The pool's mints in its order, where the accounts have them.
    pub mints: Vec<AccountKey>,
    /// The user's token account that is spent from; None where native SOL is spent.
    pub account_in: Option<AccountKey>,
    /// The user's token account that receives; None where native SOL is received.
    pub account_out: Option<AccountKey>,
}

/// What an instruction of any program but the basic ones means.
pub(super) fn read(instruction: &Instruction<'_>) -> Result<Meaning, DecodeError> {
    let Some(venue) = Venue::of(instruction.program) else {
        return Ok(Meaning::NotRead);
    };
    let swap = match venue {
        Venue::RaydiumClmm => concentrated::raydium(instruction)?,
        Venue::OrcaWhirlpool => concentrated::orca(instruction)?,
        _ => fixed::read(venue, instruction)?,
    };
    Ok(swap.map_or(Meaning::OtherOf(venue), |swap| {
        Meaning::Swap(Box::new(swap))
    }))
}
