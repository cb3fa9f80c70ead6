//! Raydium CPMM against what the real program answered, its own curve source, and its TypeScript client.

mod accounts;
mod transfer_fees;

use crate::recorded;
use alloy_primitives::U256;
use serde::Deserialize;
use tradewind_core::ChainAddress;
use tradewind_core::pools::raydium_cpmm::{
    CreatorFeeOn, FeeRounding, RAYDIUM_CPMM_PROGRAM, RaydiumCpmmPool, RaydiumCpmmState,
};
use tradewind_core::pools::{
    Account, AccountSet, ChainClock, Exact, FeeKind, PoolError, PoolMath, TokenPair, decimal,
};
use tradewind_core::solana::{EpochTransferFee, TOKEN_PROGRAM, TransferFees};

const NOW: ChainClock = ChainClock {
    slot: 0,
    epoch: 9,
    unix_timestamp: 1_790_000_000,
};

fn key(byte: u8) -> ChainAddress {
    ChainAddress::Solana([byte; 32])
}

/// An open pool of SPL tokens without anything owed, with a fee of 0.25 %.
fn plain(vault0_raw: u64, vault1_raw: u64) -> RaydiumCpmmState {
    RaydiumCpmmState {
        pool: key(1),
        config: key(2),
        token0: key(3),
        token1: key(4),
        token0_program: TOKEN_PROGRAM,
        token1_program: TOKEN_PROGRAM,
        vault0: key(5),
        vault1: key(6),
        vault0_raw,
        vault1_raw,
        protocol_fees0_raw: 0,
        protocol_fees1_raw: 0,
        fund_fees0_raw: 0,
        fund_fees1_raw: 0,
        creator_fees0_raw: 0,
        creator_fees1_raw: 0,
        trade_fee_ppm: 2500,
        protocol_fee_ppm: 120_000,
        fund_fee_ppm: 40_000,
        creator_fee_ppm: 0,
        enable_creator_fee: false,
        creator_fee_on: CreatorFeeOn::BothTokens,
        status: 0,
        open_time: 0,
        fee_rounding: FeeRounding::Together,
        transfer_fees0: TransferFees::NONE,
        transfer_fees1: TransferFees::NONE,
        clock: NOW,
    }
}

fn put(data: &mut [u8], offset: usize, bytes: &[u8]) {
    data[offset..offset + bytes.len()].copy_from_slice(bytes);
}

/// The pool's account as the program's layout has it.
fn pool_bytes(state: &RaydiumCpmmState) -> Vec<u8> {
    let mut data = vec![0; 637];
    put(
        &mut data,
        0,
        &[0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46],
    );
    for (offset, address) in [
        (8, state.config),
        (72, state.vault0),
        (104, state.vault1),
        (168, state.token0),
        (200, state.token1),
        (232, state.token0_program),
        (264, state.token1_program),
    ] {
        put(&mut data, offset, &address.solana().unwrap());
    }
    data[329] = state.status;
    for (offset, raw) in [
        (341, state.protocol_fees0_raw),
        (349, state.protocol_fees1_raw),
        (357, state.fund_fees0_raw),
        (365, state.fund_fees1_raw),
        (373, state.open_time),
        (397, state.creator_fees0_raw),
        (405, state.creator_fees1_raw),
    ] {
        put(&mut data, offset, &raw.to_le_bytes());
    }
    data[389] = state.creator_fee_on as u8;
    data[390] = u8::from(state.enable_creator_fee);
    data
}

fn config_bytes(state: &RaydiumCpmmState) -> Vec<u8> {
    let mut data = vec![0; 236];
    put(
        &mut data,
        0,
        &[0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f],
    );
    for (offset, ppm) in [
        (12, state.trade_fee_ppm),
        (20, state.protocol_fee_ppm),
        (28, state.fund_fee_ppm),
        (108, state.creator_fee_ppm),
    ] {
        put(&mut data, offset, &u64::from(ppm).to_le_bytes());
    }
    data
}

/// Decodes what the layout says of a pool of SPL tokens.
fn decoded(state: &RaydiumCpmmState) -> Result<RaydiumCpmmPool, PoolError> {
    let pool = pool_bytes(state);
    let config = config_bytes(state);
    let vault0 = recorded::token_account(state.token0, key(9), state.vault0_raw);
    let vault1 = recorded::token_account(state.token1, key(9), state.vault1_raw);
    let account = |address, owner, data| Account {
        address,
        owner,
        data,
    };
    let accounts: AccountSet = [
        account(state.pool, RAYDIUM_CPMM_PROGRAM, &pool[..]),
        account(state.config, RAYDIUM_CPMM_PROGRAM, &config),
        account(state.vault0, state.token0_program, &vault0),
        account(state.vault1, state.token1_program, &vault1),
    ]
    .into_iter()
    .collect();
    RaydiumCpmmPool::from_accounts(state.pool, &accounts, state.clock)
}

