//! What an operator tells a signer: asked first when it runs, written into its gate file when it does not answer.

use crate::client;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::fault::{Fault, Internal, Invalid};
use crate::gate::{Adoption, Gate};
use crate::policy::Scope;
use serde_json::{Value, json};
use std::time::Duration;
use tradewind_core::decode::solana::Key;

const ASK_TIME: Duration = Duration::from_secs(2);

/// Halts. Unless the signer says that it is halted, the epoch goes into its gate file, where a signer that
/// hangs, or starts later, finds it before its next signature.
///
/// # Errors
/// The gate file cannot be written.
pub fn halt(config: &Config, scope: &Scope, reason: &str, by: &str) -> Result<(), Fault> {
    let request = json!({
        "op": "halt", "reason": reason, "by": by,
        "wallet": scope.wallet(), "strategy_id": scope.strategy_id(),
    });
    let why = match client::ask(&config.socket, &request, ASK_TIME) {
        Ok(answer) if answer["ok"]["halted"] == true => return show(&answer),
        Ok(answer) => said(&answer).to_owned(),
        Err(error) => error.to_string(),
    };
    let kill_epoch = Gate::open(&config.gate)?.halt(scope, reason, by, SystemClock.now_ms())?;
    eprintln!(
        "the signer at {} did not halt ({why}), so the halt was written into {}",
        config.socket.display(),
        config.gate.display()
    );
    println!("{}", json!({ "kill_epoch": kill_epoch, "halted": true }));
    Ok(())
}

/// Records that nonces were used outside the gate.
///
/// # Errors
/// `wallet_unknown`, `chain_not_allowed`, `not_halted`, `nonce_reused`, or the gate file cannot be written.
pub fn adopt_nonce(config: &Config, adoption: &Adoption) -> Result<(), Fault> {
    let Adoption {
        wallet,
        chain_id,
        nonce,
        by,
    } = adoption;
    let wallet_text = wallet.to_checksum(None);
    let request = json!({
        "op": "adopt_nonce", "wallet": wallet_text, "chain_id": chain_id, "nonce": nonce, "by": by,
    });
    if let Ok(answer) = client::ask(&config.socket, &request, ASK_TIME) {
        return show(&answer);
    }
    config.policy.chain_of(*wallet, *chain_id)?;
    Gate::open(&config.gate)?.adopt_nonce(adoption, SystemClock.now_ms())?;
    println!("{}", json!({ "next_nonce": nonce }));
    Ok(())
}

/// Records that nothing another gate signed for a wallet is under way.
///
/// # Errors
/// `wallet_unknown`, `chain_not_allowed`, `cold_start`, or the gate file cannot be written.
pub fn adopt_wallet(config: &Config, wallet: Key, chain_id: u64, by: &str) -> Result<(), Fault> {
    let request = json!({
        "op": "adopt_wallet", "wallet": wallet.to_string(), "chain_id": chain_id, "by": by,
    });
    if let Ok(answer) = client::ask(&config.socket, &request, ASK_TIME) {
        return show(&answer);
    }
    config.policy.solana_of(wallet, chain_id)?;
    Gate::open(&config.gate)?.adopt_wallet(wallet, chain_id, by, SystemClock.now_ms())?;
    println!("{}", json!({ "adopted": true }));
    Ok(())
}

/// Asks the running signer and prints its answer.
///
/// # Errors
/// `signer_unreachable`, or what the signer said against it.
pub fn ask(config: &Config, request: &Value) -> Result<(), Fault> {
    show(&exchange(config, request)?)
}

fn exchange(config: &Config, request: &Value) -> Result<Value, Internal> {
    client::ask(&config.socket, request, ASK_TIME).map_err(|error| Internal {
        code: "signer_unreachable",
        message: format!("no signer answers at {} ({error})", config.socket.display()),
    })
}

/// Prints the limits of the running signer, one a line, each with what waits for it.
///
/// # Errors
/// `signer_unreachable`, or what the signer said against it.
pub fn limits(config: &Config) -> Result<(), Fault> {
    let answer = exchange(config, &json!({ "op": "limits" }))?;
    let Some(limits) = answer["ok"]["limits"].as_array() else {
        return show(&answer);
    };
    let now_ms = answer["ok"]["now_ms"].as_u64().unwrap_or_default();
    for limit in limits {
        let value = |of: &Value| of["value"].as_str().unwrap_or("unlimited").to_owned();
        let ceiling = limit["ceiling"].as_str().unwrap_or("unlimited");
        println!(
            "{} {} (ceiling {ceiling})",
            text(&limit["key"]),
            value(limit)
        );
        for waits in limit["pending"].as_array().into_iter().flatten() {
            let at_ms = waits["effective_at_ms"].as_u64().unwrap_or_default();
            let (wait_s, by) = (
                at_ms.saturating_sub(now_ms).div_ceil(1000),
                text(&waits["by"]),
            );
            println!(
                "    {} in {wait_s} s (at {at_ms} ms), by {by}",
                value(waits)
            );
        }
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn show(answer: &Value) -> Result<(), Fault> {
    if let Some(ok) = answer.get("ok") {
        println!("{ok}");
        return Ok(());
    }
    Err(Fault::Invalid(Invalid {
        code: "refused",
        field: String::new(),
        message: said(answer).to_owned(),
    }))
}

/// What the signer said against a request.
fn said(answer: &Value) -> &str {
    let against = answer.get("refused").or_else(|| answer.get("error"));
    against
        .and_then(|against| against["message"].as_str())
        .unwrap_or("it gave no readable answer")
}
