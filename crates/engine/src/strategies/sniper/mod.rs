//! `sniper`: buys coins that were just launched, sells them by rule, and ends by itself after its budget, its time or its
//! target.
//!
//! - here: what is bought and when it is over; - `parameters`: what it is told; - `checks`: which coin may be bought;
//! - `exits`: when a position is sold.
//!
//! What it holds is known from the positions' file and from what its transactions moved, never from a quote.

mod checks;
mod exits;
mod parameters;

use std::collections::HashMap;

use serde_json::Value;
use tradewind_core::ChainAddress;

use self::checks::{check_lamports, check_launch, is_for_good};
use self::exits::due;
use self::parameters::{AtEnd, SniperParameters};
use super::{Planner, Scanner, Sight, Strategy, Tick};
use crate::discovery::DiscoveryTerms;
use crate::pipeline::{Candidate, Hop, NotPlanned, Purpose, Trade, plan_open_way};

/// As registered.
pub(super) const STRATEGY: Strategy = Strategy {
    name: "sniper",
    kind: "sniping",
    check: |parameters| SniperParameters::read(parameters).map(|_| ()),
    terms: |parameters| SniperParameters::read(parameters).ok().map(|it| it.terms),
    mints: |parameters| {
        let read = SniperParameters::read(parameters);
        read.map_or_else(|_| Vec::new(), |it| vec![it.base])
    },
    scanner: || Box::new(SniperScanner::default()),
    planner: || Box::new(SniperPlanner::default()),
};

/// Between two attempts to sell the same position while nothing changes.
const SALE_EVERY_MS: u64 = 1_000;
/// Pools whose refusal is remembered; the pools themselves are bounded, too.
const MOST_TOLD: usize = 100_000;

/// The parameters in force, read once a version.
#[derive(Default)]
struct Read(Option<(u64, SniperParameters)>);

impl Read {
    fn of(&mut self, sight: Sight<'_>) -> Option<&SniperParameters> {
        let version = sight.in_force.version;
        if self.0.as_ref().is_none_or(|(read, _)| *read != version) {
            let parameters = SniperParameters::read(&sight.in_force.parameters);
            self.0 = parameters.ok().map(|parameters| (version, parameters));
        }
        self.0.as_ref().map(|(_, parameters)| parameters)
    }
}

#[derive(Default)]
struct SniperScanner {
    read: Read,
    /// What was said last of each pool that was looked at.
    told: HashMap<ChainAddress, &'static str>,
    /// Why no more is bought, once it is so.
    ending: Option<&'static str>,
    began_at_ms: Option<u64>,
    asked_at_ms: HashMap<ChainAddress, u64>,
}

impl Scanner for SniperScanner {
    fn scan(&mut self, sight: Sight<'_>, changed: ChainAddress) -> Vec<Candidate> {
        let Some(parameters) = self.read.of(sight) else {
            return Vec::new();
        };
        let is_ending = is_sold_at_once(self.ending) && parameters.at_end == AtEnd::Sell;
        let traded = sight.inventory.graph().pool(changed);
        let tokens = traded
            .map(tradewind_core::pools::PoolMath::tokens)
            .unwrap_or_default();
        let positions = sight.inventory.positions();
        let sales = tokens.iter().filter_map(|token| {
            let position = positions.of(token)?;
            due(sight.inventory, position, &parameters.exits, is_ending)
        });
        let mut found: Vec<_> = sales.map(|(_, candidate)| candidate).collect();
        drop(positions);
        if self.ending.is_none() {
            let parameters = parameters.clone();
            found.extend(self.purchase(sight, changed, &parameters));
        }
        found
    }