fn pair(zero_for_one: bool) -> TokenPair {
    if zero_for_one {
        TokenPair::ZERO_FOR_ONE
    } else {
        TokenPair::ONE_FOR_ZERO
    }
}

#[derive(Deserialize)]
struct Swaps {
    cases: Vec<SwapCase>,
}

#[derive(Debug, Deserialize)]
struct SwapCase {
    #[serde(with = "decimal")]
    vault_0: u64,
    #[serde(with = "decimal")]
    vault_1: u64,
    trade_fee_rate: u32,
    protocol_fees: [String; 2],
    fund_fees: [String; 2],
    zero_for_one: bool,
    mode: String,
    #[serde(with = "decimal")]
    amount: u64,
    ok: bool,
    amount_in: Option<String>,
    amount_out: Option<String>,
}

#[test]
fn answers_every_swap_as_the_program_did() {
    let file: Swaps = recorded::read("solana/raydium_cpmm/swaps_2024.json");
    assert_eq!(file.cases.len(), 120);
    for case in file.cases {
        let raw = |text: &String| text.parse::<u64>().unwrap();
        let state = RaydiumCpmmState {
            protocol_fees0_raw: raw(&case.protocol_fees[0]),
            protocol_fees1_raw: raw(&case.protocol_fees[1]),
            fund_fees0_raw: raw(&case.fund_fees[0]),
            fund_fees1_raw: raw(&case.fund_fees[1]),
            trade_fee_ppm: case.trade_fee_rate,
            ..plain(case.vault_0, case.vault_1)
        };
        let pool = decoded(&state).unwrap();
        assert_eq!(pool.state(), state);
        let exact = if case.mode == "exact_in" {
            Exact::In
        } else {
            Exact::Out
        };
        let answer = pool.amounts(pair(case.zero_for_one), exact, U256::from(case.amount));
        assert_eq!(answer.is_ok(), case.ok, "{case:?}: {answer:?}");
        if let Ok(amounts) = answer {
            assert_eq!(
                Some(amounts.amount_in_raw.to_string()),
                case.amount_in,
                "{case:?}"
            );
            assert_eq!(
                Some(amounts.amount_out_raw.to_string()),
                case.amount_out,
                "{case:?}"
            );
        }
    }
}

#[derive(Deserialize)]
struct Curve {
    cases: Vec<CurveCase>,
}

#[derive(Debug, Deserialize)]
struct CurveCase {
    exact_in: bool,
    #[serde(with = "decimal")]
    amount: u64,
    #[serde(with = "decimal")]
    reserve_in: u64,
    #[serde(with = "decimal")]
    reserve_out: u64,
    trade: u32,
    creator: u32,
    protocol: u32,
    fund: u32,
    on_input: bool,
    since: Option<[String; 6]>,
    before: Option<[String; 6]>,
    client: Option<[String; 6]>,
}

impl CurveCase {
    /// Each way to set a pool up in which this is the swap.
    fn states(&self) -> Vec<(RaydiumCpmmState, bool)> {
        let ways = if self.on_input {
            vec![
                (CreatorFeeOn::BothTokens, true),
                (CreatorFeeOn::BothTokens, false),
                (CreatorFeeOn::OnlyToken0, true),
                (CreatorFeeOn::OnlyToken1, false),
            ]
        } else {
            vec![
                (CreatorFeeOn::OnlyToken0, false),
                (CreatorFeeOn::OnlyToken1, true),
            ]
        };
        let state = |creator_fee_on, zero_for_one| {
            let vaults = [self.reserve_in, self.reserve_out];
            let [vault0, vault1] = if zero_for_one {
                vaults
            } else {
                [vaults[1], vaults[0]]
            };
            let state = RaydiumCpmmState {
                trade_fee_ppm: self.trade,
                creator_fee_ppm: self.creator,
                protocol_fee_ppm: self.protocol,
                fund_fee_ppm: self.fund,
                enable_creator_fee: true,
                creator_fee_on,
                ..plain(vault0, vault1)
            };
            (state, zero_for_one)
        };
        ways.into_iter()
            .map(|(on, zero_for_one)| state(on, zero_for_one))
            .collect()
    }

