//! The first three stages, each the whole work of one thread until its queue is closed and empty.

use std::fmt::Write as _;
use std::sync::RwLockWriteGuard;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::json;

use super::shared::{Counts, Shared};
use super::timing::Stage;
use super::trade::{Candidate, Changed, Opportunity, Purpose, Seen, Trade};
use crate::events::opportunity_found;
use crate::feed::{AccountUpdate, Moment};
use crate::identifier;
use crate::inventory::{Applied, CLOCK, Inventory, decode_clock};
use crate::strategies::{Planner, Scanner, Sight};

/// How long a stage waits before it looks whether it is over.
const PATIENCE: Duration = Duration::from_millis(100);

/// Quote: brings the pools forward, account by account.
pub fn quote_updates(shared: &Shared) {
    while !shared.updates.is_finished() {
        if let Some(incoming) = shared.updates.pop(PATIENCE) {
            quote(
                shared,
                &incoming.update,
                incoming.told_at,
                &incoming.dead_slots,
            );
        }
        // Read first: whatever was told before it and is not queued any more has been applied, by this thread.
        let settled_slot = shared.settled_slot.load(Ordering::Acquire);
        if shared.updates.is_empty() {
            settle(shared, settled_slot);
        }
    }
}

/// Shows the scanner what is whole by the end of a slot.
fn settle(shared: &Shared, slot: u64) {
    let mut inventory = shared.inventory_mut();
    let changed = inventory.settle(slot);
    let applied = Applied {
        changed,
        ..Applied::default()
    };
    let moment = Moment {
        slot,
        write_version: 0,
    };
    tell_applied(shared, inventory, applied, moment, Instant::now());
    shared.shreds.settled(slot);
}

/// One account's new bytes.
pub fn quote_update(shared: &Shared, update: &AccountUpdate, told_at: Instant) {
    quote(shared, update, told_at, &[]);
}

fn quote(shared: &Shared, update: &AccountUpdate, told_at: Instant, dead_slots: &[u64]) {
    let mut inventory = shared.inventory_mut();
    if update.key == CLOCK
        && let Some(clock) = decode_clock(update)
    {
        inventory.set_clock(clock);
        return;
    }
    let applied = inventory.apply_over(update, dead_slots);
    Counts::one(&shared.counts.updates);
    tell_applied(shared, inventory, applied, update.moment, told_at);
}

/// Shows what an account's bytes did to the scanner.
fn tell_applied(
    shared: &Shared,
    inventory: RwLockWriteGuard<'_, Inventory>,
    applied: Applied,
    moment: Moment,
    told_at: Instant,
) {
    let addresses: Vec<_> = applied
        .changed
        .iter()
        .filter(|id| !inventory.is_torn(**id))
        .filter_map(|id| inventory.graph().address_of(*id))
        .collect();
    let addresses: Vec<_> = addresses.into_iter().chain(applied.loans).collect();
    for fault in applied.loans_refused {
        let message = format!("an account of a loan was not understood: {fault}");
        shared
            .log
            .warning("loan_refused", &message, json!({"code": "loan_refused"}));
    }
    for (id, _) in &applied.refused {
        if let Some(pool) = inventory.graph().address_of(*id) {
            shared.joining.add(pool);
        }
    }
    drop(inventory);
    shared.shreds.truth(&addresses, told_at);
    let applied_at = Instant::now();
    if !addresses.is_empty() {
        shared.timings.add(Stage::Quote, applied_at - told_at);
    }
    for pool in addresses {
        let changed = Changed {
            pool,
            moment,
            told_at,
            applied_at,
        };
        shared.tell_change(changed);
    }
    for (_, error) in applied.refused {
        let message = format!("an account was not understood: {error}");
        shared
            .log
            .warning("pool_refused", &message, json!({"code": error.code()}));
    }
}

/// Scanner: shows each changed pool to the strategy.
pub fn scan_changes(shared: &Shared, mut scanner: Box<dyn Scanner>) {
    let mut ticked_at = Instant::now();
    while !shared.changes.is_finished() {
        let mut found = Vec::new();
        if let Some(changed) = shared.changes.pop(PATIENCE) {
            found = scan_change(shared, scanner.as_mut(), changed);
        }
        if ticked_at.elapsed() >= PATIENCE {
            ticked_at = Instant::now();
            found.extend(tick(shared, scanner.as_mut()));
        }
        for opportunity in found {
            let way = opportunity.candidate.hops.clone();
            shared.opportunities.push(way, opportunity);
        }
    }
}

/// Time has passed.
fn tick(shared: &Shared, scanner: &mut dyn Scanner) -> Vec<Opportunity> {
    let in_force = shared.in_force.now();
    let inventory = shared.inventory();
    let sight = Sight {
        inventory: &inventory,
        in_force: &in_force,
    };
    let moment = Moment {
        slot: inventory.slot(),
        write_version: 0,
    };
    let ticked = scanner.tick(sight, shared.clock.now_ms());
    drop(inventory);
    if let Some(reason) = ticked.finished {
        shared.finish(reason);
    }
    let now = Instant::now();
    let candidates = ticked.candidates.into_iter();
    let named_now = candidates.map(|candidate| {
        let pool = candidate
            .hops
            .first()
            .map_or(candidate.base, |hop| hop.pool);
        let changed = Changed {
            pool,
            moment,
            told_at: now,
            applied_at: now,
        };
        named(shared, (changed, Seen::Executed), candidate, now)
    });
    named_now.collect()
}

