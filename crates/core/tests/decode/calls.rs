//! The instructions around a swap, read from a transaction that solders 0.29 made, and cut and prolonged.

use alloy_primitives::hex;
use tradewind_core::decode::solana::{
    Account, AccountKey, Call, Instruction, KAMINO_PROGRAM, Key, Liquidated, SYSTEM_PROGRAM,
    TOKEN_PROGRAM, decode_transaction,
};

const WALLET: &str = "FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z";
/// Where solders says that the seed leads.
const CREATED: &str = "Baxcyv58P7buz4aVtkn9L72SM639N7nrm2mnr2mks3hi";
/// `create_account_with_seed` and `transfer` of 77 lamports.
const MADE: &str = "010000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001000103d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a9d47ed15b74950f709ef26d777a0cf327347e7d603089aea9f4b1625fead0a410000000000000000000000000000000000000000000000000000000000000000070707070707070707070707070707070707070707070707070707070707070702020200017c03000000d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a2000000000000000303031313232333334343535363637373838393961616262636364646565666600980d000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000020200010c020000004d00000000000000";

fn key(text: &str) -> AccountKey {
    AccountKey::Known(Key::parse(text).unwrap())
}

fn with(program: Key, accounts: usize, data: &[u8]) -> Instruction<'_> {
    let accounts = 0..u8::try_from(accounts).unwrap();
    let account = |number: u8| Account {
        key: AccountKey::Known(Key([number; 32])),
        signer: false,
        writable: true,
    };
    Instruction {
        program,
        accounts: accounts.map(account).collect(),
        data,
    }
}

#[test]
fn reads_what_solders_wrote() {
    let raw = hex::decode(MADE).unwrap();
    let transaction = decode_transaction(&raw).unwrap();
    let accounts = transaction.accounts_as_named().unwrap();
    let calls: Vec<_> = transaction
        .instructions(&accounts)
        .map(|it| it.call().unwrap().unwrap())
        .collect();
    assert_eq!(
        calls[0],
        Call::CreateAccountWithSeed {
            payer: key(WALLET),
            account: key(CREATED),
            base: Key::parse(WALLET).unwrap(),
            seed: b"00112233445566778899aabbccddeeff",
            lamports: 890_880,
            space: 0,
            owner: SYSTEM_PROGRAM,
        }
    );
    assert_eq!(
        calls[1],
        Call::Transfer {
            from: key(WALLET),
            to: key(CREATED),
            lamports: 77,
        }
    );
}

#[test]
fn refuses_every_cut_and_every_tail() {
    let raw = hex::decode(MADE).unwrap();
    let transaction = decode_transaction(&raw).unwrap();
    let data = transaction.compiled_instructions()[0].data;
    for length in 4..data.len() {
        let cut = with(SYSTEM_PROGRAM, 2, &data[..length]);
        assert!(cut.call().is_err(), "{length}");
    }
    let long = [data, &[0]].concat();
    assert!(with(SYSTEM_PROGRAM, 2, &long).call().is_err());
    assert!(with(SYSTEM_PROGRAM, 1, data).call().is_err());
    // A seed that claims to be longer than all bytes there are.
    let mut endless = data.to_vec();
    endless[36..44].fill(0xff);
    assert!(with(SYSTEM_PROGRAM, 2, &endless).call().is_err());
}

/// `transfer_with_seed` of 890,880 lamports back to the base, as solders 0.29 writes it.
const TAKEN_BACK: &str = "0b00000000980d0000000000200000000000000030303131323233333434353536363737383839396161626263636464656566660000000000000000000000000000000000000000000000000000000000000000";

