//! Swaps inside transactions: those that the venues' own SDKs build, and those of recorded ones.

use super::{COMPUTE_BUDGET, SYSTEM, base64, fixture, key, list};
use alloy_primitives::hex;
use serde_json::{Value, json};
use tradewind_core::decode::solana::{
    Account, AccountKey, Instruction, Key, Meaning, Swap, decode_transaction,
};
use tradewind_core::evm::Exact;

fn instruction<'a>(program: &str, accounts: &[Key], data: &'a [u8]) -> Instruction<'a> {
    let account = |key: &Key| Account {
        key: AccountKey::Known(*key),
        signer: false,
        writable: false,
    };
    Instruction {
        program: Key::parse(program).unwrap(),
        accounts: accounts.iter().map(account).collect(),
        data,
    }
}

fn named(key: AccountKey) -> Value {
    json!(key.known().map(|key| key.to_string()))
}

fn facts(swap: &Swap) -> Value {
    json!({
        "venue": swap.venue.name(),
        "function": swap.function,
        "exact": if swap.exact == Exact::In { "in" } else { "out" },
        "amount_raw": swap.amount_raw.to_string(),
        "limit_raw": swap.limit_raw.to_string(),
        "sqrt_price_limits_x64": swap.sqrt_price_limits_x64.iter().map(u128::to_string).collect::<Vec<_>>(),
        "pools": swap.pools.iter().copied().map(named).collect::<Vec<_>>(),
        "directions": swap.directions.iter().map(|way| way.name()).collect::<Vec<_>>(),
        "user": named(swap.user),
        "mint_in": swap.mint_in.map(named),
        "mint_out": swap.mint_out.map(named),
        "mints": swap.mints.iter().copied().map(named).collect::<Vec<_>>(),
        "account_in": swap.account_in.map(named),
        "account_out": swap.account_out.map(named),
    })
}

fn read(instruction: &Instruction<'_>) -> Swap {
    match instruction.meaning().unwrap() {
        Meaning::Swap(swap) => *swap,
        other => panic!("no swap: {other:?}"),
    }
}

fn recorded(case: &Value) -> (Vec<Key>, Vec<u8>) {
    let accounts = list(&case["accounts"]).iter().map(key).collect();
    (
        accounts,
        hex::decode(case["data"].as_str().unwrap()).unwrap(),
    )
}

#[test]
fn swaps_built_by_the_venues_own_sdks_decode_to_what_was_asked_of_the_sdks() {
    let fixture = fixture("solana_swaps");
    let cases = list(&fixture["swaps"]);
    assert_eq!(cases.len(), 44);
    for case in cases {
        let (accounts, data) = recorded(case);
        let swap = read(&instruction(
            case["program"].as_str().unwrap(),
            &accounts,
            &data,
        ));
        let found = facts(&swap);
        assert_eq!(
            (&found["venue"], &found["function"]),
            (&case["venue"], &case["function"])
        );
        for (name, wanted) in case["want"].as_object().unwrap() {
            assert_eq!(&found[name], wanted, "{name} of {}", case["function"]);
        }
    }
}

#[test]
fn a_known_swap_cut_short_anywhere_is_refused_and_one_account_less_too() {
    let fixture = fixture("solana_swaps");
    for case in list(&fixture["swaps"]) {
        let (accounts, data) = recorded(case);
        let program = case["program"].as_str().unwrap();
        let tag = if case["venue"] == "raydium_amm_v4" {
            1
        } else {
            8
        };
        let end = tag + 16;
        for cut in tag..end {
            let error = instruction(program, &accounts, &data[..cut])
                .meaning()
                .unwrap_err();
            assert_eq!(error.code(), "instruction_malformed");
        }
        let few = instruction(program, &accounts[..7], &data)
            .meaning()
            .unwrap_err();
        assert_eq!(few.code(), "instruction_malformed");
    }
}

