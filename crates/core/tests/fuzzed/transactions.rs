//! Transactions of others: any bytes are read or refused, and what is read says the same twice.

use alloy_primitives::{U256, hex};
use base64::Engine;
use serde_json::Value;
use tradewind_core::decode::evm::router::decode_call;
use tradewind_core::decode::{DecodeError, evm, solana};

use super::input::fixture;

pub(crate) fn evm(data: &[u8]) {
    evm::inspect(data);
    match evm::decode_transaction(data) {
        Ok(transaction) => {
            assert!(transaction.data().len() <= data.len());
            assert_eq!(
                transaction.hash().is_some(),
                transaction.signature().is_some()
            );
            let _ = transaction.signing_hash();
        }
        Err(error) => named(&error),
    }
    match decode_call(data, Some(U256::from(data.len())), None) {
        // Each step is paid for by bytes of the call.
        Ok(Some(call)) => assert!(call.steps.len() <= data.len() + 1),
        Ok(None) => {}
        Err(error) => named(&error),
    }
}

pub(crate) fn solana(data: &[u8]) {
    solana::inspect(data);
    let transaction = match solana::decode_transaction(data) {
        Ok(transaction) => transaction,
        Err(error) => return named(&error),
    };
    let Ok(accounts) = transaction.accounts_as_named() else {
        return;
    };
    for instruction in transaction.instructions(&accounts) {
        if let Err(error) = instruction.meaning() {
            named(&error);
        }
    }
}

fn named(error: &DecodeError) {
    assert!(!error.code().is_empty() && !error.to_string().is_empty());
}

fn cases(file: &str, list: &str) -> Vec<Value> {
    let whole: Value = serde_json::from_str(&fixture(file)).unwrap();
    whole[list].as_array().unwrap().clone()
}

/// Recorded transactions and router calls, the shorter ones of each kind.
pub(crate) fn evm_seeds() -> Vec<Vec<u8>> {
    let transactions = cases("decode/evm_transactions.json", "transactions");
    let calls = cases("decode/router_calls.json", "calls");
    let bytes = |case: &Value, field: &str| hex::decode(case[field].as_str()?).ok();
    let raw = transactions.iter().filter_map(|case| bytes(case, "raw"));
    let called = calls.iter().filter_map(|case| bytes(case, "data"));
    let short = |seed: &Vec<u8>| seed.len() < 2_000;
    let raw = raw.filter(short).take(60);
    raw.chain(called.filter(short).take(120)).collect()
}

pub(crate) fn solana_seeds() -> Vec<Vec<u8>> {
    let transactions = cases("decode/solana_transactions.json", "transactions");
    let engine = base64::engine::general_purpose::STANDARD;
    let raw = transactions.iter().filter_map(|case| case["raw"].as_str());
    raw.take(120)
        .map(|text| engine.decode(text).unwrap())
        .collect()
}
