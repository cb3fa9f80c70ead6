//! The operations: policy first, then a durable record in the gate, then a signature, then its release.

mod attempts;
mod holds;
mod limits;
mod permits;
mod questions;
mod solana;
mod upkeep;

use crate::clock::Clock;
use crate::fault::{Fault, Internal, Refusal, Rule};
use crate::gate::{Failure, Gate};
use crate::keys::KeyRing;
use crate::policy::Policy;
use crate::protocol::Request;
use limits::InForce;
use serde_json::{Value, json};
use solana::Purpose;
use std::sync::{Arc, Mutex, MutexGuard};
use tradewind_core::ChainAddress;

/// Answers requests. The server knows nothing else of what is behind it.
pub trait Service: Send + Sync {
    /// The answer, or why there is none.
    ///
    /// # Errors
    /// A rule refused, or the signer failed.
    fn answer(&self, request: Request) -> Result<Value, Fault>;
}

/// Told when a request passes the two places where a crash would matter most.
pub trait Boundaries: Send + Sync {
    /// The record is on disk; nothing is signed yet.
    fn gate_committed(&self) {}
    /// The signature is recorded; the answer has not left yet.
    fn signed(&self) {}
}

/// Takes no notice.
pub struct Unobserved;

impl Boundaries for Unobserved {}

/// Keys, policy and gate together.
pub struct Signer {
    keys: KeyRing,
    // The policy of signer.toml: what may ever be allowed. What is allowed now is in force.
    ceilings: Policy,
    in_force: Mutex<Option<Arc<InForce>>>,
    // Every change goes through this one lock, from its checks to its release.
    gate: Mutex<Gate>,
    // One request at a time, so that nothing is signed between a failure of the file and the note of it.
    turn: Mutex<()>,
    failure: Failure,
    clock: Box<dyn Clock>,
    boundaries: Box<dyn Boundaries>,
    // Of the clock that nobody sets: everything an earlier run of the machine recorded is older.
    began_ms: u64,
}

impl Service for Signer {
    fn answer(&self, request: Request) -> Result<Value, Fault> {
        let _turn = lock(&self.turn)?;
        self.failure.require_none()?;
        let answer = self.answered(request);
        if let Err(fault) = &answer {
            self.failure.note(fault);
        }
        answer
    }
}

