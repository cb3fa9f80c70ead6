//! The Universal Router: a byte of command and a tuple of arguments each.
//!
//! The commands up to 0x0e mean the same in every version (universal-router 1.0 to 2.1.1). Those from
//! 0x10 on differ between versions and are named only where that cannot mislead.

use super::super::arguments::{Arguments, refused};
use super::functions::{bare, pay, whole};
use super::swaps::{Action, ActionKind, Amount, Recipient, Router, Swap, Venue, What};
use super::{Context, Reading, v2, v3};
use crate::decode::DecodeError;
use crate::evm::Exact;
use alloy_primitives::{Address, U256};

const ALLOW_REVERT: u8 = 0x80;
/// `ActionConstants.CONTRACT_BALANCE`.
const CONTRACT_BALANCE: U256 = U256::from_limbs([0, 0, 0, 1 << 63]);
/// Words in front of the tails of a swap: five, or six with the least price of each hop.
const SIX_WORDS: usize = 6 * 32;

/// `(commands, inputs, …)`.
pub(super) fn execute(
    reading: &mut Reading,
    arguments: Arguments<'_>,
    context: &Context,
) -> Result<(), DecodeError> {
    reading.budget.enter()?;
    let commands = arguments.bytes(0, "commands")?;
    let (count, inputs) = arguments.array(1, 1, "inputs")?;
    if count != commands.len() {
        return Err(refused("inputs", "not one for each command"));
    }
    for (place, command) in commands.iter().enumerate() {
        reading.budget.spend(1)?;
        let input = Arguments::new(inputs.bytes(place, "inputs")?);
        let context = Context {
            function: name(command & !ALLOW_REVERT),
            allow_revert: context.allow_revert || command & ALLOW_REVERT != 0,
            ..*context
        };
        dispatch(reading, input, context, command & !ALLOW_REVERT)?;
    }
    reading.budget.leave();
    Ok(())
}

fn dispatch(
    reading: &mut Reading,
    input: Arguments<'_>,
    context: Context,
    command: u8,
) -> Result<(), DecodeError> {
    match command {
        0x00 => swap(reading, input, &context, Venue::UniswapV3, Exact::In),
        0x01 => swap(reading, input, &context, Venue::UniswapV3, Exact::Out),
        0x02 => transfer_from(reading, input, &context),
        0x03 => permit_batch(reading, input, &context),
        0x04 => token_action(reading, input, &context, ActionKind::Sweep),
        0x05 => token_action(reading, input, &context, ActionKind::Transfer),
        0x06 => pay_portion(reading, input, &context),
        0x08 => swap(reading, input, &context, Venue::UniswapV2, Exact::In),
        0x09 => swap(reading, input, &context, Venue::UniswapV2, Exact::Out),
        0x0a => permit(reading, input, &context),
        0x0b => native_action(reading, input, &context, ActionKind::Wrap),
        0x0c => native_action(reading, input, &context, ActionKind::Unwrap),
        0x0d => transfer_from_batch(reading, input, &context),
        0x0e => balance_check(reading, input, &context),
        0x21 => sub_plan(reading, input, context),
        _ => {
            let name = name(command);
            reading.push(&context, What::UnknownCommand { command, name });
            Ok(())
        }
    }
}

fn name(command: u8) -> &'static str {
    match command {
        0x00 => "V3_SWAP_EXACT_IN",
        0x01 => "V3_SWAP_EXACT_OUT",
        0x02 => "PERMIT2_TRANSFER_FROM",
        0x03 => "PERMIT2_PERMIT_BATCH",
        0x04 => "SWEEP",
        0x05 => "TRANSFER",
        0x06 => "PAY_PORTION",
        0x07 => "PAY_PORTION_FULL_PRECISION",
        0x08 => "V2_SWAP_EXACT_IN",
        0x09 => "V2_SWAP_EXACT_OUT",
        0x0a => "PERMIT2_PERMIT",
        0x0b => "WRAP_ETH",
        0x0c => "UNWRAP_WETH",
        0x0d => "PERMIT2_TRANSFER_FROM_BATCH",
        0x0e => "BALANCE_CHECK_ERC20",
        0x10 => "V4_SWAP",
        0x11 => "V3_POSITION_MANAGER_PERMIT",
        0x12 => "V3_POSITION_MANAGER_CALL",
        0x13 => "V4_INITIALIZE_POOL",
        0x14 => "V4_POSITION_MANAGER_CALL",
        0x21 => "EXECUTE_SUB_PLAN",
        0x40 => "ACROSS_V4_DEPOSIT_V3",
        _ => "an unknown command",
    }
}

