//! Decoding: the dump is read as Kamino's package reads it, and what is no such account is refused with a reason.

use proptest::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::lending::kamino::{Fraction, LendingError, LendingMarket, Obligation, Reserve};
use tradewind_core::pools::Account;

use crate::dumped::{JITOSOL, MARKET, OBLIGATION, SOL, USDC, account, bytes, key};

fn reserve(data: &[u8]) -> Result<Reserve, LendingError> {
    Reserve::decode(&account(SOL, data))
}

fn obligation(data: &[u8]) -> Result<Obligation, LendingError> {
    Obligation::decode(&account(OBLIGATION, data))
}

fn market(data: &[u8]) -> Result<LendingMarket, LendingError> {
    LendingMarket::decode(&account(MARKET, data))
}

#[test]
fn the_dumped_obligation_is_read_as_kaminos_package_reads_it() {
    let read = obligation(&bytes(OBLIGATION)).unwrap();
    assert_eq!(read.market, key(MARKET));
    assert_eq!(
        read.owner,
        key("Hs9ioQZ2pCUyvS18anwmBxjQJsZrMPShwTMLySD6Us3V")
    );
    assert_eq!(
        (read.updated_slot, read.stale, read.elevation_group),
        (297_147_647, false, 0)
    );
    assert_eq!((read.referrer, read.price_status.0), (None, 63));
    let [deposit] = read.deposits[..] else {
        panic!("one deposit");
    };
    assert_eq!(
        (deposit.reserve, deposit.collateral_raw),
        (key(USDC), 8_786_940_915_877)
    );
    let [first, second] = read.borrows[..] else {
        panic!("two debts");
    };
    assert_eq!(
        first.reserve,
        key("H9vmCVd77N1HZa36eBn3UnftYmg4vQzPfm1RxabHAMER")
    );
    assert_eq!(second.reserve, key(SOL));
    assert_eq!(
        second.borrowed.to_bits(),
        26_118_704_651_779_415_702_081_802_773_482
    );
    assert_eq!(
        second.cumulative_borrow_rate.to::<u64>(),
        1_226_508_506_137_075_441
    );
    let stored = Fraction::from_bits(8_350_633_138_319_276_611_450_332);
    assert_eq!(read.stored_debt_value, stored);
}

#[test]
fn the_dumped_reserve_and_market_are_read_as_kaminos_package_reads_them() {
    let read = reserve(&bytes(SOL)).unwrap();
    assert_eq!(
        (read.decimals, read.available_raw, read.stale),
        (9, 467_121_866_659_737, true)
    );
    assert_eq!(
        (read.updated_slot, read.price_at_s),
        (298_271_839, 1_730_163_557)
    );
    assert_eq!(
        read.price.rounded(100_000_000),
        Some(17_858_116_104),
        "178.58116104 dollars"
    );
    assert_eq!(
        read.collateral_mint,
        key("2UywZrUdyqs5vDchy7fKQJKau2RVyuzBev2XKGPDSiX1")
    );
    assert_eq!(
        read.collateral_vault,
        key("8NXMyRD91p3nof61BTkJvrfpGTASHygz1cUvc3HvwyGS")
    );
    assert_eq!(
        read.collateral_farm,
        Some(key("955xWFhSDcDiUgUr4sBRtCpTLiMd4H5uZLAmgtP3R3sX"))
    );
    let config = read.config;
    assert_eq!(
        (config.loan_to_value_pct, config.liquidation_threshold_pct),
        (65, 75)
    );
    assert_eq!(
        (config.borrow_factor_pct, config.max_age_price_seconds),
        (125, 120)
    );
    assert_eq!(
        config.oracles.scope,
        Some(key("3NJYftD5sjVfxSnUdZ1wVML8f3aC6mp1CXCL6L7TnU8C"))
    );
    assert_eq!((config.oracles.pyth, read.debt_farm), (None, None));
    let read = market(&bytes(MARKET)).unwrap();
    assert_eq!(
        (read.close_factor_pct, read.insolvency_risk_ltv_pct),
        (20, 95)
    );
    assert_eq!(
        (read.min_full_liquidation_value, read.max_liquidation_value),
        (2, 2_500_000)
    );
    let group = read.group(2).unwrap().unwrap();
    assert_eq!(
        (group.liquidation_threshold_pct, group.debt_reserve),
        (90, key(SOL))
    );
    assert_eq!(read.group(6).unwrap_err().code(), "another_group");
    assert_eq!(read.group(33).unwrap_err().code(), "another_group");
}

