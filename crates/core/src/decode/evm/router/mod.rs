//! Calls of Uniswap's routers, read as the swaps and payments that they ask for.
//!
//! Sources: `UniswapV2Router02` (v2-periphery 1.1.0-beta.0), `SwapRouter` (v3-periphery 1.4.4),
//! `SwapRouter02` (swap-router-contracts 1.3.1), `UniversalRouter` (universal-router 1.2 to 2.1).
//! Forks that keep the functions are read alike; the venue is then the fork's.

mod functions;
mod swaps;
mod universal;
mod v2;
mod v3;

pub use functions::{Function, function, functions};
pub use swaps::{
    Action, ActionKind, Amount, Recipient, Router, RouterCall, Routers, Step, Swap, Venue, What,
};

use super::arguments::{Arguments, Budget};
use crate::decode::DecodeError;
use alloy_primitives::U256;

/// Reads calldata by its selector; None when it is no known function of a router.
///
/// `value_wei` is the native currency sent along, which some functions trade; without it such an
/// amount stays [`Amount::MessageValue`]. `router` is the contract called, when the caller knows it.
///
/// # Errors
/// `calldata_malformed` when the router could not read the arguments, `calldata_unbounded` for calls
/// nested too deep or built from the same bytes again and again, `selector_not_of_router` when no single
/// router (or not the given one) has all functions that are called.
pub fn decode_call(
    data: &[u8],
    value_wei: Option<U256>,
    router: Option<Router>,
) -> Result<Option<RouterCall>, DecodeError> {
    let mut reading = Reading {
        value: value_wei.map_or(Amount::MessageValue, Amount::Exactly),
        routers: router.map_or(functions::ANY, Router::bit),
        budget: Budget::of(data),
        steps: Vec::new(),
    };
    let Some((selector, arguments)) = data.split_first_chunk() else {
        return Ok(None);
    };
    let Some(function) = function(u32::from_be_bytes(*selector)) else {
        return Ok(None);
    };
    let deadline_s = reading.call(function, arguments, None, 0)?;
    Ok(Some(RouterCall {
        function: function.name(),
        router: Router::only(reading.routers),
        deadline_s,
        steps: reading.steps,
    }))
}

/// What is known while a call is read.
struct Reading {
    value: Amount,
    /// The routers that have all functions so far, one bit each.
    routers: u8,
    budget: Budget,
    steps: Vec<Step>,
}

impl Reading {
    /// Reads one function; gives the deadline that binds it.
    fn call(
        &mut self,
        function: &'static Function,
        arguments: &[u8],
        outer_deadline_s: Option<U256>,
        depth: u8,
    ) -> Result<Option<U256>, DecodeError> {
        self.routers &= function.routers;
        if self.routers == 0 {
            return Err(DecodeError::SelectorNotOfRouter(function.selector));
        }
        self.budget.spend(1)?;
        let arguments = Arguments::new(arguments);
        let mut context = Context {
            function: function.name(),
            deadline_s: outer_deadline_s,
            depth,
            allow_revert: false,
        };
        (function.read)(self, arguments, &mut context)?;
        Ok(context.deadline_s)
    }

    /// `bytes[]` of calls of the router to itself.
    fn multicall(
        &mut self,
        arguments: Arguments<'_>,
        index: usize,
        context: &Context,
    ) -> Result<(), DecodeError> {
        self.budget.enter()?;
        let (count, calls) = arguments.array(index, 1, "calls")?;
        for place in 0..count {
            let call = calls.bytes(place, "calls")?;
            let known = call.split_first_chunk().and_then(|(selector, rest)| {
                Some((function(u32::from_be_bytes(*selector))?, rest))
            });
            let depth = context.depth.saturating_add(1);
            if let Some((function, rest)) = known {
                self.call(function, rest, context.deadline_s, depth)?;
            } else {
                self.budget.spend(1)?;
                let head = call.first_chunk().copied();
                let inner = Context {
                    function: "multicall",
                    depth,
                    ..*context
                };
                self.push(&inner, What::UnknownFunction(head.map(u32::from_be_bytes)));
            }
        }
        self.budget.leave();
        Ok(())
    }

    fn push(&mut self, context: &Context, what: What) {
        self.steps.push(Step {
            function: context.function,
            depth: context.depth,
            allow_revert: context.allow_revert,
            what,
        });
    }
}

/// Where in the call a step stands.
#[derive(Clone, Copy)]
struct Context {
    function: &'static str,
    deadline_s: Option<U256>,
    depth: u8,
    allow_revert: bool,
}

impl Context {
    /// A deadline of this function: both its own and that of the call around it must hold.
    fn due(&mut self, deadline_s: U256) {
        self.deadline_s = Some(
            self.deadline_s
                .map_or(deadline_s, |outer| outer.min(deadline_s)),
        );
    }
}
