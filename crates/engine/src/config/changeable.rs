//! `Changeable`: what a running engine takes anew: limits, the blacklist, and the strategy's parameters.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;
use tradewind_core::ChainAddress;

use super::fields::{ConfigFault, Fields};

/// Bounds that hold for every strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Most tip of one transaction.
    pub max_tip_lamports: u64,
    /// Most fee of one transaction: 5,000 lamports, and the unit limit times the unit price.
    pub max_fee_lamports: u64,
    /// Plans of this instance that may be under way at once.
    pub max_in_flight_count: u64,
    /// Attempts upon predictions that the sign-gate may hold at once.
    pub max_open_holds: u64,
    /// How long it holds one at most.
    pub max_hold_ms: u64,
    /// A pool whose feed has been silent or broken for longer is not traded.
    pub max_feed_silence_ms: u64,
    /// An opportunity that is older when it reaches the planner, or the executor, is dropped.
    pub max_opportunity_age_ms: u64,
    /// How far the least output of a plan may lie below its quote.
    pub max_slippage_bps: u64,
    /// How long a stop waits for what is in flight.
    pub shutdown_ms: u64,
}

/// What may change while the engine runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Changeable {
    /// Which configuration this is; grows with each reload.
    pub version: u64,
    /// Bounds that hold for every strategy.
    pub limits: Limits,
    /// Mints that are not traded.
    pub blacklist: BTreeSet<ChainAddress>,
    /// The strategy's own, checked by it.
    pub parameters: Value,
}

impl Limits {
    pub(super) fn read(mut fields: Fields) -> Result<Self, ConfigFault> {
        let limits = Self {
            max_tip_lamports: fields.decimal("max_tip_lamports", 1_000_000, (0, u64::MAX))?,
            max_fee_lamports: fields.decimal("max_fee_lamports", 1_000_000, (5_000, u64::MAX))?,
            max_in_flight_count: fields.decimal("max_in_flight_count", 4, (1, 64))?,
            max_open_holds: fields.decimal("max_open_holds", 2, (1, 64))?,
            max_hold_ms: fields.decimal("max_hold_ms", 15_000, (100, 60_000))?,
            max_feed_silence_ms: fields.decimal("max_feed_silence_ms", 5_000, (100, 600_000))?,
            max_opportunity_age_ms: fields.decimal("max_opportunity_age_ms", 400, (1, 60_000))?,
            max_slippage_bps: fields.decimal("max_slippage_bps", 50, (0, 10_000))?,
            shutdown_ms: fields.decimal("shutdown_ms", 20_000, (0, 600_000))?,
        };
        fields.finish()?;
        Ok(limits)
    }
}

impl Changeable {
    /// Whether a mint may be traded.
    #[must_use]
    pub fn allows(&self, mint: &ChainAddress) -> bool {
        !self.blacklist.contains(mint)
    }
}

/// The configuration in force, shared by every stage. Reading it costs a lock and a count.
#[derive(Debug, Clone)]
pub struct InForce(Arc<RwLock<Arc<Changeable>>>);

impl InForce {
    /// Begins with this one.
    #[must_use]
    pub fn new(first: Changeable) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(first))))
    }

    /// The one in force now.
    #[must_use]
    pub fn now(&self) -> Arc<Changeable> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another in force: every stage sees it with its next piece of work.
    pub fn put(&self, next: Changeable) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }
}
