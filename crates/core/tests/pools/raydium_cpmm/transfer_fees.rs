//! Fees on transfers into and out of the vaults.

use super::{NOW, fees_of, key, pair, plain};
use crate::recorded;
use alloy_primitives::U256;
use serde::Deserialize;
use tradewind_core::pools::raydium_cpmm::{RaydiumCpmmPool, RaydiumCpmmState};
use tradewind_core::pools::{ChainClock, Exact, FeeKind, PoolChange, PoolMath, TokenPair};
use tradewind_core::solana::{Mint, TOKEN_2022_PROGRAM, TOKEN_PROGRAM};

#[test]
fn transfer_fees_are_taken_before_the_vault_and_after_it() {
    let plain = plain(5_000_000_000, 7_000_000_000);
    let bare = RaydiumCpmmPool::new(&plain).unwrap();
    for (fees0, fees1) in [
        (fees_of(100, u64::MAX), fees_of(0, 0)),
        (fees_of(0, 0), fees_of(333, u64::MAX)),
        (fees_of(75, 5_000), fees_of(9_999, 77)),
        (fees_of(10_000, 20), fees_of(10_000, 3)),
    ] {
        let state = RaydiumCpmmState {
            token0_program: TOKEN_2022_PROGRAM,
            token1_program: TOKEN_2022_PROGRAM,
            transfer_fees0: fees0,
            transfer_fees1: fees1,
            ..plain.clone()
        };
        let pool = RaydiumCpmmPool::new(&state).unwrap();
        for amount in [500_u64, 12_345, 100_000, 999_999_999] {
            let quote = pool
                .quote(TokenPair::ZERO_FOR_ONE, Exact::In, U256::from(amount))
                .unwrap();
            let arrived = fees0.at(9).net_raw(amount);
            let inner = bare
                .amounts(TokenPair::ZERO_FOR_ONE, Exact::In, U256::from(arrived))
                .unwrap();
            let left: u64 = inner.amount_out_raw.to();
            assert_eq!(quote.amount_out_raw, U256::from(fees1.at(9).net_raw(left)));
            assert_eq!(quote.fee_out_raw(), U256::from(fees1.at(9).fee_raw(left)));

            let mut after = pool.clone();
            after
                .swap(TokenPair::ZERO_FOR_ONE, Exact::In, U256::from(amount))
                .unwrap();
            assert_eq!(after.state().vault0_raw, 5_000_000_000 + arrived);
            assert_eq!(after.state().vault1_raw, 7_000_000_000 - left);
            assert_eq!(after.spot_price(TokenPair::ZERO_FOR_ONE), quote.spot_after);
        }
        for amount in [3_u64, 12_345, 1_000_000] {
            let Ok(quote) = pool.quote(TokenPair::ZERO_FOR_ONE, Exact::Out, U256::from(amount))
            else {
                continue;
            };
            let paid: u64 = quote.amount_in_raw.to();
            let arrived = fees0.at(9).net_raw(paid);
            let gross = amount + u64::try_from(quote.fee_out_raw()).unwrap();
            assert_eq!(
                fees1.at(9).net_raw(gross),
                amount,
                "what arrives is what was asked for"
            );
            let inner = bare
                .amounts(TokenPair::ZERO_FOR_ONE, Exact::Out, U256::from(gross))
                .unwrap();
            assert_eq!(inner.amount_in_raw, U256::from(arrived));
        }
    }
}

#[test]
fn a_transfer_fee_changes_with_the_epoch_and_with_the_mints_account() {
    #[derive(Deserialize)]
    struct File {
        transfers: Vec<Transfers>,
    }
    #[derive(Deserialize)]
    struct Transfers {
        mint: recorded::Recorded,
    }
    let file: File = recorded::read("solana/token_2022/token_2022.json");
    let mint = &file.transfers[0].mint;
    let bytes = mint.bytes();
    let expected = Mint::decode(key(1), &mint.account(&bytes))
        .unwrap()
        .transfer_fees;
    let (lower, higher) = if mint.address < key(4) {
        (mint.address, key(4))
    } else {
        (key(4), mint.address)
    };
    let of = |token| {
        if token == mint.address {
            TOKEN_2022_PROGRAM
        } else {
            TOKEN_PROGRAM
        }
    };
    let state = RaydiumCpmmState {
        token0: lower,
        token1: higher,
        token0_program: of(lower),
        token1_program: of(higher),
        clock: ChainClock { epoch: 7, ..NOW },
        ..plain(5_000_000_000, 7_000_000_000)
    };
    let mut pool = RaydiumCpmmPool::new(&state).unwrap();
    assert!(pool.accounts().contains(&mint.address));
    pool.apply(PoolChange::Account(mint.account(&bytes)))
        .unwrap();
    let fees = if lower == mint.address {
        pool.state().transfer_fees0
    } else {
        pool.state().transfer_fees1
    };
    assert_eq!(fees, expected);
    let into = pair(lower == mint.address);
    let withheld = |pool: &RaydiumCpmmPool| {
        let quote = pool.quote(into, Exact::In, U256::from(100_000)).unwrap();
        let fee = quote.fees.iter().find(|fee| fee.kind == FeeKind::Transfer);
        fee.map(|fee| fee.amount_raw.to::<u64>())
    };
    assert_eq!(withheld(&pool), Some(750));
    pool.apply(PoolChange::Clock(ChainClock { epoch: 9, ..NOW }))
        .unwrap();
    assert_eq!(withheld(&pool), Some(3000));
}
