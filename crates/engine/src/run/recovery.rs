//! What an earlier run left: signed steps are followed to their end, what was held is discarded, the others are closed.

use std::sync::Arc;

use serde_json::{Value, json};
use tradewind_core::ChainAddress;
use tradewind_solana::Key;

use super::{GATE_TIMEOUT, Running, unwritable};
use crate::fault::EngineFault;
use crate::flight::{Flight, OpenWay, tip_in};
use crate::following::{Departure, Follower};
use crate::gate::{Gate, OnRecord, Signed};
use crate::lanes::Choice;

impl Running<'_> {
    /// Takes up what an earlier run left: what was signed is followed to its end, what was not is closed. Of what the gate
    /// cannot say yet it is asked on.
    pub(super) fn recover(&self, follower: &Arc<Follower>) -> Result<usize, EngineFault> {
        let socket = self.run.config.signer.clone().unwrap_or_default();
        let mut gate = Gate::new(socket, GATE_TIMEOUT);
        let mut recovered = 0;
        let open = follower.steps().all();
        let unread = |error: std::io::Error| unwritable(&self.run.config.folder, &error);
        for plan_id in open {
            let away = |fault: crate::gate::GateFault| {
                EngineFault::unavailable("signer_unavailable", fault.to_string())
            };
            match gate.abandon(&plan_id).map_err(away)? {
                OnRecord::Signed(signed) => {
                    let flight = self.flight(&plan_id, Some(signed), follower)?;
                    let fields = json!({"plan_id": plan_id, "signature": flight.signature});
                    self.shared.log.info(
                        "recovered",
                        "a transaction of an earlier run is followed",
                        fields,
                    );
                    // What becomes of it may differ from what was told.
                    if let Some(told) = self.journal.result(&plan_id).map_err(unread)? {
                        follower.was_told(&told);
                    }
                    follower.take_off(flight, Departure::Again);
                    recovered += 1;
                }
                OnRecord::Closed { was_held } => {
                    if self.journal.plan(&plan_id).map_err(unread)?.is_none() {
                        let _asked_again = follower.steps().end(&plan_id);
                        continue;
                    }
                    let flight = self.flight(&plan_id, None, follower)?;
                    if was_held {
                        follower.say_discarded(&flight, "restarted");
                    } else {
                        let why = "the engine ended before it was signed";
                        follower.never_signed(&flight, "not_signed", why);
                    }
                }
                OnRecord::Undecided => {
                    follower.discard(self.flight(&plan_id, None, follower)?, "restarted");
                    recovered += 1;
                }
            }
        }
        // What is under way in the positions, and at the gate neither signed nor open, did not happen.
        let (flying, open) = (follower.in_flight(), follower.steps().all());
        let pending = self.shared.positions().pending();
        for plan_id in &pending {
            if !flying.contains(plan_id) && !open.contains(plan_id) {
                let _the_next_start_does_it = follower.end_position(plan_id, None);
            }
        }
        Ok(recovered)
    }

    /// A flight as an earlier run told of it.
    fn flight(
        &self,
        plan_id: &str,
        signed: Option<Signed>,
        follower: &Follower,
    ) -> Result<Flight, EngineFault> {
        let folder = &self.run.config.folder;
        let plan = self
            .journal
            .plan(plan_id)
            .map_err(|error| unwritable(folder, &error))?;
        let plan = plan.unwrap_or_default();
        // A crash between the signature and the telling leaves no plan: who trades is known all the same, and in what,
        // where there is one base.
        let wallet = match plan["wallet"].as_str() {
            Some(wallet) => wallet.to_owned(),
            None => self
                .wallet()?
                .map(|wallet| wallet.to_string())
                .unwrap_or_default(),
        };
        // A liquidation pays with what it takes: it is counted in what it brings, as a circle is.
        let is_liquidation = plan["liquidation"].is_object();
        let counted_in = if is_liquidation {
            "outputToken"
        } else {
            "inputToken"
        };
        let bases = (self.strategy.mints)(&self.run.config.changeable.parameters);
        let begun = self.shared.positions().begun(plan_id).cloned();
        let base = match (&begun, plan[counted_in].as_str(), bases.as_slice()) {
            (Some(begun), _, _) => begun.base.to_string(),
            (None, Some(base), _) => base.to_owned(),
            (None, None, [only]) => only.to_string(),
            (None, None, _) => String::new(),
        };
        let text = |name: &str| plan[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| text(name).parse::<u64>().unwrap_or_default();
        let expected_raw = text("expectedProfit").parse().unwrap_or_default();
        let routes = plan["routes"].as_array().into_iter().flatten();
        let mut pools: Vec<_> = routes
            .filter_map(|route| Key::parse(route["pool"].as_str()?))
            .map(ChainAddress::from)
            .collect();
        let loan = plan["liquidation"]["obligation"].as_str();
        pools.extend(loan.and_then(Key::parse).map(ChainAddress::from));
        if let (Some(begun), true) = (&begun, pools.is_empty()) {
            pools.push(begun.pool);
        }
        let opportunity_id = match text("opportunityId") {
            // The plan was never told: its own id stands for what it was for.
            none if none.is_empty() => plan_id.to_owned(),
            known => known,
        };
        let tip_lamports = signed.as_ref().map_or(0, |signed| tip_in(&signed.wire));
        let flight = Flight {
            plan_id: plan_id.to_owned(),
            opportunity_id,
            wallet,
            base_is_sol: base == tradewind_solana::token_accounts::WRAPPED_SOL.to_string(),
            base,
            amount_in_raw: begun
                .as_ref()
                .map_or_else(|| number("inputAmount"), |begun| begun.amount_in_raw),
            open_way: begun
                .map(|begun| begun.way)
                .or_else(|| OpenWay::of_plan(&plan).filter(|_| !is_liquidation)),
            expected_raw,
            tip_lamports,
            choice: self.choice(&plan, tip_lamports, follower),
            signature: String::new(),
            wire: Vec::new(),
            last_valid_block_height: 0,
            sent_at_ms: plan["timestamp"]
                .as_u64()
                .unwrap_or_else(|| self.shared.clock.now_ms()),
            pools,
        };
        Ok(match signed {
            Some(signed) => flight.signed(signed),
            None => flight,
        })
    }

    /// By which lanes it goes on. What was private stays so; where no lane may carry it now it is followed without.
    fn choice(&self, plan: &Value, tip_lamports: u64, follower: &Follower) -> Choice {
        // A plan that was never told may have been private.
        let bounded = self.run.config.lanes.private_above_lamports.is_some();
        let private = plan["risk"].as_str().map_or(bounded, |risk| risk == "high");
        let order = follower.lanes().order(tip_lamports, private);
        order.unwrap_or_default()
    }
}
