//! The nine swap functions of `UniswapV2Router02` and the two of `SwapRouter02`.

use super::super::arguments::{Arguments, Budget, refused};
use super::swaps::{Amount, Recipient, Router, Swap, Venue, What};
use super::{Context, Reading, v3};
use crate::decode::DecodeError;
use crate::evm::Exact;
use alloy_primitives::{Address, U256};

/// The nine functions differ in what is exact, in native currency on one side, and in the fee.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) exact: Exact,
    pub(super) native_in: bool,
    pub(super) native_out: bool,
    pub(super) fee_on_transfer: bool,
}

/// `(amount, limit, path, to, deadline)`; where native currency comes in, the amount sent along is
/// not among the arguments.
pub(super) fn router02(
    reading: &mut Reading,
    arguments: Arguments<'_>,
    context: &mut Context,
    form: Form,
) -> Result<(), DecodeError> {
    let first = Amount::Exactly(arguments.uint(0, "amount")?);
    let (amount_raw, limit_raw, next) = match (form.native_in, form.exact) {
        (true, Exact::In) => (reading.value, first, 1),
        (true, Exact::Out) => (first, reading.value, 1),
        (false, _) => (first, Amount::Exactly(arguments.uint(1, "limit")?), 2),
    };
    let path = path(arguments, next, &mut reading.budget)?;
    let recipient = Recipient::Address(arguments.address(next + 1, "to")?);
    context.due(arguments.uint(next + 2, "deadline")?);
    let swap = Swap {
        exact: form.exact,
        fee_on_transfer: form.fee_on_transfer,
        native_in: form.native_in,
        native_out: form.native_out,
        ..plain(
            Router::UniswapV2Router02,
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

/// `(amount, limit, path, to)` of `SwapRouter02`.
pub(super) fn swap_router02(
    reading: &mut Reading,
    arguments: Arguments<'_>,
    context: &mut Context,
    exact: Exact,
) -> Result<(), DecodeError> {
    let amount = arguments.uint(0, "amount")?;
    let amount_raw = match exact {
        Exact::In => v3::spent(Router::SwapRouter02, amount),
        Exact::Out => Amount::Exactly(amount),
    };
    let limit_raw = Amount::Exactly(arguments.uint(1, "limit")?);
    let path = path(arguments, 2, &mut reading.budget)?;
    let recipient = v3::recipient(Router::SwapRouter02, arguments.address(3, "to")?);
    let swap = Swap {
        exact,
        ..plain(
            Router::SwapRouter02,
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

/// Tokens, two at least, no token next to itself.
pub(super) fn path(
    arguments: Arguments<'_>,
    index: usize,
    budget: &mut Budget,
) -> Result<Vec<Address>, DecodeError> {
    let path = arguments.addresses(index, budget, "path")?;
    if path.len() < 2 {
        return Err(refused("path", "shorter than two tokens"));
    }
    apart(&path)?;
    Ok(path)
}

pub(super) fn apart(path: &[Address]) -> Result<(), DecodeError> {
    if path.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(refused("path", "a token follows itself"));
    }
    Ok(())
}

/// An exact-in V2 swap with nothing special about it.
pub(super) fn plain(
    router: Router,
    path: Vec<Address>,
    amount_raw: Amount,
    limit_raw: Amount,
    recipient: Recipient,
    context: &Context,
) -> Swap {
    Swap {
        router,
        venue: Venue::UniswapV2,
        exact: Exact::In,
        path,
        fees_pips: Vec::new(),
        amount_raw,
        limit_raw,
        recipient,
        deadline_s: context.deadline_s,
        sqrt_price_limit_x96: None,
        fee_on_transfer: false,
        native_in: false,
        native_out: false,
        payer_is_user: None,
        min_hop_prices_x36: Vec::<U256>::new(),
    }
}
