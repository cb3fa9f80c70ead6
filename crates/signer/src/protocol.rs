//! The requests: one JSON object a line. Read strictly, into types that cannot hold nonsense.

mod evm;
mod solana;

pub use evm::{CheckRequest, PermitRequest, SignRequest};
pub use solana::{CheckSolanaRequest, PresignRequest, ReleaseRequest, SignSolanaRequest};

use crate::fault::{Fault, Invalid, Rule};
use crate::fields::{self, Fields, malformed};
use crate::gate::{Adoption, Settlement, SolanaSettlement, StepId};
use crate::json;
use crate::policy::Scope;
use alloy_primitives::{Address, U256};
use serde_json::{Value, json};
use tradewind_core::decode::solana::Key;

const MAX_ENDPOINTS: usize = 16;
const OPS: &str = "hello, step, signed, next_nonce, check, budgets, limits, set_limit, cancel_raise, permit, sign, \
                   settle, close, halt, adopt_nonce, resume, receipt, check_solana, sign_solana, settle_solana, adopt_wallet, \
                   reclaimable, sign_reclaim, top_ups, sign_top_up, presign_solana, release, discard";

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Who is there.
    Hello,
    /// What is known of a step.
    Step(StepId),
    /// The nonce after the last one recorded.
    NextNonce {
        /// Whose.
        wallet: Address,
        /// Where.
        chain_id: u64,
    },
    /// The steps of a wallet, by nonce.
    Signed {
        /// Whose.
        wallet: Address,
        /// Where.
        chain_id: u64,
        /// From this nonce upwards.
        from_nonce: u64,
    },
    /// Whether a transaction would pass now.
    Check(Box<CheckRequest>),
    /// What is used of the limits of amounts.
    Budgets,
    /// The limits in force, and what waits.
    Limits,
    /// Another value for a limit.
    SetLimit {
        /// Which.
        key: String,
        /// The value, as a number.
        value: U256,
        /// Who says so.
        by: String,
    },
    /// No raise of a limit after all.
    CancelRaise {
        /// Of which.
        key: String,
        /// Who says so.
        by: String,
    },
    /// Something that is never signed, whatever it says.
    NeverSigned(Rule),
    /// An exact-amount token permit for a step.
    Permit(PermitRequest),
    /// A signature.
    Sign(Box<SignRequest>),
    /// How a step ended.
    Settle {
        /// Which.
        id: StepId,
        /// How.
        end: Settlement,
    },
    /// The lock on the chain that the attempts of a step share, on Solana.
    Receipt {
        /// Of which step.
        id: StepId,
        /// Who will sign.
        wallet: Key,
        /// Where.
        chain_id: u64,
    },
    /// Whether a transaction on Solana would pass now.
    CheckSolana(Box<CheckSolanaRequest>),
    /// A signature on Solana.
    SignSolana(Box<SignSolanaRequest>),
    /// A record of what will be signed on Solana when it is released.
    PresignSolana(Box<PresignRequest>),
    /// The bytes of a held attempt.
    Release(ReleaseRequest),
    /// The end of a held attempt whose bytes never left.
    Discard {
        /// Of which step.
        id: StepId,
        /// Which one.
        attempt: u32,
    },
    /// How a step on Solana ended.
    SettleSolana {
        /// Which.
        id: StepId,
        /// How.
        end: SolanaSettlement,
    },
    /// The receipts of a wallet that may be taken back.
    Reclaimable {
        /// Whose.
        wallet: Key,
        /// Where.
        chain_id: u64,
        /// At `finalized`, as the caller was told.
        finalized_block_height: u64,
        /// Behind which row.
        after: u64,
    },
    /// A signature by which receipts are taken back.
    SignReclaim(Box<SignSolanaRequest>),
    /// Whom the treasury may top up, and with how much.
    TopUps {
        /// Where.
        chain_id: u64,
    },
    /// A signature by which a wallet is topped up.
    SignTopUp(Box<SignSolanaRequest>),
    /// Nothing that another gate signed for a wallet is under way.
    AdoptWallet {
        /// Whose.
        wallet: Key,
        /// Where.
        chain_id: u64,
        /// Who says so.
        by: String,
    },
    /// Sign nothing for a step, now or later.
    Close(StepId),
    /// Sign nothing of a scope from now on.
    Halt {
        /// What stops.
        scope: Scope,
        /// Why.
        reason: String,
        /// Who says so.
        by: String,
    },
    /// Nonces were used outside this gate.
    AdoptNonce(Adoption),
    /// End one halt.
    Resume {
        /// The epoch that is to end.
        kill_epoch: u64,
        /// Who says so.
        by: String,
    },
}

