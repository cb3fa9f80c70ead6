//! What passes through the pipeline: what has changed, what might pay, and what is to be done.

use std::time::Instant;

use thiserror::Error;
use tradewind_core::ChainAddress;
use tradewind_solana::swaps::SwapInstructions;

use crate::feed::Moment;

/// The fee of one signature, in lamports.
pub const SIGNATURE_FEE_LAMPORTS: u64 = 5_000;

/// A pool that stands otherwise than before.
#[derive(Debug, Clone, Copy)]
pub struct Changed {
    /// Which.
    pub pool: ChainAddress,
    /// The write that did it.
    pub moment: Moment,
    /// When the feed's message came.
    pub told_at: Instant,
    /// When the pool had it.
    pub applied_at: Instant,
}

/// One pool of a way, and its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hop {
    /// The pool.
    pub pool: ChainAddress,
    /// Paid in.
    pub mint_in: ChainAddress,
    /// Got out.
    pub mint_out: ChainAddress,
}

/// What a scanner takes for paying: a closed way through pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where the way begins and ends.
    pub base: ChainAddress,
    /// The input that gains most, in raw units of the base.
    pub amount_in_raw: u64,
    /// What that would gain after the costs that the scanner knows.
    pub profit_raw: u64,
    /// In trade order.
    pub hops: Vec<Hop>,
}

/// In which pools an opportunity was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// In the pools as the chain has them.
    Executed,
    /// In pools as transactions of this slot will leave them, which nobody has seen executed.
    Predicted(u64),
}

/// A candidate with its name and its age.
#[derive(Debug, Clone)]
pub struct Opportunity {
    /// Derived from the instance, the write and the way.
    pub id: String,
    /// The write that opened it.
    pub moment: Moment,
    /// In which pools it was found.
    pub seen: Seen,
    /// When the feed's message came.
    pub told_at: Instant,
    /// When the scanner found it.
    pub found_at: Instant,
    /// The same, in milliseconds since 1970.
    pub found_at_ms: u64,
    /// What it is.
    pub candidate: Candidate,
}

/// One swap of a trade, with its exact amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeHop {
    /// The pool and the direction.
    pub hop: Hop,
    /// The venue's name.
    pub venue: &'static str,
    /// Paid in, exactly.
    pub amount_in_raw: u64,
    /// Quoted.
    pub amount_out_raw: u64,
    /// At least received, or the whole transaction fails.
    pub limit_out_raw: u64,
    /// What the pool is read from, in its own order.
    pub accounts: Vec<ChainAddress>,
}

/// What a planner decided: everything but the blockhash, the receipt and the signature.
#[derive(Debug, Clone)]
pub struct Trade {
    /// Where it begins and ends.
    pub base: ChainAddress,
    /// Who trades.
    pub wallet: ChainAddress,
    /// In order.
    pub hops: Vec<TradeHop>,
    /// The hops' instructions.
    pub swaps: Vec<SwapInstructions>,
    /// Paid, in raw units of the base.
    pub amount_in_raw: u64,
    /// Quoted to come back, in raw units of the base.
    pub amount_out_raw: u64,
    /// What is to come back at least.
    pub least_out_raw: u64,
    /// Most compute units.
    pub unit_limit: u32,
    /// Priority fee for each.
    pub unit_price_micro_lamports: u64,
    /// The fee of the transaction.
    pub fee_lamports: u64,
    /// To one of Jito's accounts; 0 for none.
    pub tip_lamports: u64,
    /// The signer's name for the strategy.
    pub strategy_id: Option<String>,
}

impl Trade {
    /// What is gained before fees and tip.
    #[must_use]
    pub const fn gain_raw(&self) -> u64 {
        self.amount_out_raw.saturating_sub(self.amount_in_raw)
    }
}

/// Why a candidate is not traded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotPlanned {
    /// The parameters changed under it.
    #[error("its base is not configured any more")]
    BaseUnknown,
    /// A mint of it is on the blacklist.
    #[error("{0} is on the blacklist")]
    Blacklisted(ChainAddress),
    /// One of its pools may differ from the chain.
    #[error("pool {0} may differ from the chain")]
    Stale(ChainAddress),
    /// The instructions of one of its pools cannot be built.
    #[error("pool {0} cannot be swapped through: {1}")]
    NotBuilt(ChainAddress, String),
    /// Nobody to trade for.
    #[error("the wallet, or the token program of a mint, is not known")]
    WalletUnknown,
    /// The wallet has nothing of the base.
    #[error("the wallet has none of the base")]
    NothingHeld,
    /// It does not pay after all.
    #[error("gains {gain_raw} and costs {cost_raw}: less than {min_profit_raw} is left")]
    NotPaying {
        /// Before costs, in raw units of the base.
        gain_raw: u64,
        /// In raw units of the base.
        cost_raw: u64,
        /// What has to be left.
        min_profit_raw: u64,
    },
    /// A limit in force forbids it.
    #[error("{what} of {lamports} lamports are above limits.{limit}")]
    AboveLimit {
        /// Fee or tip.
        what: &'static str,
        /// How much.
        lamports: u64,
        /// Which limit.
        limit: &'static str,
    },
}

impl NotPlanned {
    /// A stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BaseUnknown => "base_unknown",
            Self::Blacklisted(_) => "blacklisted",
            Self::Stale(_) => "pool_stale",
            Self::NotBuilt(..) => "not_built",
            Self::WalletUnknown => "wallet_unknown",
            Self::NothingHeld => "nothing_held",
            Self::NotPaying { .. } => "not_paying",
            Self::AboveLimit { .. } => "above_limit",
        }
    }
}
