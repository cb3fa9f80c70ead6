//! Mints, token accounts and transfer fees against what the Token-2022 program wrote and withheld.

use crate::recorded;
use crate::recorded::Recorded;
use proptest::prelude::*;
use serde::Deserialize;
use tradewind_core::ChainAddress;
use tradewind_core::pools::{Account, PoolError, decimal};
use tradewind_core::solana::{Mint, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, TokenAccount, TransferFee};

const POOL: ChainAddress = ChainAddress::Solana([7; 32]);

#[derive(Deserialize)]
struct File {
    mints: Vec<MintCase>,
    accounts: Vec<AccountCase>,
    transfers: Vec<FeeCases>,
}

#[derive(Deserialize)]
struct MintCase {
    extensions: Vec<String>,
    mint: Recorded,
    account: Recorded,
    transfer_passes: bool,
    arrived: u64,
}

#[derive(Deserialize)]
struct AccountCase {
    state: String,
    #[serde(flatten)]
    account: Recorded,
}

#[derive(Deserialize)]
struct FeeCases {
    mint: Recorded,
    cases: Vec<FeeCase>,
}

#[derive(Deserialize)]
struct FeeCase {
    epoch: u64,
    #[serde(with = "decimal")]
    amount: u64,
    #[serde(with = "decimal")]
    arrived: u64,
}

fn file() -> File {
    recorded::read("solana/token_2022/token_2022.json")
}

fn mint(recorded: &Recorded) -> Result<Mint, PoolError> {
    Mint::decode(POOL, &recorded.account(&recorded.bytes()))
}

fn token_account(recorded: &Recorded) -> Result<TokenAccount, PoolError> {
    TokenAccount::decode(POOL, &recorded.account(&recorded.bytes()))
}

/// A mint with the bytes of `extensions` behind the account type.
fn mint_with(extensions: &[u8]) -> Result<Mint, PoolError> {
    let file = file();
    let plain = &file.mints[0].mint;
    let mut data = plain.bytes();
    data.resize(165, 0);
    data.push(1);
    data.extend(extensions);
    Mint::decode(
        POOL,
        &Account {
            address: plain.address,
            owner: TOKEN_2022_PROGRAM,
            data: &data,
        },
    )
}

fn entry(number: u16, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(value.len()).unwrap();
    [&number.to_le_bytes(), &len.to_le_bytes(), value].concat()
}

#[test]
fn withholds_what_the_program_withholds_in_every_epoch() {
    let mut compared = 0;
    for FeeCases { mint: bytes, cases } in file().transfers {
        let mint = mint(&bytes).unwrap();
        for case in cases {
            let fee = mint.transfer_fee(case.epoch);
            assert_eq!(
                fee.net_raw(case.amount),
                case.arrived,
                "{fee:?} of {} in {}",
                case.amount,
                case.epoch
            );
            compared += 1;
        }
    }
    assert!(compared >= 180, "{compared}");
}

#[test]
fn accepts_a_mint_exactly_when_a_plain_transfer_of_it_passes() {
    for case in file().mints {
        let decoded = mint(&case.mint);
        assert_eq!(
            decoded.is_ok(),
            case.transfer_passes,
            "{:?}: {decoded:?}",
            case.extensions
        );
        if let Ok(mint) = decoded {
            assert_eq!(mint.decimals, 6);
            assert_eq!(mint.supply_raw, 1_000_000);
            assert_eq!(
                mint.transfer_fee(0).net_raw(1000),
                case.arrived,
                "{:?}",
                case.extensions
            );
            let account = token_account(&case.account).unwrap();
            assert_eq!(account.amount_raw, case.arrived, "{:?}", case.extensions);
            assert_eq!(
                (account.mint, account.program),
                (mint.address, mint.program)
            );
        }
    }
}

#[test]
fn names_the_extension_that_it_refuses() {
    for (extension, code, words) in [
        ("transfer_hook", "unsupported_feature", "transfer hook"),
        (
            "non_transferable",
            "unsupported_feature",
            "non-transferable",
        ),
        ("paused", "swaps_disabled", "paused"),
    ] {
        let file = file();
        let case = file
            .mints
            .iter()
            .find(|case| case.extensions == [extension]);
        let error = mint(&case.unwrap().mint).unwrap_err();
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains(words), "{error}");
    }
    let unknown = mint_with(&entry(99, &[1, 2])).unwrap_err();
    assert!(unknown.to_string().contains("extension 99"), "{unknown}");
    let confidential = mint_with(&entry(24, &[0; 196])).unwrap_err();
    assert!(
        confidential.to_string().contains("confidential mint"),
        "{confidential}"
    );
}