fn recipient(address: Address) -> Recipient {
    v3::recipient(Router::UniversalRouter, address)
}

fn amount(value: U256) -> Amount {
    if value == CONTRACT_BALANCE {
        Amount::ContractBalance
    } else {
        Amount::Exactly(value)
    }
}

/// `(recipient, amount, limit, path, payer_is_user, [min_hop_prices])`.
fn swap(
    reading: &mut Reading,
    input: Arguments<'_>,
    context: &Context,
    venue: Venue,
    exact: Exact,
) -> Result<(), DecodeError> {
    let recipient = recipient(input.address(0, "recipient")?);
    let fixed = input.uint(1, "amount")?;
    let limit_raw = Amount::Exactly(input.uint(2, "limit")?);
    let payer_is_user = Some(input.bool(4, "payer_is_user")?);
    let amount_raw = match (venue, exact) {
        (_, Exact::Out) => Amount::Exactly(fixed),
        (Venue::UniswapV2, Exact::In) if fixed.is_zero() => Amount::AlreadyPaid,
        (_, Exact::In) => amount(fixed),
    };
    let (path, fees_pips) = match venue {
        Venue::UniswapV2 => (v2::path(input, 3, &mut reading.budget)?, Vec::new()),
        Venue::UniswapV3 => v3::unpack(input.bytes(3, "path")?, exact, &mut reading.budget)?,
    };
    let min_hop_prices_x36 = hop_prices(reading, input)?;
    let swap = Swap {
        venue,
        exact,
        fees_pips,
        payer_is_user,
        min_hop_prices_x36,
        ..v2::plain(
            Router::UniversalRouter,
            path,
            amount_raw,
            limit_raw,
            recipient,
            context,
        )
    };
    reading.push(context, What::Swap(swap));
    Ok(())
}

/// Version 2.1.1 writes six words in front of the tails, which shows in the place of the path; earlier
/// ones write five and would not look at a sixth.
fn hop_prices(reading: &mut Reading, input: Arguments<'_>) -> Result<Vec<U256>, DecodeError> {
    const FIELD: &str = "min_hop_prices_x36";
    if input.place(3, "path")? != SIX_WORDS {
        return Ok(Vec::new());
    }
    let (count, prices) = input.array(5, 1, FIELD)?;
    reading.budget.spend(count)?;
    (0..count).map(|hop| prices.uint(hop, FIELD)).collect()
}

/// `(token, recipient, amount)`.
fn token_action(
    reading: &mut Reading,
    input: Arguments<'_>,
    context: &Context,
    kind: ActionKind,
) -> Result<(), DecodeError> {
    let value = input.uint(2, "amount")?;
    let action = Action {
        token: token(input.address(0, "token")?),
        recipient: Some(recipient(input.address(1, "recipient")?)),
        amount_raw: Some(if kind == ActionKind::Transfer {
            amount(value)
        } else {
            Amount::Exactly(value)
        }),
        ..bare(kind)
    };
    pay(reading, context, action)
}

/// The zero address is native currency (`Constants.ETH`).
fn token(address: Address) -> Option<Address> {
    (!address.is_zero()).then_some(address)
}

/// `(token, recipient, bips)`.
fn pay_portion(
    reading: &mut Reading,
    input: Arguments<'_>,
    context: &Context,
) -> Result<(), DecodeError> {
    let action = Action {
        token: token(input.address(0, "token")?),
        recipient: Some(recipient(input.address(1, "recipient")?)),
        share_bips: Some(input.uint(2, "bips")?),
        ..bare(ActionKind::PayPortion)
    };
    pay(reading, context, action)
}

