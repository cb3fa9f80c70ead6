//! Solana transactions made by solders, and swap instructions made by the venues' own SDKs and by a
//! recorded run of the real pump programs (see tests/fixtures/decode/README.md).

mod swaps;

use alloy_primitives::hex;
use proptest::prelude::*;
use serde_json::{Value, json};
use tradewind_core::decode::DecodeError;
use tradewind_core::decode::solana::{
    Account, AccountKey, Key, LookupTables, Transaction, decode_transaction, inspect,
};

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
