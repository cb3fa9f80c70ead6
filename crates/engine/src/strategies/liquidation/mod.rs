//! `liquidation`: loans of a Kamino market that may be liquidated, repaid by a flash loan, their collateral sold.
//!
//! The scanner values every loan that an account which changed decides about, looks for the amount, the debt and the
//! collateral that leave most, and the way by which the collateral is sold for the debt's token. The planner does it
//! again, exactly, and builds the transaction. Nothing of the wallet is needed but fees.
//!
//! - here: registration, and the scanner; - `parameters`; - `best`: what leaves most; - `plan`: the planner.

mod best;
mod parameters;
mod plan;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use tradewind_core::ChainAddress;
use tradewind_core::lending::kamino::Health;

use self::best::{Found, Search};
use self::parameters::LiquidationParameters;
use self::plan::LiquidationPlanner;
use super::{Scanner, Sight, Strategy};
use crate::pipeline::Candidate;

pub use self::parameters::LoanSource;

/// As registered.
pub(super) const STRATEGY: Strategy = Strategy {
    name: "liquidation",
    kind: "liquidation",
    check: |parameters| LiquidationParameters::read(parameters).map(|_| ()),
    terms: |parameters| {
        let read = LiquidationParameters::read(parameters);
        read.ok().map(|it| it.terms)
    },
    mints: |parameters| {
        let read = LiquidationParameters::read(parameters);
        let bases = read.map(|it| it.bases).unwrap_or_default();
        bases.iter().map(|base| base.mint).collect()
    },
    scanner: || Box::new(LiquidationScanner::default()),
    planner: || Box::new(LiquidationPlanner::default()),
};

/// Which loans are followed, by checked parameters.
pub(super) fn loans(parameters: &serde_json::Value) -> Option<LoanSource> {
    let read = LiquidationParameters::read(parameters);
    read.ok().map(|it| it.source)
}

#[derive(Default)]
struct LiquidationScanner {
    read: Option<(u64, LiquidationParameters)>,
    /// Looked at again whenever a pool moves: what did not pay may pay now.
    unhealthy: BTreeSet<ChainAddress>,
}

impl Scanner for LiquidationScanner {
    fn scan(&mut self, sight: Sight<'_>, changed: ChainAddress) -> Vec<Candidate> {
        let version = sight.in_force.version;
        if self.read.as_ref().is_none_or(|(read, _)| *read != version) {
            let read = LiquidationParameters::read(&sight.in_force.parameters);
            self.read = read.ok().map(|read| (version, read));
        }
        let Some((_, parameters)) = &self.read else {
            return Vec::new();
        };
        let loans = sight.inventory.loans();
        let touched = if loans.follows(changed) {
            loans.touched_by(changed)
        } else {
            self.unhealthy.clone()
        };
        let Some(refreshed) = loans.refreshed(sight.inventory.clock()) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for address in touched {
            self.unhealthy.remove(&address);
            let Some(obligation) = loans.obligation(address) else {
                continue;
            };
            let slot = refreshed.clock.slot;
            let health = Health::of(obligation, refreshed.market, &refreshed.reserves, slot);
            let Some(health) = health.ok().filter(Health::is_unhealthy) else {
                continue;
            };
            self.unhealthy.insert(address);
            let search = Search {
                sight,
                parameters,
                refreshed: &refreshed,
                obligation,
                health: &health,
            };
            found.extend(search.best());
        }
        best_of_each_way(found, parameters.most_candidates)
    }
}

/// Of several loans that are sold by one way, the one that leaves most: the queues keep one of each way.
fn best_of_each_way(mut found: Vec<Found>, most: usize) -> Vec<Candidate> {
    found.sort_by_key(|it| std::cmp::Reverse(it.profit_raw));
    let mut ways = BTreeSet::new();
    found.retain(|it| {
        let pools: Vec<_> = it.hops.iter().map(|hop| (hop.pool, hop.mint_in)).collect();
        ways.insert(pools)
    });
    found.iter().take(most).map(Found::candidate).collect()
}