#[test]
fn the_life_of_a_pump_coin_is_read_as_its_trades() {
    let fixture = fixture("solana_transactions");
    let (facts, steps) = list(&fixture["lifecycle"]).split_first().unwrap();
    let mint = AccountKey::Known(key(&facts["mint"]));
    let curve = AccountKey::Known(key(&facts["bonding_curve"]));
    let mut trades = Vec::new();
    for step in steps {
        let raw = base64(&step["raw"]);
        let decoded = decode_transaction(&raw).unwrap();
        let accounts = decoded.accounts_as_named().unwrap();
        for instruction in decoded.instructions(&accounts) {
            if let Meaning::Swap(swap) = instruction.meaning().unwrap() {
                assert_eq!(swap.pools, [curve]);
                assert_eq!(swap.mints[0], mint);
                let coin = if swap.directions[0].name() == "buy" {
                    swap.mint_out
                } else {
                    swap.mint_in
                };
                assert_eq!(coin, Some(mint));
                trades.push((swap.function, swap.exact));
            }
        }
    }
    let wanted = [
        ("buy_v3", Exact::Out),
        ("sell_v3", Exact::In),
        ("buy_exact_quote_in_v3", Exact::In),
        ("buy_v3", Exact::Out),
    ];
    assert_eq!(trades, wanted);
}

/// Account lists as the reference of the programs has them: the names of the places that matter.
#[test]
fn trades_of_pump_and_pump_swap_are_told_apart_by_program_and_read_by_their_own_account_lists() {
    const PUMP: &str = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P";
    const AMM: &str = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA";
    let keys: Vec<Key> = (1..=27).map(|n| Key([n; 32])).collect();
    let at = |place: Option<usize>| place.map(|place| named(AccountKey::Known(keys[place])));
    // (program, discriminator, accounts, function, exact, pool, user, base mint, quote mint, base account, quote account)
    #[rustfmt::skip]
    let cases = [
        (AMM, "66063d1201daebea", 23, "buy", "out", 0, 1, 3, Some(4), 5, Some(6)),
        (AMM, "c62e1552b4d9e870", 23, "buy_exact_quote_in", "in", 0, 1, 3, Some(4), 5, Some(6)),
        (AMM, "33e685a4017f83ad", 21, "sell", "in", 0, 1, 3, Some(4), 5, Some(6)),
        (AMM, "b817ee6167c5d33d", 17, "buy_v2", "out", 0, 1, 3, Some(4), 5, Some(6)),
        (AMM, "c2ab1c46684d5b2f", 17, "buy_exact_quote_in_v2", "in", 0, 1, 3, Some(4), 5, Some(6)),
        (AMM, "5df6823ce7e940b2", 17, "sell_v2", "in", 0, 1, 3, Some(4), 5, Some(6)),
        (PUMP, "66063d1201daebea", 18, "buy", "out", 3, 6, 2, None, 5, None),
        (PUMP, "38fc74089edfcd5f", 18, "buy_exact_sol_in", "in", 3, 6, 2, None, 5, None),
        (PUMP, "33e685a4017f83ad", 16, "sell", "in", 3, 6, 2, None, 5, None),
        (PUMP, "b817ee6167c5d33d", 27, "buy_v2", "out", 10, 13, 1, Some(2), 14, Some(15)),
        (PUMP, "c2ab1c46684d5b2f", 27, "buy_exact_quote_in_v2", "in", 10, 13, 1, Some(2), 14, Some(15)),
        (PUMP, "5df6823ce7e940b2", 26, "sell_v2", "in", 10, 13, 1, Some(2), 14, Some(15)),
        (PUMP, "07051dc4f5176550", 17, "buy_v3", "out", 5, 8, 1, Some(2), 9, Some(10)),
        (PUMP, "e1f7501ed5b38488", 17, "buy_exact_quote_in_v3", "in", 5, 8, 1, Some(2), 9, Some(10)),
        (PUMP, "1c92de7726c469d5", 17, "sell_v3", "in", 5, 8, 1, Some(2), 9, Some(10)),
    ];
    for (program, tag, count, function, exact, pool, user, mint, quote, base, quote_account) in
        cases
    {
        let data = [
            hex::decode(tag).unwrap(),
            11_u64.to_le_bytes().to_vec(),
            22_u64.to_le_bytes().to_vec(),
        ]
        .concat();
        let found = facts(&read(&instruction(program, &keys[..count], &data)));
        let (mut mints, mut accounts) = (
            (at(quote), at(Some(mint))),
            (at(quote_account), at(Some(base))),
        );
        let buys = function.starts_with("buy");
        if !buys {
            (mints, accounts) = ((mints.1, mints.0), (accounts.1, accounts.0));
        }
        let both: Vec<Value> = [at(Some(mint)), at(quote)].into_iter().flatten().collect();
        let wanted = json!({
            "venue": if program == AMM { "pump_swap" } else { "pump_curve" }, "function": function, "exact": exact,
            "amount_raw": "11", "limit_raw": "22", "sqrt_price_limits_x64": [], "pools": [at(Some(pool))],
            "directions": [if buys { "buy" } else { "sell" }], "user": at(Some(user)),
            "mint_in": mints.0, "mint_out": mints.1, "account_in": accounts.0, "account_out": accounts.1,
            "mints": both,
        });
        assert_eq!(found, wanted);
    }
}

