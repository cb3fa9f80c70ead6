//! Kamino's refreshes and liquidations are, account for account and byte for byte, those of its own package.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tradewind_core::ChainAddress;
use tradewind_core::lending::kamino::{Deposit, Obligation, Reserve};
use tradewind_core::pools::Account;
use tradewind_solana::Key;
use tradewind_solana::flash_loan::KaminoReserve;
use tradewind_solana::flash_loan::kamino::{
    FlashLoan, KAMINO_PROGRAM, flash_borrow_reserve_liquidity, flash_repay_reserve_liquidity,
    placed,
};
use tradewind_solana::instruction::Instruction;
use tradewind_solana::lending::kamino::{
    LiquidationCall, LiquidationForm, liquidate, refresh_obligation, refresh_reserve,
};
use tradewind_solana::system;

const OBLIGATION: &str = "4w1qUuYbXpwYkqWzuovJFvP3TRt9EgEzYQv7kYY1nM3J";
const LIQUIDATOR: Key = Key::constant("AyZz8kpXG3MKMkaXFS3yiEHbzKf98NwwrAaoLGnoYy27");

fn fixture(path: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/solana");
    fs::read(folder.join(path)).unwrap()
}

fn account<'a>(address: &str, data: &'a [u8]) -> Account<'a> {
    Account {
        address: address.parse().unwrap(),
        owner: ChainAddress::Solana(KAMINO_PROGRAM.0),
        data,
    }
}

fn reserve(address: &str) -> Reserve {
    let data = fixture(&format!("kamino/{address}.bin"));
    Reserve::decode(&account(address, &data)).unwrap()
}

/// The dumped loan with one deposit and one debt.
fn obligation(collateral: &Reserve, debt: &Reserve, in_group: bool) -> Obligation {
    let data = fixture(&format!("kamino/{OBLIGATION}.bin"));
    let dumped = Obligation::decode(&account(OBLIGATION, &data)).unwrap();
    let mut borrow = dumped.borrows[0];
    borrow.reserve = debt.address;
    Obligation {
        elevation_group: u8::from(in_group) * 2,
        deposits: vec![Deposit {
            reserve: collateral.address,
            ..dumped.deposits[0]
        }],
        borrows: vec![borrow],
        ..dumped
    }
}

fn written(instruction: &Instruction) -> Value {
    let accounts = instruction.accounts.iter();
    let accounts: Vec<_> = accounts
        .map(|it| serde_json::json!([it.key.to_string(), it.is_signer, it.is_writable]))
        .collect();
    let hex = instruction
        .data
        .iter()
        .fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string takes everything");
            hex
        });
    serde_json::json!({"program": instruction.program.to_string(), "accounts": accounts, "data": hex})
}

#[test]
fn refreshes_and_liquidations_are_those_of_kaminos_package() {
    let recorded: Value =
        serde_json::from_slice(&fixture("instructions/kamino_liquidation.json")).unwrap();
    let cases = recorded["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let (debt, collateral) = (
            reserve(case["debt"].as_str().unwrap()),
            reserve(case["collateral"].as_str().unwrap()),
        );
        let obligation = obligation(&collateral, &debt, case["group"].as_bool().unwrap());
        let call = LiquidationCall {
            obligation: &obligation,
            repay_reserve: &debt,
            withdraw_reserve: &collateral,
            liquidator: LIQUIDATOR,
            repay_raw: case["repay"].as_u64().unwrap(),
            least_received_raw: case["least"].as_u64().unwrap(),
        };
        let first = liquidate(&call, LiquidationForm::First).unwrap();
        assert_eq!(written(&first), case["v1"]);
        let second = liquidate(&call, LiquidationForm::Second).unwrap();
        assert_eq!(written(&second), case["v2"]);
        assert_eq!(written(&refresh_reserve(&debt)), case["refresh_debt"]);
        assert_eq!(
            written(&refresh_reserve(&collateral)),
            case["refresh_collateral"]
        );
        let refreshed = refresh_obligation(&obligation).unwrap();
        assert_eq!(written(&refreshed), case["refresh_obligation"]);
    }
}

#[test]
fn a_referrers_account_of_each_debt_follows_the_reserves() {
    let (debt, collateral) = (
        reserve("d4A2prbA2whesmvHaL88BH6Ewn5N4bTSU2Ze8P6Bc4Q"),
        reserve("D6q6wuQSrifJKZYpR1M8R4YawnLDtDsMmWM1NbBmgJ59"),
    );
    let mut referred = obligation(&collateral, &debt, false);
    let plain = refresh_obligation(&referred).unwrap();
    referred.referrer = Some(ChainAddress::Solana([5; 32]));
    let with = refresh_obligation(&referred).unwrap();
    assert_eq!(with.accounts.len(), plain.accounts.len() + 1);
    assert!(with.accounts.last().unwrap().is_writable);
}

#[test]
fn a_repayment_names_the_place_of_its_loan_behind_whatever_stands_in_front() {
    let address = "d4A2prbA2whesmvHaL88BH6Ewn5N4bTSU2Ze8P6Bc4Q";
    let data = fixture(&format!("kamino/{address}.bin"));
    let loan = FlashLoan {
        reserve: KaminoReserve::decode(&account(address, &data)).unwrap(),
        borrower: LIQUIDATOR,
        token_account: Key([2; 32]),
        amount_raw: 7,
    };
    let (borrow, repay) = (
        flash_borrow_reserve_liquidity(&loan),
        flash_repay_reserve_liquidity(&loan, 0),
    );
    let other = system::transfer(LIQUIDATOR, Key([3; 32]), 1);
    let whole = vec![other.clone(), borrow.clone(), other.clone(), repay.clone()];
    let named = placed(whole, 4).unwrap();
    assert_eq!(named[3].data.last(), Some(&5));
    assert_eq!(
        placed(vec![other.clone()], 4).unwrap(),
        std::slice::from_ref(&other)
    );
    let code = |instructions: &[&Instruction], behind| {
        let instructions = instructions.iter().map(|it| (*it).clone()).collect();
        placed(instructions, behind).unwrap_err().code()
    };
    assert_eq!(code(&[&borrow], 0), "flash_loan_unpaid");
    assert_eq!(code(&[&repay, &borrow], 0), "flash_loan_unpaid");
    assert_eq!(code(&[&borrow, &repay, &borrow], 0), "flash_loan_twice");
    assert_eq!(code(&[&borrow, &repay], 256), "flash_loan_place_too_far");
}
