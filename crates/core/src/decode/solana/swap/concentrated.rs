//! Swaps of Raydium CLMM (`raydium-clmm` @03b44b7) and Orca Whirlpool (`whirlpools` @630c0e0): a price
//! limit, and flags that say which amount is exact and which way it goes.

use super::{Direction, Swap, Venue};
use crate::decode::DecodeError;
use crate::decode::solana::AccountKey;
use crate::decode::solana::instruction::{Arguments, Instruction, refused};
use crate::evm::Exact;

const SWAP: [u8; 8] = [0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8];
const SWAP_V2: [u8; 8] = [0x2b, 0x04, 0xed, 0x0b, 0x1a, 0xc9, 0x1e, 0x62];
const TWO_HOP_SWAP: [u8; 8] = [0xc3, 0x60, 0xed, 0x6c, 0x44, 0xa2, 0xdb, 0xe6];
const TWO_HOP_SWAP_V2: [u8; 8] = [0xba, 0x8f, 0xd1, 0x1d, 0xfe, 0x02, 0xc2, 0x75];

fn exact(input: bool) -> Exact {
    if input { Exact::In } else { Exact::Out }
}

fn direction(a_to_b: bool) -> Direction {
    if a_to_b {
        Direction::AToB
    } else {
        Direction::BToA
    }
}

fn enough(instruction: &Instruction<'_>, least: usize) -> Result<(), DecodeError> {
    if instruction.accounts.len() < least {
        return Err(refused("accounts", "fewer than the program needs"));
    }
    Ok(())
}

/// `swap` and `swap_v2` of CLMM; the second has the mints among its accounts.
pub(super) fn raydium(instruction: &Instruction<'_>) -> Result<Option<Swap>, DecodeError> {
    let (function, least) = match instruction.data.first_chunk() {
        Some(&SWAP) => ("swap", 10),
        Some(&SWAP_V2) => ("swap_v2", 13),
        _ => return Ok(None),
    };
    enough(instruction, least)?;
    let mut arguments = Arguments(instruction.data.get(8..).unwrap_or_default());
    let (amount_raw, limit_raw) = (arguments.u64("amount")?, arguments.u64("limit")?);
    let sqrt_price = arguments.u128("sqrt_price_limit_x64")?;
    let exact = exact(arguments.bool("is_base_input")?);
    let mint = |place| {
        if least == 13 {
            instruction.account(place, "").ok()
        } else {
            None
        }
    };
    Ok(Some(Swap {
        venue: Venue::RaydiumClmm,
        function,
        exact,
        amount_raw,
        limit_raw,
        sqrt_price_limits_x64: vec![sqrt_price],
        pools: vec![instruction.account(2, "pool")?],
        directions: Vec::new(),
        user: instruction.account(0, "payer")?,
        mint_in: mint(11),
        mint_out: mint(12),
        mints: Vec::new(),
        account_in: Some(instruction.account(3, "input_token_account")?),
        account_out: Some(instruction.account(4, "output_token_account")?),
    }))
}

/// The four swaps of Whirlpool.
pub(super) fn orca(instruction: &Instruction<'_>) -> Result<Option<Swap>, DecodeError> {
    match instruction.data.first_chunk() {
        Some(&SWAP) => one_hop(instruction, "swap").map(Some),
        Some(&SWAP_V2) => one_hop(instruction, "swap_v2").map(Some),
        Some(&TWO_HOP_SWAP) => two_hops(instruction, "two_hop_swap").map(Some),
        Some(&TWO_HOP_SWAP_V2) => two_hops(instruction, "two_hop_swap_v2").map(Some),
        _ => Ok(None),
    }
}

fn swapped<T>(swap: bool, pair: (T, T)) -> (T, T) {
    if swap { (pair.1, pair.0) } else { pair }
}

fn one_hop(instruction: &Instruction<'_>, function: &'static str) -> Result<Swap, DecodeError> {
    let second = function == "swap_v2";
    enough(instruction, if second { 15 } else { 11 })?;
    let mut arguments = Arguments(instruction.data.get(8..).unwrap_or_default());
    let (amount_raw, limit_raw) = (arguments.u64("amount")?, arguments.u64("limit")?);
    let sqrt_price = arguments.u128("sqrt_price_limit")?;
    let exact = exact(arguments.bool("amount_specified_is_input")?);
    let a_to_b = arguments.bool("a_to_b")?;
    let account = |place| instruction.account(place, "accounts");
    let (user, pool, token_a, token_b) = if second { (3, 4, 7, 9) } else { (1, 2, 3, 5) };
    let mints: Vec<AccountKey> = if second {
        vec![account(5)?, account(6)?]
    } else {
        Vec::new()
    };
    let (mint_in, mint_out) = swapped(!a_to_b, (mints.first().copied(), mints.last().copied()));
    let (account_in, account_out) = swapped(!a_to_b, (account(token_a)?, account(token_b)?));
    Ok(Swap {
        venue: Venue::OrcaWhirlpool,
        function,
        exact,
        amount_raw,
        limit_raw,
        sqrt_price_limits_x64: vec![sqrt_price],
        pools: vec![account(pool)?],
        directions: vec![direction(a_to_b)],
        user: account(user)?,
        mint_in,
        mint_out,
        mints,
        account_in: Some(account_in),
        account_out: Some(account_out),
    })
}

/// Two pools, each with its direction and its price limit; the amounts are those of the whole.
fn two_hops(instruction: &Instruction<'_>, function: &'static str) -> Result<Swap, DecodeError> {
    let second = function == "two_hop_swap_v2";
    enough(instruction, if second { 24 } else { 20 })?;
    let mut arguments = Arguments(instruction.data.get(8..).unwrap_or_default());
    let (amount_raw, limit_raw) = (arguments.u64("amount")?, arguments.u64("limit")?);
    let exact = exact(arguments.bool("amount_specified_is_input")?);
    let (one, two) = (arguments.bool("a_to_b_one")?, arguments.bool("a_to_b_two")?);
    let limits = vec![
        arguments.u128("sqrt_price_limit_one")?,
        arguments.u128("sqrt_price_limit_two")?,
    ];
    let account = |place| instruction.account(place, "accounts");
    let (pools, user, account_in, account_out) = if second {
        ((0, 1), 14, 8, 13)
    } else {
        ((2, 3), 1, if one { 4 } else { 6 }, if two { 10 } else { 8 })
    };
    let mint = |place| if second { account(place).ok() } else { None };
    Ok(Swap {
        venue: Venue::OrcaWhirlpool,
        function,
        exact,
        amount_raw,
        limit_raw,
        sqrt_price_limits_x64: limits,
        pools: vec![account(pools.0)?, account(pools.1)?],
        directions: vec![direction(one), direction(two)],
        user: account(user)?,
        mint_in: mint(2),
        mint_out: mint(4),
        mints: Vec::new(),
        account_in: Some(account(account_in)?),
        account_out: Some(account(account_out)?),
    })
}