#[test]
fn the_first_form_of_amm_v4_is_read_with_and_without_target_orders_and_with_no_other_count() {
    const AMM: &str = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8";
    let keys: Vec<Key> = (1..=19).map(|n| Key([n; 32])).collect();
    let data = [
        vec![11],
        50_u64.to_le_bytes().to_vec(),
        40_u64.to_le_bytes().to_vec(),
    ]
    .concat();
    for count in [17, 18] {
        let swap = read(&instruction(AMM, &keys[..count], &data));
        assert_eq!(
            (swap.exact, swap.amount_raw, swap.limit_raw),
            (Exact::Out, 40, 50)
        );
        let places = [
            swap.account_in.unwrap(),
            swap.account_out.unwrap(),
            swap.user,
        ];
        assert_eq!(
            places.map(|key| key.known().unwrap()).to_vec(),
            keys[count - 3..count]
        );
    }
    for count in [16, 19] {
        let error = instruction(AMM, &keys[..count], &data)
            .meaning()
            .unwrap_err();
        assert_eq!(error.code(), "instruction_malformed");
    }
}

#[test]
fn compute_budget_tips_and_transfers_are_named() {
    let meaning = |program: &str, accounts: &[Key], data: &str| {
        instruction(program, accounts, &hex::decode(data).unwrap()).meaning()
    };
    assert_eq!(
        meaning(COMPUTE_BUDGET, &[], "02400d0300"),
        Ok(Meaning::ComputeUnitLimit(200_000))
    );
    assert_eq!(
        meaning(COMPUTE_BUDGET, &[], "03e803000000000000"),
        Ok(Meaning::ComputeUnitPrice(1000))
    );
    assert_eq!(
        meaning(COMPUTE_BUDGET, &[], "0100000400"),
        Ok(Meaning::HeapFrame(262_144))
    );
    assert_eq!(
        meaning(COMPUTE_BUDGET, &[], "0400000100"),
        Ok(Meaning::LoadedAccountsDataSizeLimit(65_536))
    );
    assert_eq!(
        meaning(COMPUTE_BUDGET, &[], "0240").unwrap_err().code(),
        "instruction_malformed"
    );
    let (payer, other) = (Key([1; 32]), Key([2; 32]));
    let tip = Key::parse("HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe").unwrap();
    let transfer = "02000000e803000000000000";
    let from = AccountKey::Known(payer);
    let tipped = Meaning::JitoTip {
        from,
        to: tip,
        lamports: 1000,
    };
    assert_eq!(meaning(SYSTEM, &[payer, tip], transfer), Ok(tipped));
    let moved = Meaning::Transfer {
        from,
        to: AccountKey::Known(other),
        lamports: 1000,
    };
    assert_eq!(meaning(SYSTEM, &[payer, other], transfer), Ok(moved));
    assert_eq!(
        meaning(SYSTEM, &[payer, other], "00000000"),
        Ok(Meaning::NotRead)
    );
    let clmm = "CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK";
    let other = meaning(clmm, &[payer], "0102030405060708").unwrap();
    assert!(matches!(other, Meaning::OtherOf(venue) if venue.name() == "raydium_clmm"));
}
