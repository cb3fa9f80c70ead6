//! What a router call asks for: swaps and payments, with the router's special values by name.

use crate::evm::Exact;
use alloy_primitives::{Address, U256};
use std::collections::BTreeMap;

/// The routers whose calls are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Router {
    /// `UniswapV2Router02` and its forks.
    UniswapV2Router02,
    /// Uniswap V3's first `SwapRouter`: deadlines in the arguments.
    SwapRouter,
    /// `SwapRouter02`: V2 and V3, the deadline around a multicall.
    SwapRouter02,
    /// `UniversalRouter`: a list of commands.
    UniversalRouter,
}

/// Routers by address, as far as the caller knows them.
pub type Routers = BTreeMap<Address, Router>;

impl Router {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::UniswapV2Router02,
        Self::SwapRouter,
        Self::SwapRouter02,
        Self::UniversalRouter,
    ];

    /// Its name in snake case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UniswapV2Router02 => "uniswap_v2_router02",
            Self::SwapRouter => "swap_router",
            Self::SwapRouter02 => "swap_router02",
            Self::UniversalRouter => "universal_router",
        }
    }

    pub(super) const fn bit(self) -> u8 {
        match self {
            Self::UniswapV2Router02 => 1,
            Self::SwapRouter => 2,
            Self::SwapRouter02 => 4,
            Self::UniversalRouter => 8,
        }
    }

    /// The router that these bits leave, if it is only one.
    pub(super) fn only(bits: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|router| router.bit() == bits)
    }
}

/// The kind of pool that a swap goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Venue {
    /// Constant-product pairs.
    UniswapV2,
    /// Concentrated liquidity; each pool named by its fee.
    UniswapV3,
}

impl Venue {
    /// Its name in snake case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UniswapV2 => "uniswap_v2",
            Self::UniswapV3 => "uniswap_v3",
        }
    }
}

/// An amount in raw units, or what stands in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// Exactly this.
    Exactly(U256),
    /// All of the token that the router holds when the step runs.
    ContractBalance,
    /// The native currency sent along, which the caller did not tell.
    MessageValue,
    /// What was sent to the first pair before.
    AlreadyPaid,
}

/// Who gets the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient {
    /// This account.
    Address(Address),
    /// Whoever calls the router.
    MsgSender,
    /// The router itself, for a later step.
    AddressThis,
}

/// One swap along one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// The router whose function asks for it.
    pub router: Router,
    /// The kind of pools.
    pub venue: Venue,
    /// Which amount is exact.
    pub exact: Exact,
    /// Tokens in trade order, two at least; the wrapped token where native currency is traded.
    pub path: Vec<Address>,
    /// The fee of each pool in hundredths of a basis point, in trade order; empty for V2.
    pub fees_pips: Vec<u32>,
    /// The exact amount: of the first token (exact in) or the last (exact out).
    pub amount_raw: Amount,
    /// Least output (exact in) or most input (exact out).
    pub limit_raw: Amount,
    /// Who gets the output.
    pub recipient: Recipient,
    /// Last second (Unix time) in which it may execute; None when nothing in the call says so.
    pub deadline_s: Option<U256>,
    /// Where the price stops a single V3 swap; None when it does not.
    pub sqrt_price_limit_x96: Option<U256>,
    /// Made for tokens that take a fee when they move (V2): the limit is on what arrives.
    pub fee_on_transfer: bool,
    /// Native currency is wrapped on the way in.
    pub native_in: bool,
    /// The wrapped token is unwrapped on the way out.
    pub native_out: bool,
    /// The Universal Router takes the input from its caller; otherwise from what it holds.
    pub payer_is_user: Option<bool>,
    /// Least price of each hop, scaled by 10^36 (Universal Router 2.1.1); empty when not given.
    pub min_hop_prices_x36: Vec<U256>,
}

/// The kinds of payments around swaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionKind {
    /// A token's own permit for the router.
    SelfPermit,
    /// Permit2: a signed allowance.
    Permit2Permit,
    /// Permit2: tokens of the caller moved.
    Permit2Transfer,
    /// Native currency wrapped.
    Wrap,
    /// Wrapped currency unwrapped; the amount is the least that must be there.
    Unwrap,
    /// All of a token paid out; the amount is the least that must be there.
    Sweep,
    /// An amount of a token paid out.
    Transfer,
    /// A share of what the router holds paid out.
    PayPortion,
    /// What is left of the native currency given back.
    Refund,
    /// Tokens of the caller taken by the router.
    Pull,
    /// A check that an account holds at least an amount.
    BalanceCheck,
}

impl ActionKind {
    /// Its name in snake case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SelfPermit => "self_permit",
            Self::Permit2Permit => "permit2_permit",
            Self::Permit2Transfer => "permit2_transfer",
            Self::Wrap => "wrap",
            Self::Unwrap => "unwrap",
            Self::Sweep => "sweep",
            Self::Transfer => "transfer",
            Self::PayPortion => "pay_portion",
            Self::Refund => "refund",
            Self::Pull => "pull",
            Self::BalanceCheck => "balance_check",
        }
    }
}

/// One payment or permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What it does.
    pub kind: ActionKind,
    /// The token; None for native currency that has no address in the call.
    pub token: Option<Address>,
    /// Who gets it, is allowed it, or is looked at.
    pub recipient: Option<Recipient>,
    /// How much, in raw units; for a sweep, an unwrap and a check the least that must be there.
    pub amount_raw: Option<Amount>,
    /// The share of a fee or portion, in basis points.
    pub share_bips: Option<U256>,
}

/// What one step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A swap.
    Swap(Swap),
    /// A payment or a permit.
    Action(Action),
    /// A function inside a multicall that is not read; None when it is shorter than a selector.
    UnknownFunction(Option<u32>),
    /// A Universal Router command that is not read, without the bit that allows it to revert.
    UnknownCommand {
        /// The command.
        command: u8,
        /// Its name, where it has one in all versions.
        name: &'static str,
    },
}

/// One step of a router call, in order of execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The function or command that asks for it.
    pub function: &'static str,
    /// How many multicalls or sub-plans are around it.
    pub depth: u8,
    /// The call goes on when this step (or the sub-plan around it) reverts.
    pub allow_revert: bool,
    /// What it does.
    pub what: What,
}

/// A router call, with everything inside its multicalls in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterCall {
    /// The outermost function.
    pub function: &'static str,
    /// The one router that has all functions called; None when several have them.
    pub router: Option<Router>,
    /// The outermost deadline in Unix seconds; a swap's own is in [`Swap::deadline_s`].
    pub deadline_s: Option<U256>,
    /// The steps in order.
    pub steps: Vec<Step>,
}

impl RouterCall {
    /// The swaps among the steps.
    pub fn swaps(&self) -> impl Iterator<Item = &Swap> {
        self.steps.iter().filter_map(|step| match &step.what {
            What::Swap(swap) => Some(swap),
            _ => None,
        })
    }
}
