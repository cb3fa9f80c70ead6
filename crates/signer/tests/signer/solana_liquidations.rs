//! Liquidations of Kamino: of listed reserves, by listed wallets, within a circular trade that brings what any must.

use crate::bench::{Bench, START_S};
use crate::solana_orders::*;
use serde_json::{Value, json};
use tradewind_signer::config::Config;
use tradewind_signer::fault::Rule;

/// The mint of 32 times 201, and the wallet's associated account for it, as solders 0.29 derives that.
const COLLATERAL: &str = "EahQmXc3rwhY3CH1g3ZgUx8L4vHTNmzpK1xtiQ1RAxq6";
const COLLATERAL_ACCOUNT: &str = "2sDNFP6aynmkDxHN1FVs1Tz1csnW94qTpHfpxy3xPEsc";
const OTHERS_COLLATERAL_ACCOUNT: &str = "DwgRLWiENyW6wZNqNqovKSEVPxUu2DUGu1CcxqJ3VRLJ";
const USDC_RESERVE: &str = "D6q6wuQSrifJKZYpR1M8R4YawnLDtDsMmWM1NbBmgJ59";
/// Anchor's discriminators, as npm `@kamino-finance/klend-sdk` 8.0.2 has them.
const REFRESH_RESERVE: [u8; 8] = [2, 218, 138, 235, 79, 201, 25, 102];
const REFRESH_OBLIGATION: [u8; 8] = [33, 132, 147, 228, 151, 192, 72, 89];
const LIQUIDATE: [u8; 8] = [177, 71, 154, 188, 226, 133, 74, 55];
const LIQUIDATE_V2: [u8; 8] = [162, 161, 35, 143, 30, 187, 185, 103];
const REPAID: u64 = 4 * SOL;
const RECEIVED: u64 = 600_000_000;
/// One basis point to the lender, a token account of the collateral's, 5,000 lamports to the network.
const BREAK_EVEN: u64 = REPAID + 400_000 + 2_282_880 + 5_000;

fn section() -> String {
    format!(
        r#"[chains.101.liquidations]
wallets = ["{WALLET}"]
[[chains.101.liquidations.reserves]]
reserve = "{RESERVE}"
mint = "{WSOL}"
collateral_mint = "{COLLATERAL}"
max_repaid_per_transaction = "4"
[[chains.101.liquidations.reserves]]
reserve = "{USDC_RESERVE}"
mint = "{USDC}"
collateral_mint = "{COLLATERAL}"
max_repaid_per_transaction = "0"
"#
    )
}

fn with_section() -> String {
    config().replacen(
        "[[chains.101.tokens]]",
        &format!("{}[[chains.101.tokens]]", section()),
        1,
    )
}

fn under(config: &str) -> Bench {
    let folder = folder();
    folder.write("signer.toml", config);
    let bench = Bench::over(folder);
    bench.ok(&adoption(WALLET));
    bench
}

fn refresh(tag: [u8; 8], first: Key) -> Ix {
    ix(KAMINO, vec![(first, true), (stranger(141), false)], &[&tag])
}

type Key = tradewind_core::decode::solana::Key;

/// The accounts in the program's order, with the farms behind them.
fn liquidate(tag: [u8; 8], amounts: [u64; 3]) -> Ix {
    let mut accounts: Vec<_> = (140..162).map(|n| (stranger(n), true)).collect();
    for (place, text) in [
        (0, WALLET),
        (4, RESERVE),
        (7, USDC_RESERVE),
        (13, WSOL_ACCOUNT),
        (14, COLLATERAL_ACCOUNT),
        (15, USDC_ACCOUNT),
        (16, TOKEN),
        (17, TOKEN),
        (18, TOKEN),
    ] {
        accounts[place].0 = key(text);
    }
    let amounts: Vec<u8> = amounts.iter().flat_map(|it| it.to_le_bytes()).collect();
    ix(KAMINO, accounts, &[&tag, &amounts])
}

const AT: usize = 5;

fn liquidation(back: u64) -> SolanaOrder {
    let far: Vec<Key> = (100..180).map(stranger).collect();
    let places = far.iter().enumerate();
    let said: serde_json::Map<String, Value> = places
        .map(|(place, key)| (place.to_string(), json!(key.to_string())))
        .collect();
    let table = stranger(220);
    SolanaOrder::of(
        "liquidation",
        &[
            units(400_000),
            create_account(COLLATERAL_ACCOUNT, WALLET, COLLATERAL, TOKEN),
            borrow(RESERVE, REPAID),
            refresh(REFRESH_RESERVE, key(RESERVE)),
            refresh(REFRESH_OBLIGATION, stranger(140)),
            liquidate(LIQUIDATE_V2, [REPAID, RECEIVED, 0]),
            cpmm(OUT, IN, RECEIVED, back),
            repay(RESERVE, REPAID, 2),
        ],
        (WSOL, WSOL, REPAID, back),
    )
    .with(|o| {
        o.table = Some((table, far));
        o.tables = json!({ table.to_string(): said });
    })
}

