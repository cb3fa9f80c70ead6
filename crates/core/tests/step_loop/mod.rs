//! The swap loop of the Uniswap V3 pool contract, step by step from a state: what the sums must equal.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use alloy_primitives::aliases::U160;
use alloy_primitives::{U256, Uint};
use tradewind_core::pools::uniswap_v3::UniswapV3State;
use tradewind_core::pools::uniswap_v3::tick_math::{
    MAX_SQRT_PRICE_X96, MAX_TICK, MIN_SQRT_PRICE_X96, MIN_TICK, sqrt_price_at_tick,
    tick_at_sqrt_price,
};
use tradewind_core::pools::{Direction, Exact};

type Wide = Uint<768, 12>;

/// How far a swap came, and what each of its steps moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Walk {
    pub(crate) remaining: U256,
    pub(crate) amount_in: U256,
    pub(crate) amount_out: U256,
    pub(crate) fee: U256,
    pub(crate) sqrt_price: U160,
    pub(crate) tick: i32,
    pub(crate) liquidity: u128,
    pub(crate) crossed: u32,
    /// The input with its fee, and the output, of each step.
    pub(crate) steps: Vec<[U256; 2]>,
}

/// Swaps until the amount is used up, or the price limit is reached, or no tick is left.
pub(crate) fn walk(
    state: &UniswapV3State,
    direction: Direction,
    exact: Exact,
    amount: U256,
) -> Walk {
    let falling = direction == Direction::ZeroForOne;
    let limit = if falling {
        MIN_SQRT_PRICE_X96 + U160::ONE
    } else {
        MAX_SQRT_PRICE_X96 - U160::ONE
    };
    let mut walk = Walk {
        remaining: amount,
        amount_in: U256::ZERO,
        amount_out: U256::ZERO,
        fee: U256::ZERO,
        sqrt_price: state.sqrt_price_x96,
        tick: state.tick,
        liquidity: state.liquidity,
        crossed: 0,
        steps: Vec::new(),
    };
    while !walk.remaining.is_zero() && walk.sqrt_price != limit {
        let Some((stop, net)) = next_stop(state, &walk, falling) else {
            break;
        };
        let stop_price = sqrt_price_at_tick(stop).unwrap();
        let target = if falling {
            stop_price.max(limit)
        } else {
            stop_price.min(limit)
        };
        let from = walk.sqrt_price;
        step(&mut walk, state.fee_pips, falling, exact, target);
        if walk.sqrt_price == stop_price {
            if let Some(net) = net {
                let net = if falling { -net } else { net };
                walk.liquidity = walk.liquidity.checked_add_signed(net).unwrap();
                walk.crossed += 1;
            }
            walk.tick = stop - i32::from(falling);
        } else if walk.sqrt_price != from {
            walk.tick = tick_at_sqrt_price(walk.sqrt_price).unwrap();
        }
    }
    walk
}

/// `nextInitializedTickWithinOneWord`; where there is no liquidity, the edges of words are passed over.
fn next_stop(state: &UniswapV3State, walk: &Walk, falling: bool) -> Option<(i32, Option<i128>)> {
    let spacing = state.tick_spacing;
    let compressed = walk.tick.div_euclid(spacing);
    let mut ticks = state.ticks.iter();
    let (edge, initialised) = if falling {
        let edge = compressed.div_euclid(256) * 256 * spacing;
        (
            edge.max(MIN_TICK),
            ticks.rfind(|tick| tick.index <= walk.tick),
        )
    } else {
        let edge = ((compressed + 1).div_euclid(256) * 256 + 255) * spacing;
        (
            edge.min(MAX_TICK),
            ticks.find(|tick| tick.index > walk.tick),
        )
    };
    let beyond_edge = |index: i32| if falling { index < edge } else { index > edge };
    match initialised {
        Some(tick) if walk.liquidity == 0 || !beyond_edge(tick.index) => {
            Some((tick.index, Some(tick.liquidity_net)))
        }
        _ if walk.liquidity == 0 => None,
        _ => Some((edge, None)),
    }
}