impl Signer {
    fn answered(&self, request: Request) -> Result<Value, Fault> {
        match request {
            Request::Hello => self.hello(),
            Request::Step(id) => self.step(&id),
            Request::Signed {
                wallet,
                chain_id,
                from_nonce,
            } => self.signed(wallet, chain_id, from_nonce),
            Request::NextNonce { wallet, chain_id } => {
                let next_nonce = self.gate()?.next_nonce(wallet, chain_id)?;
                Ok(json!({ "next_nonce": next_nonce }))
            }
            Request::Check(request) => self.check(&request),
            Request::Budgets => self.budgets(),
            Request::Limits => self.limits(),
            Request::SetLimit { key, value, by } => self.set_limit(&key, value, &by),
            Request::CancelRaise { key, by } => {
                self.gate()?.cancel_raise(&key, &by, self.clock.now_ms())?;
                self.forget_in_force()?;
                Ok(json!({}))
            }
            Request::NeverSigned(rule) => Err(never_signed(rule).into()),
            Request::Permit(request) => self.permit(&request),
            Request::Sign(request) => self.sign(&request),
            Request::Settle { id, end } => {
                let mut gate = self.gate()?;
                let in_force = self.in_force(&gate)?;
                let is_final = gate.settle(&id, &end, &in_force.policy, self.clock.now_ms())?;
                Ok(json!({ "final": is_final }))
            }
            Request::Close(id) => {
                let closed = self.gate()?.close(&id, self.clock.now_ms())?;
                Ok(json!({ "closed": closed }))
            }
            Request::Receipt {
                id,
                wallet,
                chain_id,
            } => self.receipt(&id, wallet, chain_id),
            Request::CheckSolana(request) => self.check_solana(&request),
            Request::SignSolana(request) => self.sign_solana(&request),
            Request::PresignSolana(request) => self.presign(&request),
            Request::Release(request) => self.release(&request),
            Request::Discard { id, attempt } => self.discard(&id, attempt),
            Request::Reclaimable {
                wallet,
                chain_id,
                finalized_block_height,
                after,
            } => self.reclaimable(wallet, chain_id, finalized_block_height, after),
            Request::SignReclaim(request) => self.sign_on_solana(&request, Purpose::TakeBack),
            Request::TopUps { chain_id } => self.top_ups(chain_id),
            Request::SignTopUp(request) => self.sign_on_solana(&request, Purpose::TopUp),
            Request::SettleSolana { id, end } => {
                let mut gate = self.gate()?;
                let in_force = self.in_force(&gate)?;
                let now_ms = self.clock.now_ms();
                let is_final = gate.settle_solana(&id, &end, &in_force.policy, now_ms)?;
                Ok(json!({ "final": is_final }))
            }
            Request::AdoptWallet {
                wallet,
                chain_id,
                by,
            } => self.adopt_wallet(wallet, chain_id, &by),
            Request::AdoptNonce(adoption) => {
                self.ceilings.chain_of(adoption.wallet, adoption.chain_id)?;
                self.gate()?.adopt_nonce(&adoption, self.clock.now_ms())?;
                Ok(json!({ "next_nonce": adoption.nonce }))
            }
            Request::Halt { scope, reason, by } => {
                let mut gate = self.gate()?;
                let kill_epoch = gate.halt(&scope, &reason, &by, self.clock.now_ms())?;
                Ok(json!({ "kill_epoch": kill_epoch, "halted": true }))
            }
            Request::Resume { kill_epoch, by } => {
                let mut gate = self.gate()?;
                let halted = gate.resume(kill_epoch, &by, self.clock.now_ms())?;
                Ok(json!({ "kill_epoch": kill_epoch, "halted": halted }))
            }
        }
    }
}

impl Signer {
    /// Puts the parts together, and takes the policy in as the ceilings of the gate's limits.
    ///
    /// # Errors
    /// The gate file cannot be written.
    pub fn new(
        keys: KeyRing,
        policy: Policy,
        mut gate: Gate,
        clock: Box<dyn Clock>,
        boundaries: Box<dyn Boundaries>,
    ) -> Result<Self, Fault> {
        gate.adopt_ceilings(&policy.terms(), clock.now_ms())?;
        Ok(Self {
            keys,
            ceilings: policy,
            in_force: Mutex::new(None),
            failure: gate.failure(),
            gate: Mutex::new(gate),
            turn: Mutex::new(()),
            began_ms: clock.running_ms(),
            clock,
            boundaries,
        })
    }

    /// The keys it signs with.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// What `signer.toml` allows.
    #[must_use]
    pub fn ceilings(&self) -> &Policy {
        &self.ceilings
    }

    fn gate(&self) -> Result<MutexGuard<'_, Gate>, Fault> {
        lock(&self.gate)
    }

    fn require_key(&self, wallet: impl Into<ChainAddress>) -> Result<(), Refusal> {
        let wallet = wallet.into();
        Rule::WalletUnknown.require(self.keys.holds(wallet), || {
            format!("there is no key for the wallet {wallet}")
        })
    }
}

// A panic in the middle of a change leaves the lock poisoned: from then on everything is refused.
fn lock<T>(of: &Mutex<T>) -> Result<MutexGuard<'_, T>, Fault> {
    of.lock().map_err(|_| {
        let message = "the signer failed before and must be started again".to_owned();
        Internal {
            code: "signer_failed",
            message,
        }
        .into()
    })
}

fn never_signed(rule: Rule) -> Refusal {
    rule.refuse(match rule {
        Rule::TypedData => {
            "typed data is not signed; ask for a permit, which the signer makes itself from its amount and spender"
        }
        Rule::PersonalMessage => "messages are not signed; this wallet only trades",
        Rule::SetCode => "an authorisation to set the account's code is not signed",
        _ => "a hash is not signed: nobody can see what it stands for",
    })
}