    fn tick(&mut self, sight: Sight<'_>, now_ms: u64) -> Tick {
        let Some(parameters) = self.read.of(sight).cloned() else {
            return Tick::default();
        };
        self.end(sight, now_ms, &parameters);
        let is_ending = is_sold_at_once(self.ending) && parameters.at_end == AtEnd::Sell;
        let positions = sight.inventory.positions();
        let mut candidates = Vec::new();
        for position in positions.all() {
            let asked_at_ms = self.asked_at_ms.get(&position.coin).copied();
            if asked_at_ms.is_some_and(|at| now_ms.saturating_sub(at) < SALE_EVERY_MS) {
                continue;
            }
            if let Some((_, sale)) = due(sight.inventory, position, &parameters.exits, is_ending) {
                self.asked_at_ms.insert(position.coin, now_ms);
                candidates.push(sale);
            }
        }
        self.asked_at_ms
            .retain(|coin, _| positions.of(coin).is_some());
        let is_waiting = positions.all().any(|position| position.pending.is_some());
        let is_over = match parameters.at_end {
            AtEnd::Sell => positions.is_empty(),
            AtEnd::Leave => !is_waiting,
        };
        Tick {
            candidates,
            finished: self.ending.filter(|_| is_over),
        }
    }

    fn discovery(&self, parameters: &Value) -> Option<DiscoveryTerms> {
        let read = SniperParameters::read(parameters).ok()?;
        Some(read.discovery())
    }
}

impl SniperScanner {
    /// A purchase in a pool that was found; or a candidate that the planner refuses, so that it is told why, once.
    fn purchase(
        &mut self,
        sight: Sight<'_>,
        pool: ChainAddress,
        parameters: &SniperParameters,
    ) -> Option<Candidate> {
        let launch = sight.inventory.launch(pool)?;
        let positions = sight.inventory.positions();
        if positions.has_traded(&launch.coin) {
            return None;
        }
        drop(positions);
        let candidate = Candidate {
            base: parameters.base,
            amount_in_raw: parameters.amount_in_raw,
            profit_raw: 0,
            hops: vec![Hop {
                pool,
                mint_in: parameters.base,
                mint_out: launch.coin,
            }],
            purpose: Purpose::Buy(parameters.bounds),
        };
        let checked = check_launch(sight.inventory, launch, parameters)
            .and_then(|()| check_lamports(sight, &candidate, parameters));
        let said = match checked {
            // Read anew before long.
            Err(NotPlanned::Stale(_)) => return None,
            Ok(()) => "",
            Err(refused) => refused.code(),
        };
        // What may be bought is said with each change, until it is bought: the planner may find it stale.
        if !said.is_empty() && self.told.get(&pool) == Some(&said) {
            return None;
        }
        if self.told.len() >= MOST_TOLD {
            self.told.clear();
        }
        self.told.insert(pool, said);
        Some(candidate)
    }

    /// Whether no more is bought from now on, and why.
    fn end(&mut self, sight: Sight<'_>, now_ms: u64, parameters: &SniperParameters) {
        let positions = sight.inventory.positions();
        let began_at_ms = *self
            .began_at_ms
            .get_or_insert_with(|| positions.began_at_ms().unwrap_or(now_ms));
        let lasted_ms = now_ms.saturating_sub(began_at_ms);
        let target_raw = parameters.target_profit_raw.map(i64::try_from);
        let left_raw = parameters
            .bounds
            .budget_raw
            .saturating_sub(positions.spent_raw());
        let is_reached =
            matches!(target_raw, Some(Ok(target_raw)) if positions.realized_raw() >= target_raw);
        // What failed gives its part of the budget back; time and target stay as they are.
        if is_sold_at_once(self.ending) {
            return;
        }
        self.ending = if is_reached {
            Some("target_reached")
        } else if lasted_ms >= parameters.time_limit_s.saturating_mul(1_000) {
            Some("time_over")
        } else if left_raw < parameters.amount_in_raw {
            Some("budget_spent")
        } else {
            None
        };
    }
}

/// After its budget a position waits for its rule; after time and target it does not.
fn is_sold_at_once(ending: Option<&str>) -> bool {
    matches!(ending, Some("target_reached" | "time_over"))
}

