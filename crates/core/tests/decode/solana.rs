//! Solana transactions made by solders, and swap instructions made by the venues' own SDKs and by a
//! recorded run of the real pump programs (see tests/fixtures/decode/README.md).

use alloy_primitives::hex;
use proptest::prelude::*;
use serde_json::{Value, json};
use tradewind_core::decode::DecodeError;
use tradewind_core::decode::solana::{
    Account, AccountKey, Instruction, Key, LookupTables, Meaning, Swap, Transaction,
    decode_transaction, inspect,
};
use tradewind_core::evm::Exact;

const COMPUTE_BUDGET: &str = "ComputeBudget111111111111111111111111111111";
const SYSTEM: &str = "11111111111111111111111111111111";

fn fixture(name: &str) -> Value {
    let path = format!(
        "{}/../../tests/fixtures/decode/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn base64(value: &Value) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = value.as_str().unwrap().trim_end_matches('=').bytes();
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for digit in text {
        let value = DIGITS.iter().position(|known| *known == digit).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    out
}

fn key(value: &Value) -> Key {
    Key::parse(value.as_str().unwrap()).unwrap()
}

fn tables(case: &Value) -> LookupTables {
    let tables = case["tables"].as_object().unwrap().iter();
    tables
        .map(|(name, keys)| {
            (
                Key::parse(name).unwrap(),
                list(keys).iter().map(key).collect(),
            )
        })
        .collect()
}

fn account(account: &Account) -> Value {
    json!([
        account.key.known().unwrap().to_string(),
        account.signer,
        account.writable
    ])
}

fn assert_transaction(case: &Value) {
    let raw = base64(&case["raw"]);
    let decoded = decode_transaction(&raw).unwrap();
    assert_eq!(decoded.raw(), raw);
    assert_eq!(json!(decoded.version().name()), case["version"]);
    let signatures: Vec<_> = decoded.signatures().map(hex::encode).collect();
    assert_eq!(json!(signatures), case["signatures"]);
    assert_eq!(json!(hex::encode(decoded.message())), case["message"]);
    assert_eq!(
        json!(decoded.recent_blockhash().to_string()),
        case["blockhash"]
    );
    assert_eq!(json!(decoded.static_keys().len()), case["static_keys"]);
    let accounts = decoded.accounts(&tables(case)).unwrap();
    assert_eq!(
        json!(accounts.iter().map(account).collect::<Vec<_>>()),
        case["accounts"]
    );
    let instructions: Vec<_> = decoded.instructions(&accounts).collect();
    assert_eq!(instructions.len(), list(&case["instructions"]).len());
    for (found, wanted) in instructions.iter().zip(list(&case["instructions"])) {
        assert_eq!(json!(found.program.to_string()), wanted["program"]);
        assert_eq!(json!(hex::encode(found.data)), wanted["data"]);
        let picked = list(&wanted["accounts"]).iter();
        let picked: Vec<_> = picked
            .map(|i| case["accounts"][usize::try_from(i.as_u64().unwrap()).unwrap()].clone())
            .collect();
        assert_eq!(
            found.accounts.iter().map(account).collect::<Vec<_>>(),
            picked
        );
    }
}

#[test]
fn transactions_made_by_solders_decode_to_what_solders_says_of_them() {
    let fixture = fixture("solana_transactions");
    let cases = list(&fixture["transactions"]);
    assert_eq!(cases.len(), 100);
    cases.iter().for_each(assert_transaction);
    list(&fixture["lifecycle"])[1..]
        .iter()
        .for_each(assert_transaction);
}

#[test]
fn what_solders_refuses_is_refused_and_a_key_twice_and_bytes_behind_the_end_too() {
    let fixture = fixture("solana_transactions");
    let cases = list(&fixture["malformed"]);
    assert_eq!(cases.len(), 25);
    for case in cases {
        let error = decode_transaction(&base64(&case["raw"]))
            .err()
            .unwrap_or_else(|| panic!("accepted: {case}"));
        let what = case["what"].as_str().unwrap();
        // A first byte of 0x81 is where a version 1 transaction says so, before it can be a count.
        let versioned = what.starts_with("version 1") || what.starts_with("a signature count");
        let code = if versioned {
            "transaction_version_unsupported"
        } else {
            "transaction_malformed"
        };
        assert_eq!(error.code(), code, "{case}");
    }
}

/// The first recorded transaction with a lookup table.
fn with_table(check: impl Fn(&Transaction<'_>, LookupTables)) {
    let fixture = fixture("solana_transactions");
    let mut cases = list(&fixture["transactions"]).iter();
    let case = cases.find(|case| {
        list(&case["accounts"]).len()
            > usize::try_from(case["static_keys"].as_u64().unwrap()).unwrap()
    });
    let raw = base64(&case.unwrap()["raw"]);
    check(&decode_transaction(&raw).unwrap(), tables(case.unwrap()));
}

#[test]
fn without_its_table_a_looked_up_account_is_named_by_table_and_place() {
    with_table(|decoded, tables| {
        let resolved = decoded.accounts(&tables).unwrap();
        let named = decoded.accounts_as_named().unwrap();
        assert_eq!(resolved.len(), named.len());
        let mut unresolved = 0;
        for (resolved, named) in resolved.iter().zip(&named) {
            if let AccountKey::Unresolved { table, index } = named.key {
                unresolved += 1;
                assert_eq!(
                    resolved.key,
                    AccountKey::Known(tables[&table][usize::from(index)])
                );
            } else {
                assert_eq!(resolved, named);
            }
        }
        assert!(unresolved > 0);
    });
}

#[test]
fn a_missing_table_and_a_place_behind_its_end_are_errors_with_their_names() {
    with_table(|decoded, mut tables| {
        let table = decoded.lookups()[0].table;
        let missing = decoded.accounts(&LookupTables::new()).unwrap_err();
        assert_eq!(missing, DecodeError::LookupTableMissing(table));
        assert!(missing.to_string().contains(&table.to_string()));
        tables.insert(table, Vec::new());
        assert_eq!(
            decoded.accounts(&tables).unwrap_err().code(),
            "lookup_index_outside"
        );
        let payer = decoded.static_keys().next().unwrap();
        tables.insert(table, vec![payer; 256]);
        assert_eq!(
            decoded.accounts(&tables).unwrap_err().code(),
            "transaction_malformed"
        );
    });
}

// ---- instructions ----

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

// ---- properties ----

fn raws() -> Vec<Vec<u8>> {
    let fixture = fixture("solana_transactions");
    let plain = list(&fixture["transactions"])
        .iter()
        .chain(&list(&fixture["lifecycle"])[1..]);
    plain.map(|case| base64(&case["raw"])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn changed_and_random_bytes_never_panic(
        mut raw in prop::sample::select(raws()),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        tail in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        for (place, byte) in changes {
            let at = place.index(raw.len());
            raw[at] = byte;
        }
        inspect(&raw);
        raw.truncate(cut.index(raw.len()));
        raw.extend(tail);
        inspect(&raw);
    }

    #[test]
    fn every_byte_of_a_transaction_matters(
        raw in prop::sample::select(raws()),
        place in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let mut changed = raw.clone();
        let at = place.index(raw.len());
        changed[at] ^= flip;
        let before = decode_transaction(&raw).unwrap();
        if let Ok(after) = decode_transaction(&changed) {
            let facts = |of: &Transaction<'_>| {
                let keys: Vec<Key> = of.static_keys().collect();
                let signatures: Vec<Vec<u8>> = of.signatures().map(<[u8]>::to_vec).collect();
                let header = (of.required_signatures(), of.readonly_signed(), of.readonly_unsigned());
                let body = format!("{:?} {:?}", of.compiled_instructions(), of.lookups());
                (of.version(), signatures, header, keys, of.recent_blockhash(), body)
            };
            prop_assert!(facts(&before) != facts(&after));
        }
    }
}
