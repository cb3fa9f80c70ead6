//! The RPC lane: `sendTransaction` to every endpoint of a pool at once.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::race::race;
use super::rpc_answer::outcome_of_fault;
use super::{Lane, SendOptions, SendOutcome, SendReport, Sending};
use crate::json_rpc::{Answered, AskFault};
use crate::rpc_pool::RpcPool;
use crate::signed_transaction::SignedTransaction;

/// How the lane sends.
#[derive(Debug, Clone)]
pub struct RpcLaneOptions {
    /// Whether nodes simulate first.
    pub preflight: bool,
    /// On which state: `processed`, `confirmed` or `finalized`.
    pub preflight_commitment: &'static str,
}

/// `sendTransaction` to all at once. Nodes are told not to repeat it: the repeating is our own, in `rebroadcast`.
#[derive(Debug, Clone)]
pub struct RpcLane {
    pool: Arc<RpcPool>,
    options: RpcLaneOptions,
}

impl RpcLane {
    /// Over the endpoints of `pool`.
    #[must_use]
    pub const fn new(pool: Arc<RpcPool>, options: RpcLaneOptions) -> Self {
        Self { pool, options }
    }

    /// The pool it sends to.
    #[must_use]
    pub const fn pool(&self) -> &Arc<RpcPool> {
        &self.pool
    }

    fn params(&self, transaction: &SignedTransaction, options: &SendOptions) -> String {
        let mut how = Map::new();
        how.insert("encoding".to_owned(), json!("base64"));
        how.insert(
            "skipPreflight".to_owned(),
            json!(!options.preflight.unwrap_or(self.options.preflight)),
        );
        how.insert(
            "preflightCommitment".to_owned(),
            json!(self.options.preflight_commitment),
        );
        how.insert("maxRetries".to_owned(), json!(0));
        if let Some(slot) = options.min_context_slot {
            how.insert("minContextSlot".to_owned(), json!(slot));
        }
        json!([transaction.base64(), Value::Object(how)]).to_string()
    }

    async fn send_to_all(
        &self,
        transaction: &SignedTransaction,
        options: &SendOptions,
    ) -> SendReport {
        if self.pool.is_closed() {
            let detail = "the pool was closed; make a new one".to_owned();
            return SendReport::of(
                self.name(),
                Vec::new(),
                SendOutcome::Unreachable {
                    code: "pool_closed",
                    detail,
                },
            );
        }
        let params: Arc<str> = self.params(transaction, options).into();
        let signature: Arc<str> = transaction.signature().into();
        let runners = self.pool.endpoints().iter().map(|endpoint| {
            let (endpoint, params, signature) = (
                Arc::clone(endpoint),
                Arc::clone(&params),
                Arc::clone(&signature),
            );
            let label = endpoint.label().to_owned();
            (label, async move {
                outcome(
                    endpoint.ask("sendTransaction", &params, 0).await,
                    &signature,
                )
            })
        });
        race(self.name(), runners).await
    }
}

impl Lane for RpcLane {
    fn name(&self) -> &'static str {
        "rpc"
    }

    fn send<'a>(
        &'a self,
        transaction: &'a SignedTransaction,
        options: &'a SendOptions,
    ) -> Sending<'a> {
        Box::pin(self.send_to_all(transaction, options))
    }
}

/// A node that names another signature has not taken these bytes, whatever it took.
fn outcome(answer: Result<Answered, AskFault>, signature: &str) -> SendOutcome {
    match answer {
        Ok(answered) if answered.result.get().trim_matches('"') == signature => {
            SendOutcome::Accepted {
                reference: signature.to_owned(),
            }
        }
        Ok(answered) => SendOutcome::Unknown {
            code: "answer_unreadable",
            detail: format!(
                "named another signature: {}",
                crate::transaction_fault::excerpt(answered.result.get(), 120)
            ),
        },
        Err(fault) => outcome_of_fault(fault, signature),
    }
}
