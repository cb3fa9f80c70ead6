//! Sweeps in the gate: an operator can always empty a wallet at the nonce that the chain waits for.

use crate::orders::{Order, address};
use crate::process::{Folder, WALLETS};
use serde_json::json;
use tradewind_signer::fault::{Fault, Rule};
use tradewind_signer::gate::{Gate, Sweep};

fn sweep(folder: &Folder, first_nonce: u64) -> Option<Rule> {
    let sweep = Sweep {
        wallet: address(WALLETS[0]),
        chain_id: 42161,
        first_nonce,
        unsigned_txs: &[vec![1], vec![2]],
    };
    let mut gate = Gate::open(&folder.path("gate.db"))
        .map_err(|error| error.message)
        .unwrap();
    match gate.record_sweep(&sweep, "test", 1) {
        Ok(()) => None,
        Err(Fault::Refused(refusal)) => Some(refusal.rule),
        Err(other) => panic!("{other}"),
    }
}

/// Whoever reaches the socket can adopt the highest nonce there is: that must not lock the money in.
#[test]
fn a_wallet_whose_nonces_were_adopted_away_can_still_be_emptied() {
    let folder = Folder::new();
    let signer = folder.start();
    signer.ok(&Order::new("first").request());
    signer.halt();
    let highest = (1_u64 << 53) - 1;
    signer.ok(&json!({
        "op": "adopt_nonce", "wallet": WALLETS[0], "chain_id": 42161, "nonce": highest, "by": "thief",
    }));
    assert_eq!(sweep(&folder, 7), Some(Rule::NonceReused), "a step owns it");
    assert_eq!(sweep(&folder, 8), None);
    assert_eq!(sweep(&folder, 9), None, "a part of it again");
}
