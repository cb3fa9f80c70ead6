//! Properties of built transactions, read back with the decoder of the core.

use crate::drawn::{self, builder, instruction, payer, tables};
use ed25519_dalek::{Signer, SigningKey, Verifier};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use tradewind_core::decode::solana::{AccountKey, Version, decode_transaction};
use tradewind_solana::Key;
use tradewind_solana::compute_budget::{
    COMPUTE_BUDGET_PROGRAM, set_loaded_accounts_data_size_limit, set_unit_limit,
};
use tradewind_solana::instruction::{AccountMeta, Instruction};
use tradewind_solana::signature::Signature;
use tradewind_solana::system::transfer;
use tradewind_solana::tip::{TIP_ACCOUNTS, tip};
use tradewind_solana::transaction::{
    BuildError, LookupTable, MessageFormat, Remedy, TransactionBuilder, UnsignedTransaction,
};

fn wire(transaction: &UnsignedTransaction) -> Vec<u8> {
    let zero = vec![Signature([0; 64]); transaction.signers().len()];
    transaction.to_wire(&zero).unwrap()
}

fn numbered(number: u8) -> Key {
    Key([number; 32])
}

/// An instruction on accounts `first..first + count` that are written.
fn wide(first: u8, count: u8) -> Instruction {
    Instruction {
        program: numbered(200),
        accounts: (first..first + count)
            .map(|number| AccountMeta::writable(numbered(number)))
            .collect(),
        data: vec![7],
    }
}

/// The accounts that a table may hold.
fn may_be_looked_up(instructions: &[Instruction]) -> HashSet<Key> {
    let accounts = || instructions.iter().flat_map(|one| &one.accounts);
    let mut keys: HashSet<Key> = accounts().map(|account| account.key).collect();
    for account in accounts().filter(|account| account.is_signer) {
        keys.remove(&account.key);
    }
    let programs = instructions.iter().map(|one| one.program);
    for key in TIP_ACCOUNTS.into_iter().chain(programs).chain([payer()]) {
        keys.remove(&key);
    }
    keys
}

