//! The functions that are read: selector, signature, the routers that have it, and how to read it.

use super::super::arguments::Arguments;
use super::swaps::{Action, ActionKind, Amount, Recipient, Router, What};
use super::v2::{self, Form};
use super::{Context, Reading, universal, v3};
use crate::decode::DecodeError;
use crate::evm::Exact;
use alloy_primitives::{Address, U256};

type Read = fn(&mut Reading, Arguments<'_>, &mut Context) -> Result<(), DecodeError>;

/// One function of one or more routers.
pub struct Function {
    /// The first four bytes of the keccak256 of `signature`.
    pub selector: u32,
    /// Its canonical signature.
    pub signature: &'static str,
    pub(super) routers: u8,
    pub(super) read: Read,
}

impl Function {
    /// Its name without the types.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.signature.split('(').next().unwrap_or(self.signature)
    }
}

const V2: u8 = Router::UniswapV2Router02.bit();
const V3: u8 = Router::SwapRouter.bit();
const V3_02: u8 = Router::SwapRouter02.bit();
const BOTH: u8 = V3 | V3_02;
const UNIVERSAL: u8 = Router::UniversalRouter.bit();
pub(super) const ANY: u8 = V2 | BOTH | UNIVERSAL;

const fn form(exact: Exact, native_in: bool, native_out: bool, fee_on_transfer: bool) -> Form {
    Form {
        exact,
        native_in,
        native_out,
        fee_on_transfer,
    }
}

macro_rules! functions {
    ($($selector:literal $signature:literal $routers:expr => $read:expr;)*) => {
        &[$(Function { selector: $selector, signature: $signature, routers: $routers, read: $read }),*]
    };
}

macro_rules! router02 {
    ($exact:ident, $native_in:literal, $native_out:literal, $fee:literal) => {
        |r, a, c| v2::router02(r, a, c, form(Exact::$exact, $native_in, $native_out, $fee))
    };
}

