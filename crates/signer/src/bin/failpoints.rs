//! `tradewind-signer-failpoints`: the signer with two faults built in, for tests only.
//!
//! `TRADEWIND_SIGNER_KILL_AT=gate_committed|signed[:N]` kills the process at that boundary the N-th time it is
//! reached. `TRADEWIND_SIGNER_WITHOUT_GATE=1` signs without recording anything: a test of the gate must fail
//! against it.

use alloy_primitives::keccak256;
use rustix::process::{Signal, getpid, kill_process};
use serde_json::{Value, json};
use std::env;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tradewind_core::evm::DecodedTransaction;
use tradewind_signer::answers;
use tradewind_signer::cli;
use tradewind_signer::clock::{Clock, SystemClock};
use tradewind_signer::fault::{Fault, Rule};
use tradewind_signer::gate::{SignedAttempt, SignedSolana};
use tradewind_signer::protocol::{PermitRequest, Request, SignRequest, SignSolanaRequest};
use tradewind_signer::signer::{Boundaries, Service, Signer};
use tradewind_signer::signing::{permit_digest, sign_permit, sign_solana, sign_transaction};

const KILL_AT: &str = "TRADEWIND_SIGNER_KILL_AT";
const WITHOUT_GATE: &str = "TRADEWIND_SIGNER_WITHOUT_GATE";

struct KillAt {
    boundary: String,
    left: AtomicUsize,
}

impl KillAt {
    fn from_environment() -> Result<Self, String> {
        let text = env::var(KILL_AT).unwrap_or_default();
        let (boundary, count) = text.split_once(':').unwrap_or((&text, "1"));
        if !["", "gate_committed", "signed"].contains(&boundary) {
            return Err(format!("{KILL_AT}: there is no boundary {boundary:?}"));
        }
        let count = count.parse().ok().filter(|count| *count > 0);
        let count = count.ok_or_else(|| format!("{KILL_AT}: the count must be 1 or more"))?;
        let boundary = boundary.to_owned();
        Ok(Self {
            boundary,
            left: AtomicUsize::new(count),
        })
    }

    fn reached(&self, boundary: &str) {
        if boundary == self.boundary && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}

impl Boundaries for KillAt {
    fn gate_committed(&self) {
        self.reached("gate_committed");
    }

    fn signed(&self) {
        self.reached("signed");
    }
}

/// Signs whatever it is asked to and forgets it at once.
struct WithoutGate(Signer);

impl Service for WithoutGate {
    fn answer(&self, request: Request) -> Result<Value, Fault> {
        match request {
            Request::Step(_) => Ok(json!({ "found": false })),
            Request::NextNonce { .. } => Ok(json!({ "next_nonce": null })),
            Request::Settle { .. } | Request::SettleSolana { .. } => Ok(json!({ "final": false })),
            Request::Signed { .. } => Ok(json!({ "steps": [], "more_from": null })),
            Request::Close(_) => Ok(json!({ "closed": true })),
            Request::Sign(request) => self.sign(&request),
            Request::Permit(request) => self.permit(&request),
            Request::SignSolana(request) => self.sign_solana(&request),
            other => self.0.answer(other),
        }
    }
}

impl WithoutGate {
    fn permit(&self, request: &PermitRequest) -> Result<Value, Fault> {
        let (facts, strategy_id) = (&request.facts, request.strategy_id.as_deref());
        let now_s = SystemClock.now_ms() / 1000;
        let domain = self.0.ceilings().pass_permit(facts, strategy_id, now_s)?;
        let digest = permit_digest(facts, domain);
        Ok(answers::permit(&sign_permit(self.0.keys(), facts, digest)?))
    }

    fn sign_solana(&self, request: &SignSolanaRequest) -> Result<Value, Fault> {
        let (signature, raw_tx) = sign_solana(self.0.keys(), request.wallet, &request.unsigned_tx)?;
        let signed = SignedSolana {
            signature: bs58::encode(signature).into_string(),
            raw_tx,
            signed_at_ms: SystemClock.now_ms(),
        };
        Ok(answers::solana_signature(
            &signed,
            request.last_valid_block_height,
        ))
    }

    fn sign(&self, request: &SignRequest) -> Result<Value, Fault> {
        let raw_tx = sign_transaction(self.0.keys(), request.wallet, &request.unsigned_tx)?;
        let nonce = DecodedTransaction::decode(&raw_tx)
            .map_err(|error| Rule::TransactionType.refuse(error.to_string()))?
            .transaction
            .nonce;
        let signed = SignedAttempt {
            tx_hash: keccak256(&raw_tx),
            raw_tx,
            signed_at_ms: SystemClock.now_ms(),
        };
        Ok(answers::signature(&signed, nonce))
    }
}

fn main() -> ExitCode {
    let kill_at = match KillAt::from_environment() {
        Ok(kill_at) => kill_at,
        Err(why) => {
            eprintln!("tradewind-signer-failpoints: {why}");
            return ExitCode::FAILURE;
        }
    };
    let without_gate = env::var(WITHOUT_GATE).is_ok_and(|value| value == "1");
    cli::main(Box::new(kill_at), move |signer| {
        if without_gate {
            Arc::new(WithoutGate(signer))
        } else {
            Arc::new(signer)
        }
    })
}
