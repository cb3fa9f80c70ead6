//! Strategies: each one file and one line in [`STRATEGIES`].
//!
//! A strategy is two parts that run on threads of their own. Its [`Scanner`] sees every pool that has changed and says
//! what might pay: no questions, simple arithmetic. Its [`Planner`] decides upon exact amounts, and whether it does pay.
//! Building, signing, sending and telling is the engine's, and the same for all.

mod arb;
mod liquidation;
mod python;
mod sniper;
mod terms;

use std::sync::Arc;

use serde_json::Value;
use tradewind_core::ChainAddress;

pub use liquidation::LoanSource;
pub use python::PythonProcess;
pub use terms::{OnPrediction, SendingTerms};

use crate::config::{Changeable, ConfigFault, EngineConfig};
use crate::discovery::DiscoveryTerms;
use crate::fault::EngineFault;
use crate::inventory::Inventory;
use crate::pipeline::{Candidate, NotPlanned, Shared, Trade};

/// Every strategy that this engine has.
pub const STRATEGIES: &[Strategy] = &[arb::STRATEGY, liquidation::STRATEGY, sniper::STRATEGY];

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

    /// Pools that it has no use for any more, since it was asked last: what was found by a discovery is taken out again.
    fn done_with(&mut self) -> Vec<ChainAddress> {
        Vec::new()
    }
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

/// Who does a strategy's part of the work.
pub struct Workers {
    /// Its first part.
    pub scanner: Box<dyn Scanner>,
    /// Its second part.
    pub planner: Box<dyn Planner>,
    /// The process of a strategy in Python, while the feed is live.
    pub process: Option<PythonProcess>,
}

impl Strategy {
    /// The one that a configuration names, or the one that runs its Python file.
    ///
    /// # Errors
    /// When there is none of that name, or both.
    pub fn of(config: &EngineConfig) -> Result<Self, ConfigFault> {
        let name = &config.strategy;
        match (Self::named(name), &config.python) {
            (Some(known), None) => Ok(known),
            (None, Some(_)) => Ok(python::STRATEGY),
            (Some(_), Some(_)) => Err(ConfigFault::new(
                "python",
                format!("is given, and {name} is a strategy of the engine"),
                "take it out, or give the strategy another name",
            )),
            (None, None) => {
                let known: Vec<_> = STRATEGIES.iter().map(|strategy| strategy.name).collect();
                Err(ConfigFault::new(
                    "strategy",
                    format!("{name:?} is not known"),
                    format!("give one of {}, or python.file", known.join(", ")),
                ))
            }
        }
    }

    /// Makes its two parts, and starts what they need.
    ///
    /// # Errors
    /// When the process of a strategy in Python is not to be had.
    pub fn workers(
        &self,
        shared: &Arc<Shared>,
        config: &EngineConfig,
    ) -> Result<Workers, EngineFault> {
        if let Some(program) = &config.python {
            return python::start(shared, config, program);
        }
        Ok(Workers {
            scanner: (self.scanner)(),
            planner: (self.planner)(),
            process: None,
        })
    }

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
