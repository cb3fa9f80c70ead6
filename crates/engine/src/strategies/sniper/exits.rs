//! When a position is sold, and through which pool.

use alloy_primitives::U256;
use tradewind_core::ChainAddress;
use tradewind_core::pools::{Pool, PoolMath as _};

use super::parameters::ExitRules;
use crate::inventory::Inventory;
use crate::pipeline::{Candidate, Hop, Purpose};
use crate::positions::Position;

const BPS: u128 = 10_000;

/// Why a position is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// It brings enough.
    TakeProfit,
    /// It has lost enough.
    StopLoss,
    /// It was held for long enough.
    HeldLongEnough,
    /// Its curve is complete.
    Complete,
    /// The sniper's work is done.
    Ending,
}

/// The sale that a position is due for, if it is. What it brings is quoted, to the unit.
pub(super) fn due(
    inventory: &Inventory,
    position: &Position,
    rules: &ExitRules,
    is_ending: bool,
) -> Option<(Exit, Candidate)> {
    if position.pending.is_some() || position.held_raw == 0 {
        return None;
    }
    let (pool, brings_raw) = best_sale(inventory, position)?;
    let held_slots = inventory.slot().saturating_sub(position.bought_slot);
    let exit = if is_ending {
        Exit::Ending
    } else {
        let has_left = rules.sell_at_complete && is_complete(inventory, position.pool);
        rule(rules, (position.cost_raw, brings_raw), held_slots, has_left)?
    };
    let gained = i128::from(brings_raw) - i128::from(position.cost_raw);
    let candidate = Candidate {
        base: position.base,
        amount_in_raw: position.held_raw,
        profit_raw: i64::try_from(gained).ok()?,
        hops: vec![Hop {
            pool,
            mint_in: position.coin,
            mint_out: position.base,
        }],
        purpose: Purpose::Sell {
            cost_raw: position.cost_raw,
        },
    };
    Some((exit, candidate))
}

/// The first rule that applies.
fn rule(
    rules: &ExitRules,
    (cost_raw, brings_raw): (u64, u64),
    held_slots: u64,
    has_left_its_curve: bool,
) -> Option<Exit> {
    let brings = u128::from(brings_raw) * BPS;
    let cost = u128::from(cost_raw);
    let takes = |bps| brings >= cost * (BPS + u128::from(bps));
    let stops = |bps| brings <= cost * BPS.saturating_sub(u128::from(bps));
    if rules.take_profit_bps.is_some_and(takes) {
        Some(Exit::TakeProfit)
    } else if rules.stop_loss_bps.is_some_and(stops) {
        Some(Exit::StopLoss)
    } else if rules
        .hold_at_most_slots
        .is_some_and(|most| held_slots >= most)
    {
        Some(Exit::HeldLongEnough)
    } else {
        has_left_its_curve.then_some(Exit::Complete)
    }
}

/// The pool that gives most for all of it now.
fn best_sale(inventory: &Inventory, position: &Position) -> Option<(ChainAddress, u64)> {
    let ids = inventory.pools_of(position.coin);
    let sales = ids.into_iter().filter_map(|id| {
        let stands = inventory.standing(id).is_some_and(|it| !it.stale) && !inventory.is_torn(id);
        let pool = inventory.graph().at(id).filter(|_| stands)?;
        let pair = pool.pair(position.coin, position.base).ok()?;
        let brings = pool.output(pair, U256::from(position.held_raw))?;
        Some((pool.address(), u64::try_from(brings).ok()?))
    });
    sales.max_by_key(|(_, brings_raw)| *brings_raw)
}

fn is_complete(inventory: &Inventory, pool: ChainAddress) -> bool {
    matches!(inventory.graph().pool(pool), Ok(Pool::PumpCurve(curve)) if curve.state().complete)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_hold_from_their_bounds_on_and_in_their_order() {
        let rules = ExitRules {
            take_profit_bps: Some(500),
            stop_loss_bps: Some(1_000),
            hold_at_most_slots: Some(50),
            sell_at_complete: true,
        };
        let exit =
            |brings_raw, held_slots| rule(&rules, (1_000_000, brings_raw), held_slots, false);
        assert_eq!(exit(1_050_000, 0), Some(Exit::TakeProfit));
        assert_eq!(exit(1_049_999, 49), None);
        assert_eq!(exit(900_000, 0), Some(Exit::StopLoss));
        assert_eq!(exit(900_001, 0), None);
        assert_eq!(exit(1_000_000, 50), Some(Exit::HeldLongEnough));
        assert_eq!(
            rule(&rules, (1_000_000, 1_000_000), 0, true),
            Some(Exit::Complete)
        );
        let none = ExitRules {
            take_profit_bps: None,
            stop_loss_bps: None,
            hold_at_most_slots: None,
            sell_at_complete: false,
        };
        assert_eq!(rule(&none, (1_000_000, 9_000_000), 1_000_000, false), None);
    }
}