/// Reads one request line.
///
/// # Errors
/// What is wrong with it, by field.
pub fn parse(line: &[u8]) -> Result<Request, Invalid> {
    let value = json::parse(line).map_err(|error| Invalid {
        code: "request_not_json",
        field: String::new(),
        message: format!("the request is not one line of JSON: {error}"),
    })?;
    let mut fields = Fields::of("", value)?;
    let request = match fields.text("op")?.as_str() {
        "hello" => Request::Hello,
        "step" => Request::Step(step_id(&mut fields)?),
        "next_nonce" => Request::NextNonce {
            wallet: fields.address("wallet")?,
            chain_id: fields.integer("chain_id")?,
        },
        "permit" => Request::Permit(evm::permit(&mut fields)?),
        "sign" => Request::Sign(Box::new(evm::sign(&mut fields)?)),
        "settle" => Request::Settle {
            id: step_id(&mut fields)?,
            end: evm::settlement(&mut fields)?,
        },
        "close" => Request::Close(step_id(&mut fields)?),
        "halt" => Request::Halt {
            scope: scope(&mut fields)?,
            reason: fields.text("reason")?,
            by: fields.text("by")?,
        },
        "signed" => Request::Signed {
            wallet: fields.address("wallet")?,
            chain_id: fields.integer("chain_id")?,
            from_nonce: fields.integer("from_nonce")?,
        },
        "check" => Request::Check(Box::new(evm::check(&mut fields)?)),
        "budgets" => Request::Budgets,
        "limits" => Request::Limits,
        "set_limit" => Request::SetLimit {
            key: fields.text("key")?,
            value: fields.decimal("value")?,
            by: fields.text("by")?,
        },
        "cancel_raise" => Request::CancelRaise {
            key: fields.text("key")?,
            by: fields.text("by")?,
        },
        "adopt_nonce" => Request::AdoptNonce(Adoption {
            wallet: fields.address("wallet")?,
            chain_id: fields.integer("chain_id")?,
            nonce: fields.integer("nonce")?,
            by: fields.text("by")?,
        }),
        "receipt" => Request::Receipt {
            id: step_id(&mut fields)?,
            wallet: fields.solana("wallet")?,
            chain_id: fields.integer("chain_id")?,
        },
        "check_solana" => Request::CheckSolana(Box::new(solana::check(&mut fields)?)),
        "sign_solana" => Request::SignSolana(Box::new(solana::sign(&mut fields)?)),
        "presign_solana" => Request::PresignSolana(Box::new(solana::presign(&mut fields)?)),
        "release" => Request::Release(solana::release(&mut fields)?),
        "discard" => Request::Discard {
            id: step_id(&mut fields)?,
            attempt: fields.integer("attempt")?,
        },
        "reclaimable" => Request::Reclaimable {
            wallet: fields.solana("wallet")?,
            chain_id: fields.integer("chain_id")?,
            finalized_block_height: fields.integer("finalized_block_height")?,
            after: fields.integer("after")?,
        },
        "sign_reclaim" => Request::SignReclaim(Box::new(solana::sign_upkeep(&mut fields)?)),
        "top_ups" => Request::TopUps {
            chain_id: fields.integer("chain_id")?,
        },
        "sign_top_up" => Request::SignTopUp(Box::new(solana::sign_upkeep(&mut fields)?)),
        "settle_solana" => Request::SettleSolana {
            id: step_id(&mut fields)?,
            end: solana::settlement(&mut fields)?,
        },
        "adopt_wallet" => Request::AdoptWallet {
            wallet: fields.solana("wallet")?,
            chain_id: fields.integer("chain_id")?,
            by: fields.text("by")?,
        },
        "resume" => resume(&mut fields)?,
        op => {
            // Refused by their names: nothing that such a request could say makes it one that is signed.
            return never_signed(op)
                .map(Request::NeverSigned)
                .ok_or_else(|| malformed("op", &format!("is unknown; there are: {OPS}")));
        }
    };
    fields.finish()?;
    Ok(request)
}