/// Sorted by selector.
#[rustfmt::skip]
static FUNCTIONS: &[Function] = functions! {
    0x04e4_5aaf "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))" V3_02
        => |r, a, c| v3::single(r, a, c, Router::SwapRouter02, Exact::In);
    0x09b8_1346 "exactOutput((bytes,address,uint256,uint256))" V3_02
        => |r, a, c| v3::along(r, a, c, Router::SwapRouter02, Exact::Out);
    0x1221_0e8a "refundETH()" BOTH => |r, _, c| pay(r, c, Action { recipient: Some(Recipient::MsgSender), ..bare(ActionKind::Refund) });
    0x18cb_afe5 "swapExactTokensForETH(uint256,uint256,address[],address,uint256)" V2 => router02!(In, false, true, false);
    0x1c58_db4f "wrapETH(uint256)" V3_02
        => |r, a, c| pay(r, c, whole(ActionKind::Wrap, None, Recipient::AddressThis, a.uint(0, "value")?));
    0x1f04_64d1 "multicall(bytes32,bytes[])" V3_02 => |r, a, c| r.multicall(a, 1, c);
    0x2485_6bc3 "execute(bytes,bytes[])" UNIVERSAL => |r, a, c| universal::execute(r, a, c);
    0x3068_c554 "sweepTokenWithFee(address,uint256,uint256,address)" V3_02
        => |r, a, c| sweep_with_fee(r, a, c, false);
    0x3593_564c "execute(bytes,bytes[],uint256)" UNIVERSAL
        => |r, a, c| { c.due(a.uint(2, "deadline")?); universal::execute(r, a, c) };
    0x38ed_1739 "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)" V2 => router02!(In, false, false, false);
    0x414b_f389 "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))" V3
        => |r, a, c| v3::single(r, a, c, Router::SwapRouter, Exact::In);
    0x4271_2a67 "swapTokensForExactTokens(uint256,uint256,address[],address)" V3_02
        => |r, a, c| v2::swap_router02(r, a, c, Exact::Out);
    0x4659_a494 "selfPermitAllowed(address,uint256,uint256,uint8,bytes32,bytes32)" BOTH => permit_allowed;
    0x472b_43f3 "swapExactTokensForTokens(uint256,uint256,address[],address)" V3_02
        => |r, a, c| v2::swap_router02(r, a, c, Exact::In);
    0x4940_4b7c "unwrapWETH9(uint256,address)" BOTH
        => |r, a, c| pay_out(r, a, c, None, 0);
    0x4961_6997 "unwrapWETH9(uint256)" V3_02
        => |r, a, c| pay(r, c, whole(ActionKind::Unwrap, None, Recipient::MsgSender, a.uint(0, "amount_minimum")?));
    0x4a25_d94a "swapTokensForExactETH(uint256,uint256,address[],address,uint256)" V2 => router02!(Out, false, true, false);
    0x5023_b4df "exactOutputSingle((address,address,uint24,address,uint256,uint256,uint160))" V3_02
        => |r, a, c| v3::single(r, a, c, Router::SwapRouter02, Exact::Out);
    0x5ae4_01dc "multicall(uint256,bytes[])" V3_02
        => |r, a, c| { c.due(a.uint(0, "deadline")?); r.multicall(a, 1, c) };
    0x5c11_d795 "swapExactTokensForTokensSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)" V2
        => router02!(In, false, false, true);
    0x791a_c947 "swapExactTokensForETHSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)" V2
        => router02!(In, false, true, true);
    0x7ff3_6ab5 "swapExactETHForTokens(uint256,address[],address,uint256)" V2 => router02!(In, true, false, false);
    0x8803_dbee "swapTokensForExactTokens(uint256,uint256,address[],address,uint256)" V2 => router02!(Out, false, false, false);
    0x9b2c_0a37 "unwrapWETH9WithFee(uint256,address,uint256,address)" BOTH
        => |r, a, c| with_fee(r, a, c, None, 0, true);
    0xa4a7_8f0c "selfPermitAllowedIfNecessary(address,uint256,uint256,uint8,bytes32,bytes32)" BOTH => permit_allowed;
    0xac96_50d8 "multicall(bytes[])" BOTH => |r, a, c| r.multicall(a, 0, c);
    0xb6f9_de95 "swapExactETHForTokensSupportingFeeOnTransferTokens(uint256,address[],address,uint256)" V2
        => router02!(In, true, false, true);
    0xb858_183f "exactInput((bytes,address,uint256,uint256))" V3_02
        => |r, a, c| v3::along(r, a, c, Router::SwapRouter02, Exact::In);
    0xc04b_8d59 "exactInput((bytes,address,uint256,uint256,uint256))" V3
        => |r, a, c| v3::along(r, a, c, Router::SwapRouter, Exact::In);
    0xc2e3_140a "selfPermitIfNecessary(address,uint256,uint256,uint8,bytes32,bytes32)" BOTH => permit;
    0xd4ef_38de "unwrapWETH9WithFee(uint256,uint256,address)" V3_02
        => |r, a, c| with_fee(r, a, c, None, 0, false);
    0xdb3e_2198 "exactOutputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))" V3
        => |r, a, c| v3::single(r, a, c, Router::SwapRouter, Exact::Out);
    0xdf2a_b5bb "sweepToken(address,uint256,address)" BOTH
        => |r, a, c| { let token = a.address(0, "token")?; pay_out(r, a, c, Some(token), 1) };
    0xe0e1_89a0 "sweepTokenWithFee(address,uint256,address,uint256,address)" BOTH
        => |r, a, c| sweep_with_fee(r, a, c, true);
    0xe90a_182f "sweepToken(address,uint256)" V3_02 => |r, a, c| {
        let token = a.address(0, "token")?;
        pay(r, c, whole(ActionKind::Sweep, Some(token), Recipient::MsgSender, a.uint(1, "amount_minimum")?))
    };
    0xf28c_0498 "exactOutput((bytes,address,uint256,uint256,uint256))" V3
        => |r, a, c| v3::along(r, a, c, Router::SwapRouter, Exact::Out);
    0xf2d5_d56b "pull(address,uint256)" V3_02 => |r, a, c| {
        let token = a.address(0, "token")?;
        pay(r, c, whole(ActionKind::Pull, Some(token), Recipient::AddressThis, a.uint(1, "value")?))
    };
    0xf399_5c67 "selfPermit(address,uint256,uint256,uint8,bytes32,bytes32)" BOTH => permit;
    0xfb3b_db41 "swapETHForExactTokens(uint256,address[],address,uint256)" V2 => router02!(Out, true, false, false);
};

/// All functions that are read, sorted by selector.
#[must_use]
pub fn functions() -> &'static [Function] {
    FUNCTIONS
}

