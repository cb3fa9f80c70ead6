//! The swap loop of the program, step by step from a state, in the program's own order of operations.

use alloy_primitives::Uint;
use tradewind_core::pools::Exact;
use tradewind_core::pools::raydium_clmm::tick_math::{
    MAX_SQRT_PRICE_X64, MIN_SQRT_PRICE_X64, sqrt_price_at_tick, tick_at_sqrt_price,
};
use tradewind_core::pools::raydium_clmm::{RaydiumClmmState, RaydiumClmmTick};

type Wide = Uint<576, 9>;

/// How far a swap came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Walk {
    pub(crate) remaining: u64,
    pub(crate) amount_in: u128,
    pub(crate) amount_out: u128,
    pub(crate) fee: u128,
    pub(crate) protocol_fee: u128,
    pub(crate) fund_fee: u128,
    pub(crate) sqrt_price: u128,
    pub(crate) tick: i32,
    pub(crate) liquidity: u128,
    /// The input with its fee, and the output, of each step.
    pub(crate) steps: Vec<[u64; 2]>,
}

/// `None` where the program fails before the ticks or the amount end.
pub(crate) fn walk(
    state: &RaydiumClmmState,
    falling: bool,
    exact: Exact,
    amount: u64,
) -> Option<Walk> {
    let ticks: Vec<RaydiumClmmTick> = state
        .tick_arrays
        .iter()
        .flat_map(|array| array.ticks.clone().unwrap())
        .collect();
    let limit = if falling {
        MIN_SQRT_PRICE_X64 + 1
    } else {
        MAX_SQRT_PRICE_X64 - 1
    };
    let mut walk = Walk {
        remaining: amount,
        amount_in: 0,
        amount_out: 0,
        fee: 0,
        protocol_fee: 0,
        fund_fee: 0,
        sqrt_price: state.sqrt_price_x64,
        tick: state.tick_current,
        liquidity: state.liquidity,
        steps: Vec::new(),
    };
    while walk.remaining != 0 && walk.sqrt_price != limit {
        let next = if falling {
            ticks.iter().rfind(|tick| tick.tick <= walk.tick)
        } else {
            ticks.iter().find(|tick| tick.tick > walk.tick)
        };
        let Some(next) = next else { break };
        let next_price = sqrt_price_at_tick(next.tick).unwrap();
        let target = if falling {
            next_price.max(limit)
        } else {
            next_price.min(limit)
        };
        let from = walk.sqrt_price;
        step(&mut walk, state, falling, exact, target)?;
        if walk.sqrt_price == next_price {
            let net = if falling {
                -next.liquidity_net
            } else {
                next.liquidity_net
            };
            walk.liquidity = walk.liquidity.checked_add_signed(net).unwrap();
            walk.tick = next.tick - i32::from(falling);
        } else if walk.sqrt_price != from {
            walk.tick = tick_at_sqrt_price(walk.sqrt_price).unwrap();
        }
    }
    Some(walk)
}

fn step(
    walk: &mut Walk,
    state: &RaydiumClmmState,
    falling: bool,
    exact: Exact,
    target: u128,
) -> Option<()> {
    let (from, liquidity, remaining) = (walk.sqrt_price, walk.liquidity, walk.remaining);
    let rate = u64::from(state.trade_fee_rate);
    let (mut paid, mut got, mut fee, mut to) = (0, 0, 0, target);
    if from != target {
        let for_price = match exact {
            Exact::In => ratio(remaining, 1_000_000 - rate, 1_000_000, false)?,
            Exact::Out => remaining,
        };
        let whole = amounts(from, target, liquidity, falling);
        let reached = whole.filter(|whole| for_price >= whole[usize::from(exact == Exact::Out)]);
        if let Some(whole) = reached {
            [paid, got] = whole;
        } else {
            to = price_after(from, liquidity, for_price, falling, exact)?;
            if if falling { to < target } else { to > target } {
                return None;
            }
            [paid, got] = amounts(from, to, liquidity, falling)?;
        }
        fee = if exact == Exact::In && to != target {
            remaining.checked_sub(paid)?
        } else {
            ratio(paid, rate, 1_000_000 - rate, true)?
        };
        if exact == Exact::Out {
            got = got.min(remaining);
        }
    }
    let consumed = paid.checked_add(fee)?;
    walk.steps.push([consumed, got]);
    walk.amount_in += u128::from(consumed);
    walk.amount_out += u128::from(got);
    walk.fee += u128::from(fee);
    walk.protocol_fee += u128::from(ratio(
        fee,
        state.protocol_fee_rate.into(),
        1_000_000,
        false,
    )?);
    walk.fund_fee += u128::from(ratio(fee, state.fund_fee_rate.into(), 1_000_000, false)?);
    walk.remaining = remaining.checked_sub(if exact == Exact::In { consumed } else { got })?;
    walk.sqrt_price = to;
    Some(())
}

fn divide(over: Wide, under: Wide, up: bool) -> Wide {
    if up {
        over.div_ceil(under)
    } else {
        over / under
    }
}

fn ratio(amount: u64, over: u64, under: u64, up: bool) -> Option<u64> {
    divide(Wide::from(amount) * Wide::from(over), Wide::from(under), up)
        .try_into()
        .ok()
}

/// Input rounded up, output rounded down, where both fit 64 bits; divided twice, as the older build does.
fn amounts(from: u128, to: u128, liquidity: u128, falling: bool) -> Option<[u64; 2]> {
    let (low, high) = (Wide::from(from.min(to)), Wide::from(from.max(to)));
    let liquidity = Wide::from(liquidity);
    let once = divide((liquidity << 64) * (high - low), high, falling);
    let amount0 = divide(once, low, falling);
    let amount1 = divide(liquidity * (high - low), Wide::from(1) << 64, !falling);
    let (paid, got) = if falling {
        (amount0, amount1)
    } else {
        (amount1, amount0)
    };
    Some([paid.try_into().ok()?, got.try_into().ok()?])
}

fn price_after(
    price: u128,
    liquidity: u128,
    amount: u64,
    falling: bool,
    exact: Exact,
) -> Option<u128> {
    if amount == 0 {
        return Some(price);
    }
    let (shifted, wide) = (Wide::from(liquidity) << 64, Wide::from(price));
    let (product, x64) = (Wide::from(amount) * wide, Wide::from(amount) << 64);
    let by_amount0 = |under| divide(shifted * wide, under, true).try_into().ok();
    match (exact, falling) {
        (Exact::In, true) => by_amount0(shifted + product),
        (Exact::In, false) => {
            price.checked_add(divide(x64, Wide::from(liquidity), false).try_into().ok()?)
        }
        (Exact::Out, true) => {
            price.checked_sub(divide(x64, Wide::from(liquidity), true).try_into().ok()?)
        }
        (Exact::Out, false) if product < shifted => by_amount0(shifted - product),
        (Exact::Out, false) => None,
    }
}