fn never_signed(op: &str) -> Option<Rule> {
    match op {
        "sign_typed_data"
        | "eth_signTypedData"
        | "eth_signTypedData_v3"
        | "eth_signTypedData_v4" => Some(Rule::TypedData),
        "sign_message" | "personal_sign" => Some(Rule::PersonalMessage),
        "sign_hash" | "eth_sign" => Some(Rule::RawHash),
        "sign_authorization" => Some(Rule::SetCode),
        _ => None,
    }
}

/// The response line, without its newline.
#[must_use]
pub fn respond(answer: Result<Value, Fault>) -> Value {
    match answer {
        Ok(value) => json!({ "ok": value }),
        Err(Fault::Refused(refusal)) => {
            let rule = refusal.rule.name();
            json!({ "refused": { "code": rule, "rule": rule, "message": refusal.message } })
        }
        Err(Fault::Invalid(Invalid {
            code,
            field,
            message,
        })) => {
            json!({ "error": { "code": code, "field": field, "message": message } })
        }
        Err(Fault::Internal(internal)) => {
            json!({ "error": { "code": internal.code, "field": null, "message": internal.message } })
        }
    }
}

fn step_id(fields: &mut Fields) -> Result<StepId, Invalid> {
    Ok(StepId {
        intent_id: fields.text("intent_id")?,
        step: fields.integer("step")?,
    })
}

fn strategy(fields: &mut Fields) -> Result<Option<String>, Invalid> {
    let path = fields.path("strategy_id");
    fields
        .take_optional("strategy_id")
        .map(|value| fields::text(&path, value))
        .transpose()
}

fn scope(fields: &mut Fields) -> Result<Scope, Invalid> {
    let path = fields.path("wallet");
    let wallet = fields
        .take_optional("wallet")
        .map(|value| fields::account(&path, value))
        .transpose()?;
    match (wallet, strategy(fields)?) {
        (None, None) => Ok(Scope::All),
        (Some(wallet), None) => Ok(Scope::Wallet(wallet)),
        (None, Some(id)) => Ok(Scope::Strategy(id)),
        (Some(_), Some(_)) => Err(malformed(
            "strategy_id",
            "and wallet cannot both be given; halt the one, then the other",
        )),
    }
}

fn endpoints(fields: &mut Fields) -> Result<Vec<String>, Invalid> {
    let list = fields.list("endpoints")?;
    if !(1..=MAX_ENDPOINTS).contains(&list.len()) {
        let message = format!("must name 1 to {MAX_ENDPOINTS} sources");
        return Err(malformed(&fields.path("endpoints"), &message));
    }
    list.into_iter()
        .map(|(path, value)| fields::text(&path, value))
        .collect()
}

fn resume(fields: &mut Fields) -> Result<Request, Invalid> {
    let request = Request::Resume {
        kill_epoch: fields.integer("kill_epoch")?,
        by: fields.text("by")?,
    };
    if fields.text("confirm")? != "resume" {
        return Err(malformed("confirm", "must be \"resume\""));
    }
    Ok(request)
}
