//! What passes through the pipeline: what has changed, what might pay, and what is to be done.

use std::time::Instant;

use thiserror::Error;
use tradewind_core::ChainAddress;
use tradewind_solana::Key;
use tradewind_solana::instruction::Instruction;
use tradewind_solana::token_accounts::WRAPPED_SOL;

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

/// What a trade is to the wallet, and so what its profit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Ends in the mint that it began with: what comes out above what went in is gained.
    Circle,
    /// Gives the base for something that is kept: nothing is gained before that is sold.
    Buy(PositionBounds),
    /// Gives what was kept for the base: what comes out above what that had cost is gained.
    Sell {
        /// What it had cost, in raw units of the base.
        cost_raw: u64,
    },
    /// Gives one mint for another because the strategy wants so. What that gains is the strategy's to know.
    Swap {
        /// What has to come out at least, in raw units of the other mint.
        least_out_raw: u64,
    },
    /// Repays somebody's debt out of a flash loan and sells the collateral that comes for it: what that brings above the
    /// debt and the loan's fee is gained.
    Liquidate(Liquidating),
}

/// Which part of whose loan is liquidated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Liquidating {
    /// The loan.
    pub obligation: ChainAddress,
    /// The debt's reserve, which lends what repays it, too.
    pub repay_reserve: ChainAddress,
    /// The collateral's reserve.
    pub withdraw_reserve: ChainAddress,
    /// The flash loan, and the most that is repaid, in raw units of the base.
    pub borrowed_raw: u64,
    /// What is repaid of the debt.
    pub repaid_raw: u64,
    /// What the flash loan costs.
    pub fee_raw: u64,
}

/// A loan of Kamino around a circle: taken in front of it, given back with its fee behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Borrowed {
    /// Who lends.
    pub reserve: ChainAddress,
    /// In raw units of the base.
    pub amount_raw: u64,
    /// What it costs, in raw units of the base.
    pub fee_raw: u64,
}

/// What all purchases of an instance together have to keep within; looked at once more before one is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PositionBounds {
    /// Most that is paid, in raw units of the base.
    pub budget_raw: u64,
    /// Most coins that are held at once.
    pub most_positions: u64,
}

/// What a scanner takes for paying: a way through pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What a gain is counted in: where a circle begins and ends, what a purchase pays, what a sale brings.
    pub base: ChainAddress,
    /// The input of the first hop, in raw units of what that takes.
    pub amount_in_raw: u64,
    /// What that would gain after the costs that the scanner knows, in raw units of the base; below zero is a loss.
    pub profit_raw: i64,
    /// In trade order.
    pub hops: Vec<Hop>,
    /// What it is for.
    pub purpose: Purpose,
}

/// In which pools an opportunity was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// In the pools as the chain has them.
    Executed,
    /// In pools as transactions of this slot will leave them, which nobody has seen executed.
    Predicted(u64),
    /// The same, and nothing is sent before somebody has.
    Awaited(u64),
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

/// What a planner decided: everything but the budget, the receipt, the token accounts, the tip, the blockhash and the
/// signature.
#[derive(Debug, Clone)]
pub struct Trade {
    /// What it is for.
    pub purpose: Purpose,
    /// What a gain is counted in; one of the two below.
    pub base: ChainAddress,
    /// Paid.
    pub mint_in: ChainAddress,
    /// Got; the same in a circle.
    pub mint_out: ChainAddress,
    /// Who trades.
    pub wallet: ChainAddress,
    /// The swaps, in order; each is looked at once more before anything is signed.
    pub hops: Vec<TradeHop>,
    /// The mints whose token account of the wallet has to be there; one that is missing is made.
    pub token_accounts: Vec<ChainAddress>,
    /// What is done, in order.
    pub instructions: Vec<Instruction>,
    /// What a circle is paid with, unless the wallet has it; its two instructions stand around the others.
    pub loan: Option<Borrowed>,
    /// Accounts of the wallet that programs may make at its cost, beside the token accounts.
    pub may_make: Vec<Key>,
    /// Whether SOL moves as lamports of the wallet where the base is wrapped SOL.
    pub moves_native_sol: bool,
    /// Paid, in raw units of `mint_in`.
    pub amount_in_raw: u64,
    /// Quoted, in raw units of `mint_out`.
    pub amount_out_raw: u64,
    /// What is to come out at least, in raw units of `mint_out`.
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
    /// What is gained before this transaction's own fees and tip, by the quote, in raw units of the base; below zero is
    /// a loss. Nothing, as long as what was bought is kept.
    #[must_use]
    pub fn expected_raw(&self) -> i64 {
        let given_raw = match self.purpose {
            Purpose::Circle => {
                let fee_raw = self.loan.map_or(0, |loan| loan.fee_raw);
                self.amount_in_raw.saturating_add(fee_raw)
            }
            Purpose::Buy(_) | Purpose::Swap { .. } => return 0,
            Purpose::Sell { cost_raw } => cost_raw,
            Purpose::Liquidate(part) => part.repaid_raw.saturating_add(part.fee_raw),
        };
        let gained = i128::from(self.amount_out_raw) - i128::from(given_raw);
        i64::try_from(gained).unwrap_or(if gained < 0 { i64::MIN } else { i64::MAX })
    }

    /// What is gained after fees and tip, where the base pays them; else before them.
    #[must_use]
    pub fn left_raw(&self) -> i64 {
        if self.base != ChainAddress::from(WRAPPED_SOL) {
            return self.expected_raw();
        }
        let paid = i64::try_from(self.fee_lamports.saturating_add(self.tip_lamports));
        self.expected_raw().saturating_sub(paid.unwrap_or(i64::MAX))
    }

    /// What is paid and what is got as the sign-gate names them: lamports by the system program's address. A liquidation is
    /// a circle to it: what was borrowed is given, and comes back.
    #[must_use]
    pub fn gate_mints(&self) -> [ChainAddress; 2] {
        if let Purpose::Liquidate(_) = self.purpose {
            return [self.base, self.base];
        }
        let wrapped = ChainAddress::from(WRAPPED_SOL);
        [self.mint_in, self.mint_out].map(|mint| {
            if self.moves_native_sol && mint == wrapped {
                ChainAddress::Solana([0; 32])
            } else {
                mint
            }
        })
    }

    /// How much is paid of the first of these, in raw units.
    #[must_use]
    pub const fn gate_amount_in_raw(&self) -> u64 {
        match self.purpose {
            Purpose::Liquidate(part) => part.borrowed_raw,
            _ => self.amount_in_raw,
        }
    }

    /// What no other plan may touch while this one is under way: its pools, and the loan that it liquidates.
    #[must_use]
    pub fn reserved(&self) -> Vec<ChainAddress> {
        let loan = match self.purpose {
            Purpose::Liquidate(part) => Some(part.obligation),
            _ => None,
        };
        let pools = self.hops.iter().map(|hop| hop.hop.pool);
        pools.chain(loan).collect()
    }

    /// What is traded for the base and kept, or was; None where nothing is.
    #[must_use]
    pub const fn coin(&self) -> Option<ChainAddress> {
        match self.purpose {
            Purpose::Circle | Purpose::Liquidate(_) => None,
            Purpose::Buy(_) | Purpose::Swap { .. } => Some(self.mint_out),
            Purpose::Sell { .. } => Some(self.mint_in),
        }
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
    /// What it would trade breaks a rule of the strategy.
    #[error("{why}")]
    Refused {
        /// A stable name of the rule.
        code: &'static str,
        /// In words.
        why: String,
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
            Self::Refused { code, .. } => code,
            Self::AboveLimit { .. } => "above_limit",
        }
    }
}
