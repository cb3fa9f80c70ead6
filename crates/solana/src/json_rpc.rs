//! JSON-RPC 2.0 over one endpoint: the request's text, and the answer's envelope.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::http_endpoint::{ExchangeFault, HttpAnswer, HttpEndpoint};
use crate::transaction_fault::excerpt;

/// Some providers say 429 in the envelope; Jito says -32097.
const RATE_LIMIT_CODES: [i64; 3] = [429, -32_429, -32_097];
const ENVELOPE_REST_MS: u64 = 1_000;
const MOST_MESSAGE_BYTES: usize = 1_000;

/// A node's refusal of a request.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{message} ({code})")]
pub struct RpcError {
    /// As the node numbers it.
    pub code: i64,
    /// As the node words it, cut at 1,000 bytes.
    pub message: String,
    /// What it adds; null when nothing.
    pub data: Value,
}

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum AskFault {
    /// See [`ExchangeFault`].
    #[error(transparent)]
    Exchange(#[from] ExchangeFault),
    /// It answered with something else; it may have done what was asked.
    #[error("the answer is unreadable: {0}")]
    Unreadable(String),
    /// It refused.
    #[error(transparent)]
    Refused(RpcError),
    /// It is on another chain: it told this genesis hash.
    #[error("is on another chain: its genesis hash is {0}")]
    WrongChain(String),
}

/// A result, with the headers it came with.
#[derive(Debug)]
pub struct Answered {
    /// JSON text.
    pub result: Box<RawValue>,
    /// `x-bundle-id`, which Jito sends along.
    pub bundle_id: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<ErrorObject>,
}

#[derive(Deserialize)]
struct ErrorObject {
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    data: Value,
}

/// A null result is a result: it has to be told from none.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// The text of a request; `params` must be JSON.
#[must_use]
pub fn request(method: &str, params: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":{},"params":{params}}}"#,
        Value::from(method)
    )
}

/// Asks at `suffix` below the endpoint's address.
///
/// # Errors
/// See [`AskFault`].
pub async fn ask(
    endpoint: &HttpEndpoint,
    suffix: &str,
    body: String,
    patience_ms: u64,
) -> Result<Answered, AskFault> {
    let answer = endpoint.post(suffix, body, patience_ms).await?;
    let read = read(&answer);
    match &read {
        Err(AskFault::Unreadable(_)) => endpoint.answered_unreadably(),
        Err(AskFault::Refused(error)) if RATE_LIMIT_CODES.contains(&error.code) => {
            endpoint.rest(ENVELOPE_REST_MS);
            return Err(ExchangeFault::TooManyRequests {
                retry_after_ms: ENVELOPE_REST_MS,
            }
            .into());
        }
        _ => {}
    }
    read
}

fn read(answer: &HttpAnswer) -> Result<Answered, AskFault> {
    let unreadable =
        |fault: String| AskFault::Unreadable(format!("HTTP {}, {fault}", answer.status.as_u16()));
    let envelope: Envelope<'_> =
        serde_json::from_slice(&answer.body).map_err(|fault| unreadable(fault.to_string()))?;
    if let Some(error) = envelope.error {
        return Err(AskFault::Refused(RpcError {
            code: error.code,
            message: excerpt(&error.message, MOST_MESSAGE_BYTES),
            data: error.data,
        }));
    }
    let result = envelope
        .result
        .ok_or_else(|| unreadable("neither a result nor an error".to_owned()))?;
    let bundle_id = answer
        .headers
        .get("x-bundle-id")
        .and_then(|value| value.to_str().ok());
    Ok(Answered {
        result: result.to_owned(),
        bundle_id: bundle_id.map(str::to_owned),
    })
}
