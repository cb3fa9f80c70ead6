//! Flash loans of Kamino: the account that lends, the fee, and the transaction around which a loan stands.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::Account;
use tradewind_solana::flash_loan::kamino::{FlashLoan, KAMINO_PROGRAM, Room, Wrapped, wrap};
use tradewind_solana::flash_loan::{FlashLoanError, KaminoReserve};
use tradewind_solana::instruction::Instruction;
use tradewind_solana::transaction::LookupTable;
use tradewind_solana::{Key, compute_budget, system};

const SOL_RESERVE: &str = "d4A2prbA2whesmvHaL88BH6Ewn5N4bTSU2Ze8P6Bc4Q";
const FEE_OFFSET: usize = 4_904;
const STATUS_OFFSET: usize = 4_856;
const SIZE_LIMIT_BYTES: usize = 1_232;
const FLASH_BORROW: [u8; 8] = [0x87, 0xe7, 0x34, 0xa7, 0x07, 0x34, 0xd4, 0xc1];

fn bytes() -> Vec<u8> {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/solana/kamino");
    fs::read(folder.join(format!("{SOL_RESERVE}.bin"))).unwrap()
}

fn decode(data: &[u8]) -> Result<KaminoReserve, FlashLoanError> {
    KaminoReserve::decode(&Account {
        address: SOL_RESERVE.parse().unwrap(),
        owner: ChainAddress::Solana(KAMINO_PROGRAM.0),
        data,
    })
}

fn charging(fee_sf: u64) -> KaminoReserve {
    let mut data = bytes();
    data[FEE_OFFSET..FEE_OFFSET + 8].copy_from_slice(&fee_sf.to_le_bytes());
    decode(&data).unwrap()
}

fn loan(amount_raw: u64) -> FlashLoan {
    FlashLoan {
        reserve: decode(&bytes()).unwrap(),
        borrower: Key([1; 32]),
        token_account: Key([2; 32]),
        amount_raw,
    }
}

fn room(lookup_tables: &[LookupTable]) -> Room<'_> {
    Room {
        fee_payer: Key([1; 32]),
        lookup_tables,
        size_limit_bytes: SIZE_LIMIT_BYTES,
    }
}

fn pay(lamports: u64) -> Instruction {
    system::transfer(Key([1; 32]), Key([3; 32]), lamports)
}

fn code<T: std::fmt::Debug>(refused: Result<T, FlashLoanError>) -> &'static str {
    refused.unwrap_err().code()
}

#[test]
fn the_sol_reserve_of_the_main_market_is_read() {
    let reserve = decode(&bytes()).unwrap();
    let named = Key::constant;
    let keys = [
        (
            reserve.market,
            "7u3HeHxYDLhnCoErrtycNokbQYbWGzLs6JSDqGAv5PfF",
        ),
        (
            reserve.market_authority,
            "9DrvZvyWh1HuAoZxvYWMvkf2XCzryCpGgHqrMjyDWpmo",
        ),
        (
            reserve.liquidity_mint,
            "So11111111111111111111111111111111111111112",
        ),
        (
            reserve.token_program,
            "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
        ),
    ];
    for (read, expected) in keys {
        assert_eq!(read, named(expected));
    }
    assert_eq!(reserve.available_raw, 467_121_866_659_737);
    assert_eq!((reserve.flash_loan_fee_sf, reserve.obsolete), (0, false));
}

#[test]
fn what_is_no_reserve_is_refused() {
    let with = |place: usize, value: u8| {
        let mut data = bytes();
        data[place] = value;
        code(decode(&data))
    };
    for (place, value) in [(0, 0), (8, 2), (STATUS_OFFSET, 3)] {
        assert_eq!(with(place, value), "account_malformed", "byte {place}");
    }
    assert_eq!(code(decode(&bytes()[..8_623])), "account_malformed");
    let stranger = KaminoReserve::decode(&Account {
        address: SOL_RESERVE.parse().unwrap(),
        owner: ChainAddress::Solana([0; 32]),
        data: &bytes(),
    });
    assert_eq!(code(stranger), "account_malformed");
}

