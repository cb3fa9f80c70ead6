//! Upkeep of wallets on Solana: which receipts may be taken back, and whom the treasury may top up.

use super::Signer;
use crate::answers;
use crate::fault::{Fault, Rule};
use serde_json::Value;
use tradewind_core::decode::solana::Key;

impl Signer {
    pub(super) fn reclaimable(
        &self,
        wallet: Key,
        chain_id: u64,
        finalized_block_height: u64,
        after: u64,
    ) -> Result<Value, Fault> {
        self.require_key(wallet)?;
        let gate = self.gate()?;
        self.in_force(&gate)?.policy.solana_of(wallet, chain_id)?;
        let now_s = self.clock.now_ms() / 1000;
        let found = gate.reclaimable(wallet, chain_id, finalized_block_height, after, now_s)?;
        Ok(answers::reclaimable(&found))
    }

    pub(super) fn top_ups(&self, chain_id: u64) -> Result<Value, Fault> {
        let gate = self.gate()?;
        let in_force = self.in_force(&gate)?;
        let Some(chain) = in_force.policy.solana.get(&chain_id) else {
            let message = format!("chain {chain_id} is no Solana chain that is configured");
            return Err(Rule::ChainNotAllowed.refuse(message).into());
        };
        let Some(treasury) = &chain.treasury else {
            return Ok(answers::no_treasury());
        };
        let found = gate.top_ups(treasury, chain_id, self.clock.now_ms() / 1000)?;
        Ok(answers::top_ups(treasury.wallet, &found))
    }
}
