//! The requests: one JSON object a line. Read strictly, into types that cannot hold nonsense.

use crate::fault::{Fault, Invalid};
use crate::fields::{self, Fields, malformed};
use crate::gate::{Adoption, Evidence, Outcome, Settlement, StepId};
use crate::json;
use crate::policy::{PermitFacts, Quoted};
use alloy_primitives::Address;
use serde_json::{Value, json};

const MAX_ENDPOINTS: usize = 16;

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
    /// Sign nothing for a step, now or later.
    Close(StepId),
    /// Sign nothing from now on.
    Halt {
        /// Why.
        reason: String,
        /// Who says so.
        by: String,
    },
    /// Nonces were used outside this gate.
    AdoptNonce(Adoption),
    /// Sign again.
    Resume {
        /// The epoch that is to end.
        kill_epoch: u64,
        /// Who says so.
        by: String,
    },
}

/// A permit that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitRequest {
    /// For which step.
    pub id: StepId,
    /// For which strategy, if any.
    pub strategy_id: Option<String>,
    /// What it says.
    pub facts: PermitFacts,
}

/// A signature that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignRequest {
    /// For which step.
    pub id: StepId,
    /// 1, 2, 3 …
    pub attempt: u32,
    /// For which strategy, if any.
    pub strategy_id: Option<String>,
    /// Who signs.
    pub wallet: Address,
    /// Where; must be the transaction's own chain.
    pub chain_id: u64,
    /// What is signed, as sent.
    pub unsigned_tx: Vec<u8>,
    /// What the caller was quoted.
    pub quoted: Quoted,
    /// What the caller saw of the chain.
    pub evidence: Evidence,
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
        "permit" => Request::Permit(permit(&mut fields)?),
        "sign" => Request::Sign(Box::new(sign(&mut fields)?)),
        "settle" => Request::Settle {
            id: step_id(&mut fields)?,
            end: settlement(&mut fields)?,
        },
        "close" => Request::Close(step_id(&mut fields)?),
        "halt" => Request::Halt {
            reason: fields.text("reason")?,
            by: fields.text("by")?,
        },
        "adopt_nonce" => Request::AdoptNonce(Adoption {
            wallet: fields.address("wallet")?,
            chain_id: fields.integer("chain_id")?,
            nonce: fields.integer("nonce")?,
            by: fields.text("by")?,
        }),
        "resume" => resume(&mut fields)?,
        _ => {
            let known =
                "hello, step, next_nonce, permit, sign, settle, close, halt, adopt_nonce, resume";
            return Err(malformed("op", &format!("is unknown; there are: {known}")));
        }
    };
    fields.finish()?;
    Ok(request)
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

fn permit(fields: &mut Fields) -> Result<PermitRequest, Invalid> {
    let request = PermitRequest {
        id: step_id(fields)?,
        strategy_id: strategy(fields)?,
        facts: PermitFacts {
            wallet: fields.address("wallet")?,
            chain_id: fields.integer("chain_id")?,
            token: fields.address("token")?,
            spender: fields.address("spender")?,
            value_raw: fields.decimal("value_raw")?,
            permit_nonce: fields.decimal("permit_nonce")?,
            deadline_s: fields.integer("deadline_s")?,
        },
    };
    if request.facts.value_raw.is_zero() {
        return Err(malformed("value_raw", "must be greater than zero"));
    }
    Ok(request)
}

fn sign(fields: &mut Fields) -> Result<SignRequest, Invalid> {
    let id = step_id(fields)?;
    let attempt = fields.integer("attempt")?;
    let strategy_id = strategy(fields)?;
    let wallet = fields.address("wallet")?;
    let chain_id = fields.integer("chain_id")?;
    let unsigned_tx = fields.bytes("unsigned_tx")?;
    let quoted = quoted(fields.object("quoted")?)?;
    let evidence = evidence(fields.object("evidence")?)?;
    Ok(SignRequest {
        id,
        attempt,
        strategy_id,
        wallet,
        chain_id,
        unsigned_tx,
        quoted,
        evidence,
    })
}

fn quoted(mut fields: Fields) -> Result<Quoted, Invalid> {
    let quoted = Quoted {
        amount_in_raw: fields.decimal("amount_in_raw")?,
        amount_out_raw: fields.decimal("amount_out_raw")?,
    };
    fields.finish()?;
    Ok(quoted)
}

fn evidence(mut fields: Fields) -> Result<Evidence, Invalid> {
    let evidence = Evidence {
        latest_nonce: fields.integer("latest_nonce")?,
        block_number: fields.integer("block_number")?,
        block_hash: fields.hash("block_hash")?,
        base_fee_wei: fields.decimal("base_fee_wei")?,
        endpoints: endpoints(&mut fields)?,
    };
    fields.finish()?;
    Ok(evidence)
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

fn settlement(fields: &mut Fields) -> Result<Settlement, Invalid> {
    let outcome = fields.text("outcome")?;
    let outcome = Outcome::from_name(&outcome)
        .ok_or_else(|| malformed("outcome", "must be \"succeeded\" or \"reverted\""))?;
    Ok(Settlement {
        outcome,
        tx_hash: fields.hash("tx_hash")?,
        block_number: fields.integer("block_number")?,
        block_hash: fields.hash("block_hash")?,
        spent_raw: fields.decimal("spent_raw")?,
        endpoints: endpoints(fields)?,
    })
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
