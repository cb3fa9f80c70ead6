//! Receipts taken back: what may be, and the signature that does it.

use super::Signer;
use super::solana::Purpose;
use crate::answers;
use crate::fault::Fault;
use crate::protocol::SignSolanaRequest;
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

    pub(super) fn sign_reclaim(&self, request: &SignSolanaRequest) -> Result<Value, Fault> {
        self.sign_on_solana(request, Purpose::TakeBack)
    }
}
