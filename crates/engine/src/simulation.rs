//! `Simulator`: what a node says that a transaction would do, before anybody signs it.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use thiserror::Error;
use tradewind_core::ChainAddress;
use tradewind_core::solana::TokenAccount;
use tradewind_solana::rpc_pool::RpcPool;
use tradewind_solana::transaction_fault::TransactionFault;

use crate::feed::websocket::decode_account;

/// An opportunity is gone before a slower answer comes.
const TIMEOUT: Duration = Duration::from_secs(2);
const METHOD: &str = "simulateTransaction";

/// What a transaction would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Simulated {
    /// What the watched token account would hold, in raw units; None where it would not be there.
    pub held_raw: Option<u64>,
    /// What it would take.
    pub compute_units: Option<u64>,
}

/// Why a transaction is not worth a signature.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotSimulated {
    /// A program, or the chain, refuses it.
    #[error("it would fail: {}", told(.0))]
    Fails(Box<TransactionFault>),
    /// Nobody says.
    #[error(
        "no node says what it would do: {0}; see that an endpoint is up, or switch simulate off"
    )]
    Untold(String),
}

impl NotSimulated {
    /// The stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Fails(_) => "simulation_failed",
            Self::Untold(_) => "simulation_untold",
        }
    }
}

/// The fault, and the last that a program said of it.
fn told(fault: &TransactionFault) -> String {
    let mut words = fault.name.clone();
    if let Some(place) = fault.instruction {
        let name = fault.instruction_error.as_deref().unwrap_or("unknown");
        words = format!("instruction {place}: {name}");
    }
    if let Some(number) = fault.custom {
        words = format!("{words} {number}");
    }
    let said = |line: &&String| line.contains("Error") || line.contains("failed");
    match fault.logs.iter().rev().find(said) {
        Some(line) => format!("{words} ({line})"),
        None => words,
    }
}

/// Asks one cluster.
#[derive(Debug, Clone)]
pub struct Simulator(Arc<RpcPool>);

impl Simulator {
    /// Over these endpoints.
    #[must_use]
    pub const fn new(pool: Arc<RpcPool>) -> Self {
        Self(pool)
    }

    /// On the newest state, without a signature and with a blockhash of the node's own.
    ///
    /// # Errors
    /// See [`NotSimulated`].
    pub async fn simulate(
        &self,
        wire: &[u8],
        watched: ChainAddress,
    ) -> Result<Simulated, NotSimulated> {
        let how = json!({
            "encoding": "base64", "commitment": "processed", "sigVerify": false,
            "replaceRecentBlockhash": true,
            "accounts": {"encoding": "base64", "addresses": [watched.to_string()]},
        });
        let params = json!([STANDARD.encode(wire), how]).to_string();
        let untold = |why: String| NotSimulated::Untold(why);
        let told = tokio::time::timeout(TIMEOUT, self.0.call(METHOD, &params)).await;
        let told = told.map_err(|_| untold(format!("none within {} ms", TIMEOUT.as_millis())))?;
        let told = told.map_err(|fault| untold(fault.to_string()))?;
        read(told.get(), watched)
    }
}

fn read(told: &str, watched: ChainAddress) -> Result<Simulated, NotSimulated> {
    let malformed = || NotSimulated::Untold("the answer has another form".to_owned());
    let told: Value = serde_json::from_str(told).map_err(|_| malformed())?;
    let value = told.get("value").filter(|value| value.is_object());
    let value = value.ok_or_else(malformed)?;
    let err = value.get("err").ok_or_else(malformed)?;
    if let Some(fault) = TransactionFault::read(err, value.get("logs")) {
        return Err(NotSimulated::Fails(Box::new(fault)));
    }
    let account = decode_account(watched, &value["accounts"][0]);
    let held = account.and_then(|account| TokenAccount::decode(watched, &account.account()).ok());
    Ok(Simulated {
        held_raw: held.map(|held| held.amount_raw),
        compute_units: value["unitsConsumed"].as_u64(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WATCHED: ChainAddress = ChainAddress::Solana([7; 32]);

    #[test]
    fn a_fault_is_told_with_the_programs_own_words() {
        let told = json!({"context": {"slot": 1}, "value": {
            "err": {"InstructionError": [3, {"Custom": 30}]},
            "logs": ["Program 675k invoke [1]", "Program log: Error: exceeds desired slippage limit", "Program 675k consumed 9"],
            "accounts": [null], "unitsConsumed": 9,
        }});
        let fault = read(&told.to_string(), WATCHED).expect_err("it fails");
        assert_eq!(fault.code(), "simulation_failed");
        assert_eq!(
            fault.to_string(),
            "it would fail: instruction 3: custom 30 (Program log: Error: exceeds desired slippage limit)"
        );
    }

    #[test]
    fn an_answer_of_another_form_is_no_success() {
        for told in ["{}", "null", "[]", r#"{"value": {}}"#, "x"] {
            let fault = read(told, WATCHED).expect_err(told);
            assert_eq!(fault.code(), "simulation_untold");
        }
        let fine =
            json!({"value": {"err": null, "logs": [], "accounts": [null], "unitsConsumed": 9}});
        let read = read(&fine.to_string(), WATCHED).expect("read");
        assert_eq!((read.held_raw, read.compute_units), (None, Some(9)));
    }
}
