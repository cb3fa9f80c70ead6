//! What the policy refuses on Solana, rule by rule, and what it lets through.

mod circles;
mod configuration;
mod costs;

use crate::bench::Bench;
use crate::solana_orders::*;
use serde_json::json;
use tradewind_signer::fault::Rule;

fn check(bench: &Bench, order: &SolanaOrder) -> Option<String> {
    let answer = bench.ok(&order.check_request());
    answer["rule"].as_str().map(str::to_owned)
}

#[track_caller]
fn refused(bench: &Bench, order: &SolanaOrder, rule: Rule) {
    assert_eq!(check(bench, order).as_deref(), Some(rule.name()));
    assert_eq!(bench.rule(&order.request()), Some(rule));
    assert_eq!(bench.folder.count("solana_attempts"), 0);
}

#[track_caller]
fn passes(bench: &Bench, order: &SolanaOrder) {
    let answer = bench.ok(&order.check_request());
    assert_eq!(answer, json!({ "passed": true }));
}

fn swap() -> SolanaOrder {
    SolanaOrder::new("swap")
}

#[test]
fn passes_the_recommended_shape_of_a_trade() {
    let order = SolanaOrder::of(
        "shape",
        &[
            units(200_000),
            price(10_000),
            create_account(WSOL_ACCOUNT, WALLET, WSOL, TOKEN),
            create_account(PYUSD_ACCOUNT, WALLET, PYUSD, TOKEN_2022),
            transfer(WSOL_ACCOUNT, SOL),
            sync(WSOL_ACCOUNT),
            cpmm(IN, OUT, SOL, 149_000_000),
            close(WSOL_ACCOUNT, WALLET),
            transfer(TIP_ACCOUNT, 100_000),
        ],
        (WSOL, USDC, SOL, 150_000_000),
    );
    passes(&bench(), &order);
}

#[test]
fn refuses_a_program_that_is_not_listed_and_names_the_instruction() {
    let bench = bench();
    let memo = ix(
        "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr",
        vec![],
        &[b"hi"],
    );
    refused(&bench, &swap().and(memo.clone()), Rule::ProgramNotAllowed);
    let message = bench.message(&swap().and(memo).request());
    assert!(
        message.starts_with("instruction 3 (MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr)"),
        "{message}"
    );
}

#[test]
fn refuses_instructions_of_listed_programs_that_are_not_read() {
    let bench = bench();
    let own = vec![
        (key(USDC_ACCOUNT), true),
        (stranger(9), false),
        (key(WALLET), false),
    ];
    let wallet = vec![(key(WALLET), true), (stranger(9), true)];
    for (what, it) in [
        (
            "approve",
            ix(TOKEN, own.clone(), &[&[4], &5_u64.to_le_bytes()]),
        ),
        (
            "set authority",
            ix(TOKEN, own.clone(), &[&[6, 2, 1], &[9; 32]]),
        ),
        (
            "plain transfer",
            ix(TOKEN, own.clone(), &[&[3], &5_u64.to_le_bytes()]),
        ),
        ("burn", ix(TOKEN, own, &[&[8], &5_u64.to_le_bytes()])),
        (
            "assign",
            ix(SYSTEM, wallet.clone(), &[&[1, 0, 0, 0], &[9; 32]]),
        ),
        ("advance nonce", ix(SYSTEM, wallet, &[&[4, 0, 0, 0]])),
        (
            "account creation that fails twice",
            ix(
                ATA,
                create_account(USDC_ACCOUNT, WALLET, USDC, TOKEN).accounts,
                &[&[0]],
            ),
        ),
        (
            "heap frame",
            ix(COMPUTE_BUDGET, vec![], &[&[1], &65_536_u32.to_le_bytes()]),
        ),
        ("a second limit", units(1)),
        (
            "limit with a tail",
            ix(COMPUTE_BUDGET, vec![], &[&[3], &1_u64.to_le_bytes(), &[0]]),
        ),
        (
            "deposit into a pool",
            ix(CPMM, swap().instructions[2].accounts.clone(), &[&[9; 8]]),
        ),
        ("other call of Kamino", ix(KAMINO, vec![], &[&[9; 8]])),
    ] {
        let order = swap().and(it);
        assert_eq!(
            check(&bench, &order).as_deref(),
            Some("instruction_not_allowed"),
            "{what}"
        );
    }
}