    /// Amounts, then fees of trade, protocol, fund and creator.
    fn answer(&self, state: &RaydiumCpmmState, zero_for_one: bool) -> Option<[String; 6]> {
        let exact = if self.exact_in { Exact::In } else { Exact::Out };
        let pool = decoded_or_made(state);
        let quote = pool
            .quote(pair(zero_for_one), exact, U256::from(self.amount))
            .ok()?;
        let of = |kind| {
            let fees = quote.fees.iter().filter(|fee| fee.kind == kind);
            fees.map(|fee| fee.amount_raw).sum::<U256>()
        };
        let trade = of(FeeKind::Liquidity) + of(FeeKind::Protocol) + of(FeeKind::Fund);
        let amounts = [quote.amount_in_raw, quote.amount_out_raw, trade];
        let fees = [FeeKind::Protocol, FeeKind::Fund, FeeKind::Creator].map(of);
        Some(
            [
                amounts[0], amounts[1], amounts[2], fees[0], fees[1], fees[2],
            ]
            .map(|raw| raw.to_string()),
        )
    }
}

/// From bytes where those can say it: the rounding is of the program, not of the pool.
fn decoded_or_made(state: &RaydiumCpmmState) -> RaydiumCpmmPool {
    match state.fee_rounding {
        FeeRounding::Together => decoded(state).unwrap(),
        FeeRounding::Apart => RaydiumCpmmPool::new(state).unwrap(),
    }
}

#[test]
fn takes_the_creators_fee_on_either_side_as_each_build_of_the_program_does() {
    let file: Curve = recorded::read("solana/raydium_cpmm/curve.json");
    let mut answered = 0;
    for case in &file.cases {
        for (state, zero_for_one) in case.states() {
            let since = case.answer(&state, zero_for_one);
            let apart = RaydiumCpmmState {
                fee_rounding: FeeRounding::Apart,
                ..state
            };
            let before = case.answer(&apart, zero_for_one);
            for (ours, programs) in [(since, &case.since), (before, &case.before)] {
                let Some([paid, ..]) = programs else {
                    assert_eq!(ours, None, "{case:?}");
                    continue;
                };
                // The curve knows nothing of the vault, which holds 64 bits.
                let fits = paid
                    .parse::<u64>()
                    .unwrap()
                    .checked_add(case.reserve_in)
                    .is_some();
                assert_eq!(
                    ours.as_ref(),
                    programs.as_ref().filter(|_| fits),
                    "{case:?}"
                );
                answered += usize::from(fits);
            }
        }
        if case.before.is_some() {
            assert_eq!(case.before, case.client);
        }
    }
    assert!(answered > 2000, "{answered}");
}

fn fees_of(basis_points: u16, maximum_fee_raw: u64) -> TransferFees {
    let fee = |epoch| EpochTransferFee {
        epoch,
        maximum_fee_raw,
        basis_points,
    };
    TransferFees {
        older: fee(0),
        newer: fee(0),
    }
}

#[test]
fn a_swap_leaves_in_the_vaults_what_is_owed_out_of_them() {
    let state = RaydiumCpmmState {
        protocol_fees0_raw: 10,
        fund_fees0_raw: 20,
        creator_fees0_raw: 30,
        creator_fees1_raw: 40,
        creator_fee_ppm: 10_000,
        enable_creator_fee: true,
        ..plain(1_000_000_000, 2_000_000_000)
    };
    let swapped = |creator_fee_on| {
        let state = RaydiumCpmmState {
            creator_fee_on,
            ..state.clone()
        };
        let mut pool = RaydiumCpmmPool::new(&state).unwrap();
        pool.swap(TokenPair::ZERO_FOR_ONE, Exact::In, U256::from(1_000_000))
            .unwrap();
        pool.state()
    };
    // 12500 = 1.25 % together: 10000 to the creator, 2500 for the trade, of which 12 % and 4 % are owed.
    let on_input = swapped(CreatorFeeOn::BothTokens);
    let out = 1_999_999_960_u64 * 987_500 / (999_999_940 + 987_500);
    assert_eq!(on_input.vault0_raw, 1_001_000_000);
    assert_eq!(
        [on_input.protocol_fees0_raw, on_input.fund_fees0_raw],
        [310, 120]
    );
    assert_eq!(
        [on_input.creator_fees0_raw, on_input.creator_fees1_raw],
        [10_030, 40]
    );
    assert_eq!(on_input.vault1_raw, 2_000_000_000 - out);
    // 0.25 % of the input; the creator's 1 % is taken off what the curve gives, rounded up.
    let on_output = swapped(CreatorFeeOn::OnlyToken1);
    let curve_out = 1_999_999_960_u64 * 997_500 / (999_999_940 + 997_500);
    let creator = curve_out.div_ceil(100);
    assert_eq!(
        [on_output.protocol_fees0_raw, on_output.fund_fees0_raw],
        [310, 120]
    );
    assert_eq!(
        [on_output.creator_fees0_raw, on_output.creator_fees1_raw],
        [30, 40 + creator]
    );
    assert_eq!(on_output.vault1_raw, 2_000_000_000 - (curve_out - creator));
}
