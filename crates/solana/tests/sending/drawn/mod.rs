//! Random transactions for the properties: a small stock of keys, so that accounts meet again with other rights.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use tradewind_solana::Key;
use tradewind_solana::instruction::{AccountMeta, Instruction};
use tradewind_solana::tip::TIP_ACCOUNTS;
use tradewind_solana::transaction::{LookupTable, TransactionBuilder};

/// Keys that are drawn from: 40 of them, and the tip accounts.
pub(crate) fn stock() -> Vec<Key> {
    let plain = (1..=40_u8).map(|number| {
        let mut bytes = [number; 32];
        bytes[0] = number.wrapping_mul(97);
        Key(bytes)
    });
    plain.chain(TIP_ACCOUNTS).collect()
}

pub(crate) fn payer() -> Key {
    Key([0x70; 32])
}

fn program() -> impl Strategy<Value = Key> {
    (0..4_u8).prop_map(|number| Key([0xc0 + number; 32]))
}

fn any_key() -> impl Strategy<Value = Key> {
    prop_oneof![
        8 => proptest::sample::select(stock()),
        1 => program(),
        1 => Just(payer()),
    ]
}

fn account() -> impl Strategy<Value = AccountMeta> {
    (any_key(), proptest::bool::weighted(0.05), any::<bool>()).prop_map(
        |(key, is_signer, is_writable)| AccountMeta {
            key,
            is_signer,
            is_writable,
        },
    )
}

pub(crate) fn instruction() -> impl Strategy<Value = Instruction> {
    (program(), vec(account(), 0..14), vec(any::<u8>(), 0..40)).prop_map(
        |(program, accounts, data)| Instruction {
            program,
            accounts,
            data,
        },
    )
}

/// Tables of keys that are used and of some that are not.
pub(crate) fn tables(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(Key, Vec<Key>)>> {
    vec(btree_set(0..60_u8, 0..20), count).prop_map(|drawn| {
        let stock = stock();
        drawn
            .into_iter()
            .enumerate()
            .map(|(at, members)| {
                let keys = members.into_iter().map(|member| {
                    let known = stock.get(usize::from(member)).copied();
                    known.unwrap_or(Key([member; 32]))
                });
                (Key([0xe0 + u8::try_from(at).unwrap(); 32]), keys.collect())
            })
            .collect()
    })
}

/// A builder without any limit that matters.
pub(crate) fn builder(
    instructions: &[Instruction],
    tables: &[(Key, Vec<Key>)],
) -> TransactionBuilder {
    let mut builder = TransactionBuilder::new();
    builder
        .add_instructions(instructions.iter().cloned())
        .set_fee_payer(payer())
        .set_recent_blockhash(Key([9; 32]))
        .size_limit(100_000)
        .account_limit(256);
    for (address, keys) in tables {
        builder.add_lookup_table(LookupTable::new(*address, keys).unwrap());
    }
    builder
}
