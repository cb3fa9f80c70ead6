//! The swap functions of `SwapRouter` and `SwapRouter02`, and packed V3 paths.

use super::super::arguments::{Arguments, Budget, refused};
use super::swaps::{Amount, Recipient, Router, Swap, Venue, What};
use super::{Context, Reading, v2};
use crate::decode::DecodeError;
use crate::evm::Exact;
use alloy_primitives::{Address, U256};

const TOKEN: usize = 20;
const HOP: usize = 23;

/// `SwapRouter` writes a deadline behind the recipient of each of its structs; `SwapRouter02` does not.
fn deadline(
    router: Router,
    arguments: Arguments<'_>,
    index: usize,
    context: &mut Context,
) -> Result<usize, DecodeError> {
    if router == Router::SwapRouter {
        context.due(arguments.uint(index, "deadline")?);
        return Ok(index + 1);
    }
    Ok(index)
}

/// `(token_in, token_out, fee, recipient, [deadline], amount, limit, sqrt_price_limit)`.
pub(super) fn single(
    reading: &mut Reading,
    arguments: Arguments<'_>,
    context: &mut Context,
    router: Router,
    exact: Exact,
) -> Result<(), DecodeError> {
    let path = vec![
        arguments.address(0, "token_in")?,
        arguments.address(1, "token_out")?,
    ];
    v2::apart(&path)?;
    reading.budget.spend(path.len())?;
    let fee = arguments.fee(2, "fee")?;
    let recipient = recipient(router, arguments.address(3, "recipient")?);
    let next = deadline(router, arguments, 4, context)?;
    let amount = arguments.uint(next, "amount")?;
    let limit = arguments.uint(next + 1, "limit")?;
    let price = arguments.narrow(next + 2, 160, "sqrt_price_limit_x96")?;
    let swap = Swap {
        venue: Venue::UniswapV3,
        exact,
        fees_pips: vec![fee],
        sqrt_price_limit_x96: (!price.is_zero()).then_some(price),
        ..v2::plain(
            router,
            path,
            fixed(router, exact, amount),
            Amount::Exactly(limit),
            recipient,
            context,
        )
    };
    reading.push(context, What::Swap(swap));
    Ok(())
}

/// `((path, recipient, [deadline], amount, limit))`.
pub(super) fn along(
    reading: &mut Reading,
    arguments: Arguments<'_>,
    context: &mut Context,
    router: Router,
    exact: Exact,
) -> Result<(), DecodeError> {
    let arguments = arguments.tuple(0, "params")?;
    let packed = arguments.bytes(0, "path")?;
    let recipient = recipient(router, arguments.address(1, "recipient")?);
    let next = deadline(router, arguments, 2, context)?;
    let amount = arguments.uint(next, "amount")?;
    let limit = Amount::Exactly(arguments.uint(next + 1, "limit")?);
    let (path, fees_pips) = unpack(packed, exact, &mut reading.budget)?;
    let swap = Swap {
        venue: Venue::UniswapV3,
        exact,
        fees_pips,
        ..v2::plain(
            router,
            path,
            fixed(router, exact, amount),
            limit,
            recipient,
            context,
        )
    };
    reading.push(context, What::Swap(swap));
    Ok(())
}

fn fixed(router: Router, exact: Exact, amount: U256) -> Amount {
    match exact {
        Exact::In => spent(router, amount),
        Exact::Out => Amount::Exactly(amount),
    }
}

/// An exact input: `SwapRouter02` reads zero as everything that it holds (`Constants.CONTRACT_BALANCE`).
pub(super) fn spent(router: Router, amount: U256) -> Amount {
    if router == Router::SwapRouter02 && amount.is_zero() {
        Amount::ContractBalance
    } else {
        Amount::Exactly(amount)
    }
}

/// A recipient: the address 0 is `SwapRouter` itself; 1 and 2 are the caller and the router to
/// `SwapRouter02` (`Constants`) and to the Universal Router (`ActionConstants`).
pub(super) fn recipient(router: Router, address: Address) -> Recipient {
    let low = address.as_slice()[19];
    let reserved = address.as_slice()[..19] == [0; 19];
    let mapped = matches!(router, Router::SwapRouter02 | Router::UniversalRouter);
    match low {
        _ if !reserved => Recipient::Address(address),
        1 if mapped => Recipient::MsgSender,
        2 if mapped => Recipient::AddressThis,
        0 if router == Router::SwapRouter => Recipient::AddressThis,
        _ => Recipient::Address(address),
    }
}

/// token (20), fee (3), token (20) …; exact-out paths stand in reverse. Gives trade order.
pub(super) fn unpack(
    packed: &[u8],
    exact: Exact,
    budget: &mut Budget,
) -> Result<(Vec<Address>, Vec<u32>), DecodeError> {
    const WRONG: DecodeError = refused("path", "not token, fee, token and so on");
    let (first, hops) = packed.split_at_checked(TOKEN).ok_or(WRONG)?;
    let hops = hops.chunks_exact(HOP);
    if hops.len() == 0 || !hops.remainder().is_empty() {
        return Err(WRONG);
    }
    budget.spend(1 + hops.len())?;
    let mut tokens = vec![Address::from_slice(first)];
    let mut fees_pips = Vec::with_capacity(hops.len());
    for hop in hops {
        fees_pips.push(u32::from_be_bytes([0, hop[0], hop[1], hop[2]]));
        tokens.push(Address::from_slice(&hop[3..]));
    }
    v2::apart(&tokens)?;
    if exact == Exact::Out {
        tokens.reverse();
        fees_pips.reverse();
    }
    Ok((tokens, fees_pips))
}