#[test]
fn what_is_no_such_account_is_refused_with_its_field() {
    let with = |address: &str, offset: usize, changed: &[u8]| {
        let mut data = bytes(address);
        data[offset..offset + changed.len()].copy_from_slice(changed);
        data
    };
    let twice = &bytes(OBLIGATION)[232..264];
    let cases = [
        (reserve(&with(SOL, 0, &[0])).map(drop), "discriminator"),
        (reserve(&with(SOL, 8, &[2])).map(drop), "version"),
        (
            reserve(&with(SOL, 272, &[20])).map(drop),
            "liquidity.mint_decimals",
        ),
        (
            reserve(&with(SOL, 296, &[0; 32])).map(drop),
            "cumulative_borrow_rate_bsf",
        ),
        (reserve(&with(SOL, 4_856, &[3])).map(drop), "config.status"),
        (
            reserve(&with(SOL, 4_873, &[101])).map(drop),
            "config.liquidation_threshold_pct",
        ),
        (
            reserve(&with(SOL, 4_920, &[1])).map(drop),
            "config.borrow_rate_curve",
        ),
        (
            reserve(&with(SOL, 5_480, &[33])).map(drop),
            "config.elevation_groups",
        ),
        (reserve(&bytes(SOL)[..8_623]).map(drop), "data"),
        (
            obligation(&with(OBLIGATION, 96, twice)).map(drop),
            "deposits",
        ),
        (
            obligation(&with(OBLIGATION, 1_240, &[0; 32])).map(drop),
            "cumulative_borrow_rate_bsf",
        ),
        (
            obligation(&with(OBLIGATION, 2_285, &[33])).map(drop),
            "elevation_group",
        ),
        (
            obligation(&[bytes(OBLIGATION), vec![0; 136]].concat()).map(drop),
            "data",
        ),
        (market(&with(MARKET, 8, &[0])).map(drop), "version"),
        (
            market(&with(MARKET, 126, &[101])).map(drop),
            "close_factor_pct",
        ),
        (
            market(&with(MARKET, 202, &[9])).map(drop),
            "elevation_groups.id",
        ),
        (market(&bytes(JITOSOL)).map(drop), "discriminator"),
    ];
    for (refused, field) in cases {
        let error = refused.unwrap_err();
        assert_eq!(error.code(), "account_malformed", "{field}");
        assert!(
            error.to_string().contains(field),
            "{error} does not name {field}"
        );
    }
    let data = bytes(SOL);
    let stranger = Account {
        owner: ChainAddress::Solana([0; 32]),
        ..account(SOL, &data)
    };
    assert_eq!(
        Reserve::decode(&stranger).unwrap_err().code(),
        "account_malformed"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic(
        mut data in proptest::collection::vec(any::<u8>(), 0..9_000),
        length in proptest::sample::select(vec![0usize, 7, 3_344, 4_664, 8_624, 8_625]),
        kind in 0usize..3,
    ) {
        data.resize(length, 0);
        let heads = [SOL, OBLIGATION, MARKET].map(|address| bytes(address)[..16].to_vec());
        for (byte, head) in data.iter_mut().zip(&heads[kind]) {
            *byte = *head;
        }
        for refused in [reserve(&data).err(), obligation(&data).err(), market(&data).err()] {
            prop_assert!(refused.is_none_or(|error| error.code() == "account_malformed"));
        }
    }
}
