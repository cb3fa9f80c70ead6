//! What several endpoints say alike.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{PoolFault, RpcEndpoint};
use crate::json_rpc::{Answered, AskFault};
use crate::transaction_fault::excerpt;

const MOST_SAID_BYTES: usize = 200;

/// Once a quorum has told its height, the others have so long to tell theirs: nobody waits for one that is away.
const AFTER_QUORUM: Duration = Duration::from_millis(200);

/// What a quorum says.
#[derive(Debug)]
pub struct Agreed {
    /// JSON text.
    pub result: Box<RawValue>,
    /// Scheme, host and port of each endpoint that said so.
    pub endpoints: Vec<String>,
}

/// A block height that a quorum has reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Told by each of `endpoints`, or surpassed.
    pub block_height: u64,
    /// Scheme, host and port of each.
    pub endpoints: Vec<String>,
}

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
) -> Result<Agreed, PoolFault> {
    let mut asked: FuturesUnordered<_> = endpoints
        .iter()
        .map(async |endpoint| {
            (
                endpoint.label(),
                endpoint.ask(method, params, patience_ms).await,
            )
        })
        .collect();
    let mut votes: Vec<(Value, Vec<String>)> = Vec::new();
    let mut said = Vec::new();
    while let Some((endpoint, answer)) = asked.next().await {
        let words = match answer {
            Ok(answered) => {
                let words = excerpt(answered.result.get(), MOST_SAID_BYTES);
                let alike = vote(&mut votes, &answered.result, endpoint);
                if alike.len() >= needed {
                    return Ok(Agreed {
                        endpoints: alike.to_vec(),
                        result: answered.result,
                    });
                }
                words
            }
            Err(fault) => fault.to_string(),
        };
        said.push((endpoint.to_owned(), words));
    }
    Err(PoolFault::NoQuorum { needed, said })
}

/// The highest block height that `needed` endpoints have reached.
pub(super) async fn reached(
    endpoints: &[Arc<RpcEndpoint>],
    commitment: &str,
    needed: usize,
    patience_ms: u64,
) -> Result<Reached, PoolFault> {
    let params = json!([{ "commitment": commitment }]).to_string();
    let mut asked: FuturesUnordered<_> = endpoints
        .iter()
        .map(async |endpoint| {
            let answer = endpoint.ask("getBlockHeight", &params, patience_ms).await;
            (endpoint.label(), answer)
        })
        .collect();
    let (mut told, mut said) = (Vec::new(), Vec::new());
    loop {
        let next = if told.len() < needed {
            asked.next().await
        } else {
            let rest = tokio::time::timeout(AFTER_QUORUM, asked.next()).await;
            rest.unwrap_or_default()
        };
        let Some((endpoint, answer)) = next else {
            break;
        };
        match answer {
            Ok(answered) => match answered.result.get().parse::<u64>() {
                Ok(height) => told.push((height, endpoint)),
                Err(_) => said.push((
                    endpoint.to_owned(),
                    excerpt(answered.result.get(), MOST_SAID_BYTES),
                )),
            },
            Err(fault) => said.push((endpoint.to_owned(), fault.to_string())),
        }
    }
    highest_of(needed, told).ok_or(PoolFault::NoQuorum { needed, said })
}

fn highest_of(needed: usize, mut told: Vec<(u64, &str)>) -> Option<Reached> {
    told.sort_by_key(|(height, _)| std::cmp::Reverse(*height));
    let (block_height, _) = *told.get(needed.checked_sub(1)?)?;
    let reached = told.iter().filter(|(height, _)| *height >= block_height);
    Some(Reached {
        block_height,
        endpoints: reached
            .map(|(_, endpoint)| (*endpoint).to_owned())
            .collect(),
    })
}

/// Who has said so by now. What cannot be compared agrees with nobody.
fn vote<'a>(
    votes: &'a mut Vec<(Value, Vec<String>)>,
    result: &RawValue,
    endpoint: &str,
) -> &'a [String] {
    let Ok(value) = serde_json::from_str::<Value>(result.get()) else {
        return &[];
    };
    let value = without_context(value);
    let place = votes.iter().position(|(other, _)| *other == value);
    let place = place.unwrap_or_else(|| {
        votes.push((value, Vec::new()));
        votes.len() - 1
    });
    let alike = &mut votes[place].1;
    alike.push(endpoint.to_owned());
    alike
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fewer_than_a_quorum_tell_moves_the_height_neither_up_nor_down() {
        for odd in [0, u64::MAX] {
            let told = vec![(100, "a"), (odd, "b"), (101, "c")];
            let reached = highest_of(2, told).unwrap();
            assert_eq!(reached.block_height, if odd == 0 { 100 } else { 101 });
            assert_eq!(reached.endpoints.len(), 2);
        }
        assert_eq!(highest_of(2, vec![(100, "a")]), None);
        let both = highest_of(2, vec![(100, "a"), (90, "b")]).unwrap();
        assert_eq!((both.block_height, both.endpoints.len()), (90, 2));
    }
}
