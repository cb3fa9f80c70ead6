//! Strategies: each one file and one line in [`STRATEGIES`].
//!
//! A strategy is two parts that run on threads of their own. Its [`Scanner`] sees every pool that has changed and says
//! what might pay: no questions, simple arithmetic. Its [`Planner`] decides upon exact amounts, and whether it does pay.
//! Building, signing, sending and telling is the engine's, and the same for all.

mod arb;
mod liquidation;
mod terms;

use serde_json::Value;
use tradewind_core::ChainAddress;

pub use liquidation::LoanSource;
pub use terms::SendingTerms;

use crate::config::{Changeable, ConfigFault};
use crate::inventory::Inventory;
use crate::pipeline::{Candidate, NotPlanned, Trade};

/// Every strategy that this engine has.
pub const STRATEGIES: &[Strategy] = &[arb::STRATEGY, liquidation::STRATEGY];

/// What a strategy looks at: the pools as they are, and what is in force now.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    /// Pools, tokens, holdings.
    pub inventory: &'a Inventory,
    /// Limits, blacklist, parameters.
    pub in_force: &'a Changeable,
}

/// Sees what changed, and says what might pay.
pub trait Scanner: Send {
    /// Called with each pool that stands otherwise than before.
    fn scan(&mut self, sight: Sight<'_>, changed: ChainAddress) -> Vec<Candidate>;
}

/// Decides whether a candidate pays, and with which amounts.
pub trait Planner: Send {
    /// Called with each candidate that is still young.
    ///
    /// # Errors
    /// Why nothing is traded; it is counted.
    fn plan(&mut self, sight: Sight<'_>, candidate: &Candidate) -> Result<Trade, NotPlanned>;
}

/// One strategy, as it is registered.
#[derive(Clone, Copy)]
pub struct Strategy {
    /// What `--strategy` says.
    pub name: &'static str,
    /// The word in `ExecutionPlanEvent.strategy`.
    pub kind: &'static str,
    /// Reads parameters and says what is wrong with them.
    pub check: fn(&Value) -> Result<(), ConfigFault>,
    /// How its transactions are sent; of checked parameters.
    pub terms: fn(&Value) -> Option<SendingTerms>,
    /// The mints whose balances in the wallet it wants to know; of checked parameters.
    pub mints: fn(&Value) -> Vec<ChainAddress>,
    /// Makes its scanner.
    pub scanner: fn() -> Box<dyn Scanner>,
    /// Makes its planner.
    pub planner: fn() -> Box<dyn Planner>,
}

impl Strategy {
    /// Reserves that lend to its transactions, each with the mint that it is to lend; of checked parameters.
    #[must_use]
    pub fn lenders(&self, parameters: &Value) -> Vec<(ChainAddress, ChainAddress)> {
        if self.name == arb::STRATEGY.name {
            return arb::lenders(parameters);
        }
        Vec::new()
    }

    /// Which loans it follows; of checked parameters. Only one strategy does.
    #[must_use]
    pub fn loans(&self, parameters: &Value) -> Option<LoanSource> {
        if self.name == liquidation::STRATEGY.name {
            return liquidation::loans(parameters);
        }
        None
    }

    /// By its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        STRATEGIES.iter().find(|it| it.name == name).copied()
    }
}
