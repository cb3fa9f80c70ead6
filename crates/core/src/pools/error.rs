//! Why a pool is refused, or refuses: each fault with a stable code.

use alloy_primitives::U256;
use alloy_primitives::aliases::U160;
use thiserror::Error;

use crate::ChainAddress;

/// A refusal by a pool. Branch on [`PoolError::code`], never on the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PoolError {
    /// No such pool has been given.
    #[error("pool: {0} is not in the graph; add its state first")]
    UnknownPool(ChainAddress),
    /// The two tokens are equal or the wrong way round.
    #[error(
        "token0, token1: {token0} must be the lower address of two different tokens; the other is {token1}"
    )]
    TokensUnordered {
        /// As given.
        token0: ChainAddress,
        /// As given.
        token1: ChainAddress,
    },
    /// The fee would take everything.
    #[error("fee_pips: must be below 1000000 (100 %), not {0}")]
    FeeOutOfRange(u32),
    /// A tick spacing that the factory does not allow.
    #[error("tick_spacing: must be from 1 to 16383, not {0}")]
    TickSpacingOutOfRange(i32),
    /// A price that no pool can have.
    #[error(
        "sqrt_price_x96: must be at least 4295128739 and below 1461446703485210103287273052203988822378723970342, not {0}"
    )]
    PriceOutOfBounds(U160),
    /// The tick is not the one of the price.
    #[error(
        "tick: {tick} does not belong to sqrt_price_x96 {sqrt_price_x96}, whose tick is {expected}; read both in one call"
    )]
    TickPriceMismatch {
        /// As given.
        tick: i32,
        /// As given.
        sqrt_price_x96: U160,
        /// The tick of that price.
        expected: i32,
    },
    /// An initialised tick that no pool can have.
    #[error("{field}: tick {tick} {fault}")]
    TickMalformed {
        /// Name of the argument.
        field: &'static str,
        /// The tick.
        tick: i32,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The ticks' net liquidity does not add up to the active liquidity.
    #[error(
        "liquidity: {given} was given, but the ticks add up to {expected} at tick {tick}; a tick or a log is missing, so read the whole state again"
    )]
    LiquidityInconsistent {
        /// As given.
        given: u128,
        /// The sum of the net liquidity of all ticks at or below the current one.
        expected: u128,
        /// The current tick.
        tick: i32,
    },
    /// More liquidity is taken away than there is, or more is added than the contract can hold.
    #[error(
        "liquidity_delta: {delta} does not fit tick {tick}; a log is missing, so read the whole state again"
    )]
    LiquidityDeltaOutOfRange {
        /// The tick that would be wrong.
        tick: i32,
        /// As given.
        delta: i128,
    },
    /// The token is neither of the pool's.
    #[error("{field}: {token} is not traded in pool {pool}")]
    TokenNotInPool {
        /// Name of the argument.
        field: &'static str,
        /// As given.
        token: ChainAddress,
        /// The pool.
        pool: ChainAddress,
    },
    /// The pool has more than two tokens, so one does not say which the other is.
    #[error("{field}: name it, because pool {pool} has {tokens} tokens")]
    TokenNeeded {
        /// Name of the argument.
        field: &'static str,
        /// The pool.
        pool: ChainAddress,
        /// How many tokens it has.
        tokens: usize,
    },
    /// Nothing to swap; the contract reverts.
    #[error("{field}: must be greater than zero")]
    AmountZero {
        /// Name of the argument.
        field: &'static str,
    },
    /// The contract takes amounts below `2**255`.
    #[error("{field}: must be below 2**255, not {given}")]
    AmountTooLarge {
        /// Name of the argument.
        field: &'static str,
        /// As given.
        given: U256,
    },
    /// The pool would run out before the amount is filled.
    #[error(
        "{field}: pool {pool} can take at most {most_in_raw} for {most_out_raw}, then its liquidity ends"
    )]
    InsufficientLiquidity {
        /// Name of the argument.
        field: &'static str,
        /// The pool.
        pool: ChainAddress,
        /// The input at which the pool runs out.
        most_in_raw: U256,
        /// The output that it has then given.
        most_out_raw: U256,
    },
    /// A state that no pool of its family can be in.
    #[error("{field}: {fault}")]
    StateInvalid {
        /// Name of the field, as in the pool's JSON form.
        field: &'static str,
        /// What is wrong with it, and the remedy.
        fault: String,
    },
    /// The pool has a feature that is not modelled; to quote it would be to guess.
    #[error("pool {pool} has {feature}, which is not modelled, so it is not quoted")]
    Unsupported {
        /// The pool.
        pool: ChainAddress,
        /// The feature, with its value.
        feature: String,
    },
    /// The bytes of an account are not what its program writes.
    #[error("account {account}: {field}: {fault}")]
    AccountMalformed {
        /// The account.
        account: ChainAddress,
        /// Name of the field in the account's layout.
        field: &'static str,
        /// What is wrong with it.
        fault: String,
    },
    /// An account that the pool needs was not read.
    #[error(
        "account {account} ({role}) is needed for pool {pool} and was not given; read it with the others"
    )]
    AccountMissing {
        /// The pool.
        pool: ChainAddress,
        /// The account.
        account: ChainAddress,
        /// What the pool needs it for.
        role: &'static str,
    },
    /// The pool does not swap now.
    #[error("pool {pool} does not swap: {reason}")]
    SwapsDisabled {
        /// The pool.
        pool: ChainAddress,
        /// Why not.
        reason: String,
    },
    /// The program or contract would refuse this swap.
    #[error("{field}: pool {pool} would refuse {given}: {reason}")]
    SwapRefused {
        /// Name of the argument.
        field: &'static str,
        /// The pool.
        pool: ChainAddress,
        /// The amount, as given.
        given: U256,
        /// Why: the program's own error where it has one.
        reason: &'static str,
    },
    /// A change of another family, or of another pool's account.
    #[error("pool {pool} is a {venue} pool and takes no {change}")]
    ChangeMismatch {
        /// The pool.
        pool: ChainAddress,
        /// The pool's family.
        venue: &'static str,
        /// The change's kind.
        change: &'static str,
    },
    /// The pool has no such pair of tokens.
    #[error("pool {pool} has {tokens} tokens; the pair {input}, {output} is none of theirs")]
    PairUnknown {
        /// The pool.
        pool: ChainAddress,
        /// How many tokens it has.
        tokens: usize,
        /// Place of the input.
        input: u8,
        /// Place of the output.
        output: u8,
    },
}