#[test]
fn refuses_to_sign_for_another_payer_or_with_others() {
    let bench = bench();
    let order = swap();
    let mut bytes = order.bytes();
    bytes[69..101].fill(9);
    assert_eq!(bench.rule(&order.request_of(&bytes)), Some(Rule::FeePayer));
    let mut bytes = order.bytes();
    bytes[0] = 2;
    bytes.splice(65..65, [0; 64]);
    bytes[129] = 2;
    assert_eq!(bench.rule(&order.request_of(&bytes)), Some(Rule::FeePayer));
}

#[test]
fn refuses_what_is_signed_already_or_longer_than_the_network_carries() {
    let bench = bench();
    let mut bytes = swap().bytes();
    bytes[30] = 1;
    assert_eq!(
        bench.rule(&swap().request_of(&bytes)),
        Some(Rule::TransactionType)
    );
    let many = (0..10).fold(swap(), |order, n| {
        order.and(ix(
            SYSTEM,
            (0..4).map(|m| (stranger(130 + 4 * n + m), true)).collect(),
            &[&[2, 0, 0, 0], &[0; 8]],
        ))
    });
    refused(&bench, &many, Rule::TransactionType);
}

#[test]
fn refuses_a_swap_whose_sides_are_not_the_wallets_own_accounts() {
    let bench = bench();
    let swapped = |with: Ix| swap().with(|o| o.instructions[2] = with);
    for place in [0, 4, 5] {
        let mut it = swap().instructions[2].clone();
        it.accounts[place].0 = stranger(200);
        refused(&bench, &swapped(it), Rule::SwapAccounts);
    }
    // The recipient's account is none of the wallet's.
    let mut it = swap().instructions[2].clone();
    it.accounts[5].0 = key(RECIPIENT_USDC);
    refused(&bench, &swapped(it), Rule::SwapAccounts);
}

#[test]
fn refuses_a_swap_with_an_account_of_the_wallet_where_the_pools_belong() {
    let bench = bench();
    for (place, own) in [(6, PYUSD_ACCOUNT), (7, WSOL_ACCOUNT), (12, WALLET)] {
        let mut it = swap().instructions[2].clone();
        it.accounts[place].0 = key(own);
        refused(
            &bench,
            &swap().with(|o| o.instructions[2] = it),
            Rule::SwapAccounts,
        );
    }
}

#[test]
fn refuses_a_mint_that_the_instruction_names_otherwise() {
    let order =
        swap().with(|o| o.instructions[2] = cpmm(IN, (USDC_ACCOUNT, PYUSD), SOL, 149_000_000));
    refused(&bench(), &order, Rule::SwapAccounts);
}

#[test]
fn refuses_a_minimum_further_from_the_quote_than_the_cap() {
    let bench = bench();
    let least = |raw| swap().with(|o| o.instructions[2] = cpmm(IN, OUT, SOL, raw));
    passes(&bench, &least(148_500_000));
    refused(&bench, &least(148_499_999), Rule::Slippage);
    refused(&bench, &least(0), Rule::Slippage);
    refused(&bench, &swap().with(|o| o.quoted.3 = 0), Rule::Slippage);
}

#[test]
fn refuses_an_input_that_is_not_the_quoted_one() {
    let bench = bench();
    refused(
        &bench,
        &swap().with(|o| o.quoted.2 += 1),
        Rule::QuoteMismatch,
    );
    refused(
        &bench,
        &swap().with(|o| o.quoted.0 = PYUSD.to_owned()),
        Rule::Slippage,
    );
}

#[test]
fn holds_the_most_that_an_exact_output_costs_against_the_quote() {
    let bench = bench();
    let most = |raw| swap().with(|o| o.instructions[2] = cpmm_out(IN, OUT, raw, 150_000_000));
    passes(&bench, &most(1_010_000_000));
    refused(&bench, &most(1_010_000_001), Rule::Slippage);
}

#[test]
fn refuses_an_exact_output_that_a_price_limit_could_cut_short() {
    let bench = bench();
    let with = |price_limit| {
        swap().with(|o| o.instructions[2] = whirlpool(150_000_000, SOL, price_limit, false))
    };
    passes(&bench, &with(0));
    refused(&bench, &with(1), Rule::InstructionNotAllowed);
    let exact_in = swap().with(|o| o.instructions[2] = whirlpool(SOL, 149_000_000, 1, true));
    passes(&bench, &exact_in);
}

