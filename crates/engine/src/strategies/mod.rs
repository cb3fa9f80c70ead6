//! Strategies: each one file and one line in [`STRATEGIES`].
//!
//! A strategy is two parts that run on threads of their own. Its [`Scanner`] sees every pool that has changed and says
//! what might pay: no questions, simple arithmetic. Its [`Planner`] decides upon exact amounts, and whether it does pay.
//! Building, signing, sending and telling is the engine's, and the same for all.

mod arb;
mod sniper;
mod terms;

use serde_json::Value;
use tradewind_core::ChainAddress;

pub use terms::SendingTerms;

use crate::config::{Changeable, ConfigFault};
use crate::discovery::DiscoveryTerms;
use crate::inventory::Inventory;
use crate::pipeline::{Candidate, NotPlanned, Trade};

/// Every strategy that this engine has.
pub const STRATEGIES: &[Strategy] = &[arb::STRATEGY, sniper::STRATEGY];

/// What a strategy looks at: the pools as they are, and what is in force now.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    /// Pools, tokens, holdings.
    pub inventory: &'a Inventory,
    /// Limits, blacklist, parameters.
    pub in_force: &'a Changeable,
}

/// What passing time brings.
#[derive(Debug, Default)]
pub struct Tick {
    /// What might pay.
    pub candidates: Vec<Candidate>,
    /// Why the strategy's work is done, once it is: the engine then ends by itself, in good order.
    pub finished: Option<&'static str>,
}

/// Sees what changed, and says what might pay.
pub trait Scanner: Send {
    /// Called with each pool that stands otherwise than before.
    fn scan(&mut self, sight: Sight<'_>, changed: ChainAddress) -> Vec<Candidate>;

    /// Called several times a second, whether or not anything has changed, with the time in milliseconds since 1970.
    fn tick(&mut self, _sight: Sight<'_>, _now_ms: u64) -> Tick {
        Tick::default()
    }

    /// Which new pools it wants to be shown, if any; of checked parameters. Asked once, when the engine starts.
    fn discovery(&self, _parameters: &Value) -> Option<DiscoveryTerms> {
        None
    }
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
    /// By its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        STRATEGIES.iter().find(|it| it.name == name).copied()
    }
}