/// One changed pool.
pub fn scan_change(
    shared: &Shared,
    scanner: &mut dyn Scanner,
    changed: Changed,
) -> Vec<Opportunity> {
    scan_change_seen(shared, scanner, changed, Seen::Executed)
}

/// One changed pool, among the pools as the chain has them or as they are predicted.
pub(crate) fn scan_change_seen(
    shared: &Shared,
    scanner: &mut dyn Scanner,
    changed: Changed,
    seen: Seen,
) -> Vec<Opportunity> {
    let in_force = shared.in_force.now();
    let inventory = shared.inventory_seen(seen);
    let sight = Sight {
        inventory: &inventory,
        in_force: &in_force,
    };
    let candidates = scanner.scan(sight, changed.pool);
    drop(inventory);
    let found_at = Instant::now();
    // What nobody told, such as all pools at once when they were read, waits behind itself: it is no update.
    if changed.applied_at > changed.told_at {
        let took = found_at - changed.applied_at;
        shared.timings.add(Stage::Scanner, took);
    }
    let candidates = candidates.into_iter();
    candidates
        .map(|candidate| named(shared, (changed, seen), candidate, found_at))
        .collect()
}

/// A candidate that the strategy found in a change, with its name and its age.
pub(crate) fn named(
    shared: &Shared,
    (changed, seen): (Changed, Seen),
    candidate: Candidate,
    found_at: Instant,
) -> Opportunity {
    Counts::one(&shared.counts.opportunities);
    Opportunity {
        id: opportunity_id(&shared.instance, changed.moment, seen, &candidate),
        moment: changed.moment,
        seen,
        told_at: changed.told_at,
        found_at,
        found_at_ms: shared.clock.now_ms(),
        candidate,
    }
}

fn opportunity_id(instance: &str, moment: Moment, seen: Seen, candidate: &Candidate) -> String {
    let Moment {
        slot,
        write_version,
    } = moment;
    let mut name = format!(
        "opportunity/{instance}/{slot}/{write_version}/{}/{}",
        candidate.base, candidate.amount_in_raw
    );
    if seen != Seen::Executed {
        name.push_str("/predicted");
    }
    if let Purpose::Liquidate(part) = candidate.purpose {
        let _infallible = write!(name, "/{}", part.obligation);
    }
    for hop in &candidate.hops {
        let _infallible = write!(name, "/{}", hop.pool);
    }
    identifier::derived(&name)
}

/// Planner: decides upon each opportunity that is still young.
pub fn plan_opportunities(shared: &Shared, mut planner: Box<dyn Planner>) {
    while !shared.opportunities.is_finished() {
        let Some(opportunity) = shared.opportunities.pop(PATIENCE) else {
            continue;
        };
        let planned = plan_opportunity(shared, planner.as_mut(), &opportunity);
        for pool in planner.done_with() {
            shared.joining.unwant(pool);
        }
        if let Some(trade) = planned {
            let way = opportunity.candidate.hops.clone();
            match opportunity.seen {
                Seen::Executed => drop(shared.trades.push(way, (opportunity, trade))),
                Seen::Predicted(_) | Seen::Awaited(_) => shared.shreds.planned(opportunity, trade),
            }
        }
    }
}

/// One opportunity. It is told whatever is decided.
pub fn plan_opportunity(
    shared: &Shared,
    planner: &mut dyn Planner,
    opportunity: &Opportunity,
) -> Option<Trade> {
    let in_force = shared.in_force.now();
    if is_too_old(opportunity, in_force.limits.max_opportunity_age_ms) {
        Counts::one(&shared.counts.expired);
        return None;
    }
    let began = Instant::now();
    let inventory = shared.inventory_seen(opportunity.seen);
    let sight = Sight {
        inventory: &inventory,
        in_force: &in_force,
    };
    let planned = planner.plan(sight, &opportunity.candidate);
    drop(inventory);
    shared.timings.add(Stage::Planner, began.elapsed());
    shared.events.tell(opportunity_found(
        &shared.instance,
        opportunity,
        planned.as_ref().err(),
        shared.clock.now_ns(),
    ));
    if planned.is_err() {
        Counts::one(&shared.counts.not_planned);
    } else {
        Counts::one(&shared.counts.planned);
    }
    planned.ok()
}

/// Whether so much has happened since that the pools may stand elsewhere.
pub(crate) fn is_too_old(opportunity: &Opportunity, limit_ms: u64) -> bool {
    opportunity.found_at.elapsed() > Duration::from_millis(limit_ms)
}
