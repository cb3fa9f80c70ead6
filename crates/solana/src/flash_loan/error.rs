//! Why a flash loan is not built: each fault with a stable code.

use thiserror::Error;
use tradewind_core::pools::PoolError;

use crate::Key;
use crate::transaction::BuildError;

/// A refusal of a loan. Branch on [`FlashLoanError::code`], never on the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FlashLoanError {
    /// The reserve's account is not what the program writes.
    #[error(transparent)]
    Account(#[from] PoolError),
    /// The transaction with the loan cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The reserve lends nothing within a transaction.
    #[error("reserve: {0} gives no flash loans; choose another reserve")]
    Disabled(Key),
    /// The reserve is being closed.
    #[error("reserve: {0} is obsolete and lends nothing; choose another reserve")]
    Obsolete(Key),
    /// Nothing to borrow.
    #[error("amount_raw: must be greater than zero")]
    AmountZero,
    /// The fee would be as much as the loan.
    #[error("amount_raw: the fee of {fee_raw} is not below the loan of {amount_raw}; borrow more")]
    TooSmall {
        /// As given.
        amount_raw: u64,
        /// What it would cost.
        fee_raw: u64,
    },
    /// The reserve does not hold so much.
    #[error("amount_raw: reserve {reserve} has {available_raw}, not {amount_raw}; borrow less")]
    Insufficient {
        /// The reserve.
        reserve: Key,
        /// As given.
        amount_raw: u64,
        /// What it can lend.
        available_raw: u64,
    },
    /// The program takes one loan a transaction.
    #[error(
        "instructions: they borrow already at place {0}; the program takes one flash loan a transaction"
    )]
    Twice(usize),
    /// A loan without its repayment, or the repayment first.
    #[error("instructions: one loan and behind it its repayment are needed; put both in")]
    Unpaid,
    /// A compute budget instruction behind others: the loan's place would be guessed.
    #[error("instructions: the compute budget stands at place {0}, behind others; put it first")]
    ComputeBudgetBehind(usize),
    /// The place of the loan is told in one byte.
    #[error("instructions: the loan would stand at place {0}; it must be below 256")]
    PlaceTooFar(usize),
    /// The program has no address for these seeds.
    #[error("{0}: no program address can be derived; the reserve is not one")]
    Underivable(&'static str),
}

impl FlashLoanError {
    /// The stable name of the fault, in snake case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Account(error) => error.code(),
            Self::Build(error) => error.code(),
            Self::Disabled(_) => "flash_loan_disabled",
            Self::Obsolete(_) => "reserve_obsolete",
            Self::AmountZero => "amount_zero",
            Self::TooSmall { .. } => "flash_loan_too_small",
            Self::Insufficient { .. } => "reserve_insufficient",
            Self::Twice(_) => "flash_loan_twice",
            Self::Unpaid => "flash_loan_unpaid",
            Self::ComputeBudgetBehind(_) => "compute_budget_behind",
            Self::PlaceTooFar(_) => "flash_loan_place_too_far",
            Self::Underivable(_) => "address_underivable",
        }
    }
}