#[test]
fn reads_a_transfer_with_seed_whole_and_refuses_every_cut_and_tail() {
    let data = hex::decode(TAKEN_BACK).unwrap();
    let read = with(SYSTEM_PROGRAM, 3, &data).call().unwrap().unwrap();
    let account = |number: u8| AccountKey::Known(Key([number; 32]));
    assert_eq!(
        read,
        Call::TransferWithSeed {
            from: account(0),
            base: account(1),
            to: account(2),
            seed: b"00112233445566778899aabbccddeeff",
            lamports: 890_880,
            owner: SYSTEM_PROGRAM,
        }
    );
    for length in 4..data.len() {
        assert!(
            with(SYSTEM_PROGRAM, 3, &data[..length]).call().is_err(),
            "{length}"
        );
    }
    let long = [&data[..], &[0]].concat();
    assert!(with(SYSTEM_PROGRAM, 3, &long).call().is_err());
    assert!(with(SYSTEM_PROGRAM, 2, &data).call().is_err());
    // A seed that claims to be longer than all bytes there are.
    let mut endless = data.clone();
    endless[12..20].fill(0xff);
    assert!(with(SYSTEM_PROGRAM, 3, &endless).call().is_err());
}

#[test]
fn names_no_call_that_it_does_not_know() {
    let approve = [4, 1, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(with(TOKEN_PROGRAM, 3, &approve).call(), Ok(None));
    assert_eq!(with(TOKEN_PROGRAM, 3, &[9, 0]).call(), Ok(None));
    assert_eq!(with(Key([9; 32]), 3, &[9]).call(), Ok(None));
    assert_eq!(with(TOKEN_PROGRAM, 3, &[]).call(), Ok(None));
}

#[test]
fn reads_a_loan_only_with_all_its_accounts_and_bytes() {
    let borrow = hex::decode("87e734a70734d4c10100000000000000").unwrap();
    let Some(Call::FlashBorrow(flash)) = with(KAMINO_PROGRAM, 12, &borrow).call().unwrap() else {
        panic!("no loan")
    };
    assert_eq!(
        (flash.amount_raw, flash.reserve),
        (1, AccountKey::Known(Key([3; 32])))
    );
    assert!(with(KAMINO_PROGRAM, 11, &borrow).call().is_err());
    assert!(with(KAMINO_PROGRAM, 13, &borrow).call().is_err());
    let repay = hex::decode("b97500cb60f5b4ba010000000000000005").unwrap();
    let read = with(KAMINO_PROGRAM, 12, &repay).call().unwrap();
    assert_eq!(
        read,
        Some(Call::FlashRepay {
            flash,
            borrow_index: 5
        })
    );
    assert!(with(KAMINO_PROGRAM, 12, &repay[..16]).call().is_err());
}

#[test]
fn reads_refreshes_and_both_forms_of_a_liquidation_whole() {
    // As npm `@kamino-finance/klend-sdk` 8.0.2 writes them, with the accounts numbered.
    let amounts = "15cd5b070000000006120f00000000000000000000000000";
    let number = |number: u8| AccountKey::Known(Key([number; 32]));
    for (tag, accounts) in [("b1479abce2854a37", 20), ("a2a1238f1ebbb967", 25)] {
        let data = hex::decode(format!("{tag}{amounts}")).unwrap();
        let read = with(KAMINO_PROGRAM, accounts, &data).call();
        let expected = Liquidated {
            liquidator: number(0),
            obligation: number(1),
            repay_reserve: number(4),
            withdraw_reserve: number(7),
            source: number(13),
            collateral: number(14),
            destination: number(15),
            max_repaid_raw: 123_456_789,
            least_received_raw: 987_654,
            threshold_override: 0,
        };
        assert_eq!(read, Ok(Some(Call::Liquidate(expected))));
        assert!(with(KAMINO_PROGRAM, 19, &data).call().is_err());
        assert!(with(KAMINO_PROGRAM, 25, &data[..31]).call().is_err());
        let longer = [data.as_slice(), &[0]].concat();
        assert!(with(KAMINO_PROGRAM, 25, &longer).call().is_err());
    }
    for refresh in ["02da8aeb4fc91966", "218493e497c04859"] {
        let data = hex::decode(refresh).unwrap();
        let read = |data: &[u8]| with(KAMINO_PROGRAM, 6, data).call().map(|it| it.is_some());
        assert_eq!(read(&data), Ok(true));
        assert_eq!(read(&[data.as_slice(), &[0]].concat()), Ok(false));
    }
}