proptest! {
    #[test]
    fn what_is_decoded_again_is_what_was_added(
        instructions in vec(instruction(), 1..6),
        tables in tables(0..4),
    ) {
        let transaction = builder(&instructions, &tables).build().unwrap();
        let bytes = wire(&transaction);
        let decoded = decode_transaction(&bytes).unwrap();
        let accounts = decoded.accounts(&tables.into_iter().collect()).unwrap();
        let mut rights: HashMap<Key, (bool, bool)> = HashMap::from([(payer(), (true, true))]);
        for account in instructions.iter().flat_map(|one| &one.accounts) {
            let known = rights.entry(account.key).or_default();
            known.0 |= account.is_signer;
            known.1 |= account.is_writable;
        }
        let read: Vec<_> = decoded.instructions(&accounts).collect();
        prop_assert_eq!(read.len(), instructions.len());
        for (read, given) in read.iter().zip(&instructions) {
            prop_assert_eq!(read.program, given.program);
            prop_assert_eq!(read.data, &given.data[..]);
            prop_assert_eq!(read.accounts.len(), given.accounts.len());
            for (read, given) in read.accounts.iter().zip(&given.accounts) {
                prop_assert_eq!(read.key, AccountKey::Known(given.key));
                prop_assert_eq!((read.signer, read.writable), rights[&given.key]);
            }
        }
        prop_assert_eq!(accounts[0].key, AccountKey::Known(payer()));
    }

    #[test]
    fn signers_programs_and_tip_accounts_stand_in_the_message(
        instructions in vec(instruction(), 1..6),
        tables in tables(1..4),
        kept in 0..40_usize,
    ) {
        let kept = drawn::stock()[kept];
        let mut builder = builder(&instructions, &tables);
        let transaction = builder.keep_static(kept).build().unwrap();
        let bytes = wire(&transaction);
        let decoded = decode_transaction(&bytes).unwrap();
        let own: HashSet<Key> = decoded.static_keys().collect();
        let accounts = instructions.iter().flat_map(|one| &one.accounts);
        for account in accounts {
            let tipped = TIP_ACCOUNTS.contains(&account.key);
            if account.is_signer || tipped || account.key == kept {
                prop_assert!(own.contains(&account.key));
            }
        }
        for instruction in &instructions {
            prop_assert!(own.contains(&instruction.program));
        }
    }

    #[test]
    fn the_size_is_that_of_the_best_choice_of_tables(
        instructions in vec(instruction(), 1..6),
        tables in tables(1..5),
    ) {
        let best = builder(&instructions, &tables).planned_size().unwrap().size_bytes;
        let without = builder(&instructions, &[]).planned_size().unwrap().size_bytes;
        let sizes = (0..1_u32 << tables.len()).map(|choice| {
            let chosen = tables.iter().enumerate().filter(|(at, _)| choice >> at & 1 == 1);
            let (mut left, mut size) = (may_be_looked_up(&instructions), without);
            for (_, (_, keys)) in chosen {
                let count = keys.iter().filter(|key| left.remove(key)).count();
                if count > 0 {
                    // The first one also costs the version and the count of lookups.
                    size += 32 + 2 + count + if size == without { 2 } else { 0 };
                    size -= 32 * count;
                }
            }
            size
        });
        prop_assert_eq!(Some(best), sizes.min());
    }

    #[test]
    fn many_tables_are_never_worse_than_none_or_any_one(
        instructions in vec(instruction(), 1..6),
        tables in tables(11..16),
    ) {
        let all = builder(&instructions, &tables).planned_size().unwrap().size_bytes;
        prop_assert!(all <= builder(&instructions, &[]).planned_size().unwrap().size_bytes);
        for table in &tables {
            let one = builder(&instructions, std::slice::from_ref(table)).planned_size().unwrap();
            prop_assert!(all <= one.size_bytes);
        }
    }

    #[test]
    fn the_planned_size_is_the_size_and_is_never_above_the_limit(
        instructions in vec(instruction(), 1..6),
        tables in tables(0..3),
        limit in 200..1500_usize,
    ) {
        let mut builder = builder(&instructions, &tables);
        builder.size_limit(limit);
        let planned = builder.planned_size().unwrap();
        prop_assert_eq!(planned.fits(), planned.size_bytes <= limit);
        match builder.build() {
            Ok(transaction) => {
                let bytes = wire(&transaction);
                prop_assert!(bytes.len() <= limit);
                prop_assert_eq!(bytes.len(), planned.size_bytes);
                prop_assert_eq!(transaction.size_bytes(), planned.size_bytes);
                prop_assert_eq!(transaction.lookup_tables(), &planned.lookup_tables[..]);
                prop_assert_eq!(transaction.signers().len(), planned.required_signatures);
            }
            Err(BuildError::TooLarge { size_bytes, limit_bytes, over_bytes, .. }) => {
                prop_assert_eq!(size_bytes, planned.size_bytes);
                prop_assert_eq!((limit_bytes, over_bytes), (limit, size_bytes - limit));
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn the_remedy_helps_and_one_account_less_does_not(
        instructions in vec(instruction(), 1..6),
        tables in tables(0..3),
        over in 1..160_usize,
    ) {
        let mut limited = builder(&instructions, &tables);
        let limit = limited.planned_size().unwrap().size_bytes - over;
        limited.size_limit(limit);
        let Err(BuildError::TooLarge { remedy, over_bytes, .. }) = limited.build() else {
            panic!("it is larger than its limit");
        };
        prop_assert_eq!(over_bytes, over);
        let with = |count: usize, table: Key, accounts: &[Key]| {
            let mut more = tables.clone();
            match more.iter_mut().find(|(address, _)| *address == table) {
                Some((_, keys)) => keys.extend(&accounts[..count]),
                None => more.push((table, accounts[..count].to_vec())),
            }
            let mut again = builder(&instructions, &more);
            again.size_limit(limit).build().is_ok()
        };
        match remedy {
            Remedy::AddTable { needed, accounts } => {
                prop_assert!(with(needed, numbered(0xfe), &accounts));
                prop_assert!(!with(needed - 1, numbered(0xfe), &accounts));
            }
            Remedy::ExtendTable { table, needed, accounts } => {
                prop_assert!(with(needed, table, &accounts));
                prop_assert!(!with(needed - 1, table, &accounts));
            }
            Remedy::UseV0 { .. } => prop_assert!(false, "the builder was free to"),
            Remedy::FewerInstructions => {}
        }
    }
}

#[test]
fn the_budget_comes_first_whenever_it_is_set() {
    let move_one = transfer(payer(), numbered(1), 5);
    let mut early = TransactionBuilder::new();
    early.set_compute_budget(1, 1);
    early.set_compute_budget(200_000, 3_000);
    early.add_instruction(move_one.clone());
    let mut late = TransactionBuilder::new();
    late.add_instruction(move_one);
    late.set_compute_budget(200_000, 3_000);
    let built = [early, late].map(|mut builder| {
        builder
            .set_fee_payer(payer())
            .set_recent_blockhash(numbered(9))
            .build()
            .unwrap()
    });
    assert_eq!(built[0], built[1]);
    let bytes = wire(&built[0]);
    let decoded = decode_transaction(&bytes).unwrap();
    let data: Vec<&[u8]> = decoded
        .compiled_instructions()
        .iter()
        .map(|one| one.data)
        .collect();
    assert_eq!(
        data,
        [
            &[2, 0x40, 0x0d, 3, 0][..],
            &[3, 0xb8, 0x0b, 0, 0, 0, 0, 0, 0],
            &[2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]
        ]
    );
}

#[test]
fn a_table_pays_from_two_accounts_on() {
    let sized = |held: u8, format| {
        let keys: Vec<Key> = (1..=held).map(numbered).collect();
        let mut builder = builder(&[wide(1, 3)], &[(numbered(100), keys)]);
        let transaction = builder.message_format(format).build().unwrap();
        (transaction.version(), transaction.size_bytes())
    };
    // Two counts, a signature, the header, payer, program and three accounts, blockhash, one instruction.
    let legacy = 1 + 64 + 3 + 1 + 5 * 32 + 32 + 1 + (1 + 1 + 3 + 1 + 1);
    assert_eq!(sized(0, MessageFormat::Smallest), (Version::Legacy, legacy));
    assert_eq!(sized(1, MessageFormat::Smallest), (Version::Legacy, legacy));
    assert_eq!(sized(1, MessageFormat::V0), (Version::V0, legacy + 2));
    assert_eq!(
        sized(2, MessageFormat::Smallest),
        (Version::V0, legacy + 2 + 36 - 64)
    );
    assert_eq!(sized(3, MessageFormat::Legacy), (Version::Legacy, legacy));
}

#[test]
fn an_account_in_two_tables_is_paid_for_once() {
    let six: Vec<Key> = (1..=6).map(numbered).collect();
    let tables = [
        (numbered(101), six[..4].to_vec()),
        (numbered(102), six[2..].to_vec()),
        (numbered(103), six.clone()),
    ];
    let transaction = builder(&[wide(1, 6)], &tables).build().unwrap();
    assert_eq!(transaction.lookup_tables(), [numbered(103)]);
    let both = builder(&[wide(1, 6)], &tables[..2]).build().unwrap();
    assert_eq!(both.lookup_tables(), [numbered(101), numbered(102)]);
    assert_eq!(both.size_bytes(), transaction.size_bytes() + 32 + 2);
}

#[test]
fn a_signed_transaction_verifies() {
    let wallet = SigningKey::from_bytes(&[5; 32]);
    let from = Key(wallet.verifying_key().to_bytes());
    let transaction = TransactionBuilder::new()
        .add_instruction(tip(from, TIP_ACCOUNTS[0], 1_000).unwrap())
        .set_fee_payer(from)
        .set_recent_blockhash(numbered(9))
        .build()
        .unwrap();
    let signature = wallet.sign(transaction.message());
    let bytes = transaction
        .to_wire(&[Signature(signature.to_bytes())])
        .unwrap();
    let decoded = decode_transaction(&bytes).unwrap();
    assert_eq!(decoded.message(), transaction.message());
    let read: [u8; 64] = decoded.signatures().next().unwrap().try_into().unwrap();
    let read = ed25519_dalek::Signature::from_bytes(&read);
    assert!(
        wallet
            .verifying_key()
            .verify(decoded.message(), &read)
            .is_ok()
    );
}

fn refusal(change: impl Fn(&mut TransactionBuilder)) -> BuildError {
    let mut builder = TransactionBuilder::new();
    builder
        .add_instruction(transfer(payer(), numbered(1), 5))
        .set_fee_payer(payer())
        .set_recent_blockhash(numbered(9));
    change(&mut builder);
    builder.build().unwrap_err()
}

#[test]
fn every_refusal_has_its_code() {
    let empty = TransactionBuilder::new();
    assert_eq!(empty.build().unwrap_err().code(), "fee_payer_missing");
    let mut nothing = TransactionBuilder::new();
    nothing.set_fee_payer(payer());
    assert_eq!(nothing.build().unwrap_err().code(), "instructions_missing");
    nothing.add_instruction(transfer(payer(), numbered(1), 5));
    assert_eq!(nothing.build().unwrap_err().code(), "blockhash_missing");
    let codes = [
        refusal(|builder| {
            builder.set_compute_budget(1, 1);
            builder.add_instruction(set_unit_limit(2));
        }),
        refusal(|builder| {
            let mut called = wide(1, 1);
            called.program = payer();
            builder.add_instruction(called);
        }),
        refusal(|builder| {
            builder.add_instruction(wide(1, 62));
        }),
        refusal(|builder| {
            builder.account_limit(1_000);
            let many = (0..=255_u8).map(|number| AccountMeta::readonly(numbered(number)));
            let mut instruction = wide(1, 1);
            instruction.accounts = many.collect();
            builder.add_instruction(instruction);
            builder.add_instruction(tip(payer(), TIP_ACCOUNTS[0], 1_000).unwrap());
        }),
        refusal(|builder| {
            let many = (1..=128).map(|number| AccountMeta::readonly(numbered(number)).signer());
            let mut instruction = wide(1, 1);
            instruction.accounts = many.collect();
            builder.account_limit(256).add_instruction(instruction);
        }),
        refusal(|builder| {
            let mut instruction = wide(1, 1);
            instruction.data = vec![0; 65_536];
            builder.add_instruction(instruction);
        }),
        refusal(|builder| {
            builder.add_instruction(wide(1, 40));
        }),
        LookupTable::new(numbered(1), &[numbered(2); 257]).unwrap_err(),
        builder(&[wide(1, 1)], &[])
            .build()
            .unwrap()
            .to_wire(&[])
            .unwrap_err(),
    ];
    assert_eq!(
        codes.map(|error| error.code()),
        [
            "compute_budget_twice",
            "program_is_fee_payer",
            "too_many_accounts",
            "too_many_accounts",
            "too_many_signers",
            "instruction_too_long",
            "transaction_too_large",
            "lookup_table_too_long",
            "signature_count",
        ]
    );
}

#[test]
fn the_other_limits_of_the_budget_program_go_with_a_budget() {
    let transaction = TransactionBuilder::new()
        .set_compute_budget(1, 1)
        .add_instruction(set_loaded_accounts_data_size_limit(65_536))
        .add_instruction(transfer(payer(), numbered(1), 5))
        .set_fee_payer(payer())
        .set_recent_blockhash(numbered(9))
        .build()
        .unwrap();
    let bytes = wire(&transaction);
    let decoded = decode_transaction(&bytes).unwrap();
    assert!(
        decoded
            .static_keys()
            .any(|key| key == COMPUTE_BUDGET_PROGRAM)
    );
}

#[test]
fn a_legacy_message_says_which_tables_would_help() {
    let keys: Vec<Key> = (1..=40).map(numbered).collect();
    let error = refusal(|builder| {
        builder
            .add_instruction(wide(1, 40))
            .add_lookup_table(LookupTable::new(numbered(100), &keys).unwrap())
            .message_format(MessageFormat::Legacy);
    });
    let BuildError::TooLarge { remedy, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(
        remedy,
        Remedy::UseV0 {
            tables: vec![numbered(100)]
        }
    );
}

#[test]
fn the_remedy_is_exact_at_every_limit() {
    let all: Vec<Key> = (1..=30).map(numbered).collect();
    let size = builder(&[wide(1, 30)], &[])
        .planned_size()
        .unwrap()
        .size_bytes;
    for over in 1..size {
        let limit = size - over;
        let mut limited = builder(&[wide(1, 30)], &[]);
        let Err(BuildError::TooLarge { remedy, .. }) = limited.size_limit(limit).build() else {
            panic!("{limit}");
        };
        let fits = |count: usize| {
            let table = (numbered(100), all[..count].to_vec());
            let mut more = builder(&[wide(1, 30)], &[table]);
            more.size_limit(limit).build().is_ok()
        };
        match remedy {
            Remedy::AddTable { needed, accounts } => {
                assert_eq!(accounts, all);
                assert!(fits(needed) && !fits(needed - 1), "{limit}");
            }
            other => assert!(other == Remedy::FewerInstructions && !fits(30), "{limit}"),
        }
    }
}
