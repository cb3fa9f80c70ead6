//! What stands beside the swaps: fees, tips, rents, payments, and what of them counts.

use super::{passes, refused, swap};
use crate::bench::Bench;
use crate::solana_orders::*;
use serde_json::json;
use tradewind_signer::fault::Rule;

#[test]
fn refuses_fees_and_tips_above_their_caps() {
    let bench = bench();
    refused(
        &bench,
        &swap().with(|o| o.instructions[0] = units(400_001)),
        Rule::ComputeUnits,
    );
    refused(
        &bench,
        &swap().with(|o| drop(o.instructions.remove(0))),
        Rule::ComputeUnits,
    );
    refused(
        &bench,
        &swap().with(|o| o.instructions[1] = price(100_001)),
        Rule::FeeCap,
    );
    // 400,000 units at 87,500 are 35,000 lamports, and 5,000 for the signature.
    let at = |raw| {
        swap().with(|o| (o.instructions[0], o.instructions[1]) = (units(400_000), price(raw)))
    };
    passes(&bench, &at(87_500));
    refused(&bench, &at(87_501), Rule::FeeCap);
    refused(
        &bench,
        &swap().and(transfer(TIP_ACCOUNT, 100_001)),
        Rule::TipCap,
    );
    refused(
        &bench,
        &swap()
            .and(transfer(TIP_ACCOUNT, 1))
            .and(transfer(TIP_ACCOUNT, 1)),
        Rule::TipCap,
    );
}

#[test]
fn a_tip_account_is_among_the_transactions_own_keys() {
    let order = swap().and(transfer(TIP_ACCOUNT, 1)).with(|o| {
        o.table = Some((
            key(PINNED),
            vec![key(WSOL), key(USDC_ACCOUNT), key(TIP_ACCOUNT)],
        ));
    });
    refused(&bench(), &order, Rule::TipCap);
}

#[test]
fn pays_only_listed_recipients_and_nobody_beside_a_swap() {
    let bench = bench();
    let pay = |it| SolanaOrder::of("pay", &[units(1), it], (USDC, USDC, 5_000_000, 0));
    passes(
        &bench,
        &pay(send_tokens(USDC_ACCOUNT, USDC, RECIPIENT_USDC, 5_000_000)),
    );
    let wrong = pay(send_tokens(USDC_ACCOUNT, USDC, RECIPIENT_USDC, 5_000_001));
    refused(&bench, &wrong, Rule::QuoteMismatch);
    let stranger = pay(send_tokens(USDC_ACCOUNT, USDC, PINNED, 5_000_000));
    refused(&bench, &stranger, Rule::Recipient);
    let foreign = pay(send_tokens(RECIPIENT_USDC, USDC, RECIPIENT_USDC, 5_000_000));
    refused(&bench, &foreign, Rule::SwapAccounts);
    refused(&bench, &swap().and(transfer(PINNED, 1)), Rule::Recipient);
    refused(&bench, &swap().and(transfer(RECIPIENT, 1)), Rule::Recipient);
    let lamports = SolanaOrder::of(
        "pay",
        &[units(1), transfer(RECIPIENT, 1_000)],
        (NATIVE, NATIVE, 1_000, 0),
    );
    passes(&bench, &lamports);
    let much = SolanaOrder::of(
        "pay",
        &[units(1), transfer(RECIPIENT, 20_000_000)],
        (NATIVE, NATIVE, 20_000_000, 0),
    );
    refused(&bench, &much, Rule::AmountPerTransaction);
}

#[test]
fn prepares_only_the_wallets_own_accounts() {
    let bench = bench();
    let prepare = |it| SolanaOrder::of("prepare", &[units(1), it], (NATIVE, NATIVE, 0, 0));
    passes(
        &bench,
        &prepare(create_account(USDC_ACCOUNT, WALLET, USDC, TOKEN)),
    );
    passes(&bench, &prepare(transfer(WSOL_ACCOUNT, 7 * SOL)));
    refused(
        &bench,
        &prepare(create_account(RECIPIENT_USDC, RECIPIENT, USDC, TOKEN)),
        Rule::SwapAccounts,
    );
    refused(
        &bench,
        &prepare(create_account(USDC_ACCOUNT, WALLET, USDC, TOKEN_2022)),
        Rule::InstructionNotAllowed,
    );
    refused(
        &bench,
        &prepare(create_account(USDC_ACCOUNT, WALLET, PINNED, TOKEN)),
        Rule::TokenNotAllowed,
    );
    refused(
        &bench,
        &prepare(close(WSOL_ACCOUNT, RECIPIENT)),
        Rule::SwapAccounts,
    );
    refused(
        &bench,
        &prepare(close(USDC_ACCOUNT, WALLET)),
        Rule::InstructionNotAllowed,
    );
    refused(
        &bench,
        &prepare(sync(USDC_ACCOUNT)),
        Rule::InstructionNotAllowed,
    );
}

#[test]
fn amounts_fees_tips_and_rents_count_in_the_budgets() {
    let bench = bench();
    let order = swap().and(transfer(TIP_ACCOUNT, 50_000));
    bench.ok(&order.request());
    let budgets = bench.ok(&json!({ "op": "budgets" }));
    let used = |mint: &str| {
        let all = budgets["budgets"].as_array().unwrap();
        let day = all
            .iter()
            .find(|b| b["token"] == mint && b["window"] == "day");
        day.unwrap()["used_raw"].as_str().unwrap().to_owned()
    };
    assert_eq!(used(WSOL), "1000000000");
    // 5,000 for the signature, 200,000 units at 0.01 lamports, and the tip.
    assert_eq!(used(NATIVE), "57000");
    assert_eq!(used(USDC), "0");
    let big = |name: &str, amount| {
        SolanaOrder::of(
            name,
            &[units(1), cpmm(IN, OUT, amount, 150_000_000)],
            (WSOL, USDC, amount, 150_000_000),
        )
    };
    bench.ok(&big("two", 5 * SOL).request());
    assert_eq!(
        bench.rule(&big("three", 4 * SOL + 1).request()),
        Some(Rule::AmountPerHour)
    );
    bench.ok(&big("four", 4 * SOL).request());
}

#[test]
fn the_accounts_that_pump_makes_at_the_traders_cost_count() {
    let program = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA";
    let folder = folder();
    folder.write(
        "signer.toml",
        &config().replace(
            &format!("\"{CPMM}\""),
            &format!("\"{CPMM}\", \"{program}\""),
        ),
    );
    let bench = Bench::over(folder);
    bench.ok(&adoption(WALLET));
    let mut accounts: Vec<_> = (0..19).map(|n| (stranger(150 + n), true)).collect();
    let own = [WALLET, "", PYUSD, WSOL, PYUSD_ACCOUNT, WSOL_ACCOUNT];
    for (place, text) in own.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
        accounts[place + 1].0 = key(text);
    }
    let tag = [0xc6, 0x2e, 0x15, 0x52, 0xb4, 0xd9, 0xe8, 0x70];
    let buy = ix(
        program,
        accounts,
        &[&tag, &SOL.to_le_bytes(), &149_000_000_u64.to_le_bytes()],
    );
    let order = SolanaOrder::of("pump", &[units(1), buy], (WSOL, PYUSD, SOL, 150_000_000));
    bench.ok(&order.request());
    let reserved: String = bench
        .folder
        .gate()
        .query_row("SELECT reserved_raw FROM outlays", [], |row| row.get(0))
        .unwrap();
    assert_eq!(reserved, (5_000 + 4 * 2_282_880).to_string());
}
