//! Attempts upon predictions: the gate holds their bytes until what they stand on has happened, or did not.
//!
//! Nothing of a hold is under way: its pools are free, and another plan may trade through them meanwhile. Whoever finds the
//! same way in the pools as they are has it released, as the prediction's own end does.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Executor;
use super::drafting::Draft;
use crate::flight::Flight;
use crate::following::Departure;
use crate::gate::{GateFault, Held, OnRecord};
use crate::pipeline::shared::Counts;
use crate::pipeline::timing::Stage;
use crate::pipeline::trade::{Opportunity, Seen, Trade};
use crate::shreds::Fate;

/// The step's one attempt.
const ATTEMPT: u32 = 1;
/// With fewer blocks left to its blockhash an attempt is not worth its release.
const LEAST_BLOCKS_LEFT: u64 = 20;

/// An attempt that the gate holds, and what it is for.
#[derive(Debug)]
pub(super) struct Hold {
    opportunity: Opportunity,
    trade: Trade,
    flight: Flight,
    held: Held,
    ends_at: Instant,
}

impl Executor {
    /// Has the gate hold a plan upon a prediction. Where that cannot be the plan waits without.
    pub(super) fn hold(&mut self, opportunity: &Opportunity, trade: &Trade) {
        // A node that is asked for a simulation does not know yet what the plan stands on.
        if self.sender.is_none()
            || self.desk.simulator.is_some()
            || !self.shared.shreds.awaited.is_open(&opportunity.id)
            || !self.is_timely(opportunity, trade)
        {
            return;
        }
        let Some(step) = self.take_step() else {
            return;
        };
        if let Some(draft) = self.draft(step, opportunity, trade) {
            self.presign(draft, opportunity, trade);
        }
    }

    fn presign(&mut self, draft: Draft, opportunity: &Opportunity, trade: &Trade) {
        self.make_room();
        let max_hold_ms = self.shared.in_force.now().limits.max_hold_ms;
        let hold = Duration::from_millis(max_hold_ms);
        let asked = Instant::now();
        let held = self.ask_gate(&draft, trade, |gate, order| {
            gate.presign(order, ATTEMPT, hold)
        });
        self.shared.timings.add(Stage::Presign, asked.elapsed());
        let Draft { flight, kept, .. } = draft;
        match held {
            Ok(held) => {
                self.say_held(&flight, &held, opportunity);
                let hold = Hold {
                    opportunity: opportunity.clone(),
                    trade: trade.clone(),
                    flight,
                    held,
                    ends_at: asked + hold,
                };
                // Nothing is sent of a plan that no disk takes.
                if kept.is_on_disk() {
                    self.holds.push_back(hold);
                } else {
                    self.unkept(&hold.flight.plan_id);
                    self.discard(hold, "plan_unkept");
                }
            }
            Err(fault) => {
                let _told_all_the_same = kept.is_on_disk();
                self.reserve(&flight);
                self.not_signed(flight, &fault);
            }
        }
    }

    fn say_held(&self, flight: &Flight, held: &Held, opportunity: &Opportunity) {
        Counts::one(&self.shared.counts.held);
        let message = "the gate holds a transaction until what it stands on has happened";
        let fields = json!({
            "plan_id": flight.plan_id, "opportunity_id": opportunity.id, "slot": opportunity.moment.slot,
            "held_until_ms": held.held_until_ms,
        });
        self.shared.log.info("held", message, fields);
    }

    /// A prediction has come to its end.
    pub(super) fn meet(&mut self, fate: Fate) {
        match fate {
            Fate::CameTrue(plan) => {
                let (opportunity, trade) = *plan;
                match self.take_hold(|hold| hold.opportunity.id == opportunity.id) {
                    Some(hold) => self.release(hold, &opportunity),
                    // It could not be held: it is a trade like any other now.
                    None => self.execute(&opportunity, &trade),
                }
            }
            Fate::CameToNothing {
                opportunity_id,
                reason,
            } => {
                if let Some(hold) = self.take_hold(|hold| hold.opportunity.id == opportunity_id) {
                    self.discard(hold, reason);
                }
            }
        }
    }