fn changed(change: impl FnOnce(&mut Ix)) -> SolanaOrder {
    liquidation(BREAK_EVEN).with(|o| change(&mut o.instructions[AT]))
}

#[test]
fn without_the_section_nothing_is_liquidated_and_the_remedy_names_it() {
    let bench = bench();
    let order = liquidation(BREAK_EVEN).with(|o| drop(o.instructions.remove(1)));
    refused(&bench, &order, Rule::Liquidation);
    let message = bench.message(&order.request());
    assert!(
        message.contains("[chains.101.liquidations].wallets"),
        "{message}"
    );
    refused(&bench, &liquidation(BREAK_EVEN), Rule::TokenNotAllowed);
}

#[test]
fn a_liquidation_with_a_loan_brings_what_a_circular_trade_must() {
    let bench = under(&with_section());
    refused(&bench, &liquidation(BREAK_EVEN - 1), Rule::MinProfit);
    let first_form =
        liquidation(BREAK_EVEN).with(|o| o.instructions[AT].data[..8].copy_from_slice(&LIQUIDATE));
    let passes = bench.ok(&first_form.check_request());
    assert_eq!(passes, json!({ "passed": true }));
    bench.ok(&liquidation(BREAK_EVEN).request());
}

#[test]
fn without_a_loan_the_debt_is_paid_from_the_limits_of_its_mint() {
    let own = |back| {
        liquidation(back).with(|o| {
            o.instructions.remove(7);
            o.instructions.remove(2);
        })
    };
    let bench = under(&with_section());
    bench.ok(&own(BREAK_EVEN).request());
    let tight = with_section().replacen(
        "max_per_transaction = \"5\"",
        "max_per_transaction = \"3.9\"",
        1,
    );
    refused(&under(&tight), &own(BREAK_EVEN), Rule::AmountPerTransaction);
    under(&tight).ok(&liquidation(BREAK_EVEN).request());
}

#[test]
fn what_it_takes_and_gives_goes_through_the_wallets_own_accounts_only() {
    let bench = under(&with_section());
    for (place, other) in [
        (0, OTHER_WALLET),
        (13, USDC_ACCOUNT),
        (13, RECIPIENT_USDC),
        (14, OTHERS_COLLATERAL_ACCOUNT),
        (14, USDC_ACCOUNT),
        (15, WSOL_ACCOUNT),
        (15, RECIPIENT_USDC),
        (6, WSOL_ACCOUNT),
        (11, USDC_ACCOUNT),
        (12, COLLATERAL_ACCOUNT),
        (21, PYUSD_ACCOUNT),
    ] {
        let order = changed(|it| it.accounts[place].0 = key(other));
        refused(&bench, &order, Rule::SwapAccounts);
    }
    let elsewhere = changed(|it| {
        it.accounts[14].0 = key(OTHERS_COLLATERAL_ACCOUNT);
        it.accounts[12].0 = key(COLLATERAL_ACCOUNT);
    });
    refused(&bench, &elsewhere, Rule::SwapAccounts);
    for place in [4, 7] {
        let order = changed(|it| it.accounts[place].0 = key(PINNED));
        refused(&bench, &order, Rule::Liquidation);
        // What a table is said to hold is no reserve that can be believed.
        let order = changed(|it| it.accounts[place].0 = stranger(170));
        refused(&bench, &order, Rule::LookupTable);
    }
}

#[test]
fn its_amounts_are_held_to_their_caps_and_to_what_is_sold() {
    let bench = under(&with_section());
    let amounts = |amounts| {
        liquidation(BREAK_EVEN).with(|o| o.instructions[AT] = liquidate(LIQUIDATE_V2, amounts))
    };
    for wrong in [
        [REPAID + 1, RECEIVED, 0],
        [0, RECEIVED, 0],
        [REPAID, 0, 0],
        [REPAID, RECEIVED, 1],
    ] {
        refused(&bench, &amounts(wrong), Rule::Liquidation);
    }
    refused(&bench, &amounts([REPAID, RECEIVED - 1, 0]), Rule::Slippage);
    // Of the second reserve nothing is repaid.
    let swapped = changed(|it| {
        for (place, text) in [
            (4, USDC_RESERVE),
            (7, RESERVE),
            (13, USDC_ACCOUNT),
            (15, WSOL_ACCOUNT),
        ] {
            it.accounts[place].0 = key(text);
        }
    });
    refused(&bench, &swapped, Rule::Liquidation);
    let twice = liquidation(3 * BREAK_EVEN).with(|o| {
        let again = o.instructions[AT].clone();
        o.instructions.insert(AT, again);
    });
    refused(&bench, &twice, Rule::Liquidation);
}