/// The function of a selector.
#[must_use]
pub fn function(selector: u32) -> Option<&'static Function> {
    let place = FUNCTIONS.binary_search_by_key(&selector, |function| function.selector);
    FUNCTIONS.get(place.ok()?)
}

pub(super) fn bare(kind: ActionKind) -> Action {
    Action {
        kind,
        token: None,
        recipient: None,
        amount_raw: None,
        share_bips: None,
    }
}

pub(super) fn whole(
    kind: ActionKind,
    token: Option<Address>,
    recipient: Recipient,
    amount: U256,
) -> Action {
    Action {
        token,
        recipient: Some(recipient),
        amount_raw: Some(Amount::Exactly(amount)),
        ..bare(kind)
    }
}

#[allow(clippy::unnecessary_wraps, reason = "the last expression of readers")]
pub(super) fn pay(
    reading: &mut Reading,
    context: &Context,
    action: Action,
) -> Result<(), DecodeError> {
    reading.push(context, What::Action(action));
    Ok(())
}

/// `(amount_minimum, recipient)` from `index` on; native currency when there is no token.
fn pay_out(
    reading: &mut Reading,
    arguments: Arguments<'_>,
    context: &Context,
    token: Option<Address>,
    index: usize,
) -> Result<(), DecodeError> {
    let amount = arguments.uint(index, "amount_minimum")?;
    let recipient = Recipient::Address(arguments.address(index + 1, "recipient")?);
    pay(
        reading,
        context,
        whole(paid_out(token), token, recipient, amount),
    )
}

fn paid_out(token: Option<Address>) -> ActionKind {
    match token {
        Some(_) => ActionKind::Sweep,
        None => ActionKind::Unwrap,
    }
}

fn sweep_with_fee(
    reading: &mut Reading,
    arguments: Arguments<'_>,
    context: &Context,
    named: bool,
) -> Result<(), DecodeError> {
    let token = arguments.address(0, "token")?;
    with_fee(reading, arguments, context, Some(token), 1, named)
}

/// `(amount_minimum, [recipient], fee_bips, fee_recipient)` from `index` on: first the fee, then the rest.
fn with_fee(
    reading: &mut Reading,
    arguments: Arguments<'_>,
    context: &Context,
    token: Option<Address>,
    index: usize,
    named: bool,
) -> Result<(), DecodeError> {
    let amount = arguments.uint(index, "amount_minimum")?;
    let (recipient, next) = if named {
        (
            Recipient::Address(arguments.address(index + 1, "recipient")?),
            index + 2,
        )
    } else {
        (Recipient::MsgSender, index + 1)
    };
    let share = Action {
        token,
        share_bips: Some(arguments.uint(next, "fee_bips")?),
        recipient: Some(Recipient::Address(
            arguments.address(next + 1, "fee_recipient")?,
        )),
        ..bare(ActionKind::PayPortion)
    };
    reading.budget.spend(1)?;
    pay(reading, context, share)?;
    pay(
        reading,
        context,
        whole(paid_out(token), token, recipient, amount),
    )
}

/// `(token, value, deadline, v, r, s)`.
fn permit(
    reading: &mut Reading,
    arguments: Arguments<'_>,
    context: &mut Context,
) -> Result<(), DecodeError> {
    let token = arguments.address(0, "token")?;
    let value = arguments.uint(1, "value")?;
    permit_signature(arguments)?;
    pay(
        reading,
        context,
        whole(
            ActionKind::SelfPermit,
            Some(token),
            Recipient::AddressThis,
            value,
        ),
    )
}

/// `(token, nonce, expiry, v, r, s)`: the permit of tokens like DAI, which allows everything.
fn permit_allowed(
    reading: &mut Reading,
    arguments: Arguments<'_>,
    context: &mut Context,
) -> Result<(), DecodeError> {
    let action = Action {
        token: Some(arguments.address(0, "token")?),
        recipient: Some(Recipient::AddressThis),
        ..bare(ActionKind::SelfPermit)
    };
    permit_signature(arguments)?;
    pay(reading, context, action)
}

fn permit_signature(arguments: Arguments<'_>) -> Result<(), DecodeError> {
    arguments.uint(2, "deadline")?;
    arguments.narrow(3, 8, "v")?;
    arguments.uint(4, "r")?;
    arguments.uint(5, "s").map(|_| ())
}