impl PoolError {
    /// The stable name of the fault, in snake case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownPool(_) => "unknown_pool",
            Self::TokensUnordered { .. } => "tokens_unordered",
            Self::FeeOutOfRange(_) => "fee_out_of_range",
            Self::TickSpacingOutOfRange(_) => "tick_spacing_out_of_range",
            Self::PriceOutOfBounds(_) => "price_out_of_bounds",
            Self::TickPriceMismatch { .. } => "tick_price_mismatch",
            Self::TickMalformed { .. } => "tick_malformed",
            Self::LiquidityInconsistent { .. } => "liquidity_inconsistent",
            Self::LiquidityDeltaOutOfRange { .. } => "liquidity_delta_out_of_range",
            Self::TokenNotInPool { .. } => "token_not_in_pool",
            Self::TokenNeeded { .. } => "token_needed",
            Self::AmountZero { .. } => "amount_zero",
            Self::AmountTooLarge { .. } => "amount_too_large",
            Self::InsufficientLiquidity { .. } => "insufficient_liquidity",
            Self::StateInvalid { .. } => "state_invalid",
            Self::Unsupported { .. } => "unsupported_feature",
            Self::AccountMalformed { .. } => "account_malformed",
            Self::AccountMissing { .. } => "account_missing",
            Self::SwapsDisabled { .. } => "swaps_disabled",
            Self::SwapRefused { .. } => "swap_refused",
            Self::ChangeMismatch { .. } => "change_mismatch",
            Self::PairUnknown { .. } => "pair_unknown",
        }
    }
}
