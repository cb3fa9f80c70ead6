//! Why a swap instruction is not built: each fault with a stable code.

use thiserror::Error;
use tradewind_core::pools::PoolError;

use crate::Key;

/// A refusal to build. Branch on [`SwapError::code`], never on the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SwapError {
    /// The pool would refuse the swap, or one of its accounts cannot be read.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// No instruction is known for this family.
    #[error("pool: no swap instruction is built for {venue}; choose a Solana venue")]
    VenueUnsupported {
        /// The family.
        venue: &'static str,
    },
    /// The accounts were decoded for another family.
    #[error("accounts: they are not those of pool {pool}; decode them from its own accounts")]
    AccountsMismatch {
        /// The pool.
        pool: Key,
    },
    /// The program has no instruction that sells for an exact output.
    #[error(
        "exact: {venue} has no instruction for a sale with an exact output; give the exact input"
    )]
    ExactOutUnsupported {
        /// The family.
        venue: &'static str,
    },
    /// The program refuses a limit of zero.
    #[error("limit_raw: {function} refuses a least output of zero; give at least 1")]
    LimitZero {
        /// The instruction.
        function: &'static str,
    },
    /// The token account is kept by another program than the pool's.
    #[error(
        "{field}: pool {pool} keeps this token with program {expected}, not {given}; give that one"
    )]
    TokenProgramMismatch {
        /// Name of the side.
        field: &'static str,
        /// The pool.
        pool: Key,
        /// The program of the pool's own account.
        expected: Key,
        /// As given.
        given: Key,
    },
    /// The form that is configured cannot make this trade.
    #[error("options: {function} cannot trade pool {pool}: {reason}")]
    FormUnsupported {
        /// The instruction.
        function: &'static str,
        /// The pool.
        pool: Key,
        /// Why not, and the remedy.
        reason: &'static str,
    },
    /// The swap passes more arrays than one instruction can name.
    #[error(
        "amount_raw: the swap passes {needed} tick or bin arrays and at most {most} can be named; split it"
    )]
    TooManyArrays {
        /// How many the quote passes.
        needed: usize,
        /// How many fit.
        most: usize,
    },
    /// The program has no address for these seeds.
    #[error("{field}: no program address can be derived; the pool's keys are not those of a pool")]
    Underivable {
        /// The account.
        field: &'static str,
    },
}

impl SwapError {
    /// The stable name of the fault, in snake case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Pool(error) => error.code(),
            Self::VenueUnsupported { .. } => "venue_unsupported",
            Self::AccountsMismatch { .. } => "swap_accounts_mismatch",
            Self::ExactOutUnsupported { .. } => "exact_out_unsupported",
            Self::LimitZero { .. } => "limit_zero",
            Self::TokenProgramMismatch { .. } => "token_program_mismatch",
            Self::FormUnsupported { .. } => "form_unsupported",
            Self::TooManyArrays { .. } => "too_many_arrays",
            Self::Underivable { .. } => "address_underivable",
        }
    }
}