#[test]
fn a_fee_is_rounded_to_the_nearest_and_is_at_least_one() {
    assert_eq!(charging(1).fee_raw(1_000_000).unwrap(), 1);
    let a_quarter = charging(1 << 58);
    // 2.5 goes up, 2.25 down, 2.75 up.
    for (amount, fee) in [(10, 3), (9, 2), (11, 3), (4, 1)] {
        assert_eq!(a_quarter.fee_raw(amount).unwrap(), fee, "{amount}");
    }
    assert_eq!(charging(0).fee_raw(1).unwrap(), 0);
}

#[test]
fn a_loan_that_cannot_be_given_is_refused() {
    let reserve = decode(&bytes()).unwrap();
    let all = reserve.available_raw;
    assert_eq!(code(reserve.fee_raw(0)), "amount_zero");
    assert_eq!(code(reserve.fee_raw(all + 1)), "reserve_insufficient");
    assert_eq!(reserve.fee_raw(all).unwrap(), 0);
    assert_eq!(code(charging(u64::MAX).fee_raw(10)), "flash_loan_disabled");
    assert_eq!(code(charging(1).fee_raw(1)), "flash_loan_too_small");
    assert_eq!(
        code(charging(1 << 60).fee_raw(1_000)),
        "flash_loan_too_small"
    );
    assert_eq!(
        code(charging(u64::MAX - 1).fee_raw(all)),
        "flash_loan_too_small"
    );
    let mut closing = bytes();
    closing[STATUS_OFFSET] = 1;
    assert_eq!(
        code(decode(&closing).unwrap().fee_raw(1)),
        "reserve_obsolete"
    );
}

fn wrapped(instructions: &[Instruction]) -> Result<Wrapped, FlashLoanError> {
    wrap(instructions, &loan(1_000), &room(&[]))
}

#[test]
fn the_loan_stands_behind_the_compute_budget_and_the_repayment_last() {
    let budget = [
        compute_budget::set_unit_limit(1),
        compute_budget::set_unit_price(2),
    ];
    for count in 0..=2_usize {
        let mut given = budget[..count].to_vec();
        given.extend([pay(1), pay(2)]);
        let made = wrapped(&given).unwrap();
        let all = &made.instructions;
        assert_eq!(usize::from(made.borrow_index), count);
        assert_eq!(all.len(), count + 4);
        assert_eq!(all[..count], given[..count]);
        assert_eq!(all[count].data[..8], FLASH_BORROW);
        assert_eq!(all[count + 1..count + 3], given[count..]);
        assert_eq!(usize::from(*all[count + 3].data.last().unwrap()), count);
        assert_eq!(all[count + 3].accounts, all[count].accounts);
    }
}

#[test]
fn an_order_that_would_make_the_place_wrong_is_refused() {
    let behind = [pay(1), compute_budget::set_unit_limit(1)];
    assert_eq!(code(wrapped(&behind)), "compute_budget_behind");
    let once = wrapped(&[pay(1)]).unwrap();
    assert_eq!(code(wrapped(&once.instructions)), "flash_loan_twice");
}

#[test]
fn a_transaction_that_outgrows_the_network_is_refused_until_a_table_makes_it_fit() {
    let payees: Vec<Key> = (1..=30).map(|place| Key([100 + place; 32])).collect();
    let payments = payees
        .iter()
        .map(|payee| system::transfer(Key([1; 32]), *payee, 1));
    let many: Vec<Instruction> = payments.collect();
    assert_eq!(code(wrapped(&many)), "transaction_too_large");
    let table = LookupTable::new(Key([9; 32]), &payees).unwrap();
    let made = wrap(&many, &loan(1_000), &room(&[table])).unwrap();
    assert!(made.size_bytes <= SIZE_LIMIT_BYTES);
}

proptest! {
    /// The fee is off the exact product by half a unit at most, or it is the least fee.
    #[test]
    fn the_fee_is_the_nearest_whole_number(
        fee_sf in 1..1_u64 << 59,
        amount in 1_u64..400_000_000_000_000,
    ) {
        match charging(fee_sf).fee_raw(amount) {
            Ok(fee) => {
                let exact = u128::from(amount) * u128::from(fee_sf);
                let (scaled, half) = (u128::from(fee) << 60, 1_u128 << 59);
                prop_assert!((fee == 1 && exact <= scaled) || scaled.abs_diff(exact) <= half);
            }
            Err(refused) => prop_assert_eq!(refused.code(), "flash_loan_too_small"),
        }
    }
}