#[test]
fn refuses_two_hops_whose_accounts_in_between_can_be_anybodys() {
    let bench = bench();
    let mut accounts: Vec<_> = (0..20).map(|n| (stranger(120 + n), true)).collect();
    for (place, text) in [
        (0, TOKEN),
        (1, WALLET),
        (4, WSOL_ACCOUNT),
        (10, USDC_ACCOUNT),
    ] {
        accounts[place].0 = key(text);
    }
    let tag = [0xc3, 0x60, 0xed, 0x6c, 0x44, 0xa2, 0xdb, 0xe6];
    let (amount, least) = (SOL.to_le_bytes(), 149_000_000_u64.to_le_bytes());
    let hops = ix(
        WHIRLPOOL,
        accounts,
        &[&tag, &amount, &least, &[1, 1, 1], &[0; 32]],
    );
    let order = swap().with(|o| o.instructions[2] = hops);
    refused(&bench, &order, Rule::InstructionNotAllowed);
}

#[test]
fn a_curves_trade_counts_as_lamports_also_where_it_names_an_account_of_wrapped_sol() {
    let program = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P";
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
    let mut accounts: Vec<_> = (0..17).map(|n| (stranger(150 + n), true)).collect();
    for (place, text) in [
        (1, PYUSD),
        (2, WSOL),
        (8, WALLET),
        (9, PYUSD_ACCOUNT),
        (10, WSOL_ACCOUNT),
    ] {
        accounts[place].0 = key(text);
    }
    let tag = [0xe1, 0xf7, 0x50, 0x1e, 0xd5, 0xb3, 0x84, 0x88];
    let (lamports, least) = (5_000_000_u64, 745_000_u64);
    let buy = ix(
        program,
        accounts,
        &[&tag, &lamports.to_le_bytes(), &least.to_le_bytes()],
    );
    let trade = |paid| {
        SolanaOrder::of(
            paid,
            &[units(1), buy.clone()],
            (paid, PYUSD, lamports, 750_000),
        )
    };
    refused(&bench, &trade(WSOL), Rule::Slippage);
    passes(&bench, &trade(NATIVE));
}

#[test]
fn a_route_may_spend_in_between_what_it_is_sure_to_get_and_no_more() {
    let bench = bench();
    let through = |second_in| {
        SolanaOrder::of(
            "route",
            &[
                units(1),
                cpmm(IN, THIRD, SOL, 150_000_000),
                cpmm(THIRD, OUT, second_in, 149_000_000),
            ],
            (WSOL, USDC, SOL, 150_000_000),
        )
    };
    passes(&bench, &through(150_000_000));
    passes(&bench, &through(149_999_999));
    refused(&bench, &through(150_000_001), Rule::Slippage);
}

#[test]
fn refuses_a_second_trade_that_nobody_quoted() {
    let bench = bench();
    refused(
        &bench,
        &swap().and(cpmm(THIRD, OUT, 900_000_000, 0)),
        Rule::Slippage,
    );
}

#[test]
fn believes_a_table_that_is_pinned_and_no_other_where_it_matters() {
    let bench = bench();
    let keys = vec![key(WSOL), key(USDC_ACCOUNT), key(TIP_ACCOUNT)];
    passes(
        &bench,
        &swap().with(|o| o.table = Some((key(PINNED), keys.clone()))),
    );
    let unpinned = stranger(220);
    // Said to hold the wallet's account, and said to hold a stranger's: neither can be believed.
    for said in [key(USDC_ACCOUNT), stranger(221)] {
        let order = swap().with(|o| {
            o.table = Some((unpinned, vec![key(USDC_ACCOUNT)]));
            o.tables = json!({ unpinned.to_string(): { "0": said.to_string() } });
        });
        refused(&bench, &order, Rule::LookupTable);
    }
    let pool = swap().with(|o| o.table = Some((unpinned, vec![stranger(104), stranger(103)])));
    refused(&bench, &pool, Rule::LookupTable);
    let said = json!({ unpinned.to_string(): { "0": stranger(104).to_string(), "1": stranger(103).to_string() } });
    passes(&bench, &pool.with(|o| o.tables = said));
}