    /// Whether the same way was held, and is worth the same in the pools as they are: then that is released.
    pub(super) fn release_alike(&mut self, found: &Opportunity) -> bool {
        if found.seen != Seen::Executed {
            return false;
        }
        let way = &found.candidate.hops;
        let alike = self.holds.iter().position(|hold| {
            hold.opportunity.candidate.hops == *way
                && self.still_stands(Seen::Executed, &hold.trade)
        });
        let hold = alike.and_then(|place| self.holds.remove(place));
        hold.map(|hold| self.release(hold, found)).is_some()
    }

    /// Its bytes leave the gate, and are sent.
    fn release(&mut self, hold: Hold, found: &Opportunity) {
        if !self.still_stands(Seen::Executed, &hold.trade) {
            return self.discard(hold, "differed");
        }
        if self.shared.is_stopping() || !self.is_free(&hold.trade) {
            return self.discard(hold, "busy");
        }
        self.reserve(&hold.flight);
        let height = self.heights().confirmed;
        let Some((sender, _)) = self.sender.as_mut() else {
            return;
        };
        let asked = Instant::now();
        let released = sender
            .gate
            .release(&hold.flight.plan_id, hold.held.attempt, height);
        self.shared.timings.add(Stage::Release, asked.elapsed());
        match released {
            Ok(signed) => self.depart(hold.flight.signed(signed), Departure::Released, found),
            Err(fault) => self.not_released(hold, &fault),
        }
    }

    /// Refused, it is still held; where the answer was lost, that decides what the gate has on record.
    fn not_released(&mut self, hold: Hold, fault: &GateFault) {
        if let (GateFault::Refused { rule, .. }, Some((sender, _))) = (fault, &self.sender) {
            sender.follower.release(&hold.flight.plan_id);
            let fields = json!({"plan_id": hold.flight.plan_id, "code": rule});
            self.shared
                .log
                .warning("not_released", &fault.to_string(), fields);
            return self.discard(hold, "refused");
        }
        self.not_signed(hold.flight, fault);
    }

    /// The stalest go, so that one more may be held.
    fn make_room(&mut self) {
        let most = self.shared.in_force.now().limits.max_open_holds;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        while self.holds.len() >= most {
            let Some(stalest) = self.holds.pop_front() else {
                return;
            };
            self.discard(stalest, "no_room");
        }
    }

    /// What the gate would not let go of any more, or nothing would land of.
    pub(super) fn end_overdue_holds(&mut self) {
        if self.holds.is_empty() {
            return;
        }
        let (now, height) = (Instant::now(), self.heights().confirmed);
        let is_overdue = move |hold: &Hold| {
            hold.ends_at <= now
                || height.saturating_add(LEAST_BLOCKS_LEFT) > hold.held.last_valid_block_height
        };
        while let Some(hold) = self.take_hold(is_overdue) {
            self.discard(hold, "timed_out");
        }
    }

    fn take_hold(&mut self, is_it: impl Fn(&Hold) -> bool) -> Option<Hold> {
        let place = self.holds.iter().position(is_it)?;
        self.holds.remove(place)
    }

    /// Given up, beside the hot path.
    fn discard(&self, hold: Hold, reason: &'static str) {
        if let Some((sender, runtime)) = &self.sender {
            let _guard = runtime.enter();
            sender.follower.discard(hold.flight, reason);
        }
    }

    /// Everything that is held is given up before this returns; what the gate does not answer for is the next start's.
    pub(super) fn discard_all(&mut self, reason: &'static str) {
        let Some((sender, runtime)) = self.sender.as_mut() else {
            return;
        };
        let _guard = runtime.enter();
        for hold in self.holds.drain(..) {
            let plan_id = &hold.flight.plan_id;
            match sender.gate.abandon(plan_id) {
                Ok(OnRecord::Closed { .. }) => {
                    sender.follower.say_discarded(&hold.flight, reason);
                }
                Ok(OnRecord::Signed(_) | OnRecord::Undecided) => {}
                Err(_) => return,
            }
        }
    }
}
