//! What several endpoints say alike.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{PoolFault, RpcEndpoint};
use crate::json_rpc::{Answered, AskFault};
use crate::transaction_fault::excerpt;

const MOST_SAID_BYTES: usize = 200;

/// What one endpoint said.
#[derive(Debug)]
pub struct Said {
    /// Scheme, host and port.
    pub endpoint: String,
    /// Its answer.
    pub answer: Result<Answered, AskFault>,
}

/// Answers as soon as `needed` say the same; later ones are not waited for.
pub(super) async fn agree(
    endpoints: &[Arc<RpcEndpoint>],
    method: &str,
    params: &str,
    needed: usize,
    patience_ms: u64,
) -> Result<Box<RawValue>, PoolFault> {
    let mut asked: FuturesUnordered<_> = endpoints
        .iter()
        .map(async |endpoint| {
            (
                endpoint.label(),
                endpoint.ask(method, params, patience_ms).await,
            )
        })
        .collect();
    let mut votes: Vec<(Value, usize)> = Vec::new();
    let mut said = Vec::new();
    while let Some((endpoint, answer)) = asked.next().await {
        let words = match answer {
            Ok(answered) => {
                let words = excerpt(answered.result.get(), MOST_SAID_BYTES);
                if vote(&mut votes, &answered.result) >= needed {
                    return Ok(answered.result);
                }
                words
            }
            Err(fault) => fault.to_string(),
        };
        said.push((endpoint.to_owned(), words));
    }
    Err(PoolFault::NoQuorum { needed, said })
}

/// How many have said so by now. What cannot be compared agrees with nobody.
fn vote(votes: &mut Vec<(Value, usize)>, result: &RawValue) -> usize {
    let Ok(value) = serde_json::from_str::<Value>(result.get()) else {
        return 0;
    };
    let value = without_context(value);
    if let Some((_, count)) = votes.iter_mut().find(|(other, _)| *other == value) {
        *count += 1;
        return *count;
    }
    votes.push((value, 1));
    1
}

/// Two nodes that say the same may stand at different slots.
fn without_context(value: Value) -> Value {
    match value {
        Value::Object(mut entries) if entries.len() == 2 && entries.contains_key("context") => {
            entries.remove("value").unwrap_or(Value::Null)
        }
        other => other,
    }
}