/// `(recipient, amount)`.
fn native_action(
    reading: &mut Reading,
    input: Arguments<'_>,
    context: &Context,
    kind: ActionKind,
) -> Result<(), DecodeError> {
    let value = input.uint(1, "amount")?;
    let action = Action {
        recipient: Some(recipient(input.address(0, "recipient")?)),
        amount_raw: Some(if kind == ActionKind::Wrap {
            amount(value)
        } else {
            Amount::Exactly(value)
        }),
        ..bare(kind)
    };
    pay(reading, context, action)
}

/// `(token, recipient, amount)` of Permit2's allowance, 160 bits.
fn transfer_from(
    reading: &mut Reading,
    input: Arguments<'_>,
    context: &Context,
) -> Result<(), DecodeError> {
    let token = input.address(0, "token")?;
    let recipient = recipient(input.address(1, "recipient")?);
    let amount = input.narrow(2, 160, "amount")?;
    pay(
        reading,
        context,
        whole(ActionKind::Permit2Transfer, Some(token), recipient, amount),
    )
}

/// `((from, to, amount, token)[])`; nothing is mapped here: the addresses are taken as they stand.
fn transfer_from_batch(
    reading: &mut Reading,
    input: Arguments<'_>,
    context: &Context,
) -> Result<(), DecodeError> {
    let (count, transfers) = input.array(0, 4, "transfers")?;
    reading.budget.spend(count)?;
    for place in (0..count).map(|item| item * 4) {
        transfers.address(place, "from")?;
        let recipient = Recipient::Address(transfers.address(place + 1, "to")?);
        let amount = transfers.narrow(place + 2, 160, "amount")?;
        let token = transfers.address(place + 3, "token")?;
        pay(
            reading,
            context,
            whole(ActionKind::Permit2Transfer, Some(token), recipient, amount),
        )?;
    }
    Ok(())
}

/// `(((token, amount, expiration, nonce), spender, deadline), signature)`.
fn permit(
    reading: &mut Reading,
    input: Arguments<'_>,
    context: &Context,
) -> Result<(), DecodeError> {
    let (token, amount) = details(input, 0)?;
    let spender = Recipient::Address(input.address(4, "spender")?);
    input.uint(5, "deadline")?;
    input.bytes(6, "signature")?;
    pay(
        reading,
        context,
        whole(ActionKind::Permit2Permit, Some(token), spender, amount),
    )
}

/// `(((token, amount, expiration, nonce)[], spender, deadline), signature)`.
fn permit_batch(
    reading: &mut Reading,
    input: Arguments<'_>,
    context: &Context,
) -> Result<(), DecodeError> {
    let permit = input.tuple(0, "permit")?;
    input.bytes(1, "signature")?;
    let (count, list) = permit.array(0, 4, "details")?;
    let spender = Recipient::Address(permit.address(1, "spender")?);
    permit.uint(2, "deadline")?;
    reading.budget.spend(count)?;
    for place in (0..count).map(|item| item * 4) {
        let (token, amount) = details(list, place)?;
        pay(
            reading,
            context,
            whole(ActionKind::Permit2Permit, Some(token), spender, amount),
        )?;
    }
    Ok(())
}

fn details(words: Arguments<'_>, place: usize) -> Result<(Address, U256), DecodeError> {
    let token = words.address(place, "token")?;
    let amount = words.narrow(place + 1, 160, "amount")?;
    words.narrow(place + 2, 48, "expiration")?;
    words.narrow(place + 3, 48, "nonce")?;
    Ok((token, amount))
}

/// `(owner, token, least)`.
fn balance_check(
    reading: &mut Reading,
    input: Arguments<'_>,
    context: &Context,
) -> Result<(), DecodeError> {
    let owner = Recipient::Address(input.address(0, "owner")?);
    let token = input.address(1, "token")?;
    let least = input.uint(2, "min_balance")?;
    pay(
        reading,
        context,
        whole(ActionKind::BalanceCheck, Some(token), owner, least),
    )
}

/// `(commands, inputs)`: a plan of its own, which reverts as a whole.
fn sub_plan(
    reading: &mut Reading,
    input: Arguments<'_>,
    context: Context,
) -> Result<(), DecodeError> {
    let inner = Context {
        depth: context.depth.saturating_add(1),
        ..context
    };
    execute(reading, input, &inner)
}
