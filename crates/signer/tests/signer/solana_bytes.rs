//! Any bytes at all: never a panic, and never a signature for what the decoder does not know.

use crate::solana_orders::*;
use crate::solana_reclaims::take_back;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use tradewind_core::decode::solana::decode_transaction;
use tradewind_signer::config::Config;
use tradewind_signer::fault::Rule;
use tradewind_signer::policy::{Policy, ReceiptNeed, SolanaAsk, SolanaQuoted, Tables};

fn policy() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(|| {
        Config::parse(&config(), std::path::Path::new("/"))
            .unwrap()
            .policy
    })
}

/// What the policy says to a trade of 1 WSOL for 150 USDC with these bytes.
fn ask(bytes: &[u8]) -> Result<u64, Rule> {
    let quoted = SolanaQuoted {
        mint_in: key(WSOL),
        mint_out: key(USDC),
        amount_in_raw: SOL,
        amount_out_raw: 150_000_000,
    };
    let tables: Tables = BTreeMap::new();
    let passed = policy().pass_solana(&SolanaAsk {
        wallet: key(WALLET),
        chain_id: 101,
        strategy_id: None,
        unsigned_tx: bytes,
        tables: &tables,
        quoted: &quoted,
        receipt: ReceiptNeed::Nothing,
    });
    passed
        .map(|passed| passed.reserve_raw())
        .map_err(|refusal| refusal.rule)
}

fn whole() -> SolanaOrder {
    SolanaOrder::new("whole")
        .and(transfer(TIP_ACCOUNT, 5_000))
        .and(sync(WSOL_ACCOUNT))
}

/// Places of the message that may be anything: the blockhash, and the pool's own accounts.
fn free(bytes: &[u8]) -> Vec<usize> {
    let transaction = decode_transaction(bytes).unwrap();
    let keys = transaction.static_keys();
    let known: Vec<_> = (101..=106).map(stranger).collect();
    let start = 65 + 4;
    let pools = keys.enumerate().filter(|(_, key)| known.contains(key));
    let mut places: Vec<usize> = pools
        .flat_map(|(n, _)| start + 32 * n..start + 32 * (n + 1))
        .collect();
    let blockhash = start + 32 * transaction.static_keys().len();
    places.extend(blockhash..blockhash + 32);
    places
}

#[test]
fn every_other_byte_of_a_transaction_matters() {
    let bytes = whole().bytes();
    assert_eq!(ask(&bytes), Ok(SOL));
    let free = free(&bytes);
    let mut passed = Vec::new();
    for place in (0..bytes.len()).filter(|place| !free.contains(place)) {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            if ask(&changed).is_ok() {
                passed.push((place, bit));
            }
        }
    }
    // Left are other unit limits, unit prices and tips within their caps, higher minimums, another order of the pool's own
    // accounts, and how many accounts are only read: nothing of it moves more, or elsewhere.
    let count = passed.len();
    assert!(count < 160, "{count} of {}: {passed:?}", bytes.len() * 8);
}

#[test]
fn every_byte_that_says_whose_receipt_goes_where_matters() {
    let seeds = [
        "00112233445566778899aabbccddeeff",
        "ffeeddccbbaa99887766554433221100",
    ];
    let taken = seeds.map(|seed| take_back(WALLET, seed, WALLET));
    let bytes = wire(
        key(WALLET),
        &[&[units(20_000)][..], &taken].concat(),
        7,
        None,
    );
    let quoted = SolanaQuoted {
        mint_in: key(NATIVE),
        mint_out: key(NATIVE),
        amount_in_raw: 0,
        amount_out_raw: 0,
    };
    let tables: Tables = BTreeMap::new();
    let ask = |bytes: &[u8]| {
        let passed = policy().pass_solana(&SolanaAsk {
            wallet: key(WALLET),
            chain_id: 101,
            strategy_id: None,
            unsigned_tx: bytes,
            tables: &tables,
            quoted: &quoted,
            receipt: ReceiptNeed::TakeBack,
        });
        passed.map(|passed| passed.taken_back().to_vec()).ok()
    };
    assert_eq!(ask(&bytes), Some(seeds.map(str::to_owned).to_vec()));
    let mut free = 0;
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            if let Some(taken) = ask(&changed) {
                assert_eq!(taken, seeds, "{place}");
                free += 1;
            }
        }
    }
    // The blockhash, how many lamports, the unit limit within its cap, and how many accounts are only read.
    assert!(free <= 8 * 32 + 2 * 8 * 8 + 20 + 8, "{free}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn random_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..1_300)) {
        prop_assert!(ask(&bytes).is_err());
    }

    #[test]
    fn a_mutated_transaction_never_spends_another_amount_or_another_mint(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let mut bytes = whole().bytes();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(reserved) = ask(&bytes) {
            prop_assert_eq!(reserved, SOL);
        }
    }

    #[test]
    fn an_instruction_of_any_program_with_any_bytes_is_refused_or_spends_nothing_more(
        program in prop::sample::select(vec![SYSTEM, COMPUTE_BUDGET, TOKEN, TOKEN_2022, ATA, CPMM, WHIRLPOOL, KAMINO]),
        tag in prop::sample::select(vec![
            vec![], vec![1], vec![2, 0, 0, 0], vec![3, 0, 0, 0], vec![9], vec![12], vec![17],
            vec![0x8f, 0xbe, 0x5a, 0xda, 0xc4, 0x1e, 0x33, 0xde],
            vec![0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8],
            vec![0x87, 0xe7, 0x34, 0xa7, 0x07, 0x34, 0xd4, 0xc1],
        ]),
        rest in proptest::collection::vec(any::<u8>(), 0..40),
        accounts in proptest::collection::vec(prop::sample::select(vec![
            WALLET, WSOL_ACCOUNT, USDC_ACCOUNT, PYUSD_ACCOUNT, RECIPIENT, RECIPIENT_USDC, PINNED, WSOL, USDC, RESERVE,
            TIP_ACCOUNT,
        ]), 0..16),
    ) {
        let accounts = accounts.into_iter().map(|text| (key(text), true)).collect();
        let strange = ix(program, accounts, &[&tag, &rest]);
        if let Ok(reserved) = ask(&SolanaOrder::new("strange").and(strange).bytes()) {
            prop_assert_eq!(reserved, SOL);
        }
    }
}