#[derive(Default)]
struct SniperPlanner {
    read: Read,
    /// Pools of coins that were refused for good.
    done_with: Vec<ChainAddress>,
}

impl Planner for SniperPlanner {
    fn plan(&mut self, sight: Sight<'_>, candidate: &Candidate) -> Result<Trade, NotPlanned> {
        let parameters = self.read.of(sight).ok_or(NotPlanned::BaseUnknown)?;
        let hop = candidate.hops.first().ok_or(NotPlanned::BaseUnknown)?;
        match candidate.purpose {
            Purpose::Circle | Purpose::Swap { .. } | Purpose::Liquidate(_) => {
                return Err(NotPlanned::BaseUnknown);
            }
            Purpose::Sell { .. } => {
                let positions = sight.inventory.positions();
                let held = positions.of(&hop.mint_in).filter(|it| it.pending.is_none());
                if held.is_none_or(|held| held.held_raw != candidate.amount_in_raw) {
                    return Err(NotPlanned::NothingHeld);
                }
            }
            Purpose::Buy(_) => {
                let launch = sight.inventory.launch(hop.pool);
                let launch = launch.ok_or(NotPlanned::Stale(hop.pool))?;
                let checked = check_launch(sight.inventory, launch, parameters);
                if checked.as_ref().is_err_and(is_for_good) {
                    self.done_with.push(hop.pool);
                }
                checked.and_then(|()| check_lamports(sight, candidate, parameters))?;
            }
        }
        plan_open_way(sight, candidate, &parameters.terms)
    }

    fn done_with(&mut self) -> Vec<ChainAddress> {
        std::mem::take(&mut self.done_with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tradewind_solana::token_accounts::WRAPPED_SOL;

    const WSOL: &str = "So11111111111111111111111111111111111111112";

    fn right() -> Value {
        json!({
            "base": WSOL, "venues": ["pump_curve"], "amount_in_raw": "100000000", "budget_raw": "300000000",
            "at_end": "sell", "take_profit_bps": "2000",
        })
    }

    #[test]
    fn whole_parameters_are_taken_and_each_wrong_one_is_named() {
        let read = SniperParameters::read(&right()).expect("taken");
        assert_eq!(
            (read.amount_in_raw, read.bounds.budget_raw),
            (100_000_000, 300_000_000)
        );
        assert_eq!(read.base, ChainAddress::from(WRAPPED_SOL));
        assert_eq!(
            read.discovery().venues.len(),
            2,
            "coins of pump go on to PumpSwap"
        );
        for (name, value) in [
            ("base", json!("x")),
            ("base", json!(null)),
            ("venues", json!([])),
            ("venues[0]", json!(["uniswap"])),
            ("amount_in_raw", json!("0")),
            ("amount_in_raw", json!(null)),
            ("budget_raw", json!("99999999")),
            ("most_positions", json!("0")),
            ("target_profit_raw", json!("-1")),
            ("time_limit_s", json!("0")),
            ("at_end", json!("hold")),
            ("take_profit_bps", json!(null)),
            ("take_profit_bps", json!("0")),
            ("stop_loss_bps", json!("10001")),
            ("hold_at_most_slots", json!("0")),
            ("sell_at_complete", json!("yes")),
            ("max_age_slots", json!("0")),
            ("max_sold_bps", json!("10001")),
            ("max_creator_bps", json!(5)),
            ("max_transfer_fee_bps", json!("x")),
            ("max_round_trip_bps", json!("10001")),
            ("allow_mayhem", json!(1)),
            ("simulate_sale", json!("true")),
            ("most_pools", json!("0")),
            ("forget_after_slots", json!("0")),
            ("tip_lamports", json!("5")),
            ("speed", json!("5")),
        ] {
            let mut wrong = right();
            wrong[name.trim_end_matches("[0]")] = value.clone();
            let fault = SniperParameters::read(&wrong).expect_err(name);
            assert_eq!(fault.field, format!("parameters.{name}"), "{value}");
        }
    }
}