#[test]
fn refuses_token_accounts_that_take_or_send_no_plain_transfer() {
    for AccountCase { state, account } in file().accounts {
        let decoded = token_account(&account);
        let code = decoded.as_ref().err().map(PoolError::code);
        let expected = match state.as_str() {
            "memo_required" | "guarded" => Some("unsupported_feature"),
            "frozen" => Some("swaps_disabled"),
            "memo_not_required" => None,
            other => panic!("{other}"),
        };
        assert_eq!(code, expected, "{state}: {decoded:?}");
    }
}

#[test]
fn refuses_bytes_that_no_token_program_writes() {
    let file = file();
    let case = &file.mints[0];
    let data = case.mint.bytes();
    let with = |owner: ChainAddress, data: &[u8]| {
        let account = Account {
            owner,
            ..case.mint.account(data)
        };
        Mint::decode(POOL, &account).unwrap_err()
    };
    let changed = |at: usize, byte: u8| {
        let mut data = data.clone();
        data[at] = byte;
        data
    };
    for (error, field) in [
        (with(POOL, &data), "owner program"),
        (with(TOKEN_PROGRAM, &data[..81]), "data"),
        (
            with(TOKEN_PROGRAM, &[&data[..], &[0; 83 + 10]].concat()),
            "data",
        ),
        (
            with(TOKEN_2022_PROGRAM, &[&data[..], &[0; 355 - 82]].concat()),
            "data",
        ),
        (
            with(TOKEN_2022_PROGRAM, &[&data[..], &[0; 84]].concat()),
            "account_type",
        ),
        (with(TOKEN_PROGRAM, &changed(45, 0)), "is_initialized"),
        (with(TOKEN_PROGRAM, &changed(45, 2)), "is_initialized"),
        (with(TOKEN_PROGRAM, &changed(0, 2)), "mint_authority"),
    ] {
        assert_eq!(error.code(), "account_malformed");
        assert!(error.to_string().contains(field), "{field}: {error}");
    }
}

#[test]
fn refuses_extensions_that_overlap_or_end_outside_the_account() {
    let too_long = [&3_u16.to_le_bytes()[..], &33_u16.to_le_bytes(), &[0; 32]].concat();
    let twice = [entry(3, &[1; 32]), entry(3, &[1; 32])].concat();
    let half = [3, 0, 32];
    let wrong_length = entry(1, &[0; 107]);
    let over_a_hundred = entry(1, &{
        let mut value = [0; 108];
        value[72 + 16..72 + 18].copy_from_slice(&10_001_u16.to_le_bytes());
        value
    });
    for bytes in [&too_long[..], &twice, &half, &wrong_length, &over_a_hundred] {
        assert_eq!(
            mint_with(bytes).unwrap_err().code(),
            "account_malformed",
            "{bytes:?}"
        );
    }
    assert!(mint_with(&[entry(3, &[1; 32]), vec![0; 40]].concat()).is_ok());
    assert!(mint_with(&[]).is_ok());
}

proptest! {
    #[test]
    fn the_inverse_is_the_closed_form_and_lets_enough_arrive(
        basis_points in 0..=10_000_u16,
        maximum_fee_raw in prop_oneof![Just(0), Just(u64::MAX), 0..1000_u64, any::<u64>()],
        net in prop_oneof![0..100_000_u64, any::<u64>()],
    ) {
        let fee = TransferFee { basis_points, maximum_fee_raw };
        let wide = u128::from(net);
        let kept = u128::from(10_000 - basis_points);
        let expected = match (basis_points, net) {
            (0, _) => Some(wide),
            (_, 0) => Some(0),
            (10_000, _) => Some(wide + u128::from(maximum_fee_raw)),
            _ => Some(((wide * 10_000).div_ceil(kept)).min(wide + u128::from(maximum_fee_raw))),
        };
        let expected = expected.and_then(|gross| u64::try_from(gross).ok());
        prop_assert_eq!(fee.gross_raw(net), expected);
        if let Some(gross) = expected
            && (basis_points < 10_000 || maximum_fee_raw < gross)
        {
            prop_assert!(fee.net_raw(gross) >= net);
        }
    }

    #[test]
    fn no_bytes_make_the_decoders_panic(
        data in proptest::collection::vec(prop_oneof![4 => Just(0_u8), 1 => 1..4_u8, 1 => any::<u8>()], 0..700),
        of_2022: bool,
    ) {
        let owner = if of_2022 { TOKEN_2022_PROGRAM } else { TOKEN_PROGRAM };
        let account = Account { address: POOL, owner, data: &data };
        let _ = Mint::decode(POOL, &account);
        let _ = TokenAccount::decode(POOL, &account);
    }
}