/// `computeSwapStep`, in the contract's order.
fn step(walk: &mut Walk, fee_pips: u32, falling: bool, exact: Exact, target: U160) {
    let (million, fee_pips) = (U256::from(1_000_000), U256::from(fee_pips));
    let (from, liquidity) = (walk.sqrt_price, walk.liquidity);
    let amount_in = |to| {
        if falling {
            amount0(to, from, liquidity, true)
        } else {
            amount1(from, to, liquidity, true)
        }
    };
    let amount_out = |to| {
        if falling {
            amount1(to, from, liquidity, false)
        } else {
            amount0(from, to, liquidity, false)
        }
    };
    let remaining = walk.remaining;
    let to = match exact {
        Exact::In => {
            let less_fee: U256 = ratio(remaining, million - fee_pips, million, false);
            if less_fee >= amount_in(target) {
                target
            } else if falling {
                price_from_amount0(from, liquidity, less_fee, true)
            } else {
                from + price_change(liquidity, less_fee, false)
            }
        }
        Exact::Out if remaining >= amount_out(target) => target,
        Exact::Out if falling => from - price_change(liquidity, remaining, true),
        Exact::Out => price_from_amount0(from, liquidity, remaining, false),
    };
    let (paid, mut got) = (amount_in(to), amount_out(to));
    if exact == Exact::Out {
        got = got.min(remaining);
    }
    let fee = if exact == Exact::In && to != target {
        remaining - paid
    } else {
        ratio(paid, fee_pips, million - fee_pips, true)
    };
    walk.steps.push([paid + fee, got]);
    walk.amount_in += paid + fee;
    walk.amount_out += got;
    walk.fee += fee;
    walk.remaining -= if exact == Exact::In { paid + fee } else { got };
    walk.sqrt_price = to;
}

fn ratio(amount: U256, over: U256, under: U256, up: bool) -> U256 {
    divide(Wide::from(amount) * Wide::from(over), Wide::from(under), up).to()
}

fn divide(over: Wide, under: Wide, up: bool) -> Wide {
    if up {
        over.div_ceil(under)
    } else {
        over / under
    }
}

fn shifted(liquidity: u128) -> Wide {
    Wide::from(liquidity) << 96
}

/// `getAmount0Delta`: divided twice, as the contract does.
fn amount0(low: U160, high: U160, liquidity: u128, up: bool) -> U256 {
    let once = divide(
        shifted(liquidity) * Wide::from(high - low),
        Wide::from(high),
        up,
    );
    divide(once, Wide::from(low), up).to()
}

/// `getAmount1Delta`.
fn amount1(low: U160, high: U160, liquidity: u128, up: bool) -> U256 {
    divide(
        Wide::from(liquidity) * Wide::from(high - low),
        Wide::from(1) << 96,
        up,
    )
    .to()
}

/// `getNextSqrtPriceFromAmount0RoundingUp`, with its second formula where the first overflows 256 bits.
fn price_from_amount0(price: U160, liquidity: u128, amount: U256, add: bool) -> U160 {
    if amount.is_zero() {
        return price;
    }
    let (over, price_wide) = (shifted(liquidity), Wide::from(price));
    let product = Wide::from(amount) * price_wide;
    if !add {
        return divide(over * price_wide, over - product, true).to();
    }
    if product.bit_len() <= 256 && (over + product).bit_len() <= 256 {
        return divide(over * price_wide, over + product, true).to();
    }
    divide(over, over / price_wide + Wide::from(amount), true).to()
}

/// `getNextSqrtPriceFromAmount1RoundingDown`: by how much the price moves.
fn price_change(liquidity: u128, amount: U256, up: bool) -> U160 {
    divide(Wide::from(amount) << 96, Wide::from(liquidity), up).to()
}