#[test]
fn a_liquidation_that_keeps_what_it_takes_is_refused() {
    let bench = under(&with_section());
    let keeping = liquidation(BREAK_EVEN).with(|o| {
        o.instructions.truncate(AT + 1);
        o.instructions.remove(2);
        o.quoted = (WSOL.to_owned(), USDC.to_owned(), REPAID, RECEIVED);
    });
    refused(&bench, &keeping, Rule::Liquidation);
}

#[test]
fn a_refresh_moves_nothing_and_holds_nothing_of_the_wallet() {
    let bench = under(&with_section());
    for place in 0..2 {
        for own in [WALLET, USDC_ACCOUNT] {
            let order =
                liquidation(BREAK_EVEN).with(|o| o.instructions[3].accounts[place].0 = key(own));
            refused(&bench, &order, Rule::SwapAccounts);
        }
    }
    let longer = liquidation(BREAK_EVEN).with(|o| o.instructions[3].data.push(0));
    refused(&bench, &longer, Rule::InstructionNotAllowed);
    let longer = changed(|it| it.data.push(0));
    refused(&bench, &longer, Rule::InstructionNotAllowed);
    let fewer = changed(|it| it.accounts.truncate(19));
    refused(&bench, &fewer, Rule::InstructionNotAllowed);
}

#[test]
fn only_the_accounts_of_listed_collateral_are_made() {
    let bench = under(&with_section());
    for it in [
        create_account(OTHERS_COLLATERAL_ACCOUNT, WALLET, COLLATERAL, TOKEN),
        create_account(COLLATERAL_ACCOUNT, WALLET, COLLATERAL, TOKEN_2022),
        create_account(COLLATERAL_ACCOUNT, WALLET, PINNED, TOKEN),
    ] {
        let order = liquidation(BREAK_EVEN).with(|o| o.instructions[1] = it);
        refused(&bench, &order, Rule::TokenNotAllowed);
    }
}

#[test]
fn the_section_waits_as_every_other_raise_and_other_mints_of_a_reserve_are_another_term() {
    let mut bench = under(&config());
    bench.restart(Some(&with_section()));
    refused(&bench, &liquidation(BREAK_EVEN), Rule::TokenNotAllowed);
    bench.at(START_S + 600);
    let passed = json!({ "passed": true });
    assert_eq!(bench.ok(&liquidation(BREAK_EVEN).check_request()), passed);
    let other = with_section().replacen(
        &format!("collateral_mint = \"{COLLATERAL}\""),
        &format!("collateral_mint = \"{PINNED}\""),
        1,
    );
    bench.restart(Some(&other));
    refused(&bench, &liquidation(BREAK_EVEN), Rule::Liquidation);
    bench.restart(Some(&with_section()));
    refused(&bench, &liquidation(BREAK_EVEN), Rule::Liquidation);
    let key = format!("chain.101.liquidations.reserve.{USDC_RESERVE}.max_repaid_per_transaction");
    bench.ok(&json!({ "op": "set_limit", "key": key, "value": "0", "by": "x" }));
}

#[test]
fn refuses_a_section_that_could_not_mean_what_it_says() {
    for (from, to, expected) in [
        (
            format!("wallets = [\"{WALLET}\"]"),
            format!("wallets = [\"{RECIPIENT}\"]"),
            "which [[wallets]] does not list",
        ),
        (
            format!("mint = \"{USDC}\""),
            format!("mint = \"{COLLATERAL}\""),
            "is not a token of [chains.101]",
        ),
        (
            format!("reserve = \"{USDC_RESERVE}\""),
            format!("reserve = \"{RESERVE}\""),
            "is given twice",
        ),
        (
            "max_repaid_per_transaction = \"4\"".to_owned(),
            "max_repaid_per_transaction = 4".to_owned(),
            "must be one line of text",
        ),
        (
            "max_repaid_per_transaction = \"4\"".to_owned(),
            "max_repaid_per_transaction = \"99999999999\"".to_owned(),
            "more than any mint has",
        ),
    ] {
        let text = with_section().replacen(&section(), &section().replacen(&from, &to, 1), 1);
        assert_ne!(text, with_section(), "{from}");
        let wrong = Config::parse(&text, std::path::Path::new("/")).unwrap_err();
        assert!(wrong.to_string().contains(expected), "{to}: {wrong}");
    }
}

#[test]
fn the_signer_tells_who_may_liquidate_by_the_policy_in_force() {
    let told = |config: &str| under(config).ok(&json!({ "op": "hello" }))["liquidators"].clone();
    assert_eq!(told(&config()), json!([]));
    assert_eq!(told(&with_section()), json!([WALLET]));
}
