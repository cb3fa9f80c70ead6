//! Configurations of Solana that are read, and those that are refused.

use super::circles::{BREAK_EVEN, circle};
use super::{passes, refused, swap};
use crate::solana_orders::*;
use serde_json::json;
use tradewind_signer::fault::Rule;

#[test]
fn the_example_configuration_is_read() {
    let text = include_str!("../../../../../src/tradewind/configs/signer_solana.toml");
    let config = tradewind_signer::config::Config::parse(text, std::path::Path::new("/")).unwrap();
    assert_eq!(config.policy.solana[&101].tokens.len(), 3);
}

#[test]
fn refuses_a_configuration_that_could_not_mean_what_it_says() {
    let cases = [
        (
            format!("\"{KAMINO}\"]"),
            format!("\"{RECIPIENT}\"]"),
            "is no program whose instructions are read",
        ),
        (
            format!("address = \"{NATIVE}\"\n"),
            format!("address = \"{RECIPIENT}\"\n"),
            "must list the native coin",
        ),
        (
            "blockhash_life_s = 120".into(),
            "blockhash_life_s = 120\nevidence_quorum = 1".into(),
            "must be from 2 to 16",
        ),
        (
            "program = \"token_2022\"".into(),
            "program = \"token_3\"".into(),
            "must be \"token\"",
        ),
        (
            "assumed_fee_bps = 1 ".into(),
            "assumed_fee_bps = 5000 ".into(),
            "must be at most 1000",
        ),
        (
            "max_compute_units = 400000".into(),
            "max_compute_units = 0".into(),
            "must be from 1 to 1400000",
        ),
        (
            "chains = [101]".into(),
            "chains = [42161]".into(),
            "no [chains.42161]",
        ),
        (
            WALLET.to_owned(),
            "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266".into(),
            "addresses of another kind",
        ),
        (
            WALLET.to_owned(),
            "FVen3X669xLzsi6N2V91".into(),
            "must be 32 bytes in base58",
        ),
    ];
    for (from, to, expected) in cases {
        let text = config().replacen(&from, &to, 1);
        assert_ne!(text, config(), "{from}");
        let wrong =
            tradewind_signer::config::Config::parse(&text, std::path::Path::new("/")).unwrap_err();
        assert!(wrong.to_string().contains(expected), "{to}: {wrong}");
    }
}

#[test]
fn a_looser_term_waits_and_a_tighter_one_counts_at_once() {
    let mut bench = bench();
    bench.restart(Some(
        &config().replace("max_tip_lamports = 100000", "max_tip_lamports = 200000"),
    ));
    let tip = |raw| swap().and(transfer(TIP_ACCOUNT, raw));
    refused(&bench, &tip(150_000), Rule::TipCap);
    let later = bench.now_s() + 600;
    passes(bench.at(later), &tip(150_000));
    let key = "chain.101.max_tip_lamports";
    bench.ok(&json!({ "op": "set_limit", "key": key, "value": "10", "by": "x" }));
    refused(&bench, &tip(11), Rule::TipCap);
    bench.restart(Some(
        &config().replace("assumed_fee_bps = 1 ", "assumed_fee_bps = 0 "),
    ));
    refused(&bench, &circle(4 * SOL, BREAK_EVEN - 1), Rule::MinProfit);
}

#[test]
fn a_wallet_or_a_strategy_of_another_kind_of_chain_is_refused() {
    let bench = bench();
    let mut request = swap().request();
    request["chain_id"] = json!(42161);
    assert_eq!(bench.rule(&request), Some(Rule::ChainNotAllowed));
    request["chain_id"] = json!(101);
    request["wallet"] = json!(RECIPIENT);
    assert_eq!(bench.rule(&request), Some(Rule::WalletUnknown));
}
