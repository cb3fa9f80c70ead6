//! Why an obligation has no health, or is not liquidated: each fault with a stable code.

use thiserror::Error;

use crate::ChainAddress;
use crate::pools::PoolError;

/// A refusal. Branch on [`LendingError::code`], never on the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LendingError {
    /// An account is not what the program writes.
    #[error(transparent)]
    Account(#[from] PoolError),
    /// A reserve of the obligation is not known.
    #[error("reserve {0} is not known; read it first")]
    ReserveMissing(ChainAddress),
    /// Accounts of two markets.
    #[error("{0} belongs to another lending market")]
    AnotherMarket(ChainAddress),
    /// The reserve was not brought forward to the slot asked for.
    #[error("reserve {reserve} stands at slot {stands_at}, not {slot}; bring it forward first")]
    AnotherSlot {
        /// Which.
        reserve: ChainAddress,
        /// Where it stands.
        stands_at: u64,
        /// What is asked for.
        slot: u64,
    },
    /// A number is larger than the program holds.
    #[error("{0}: is larger than the program can hold")]
    Overflow(&'static str),
    /// Interest that would be negative.
    #[error("reserve {0}: its cumulative rate is below the one of the borrow; read both anew")]
    RateBackwards(ChainAddress),
    /// Rewards change what its collateral is worth by a rule that is not published.
    #[error("reserve {0} pays rewards within itself, which are not computed here; leave it out")]
    RewardsUnknown(ChainAddress),
    /// The market has no such group, or the reserves do not belong to it.
    #[error("elevation group {0}: the market or a reserve of the obligation does not have it")]
    AnotherGroup(u8),
    /// It is healthy.
    #[error("the obligation is healthy")]
    Healthy,
    /// The market allows no liquidations by price.
    #[error("the market, or a reserve, allows no liquidation by price now")]
    Forbidden,
    /// The stored price is too old, or not to be used.
    #[error("the price of reserve {0} may not be used for a liquidation now")]
    PriceUnusable(ChainAddress),
    /// Another debt has to be repaid first.
    #[error("a debt with a higher borrow factor has to be repaid before the one of {0}")]
    AnotherDebtFirst(ChainAddress),
    /// Another collateral has to be taken first.
    #[error("collateral with a lower liquidation threshold has to be taken before {0}")]
    AnotherCollateralFirst(ChainAddress),
    /// A side of the liquidation is empty, or cannot be used for one.
    #[error("reserve {0}: the obligation has nothing of it that a liquidation could move")]
    NothingThere(ChainAddress),
    /// So small a debt has to be repaid whole.
    #[error(
        "repay_raw: {given_raw} is not the whole debt of {whole_raw}, which is too small for a part"
    )]
    RepayTooSmall {
        /// As given.
        given_raw: u64,
        /// What has to be repaid.
        whole_raw: u64,
    },
    /// The collateral's reserve has lent out what would have to be redeemed.
    #[error("reserve {0}: has not enough at hand to redeem the collateral")]
    NotRedeemable(ChainAddress),
}

impl LendingError {
    /// The stable name of the fault, in snake case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Account(error) => error.code(),
            Self::ReserveMissing(_) => "reserve_missing",
            Self::AnotherMarket(_) => "another_market",
            Self::AnotherSlot { .. } => "another_slot",
            Self::Overflow(_) => "overflow",
            Self::RateBackwards(_) => "rate_backwards",
            Self::RewardsUnknown(_) => "rewards_unknown",
            Self::AnotherGroup(_) => "another_group",
            Self::Healthy => "healthy",
            Self::Forbidden => "liquidation_forbidden",
            Self::PriceUnusable(_) => "price_unusable",
            Self::AnotherDebtFirst(_) => "another_debt_first",
            Self::AnotherCollateralFirst(_) => "another_collateral_first",
            Self::NothingThere(_) => "nothing_there",
            Self::RepayTooSmall { .. } => "repay_too_small",
            Self::NotRedeemable(_) => "not_redeemable",
        }
    }
}
