//! What an earlier run left: signed steps are followed to their end, the others are closed.

use std::sync::Arc;

use serde_json::json;
use tradewind_core::ChainAddress;
use tradewind_solana::Key;

use super::{GATE_TIMEOUT, Running, unwritable};
use crate::fault::EngineFault;
use crate::flight::Flight;
use crate::following::Follower;
use crate::gate::{Gate, Signed};

impl Running<'_> {
    /// Takes up what an earlier run left: what was signed is followed to its end, what was not is closed.
    pub(super) fn recover(&self, follower: &Arc<Follower>) -> Result<usize, EngineFault> {
        let socket = self.run.config.signer.clone().unwrap_or_default();
        let mut gate = Gate::new(socket, GATE_TIMEOUT);
        let mut recovered = 0;
        let open = follower.steps().all();
        for plan_id in open {
            let away = |fault: crate::gate::GateFault| {
                EngineFault::unavailable("signer_unavailable", fault.to_string())
            };
            if let Some(signed) = gate.recorded(&plan_id).map_err(away)? {
                let flight = self.flight(&plan_id, signed)?;
                let fields = json!({"plan_id": plan_id, "signature": flight.signature});
                self.shared.log.info(
                    "recovered",
                    "a transaction of an earlier run is followed",
                    fields,
                );
                follower.take_off(flight);
                recovered += 1;
            } else if gate.abandon(&plan_id).map_err(away)? {
                let _asked_again = follower.steps().end(&plan_id);
            }
        }
        Ok(recovered)
    }

    /// A flight as an earlier run told of it.
    fn flight(&self, plan_id: &str, signed: Signed) -> Result<Flight, EngineFault> {
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
        let bases = (self.strategy.mints)(&self.run.config.changeable.parameters);
        let base = match (plan["inputToken"].as_str(), bases.as_slice()) {
            (Some(base), _) => base.to_owned(),
            (None, [only]) => only.to_string(),
            (None, _) => String::new(),
        };
        let text = |name: &str| plan[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| text(name).parse().unwrap_or_default();
        let routes = plan["routes"].as_array().into_iter().flatten();
        let pools = routes.filter_map(|route| Key::parse(route["pool"].as_str()?));
        let opportunity_id = match text("opportunityId") {
            // The plan was never told: its own id stands for what it was for.
            none if none.is_empty() => plan_id.to_owned(),
            known => known,
        };
        Ok(Flight {
            plan_id: plan_id.to_owned(),
            opportunity_id,
            wallet,
            base_is_sol: base == tradewind_solana::token_accounts::WRAPPED_SOL.to_string(),
            base,
            amount_in_raw: number("inputAmount"),
            expected_raw: number("expectedProfit"),
            tip_lamports: 0,
            signature: signed.signature,
            wire: signed.wire,
            last_valid_block_height: signed.last_valid_block_height,
            sent_at_ms: plan["timestamp"]
                .as_u64()
                .unwrap_or_else(|| self.shared.clock.now_ms()),
            pools: pools.map(ChainAddress::from).collect(),
        })
    }
}
