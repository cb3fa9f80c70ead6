//! What must hold for every pool: order, inverse, conservation; and which states are refused.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "curves are real functions; no amount is decided by one"
)]

use crate::random_pools;
use crate::random_pools::{Depth, RandomPool, Range, active, amount, numbered, reserves, ticks};
use alloy_primitives::aliases::U160;
use alloy_primitives::{Address, U256};
use proptest::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::uniswap_v3::tick_math::sqrt_price_at_tick;
use tradewind_core::pools::uniswap_v3::{Tick, UniswapV3Change, UniswapV3Pool, UniswapV3State};
use tradewind_core::pools::{Curve, Exact, Movement, PoolChange, PoolError, PoolMath, TokenPair};

const TOKENS: [ChainAddress; 2] = [
    ChainAddress::Evm(Address::with_last_byte(1)),
    ChainAddress::Evm(Address::with_last_byte(2)),
];

fn any_pool() -> impl Strategy<Value = RandomPool> {
    random_pools::pool(numbered(200), TOKENS, Depth::Any)
}

fn any_pair() -> impl Strategy<Value = TokenPair> {
    prop_oneof![Just(TokenPair::ZERO_FOR_ONE), Just(TokenPair::ONE_FOR_ZERO)]
}

/// Both amounts, or where the pool's liquidity ends.
fn fill(
    pool: &UniswapV3Pool,
    pair: TokenPair,
    exact: Exact,
    amount: U256,
) -> Result<[U256; 2], [U256; 2]> {
    match pool.amounts(pair, exact, amount) {
        Ok(swap) => Ok([swap.amount_in_raw, swap.amount_out_raw]),
        Err(PoolError::InsufficientLiquidity {
            most_in_raw,
            most_out_raw,
            ..
        }) => Err([most_in_raw, most_out_raw]),
        Err(error) => panic!("{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn more_in_never_gives_less_out(
        random in any_pool(), pair in any_pair(), a in amount(1..100), b in amount(1..100),
    ) {
        let (less, more) = (a.min(b), a.max(b));
        if let Ok([paid, more_out]) = fill(&random.pool, pair, Exact::In, more) {
            let [_, less_out] = fill(&random.pool, pair, Exact::In, less).unwrap();
            prop_assert_eq!(paid, more);
            prop_assert!(less_out <= more_out);
        }
    }

    #[test]
    fn more_out_never_costs_less_in(
        random in any_pool(), pair in any_pair(), a in amount(1..100), b in amount(1..100),
    ) {
        let (less, more) = (a.min(b), a.max(b));
        if let Ok([more_in, got]) = fill(&random.pool, pair, Exact::Out, more) {
            let [less_in, _] = fill(&random.pool, pair, Exact::Out, less).unwrap();
            prop_assert_eq!(got, more);
            prop_assert!(less_in <= more_in);
        }
    }

    #[test]
    fn exact_out_is_the_inverse_of_exact_in(
        random in any_pool(), pair in any_pair(), asked in amount(1..100),
    ) {
        // Paying what an exact output costs gives that output at least; an output never costs more than was paid for it.
        if let Ok([cost, _]) = fill(&random.pool, pair, Exact::Out, asked) {
            let [_, got] = fill(&random.pool, pair, Exact::In, cost).unwrap();
            prop_assert!(got >= asked, "{got} for {cost}, asked {asked}");
        }
        if let Ok([paid, got]) = fill(&random.pool, pair, Exact::In, asked)
            && !got.is_zero()
        {
            let [cost, _] = fill(&random.pool, pair, Exact::Out, got).unwrap();
            prop_assert!(cost <= paid, "{cost} for {got}, paid {paid}");
        }
    }

    #[test]
    fn a_split_in_two_swaps_is_never_better_than_the_whole(
        random in any_pool(), pair in any_pair(), a in amount(1..90), b in amount(1..90),
    ) {
        if let Ok([_, whole]) = fill(&random.pool, pair, Exact::In, a + b) {
            let mut pool = random.pool;
            let first = pool.swap(pair, Exact::In, a).unwrap().amount_out_raw;
            let second = pool.swap(pair, Exact::In, b).unwrap().amount_out_raw;
            prop_assert!(first + second <= whole, "{first} and {second}, but {whole} at once");
        }
    }

    #[test]
    fn the_curve_is_never_below_what_the_pool_gives_and_ends_where_it_ends(
        random in any_pool(), pair in any_pair(), asked in amount(1..120),
    ) {
        let curve = random.pool.curve(pair);
        let end = fill(&random.pool, pair, Exact::In, U256::ONE << 254).unwrap_err();
        let [end_in, end_out] = end.map(f64::from);
        if let Ok([paid, got]) = fill(&random.pool, pair, Exact::In, asked) {
            let real = on_curve(&curve, f64::from(paid));
            prop_assert!(real >= f64::from(got) * (1.0 - 1e-12), "{real} but {got}");
        }
        let real = on_curve(&curve, end_in);
        prop_assert!(real >= end_out * (1.0 - 1e-12), "{real} but {end_out}");
        let Curve::Hyperbolas(pieces) = curve else { unreachable!() };
        let capacity: f64 = pieces.iter().map(|piece| piece.capacity_in).sum();
        // Each step may round its input and its fee up by a unit.
        let slack = capacity * 1e-9 + 20_000.0;
        prop_assert!((capacity - end_in).abs() <= slack, "{capacity} but {end_in}");
    }

    #[test]
    fn never_gives_more_than_the_pool_holds(
        random in any_pool(), pair in any_pair(), asked in amount(1..120),
    ) {
        let state = random.pool.state();
        let [reserve0, reserve1] = reserves(&random.ranges, state.sqrt_price_x96);
        let reserve = if pair == TokenPair::ZERO_FOR_ONE { reserve1 } else { reserve0 };
        for exact in [Exact::In, Exact::Out] {
            let (Ok([_, out]) | Err([_, out])) = fill(&random.pool, pair, exact, asked);
            prop_assert!(out <= reserve, "{out} of {reserve}");
        }
    }

    #[test]
    fn refuses_one_unit_more_than_it_can_take_and_fills_exactly_that_much(
        random in any_pool(), pair in any_pair(),
    ) {
        let beyond = U256::ONE << 254;
        for exact in [Exact::In, Exact::Out] {
            let most = fill(&random.pool, pair, exact, beyond).unwrap_err();
            let side = most[usize::from(exact == Exact::Out)];
            if side.is_zero() {
                continue;
            }
            // A pool that has not learnt its limit, and one that has, agree.
            let fresh = UniswapV3Pool::new(&random.pool.state()).unwrap();
            for pool in [&fresh, &random.pool] {
                let filled = fill(pool, pair, exact, side).unwrap();
                prop_assert_eq!(filled[usize::from(exact == Exact::Out)], side);
                prop_assert_eq!(fill(pool, pair, exact, side + U256::ONE), Err(most));
            }
        }
    }

    #[test]
    fn the_state_after_a_swap_is_one_that_the_pool_accepts_and_trades_back_at_a_loss(
        random in any_pool(), pair in any_pair(), asked in amount(1..100),
    ) {
        let mut pool = random.pool;
        if let Ok(quote) = pool.quote(pair, Exact::In, asked) {
            let Movement::UniswapV3 { sqrt_price_after_x96, tick_after, liquidity_after, .. } = quote.movement.unwrap() else { unreachable!() };
            let swap = UniswapV3Change::Swap {
                sqrt_price_x96: sqrt_price_after_x96, liquidity: liquidity_after, tick: tick_after,
            };
            pool.apply(PoolChange::UniswapV3(swap)).unwrap();
            prop_assert!(quote.fee_in_raw() <= quote.amount_in_raw);
            if !quote.amount_out_raw.is_zero() {
                let [_, back] = fill(&pool, pair.reversed(), Exact::In, quote.amount_out_raw).unwrap();
                prop_assert!(back < asked);
            }
        }
    }

    #[test]
    fn liquidity_logs_lead_to_the_same_pool_as_a_fresh_read(random in any_pool(), low in -10i32..10, width in 1i32..9) {
        let mut state = random.pool.state();
        let spacing = state.tick_spacing;
        let added = Range { lower: low * spacing, upper: (low + width) * spacing, liquidity: 1 << 50 };
        let (mut pool, original) = (random.pool.clone(), state.clone());
        let change = |liquidity_delta| UniswapV3Change::Liquidity {
            tick_lower: added.lower, tick_upper: added.upper, liquidity_delta,
        };
        let delta = added.liquidity.cast_signed();
        pool.apply(PoolChange::UniswapV3(change(delta))).unwrap();

        let mut ranges = random.ranges;
        ranges.push(added);
        state.ticks = ticks(&ranges);
        state.liquidity = active(&ranges, state.tick);
        prop_assert_eq!(pool.state(), state);

        pool.apply(PoolChange::UniswapV3(change(-delta))).unwrap();
        prop_assert_eq!(pool.state(), original);
    }
}

/// The output of a curve of hyperbolas.
fn on_curve(curve: &Curve, input: f64) -> f64 {
    let Curve::Hyperbolas(pieces) = curve else {
        unreachable!()
    };
    let (mut left, mut output) = (input, 0.0);
    for piece in pieces {
        let net = left.min(piece.capacity_in) * piece.gamma;
        output += piece.reserve_out * net / (piece.reserve_in + net);
        left -= piece.capacity_in;
        if left <= 0.0 {
            break;
        }
    }
    output
}

#[test]
fn a_source_may_leave_out_the_gross_liquidity() {
    let whole = r#"{"index": 60, "liquidity_gross": "7", "liquidity_net": "-5"}"#;
    let net = r#"{"index": 60, "liquidity_net": "-5"}"#;
    let gross = |json: &str| serde_json::from_str::<Tick>(json).unwrap().liquidity_gross;
    assert_eq!((gross(whole), gross(net)), (7, 5));
    let misspelt = r#"{"index": 60, "liquidity": "7", "liquidity_net": "-5"}"#;
    assert!(serde_json::from_str::<Tick>(misspelt).is_err());
}

fn valid() -> UniswapV3State {
    let ranges = [Range {
        lower: -600,
        upper: 600,
        liquidity: 1_000_000,
    }];
    UniswapV3State {
        pool: numbered(9),
        token0: TOKENS[0],
        token1: TOKENS[1],
        fee_pips: 3_000,
        tick_spacing: 60,
        sqrt_price_x96: U160::ONE << 96,
        tick: 0,
        liquidity: 1_000_000,
        ticks: ticks(&ranges),
    }
}

fn refusal(spoil: impl FnOnce(&mut UniswapV3State)) -> &'static str {
    let mut state = valid();
    UniswapV3Pool::new(&state).unwrap();
    spoil(&mut state);
    UniswapV3Pool::new(&state).unwrap_err().code()
}

#[test]
fn refuses_each_malformed_state_by_its_own_code() {
    let tick = |index, gross, net| Tick {
        index,
        liquidity_gross: gross,
        liquidity_net: net,
    };
    assert_eq!(
        refusal(|state| std::mem::swap(&mut state.token0, &mut state.token1)),
        "tokens_unordered"
    );
    assert_eq!(
        refusal(|state| state.token1 = state.token0),
        "tokens_unordered"
    );
    assert_eq!(
        refusal(|state| state.fee_pips = 1_000_000),
        "fee_out_of_range"
    );
    assert_eq!(
        refusal(|state| state.tick_spacing = 0),
        "tick_spacing_out_of_range"
    );
    assert_eq!(
        refusal(|state| state.tick_spacing = -60),
        "tick_spacing_out_of_range"
    );
    assert_eq!(
        refusal(|state| state.tick_spacing = 16_384),
        "tick_spacing_out_of_range"
    );
    assert_eq!(
        refusal(|state| state.sqrt_price_x96 = U160::ZERO),
        "price_out_of_bounds"
    );
    assert_eq!(
        refusal(|state| state.sqrt_price_x96 = U160::MAX),
        "price_out_of_bounds"
    );
    for wrong in [1, -2, i32::MIN, i32::MAX] {
        assert_eq!(refusal(|state| state.tick = wrong), "tick_price_mismatch");
    }
    assert_eq!(
        refusal(|state| state.liquidity += 1),
        "liquidity_inconsistent"
    );
    assert_eq!(
        refusal(|state| state.ticks.clear()),
        "liquidity_inconsistent"
    );
    assert_eq!(refusal(|state| state.ticks.reverse()), "tick_malformed");
    assert_eq!(
        refusal(|state| state.ticks[0].index = -601),
        "tick_malformed"
    );
    assert_eq!(
        refusal(|state| state.ticks[0].index = -900_000),
        "tick_malformed"
    );
    assert_eq!(
        refusal(|state| state.ticks.insert(0, tick(-600, 1, 0))),
        "tick_malformed"
    );
    assert_eq!(
        refusal(|state| state.ticks.insert(1, tick(0, 0, 0))),
        "tick_malformed"
    );
    assert_eq!(
        refusal(|state| state.ticks[0].liquidity_gross = 1),
        "tick_malformed"
    );
    assert_eq!(refusal(|state| state.ticks.truncate(1)), "tick_malformed");
    assert_eq!(
        refusal(|state| state.ticks = state.ticks.split_off(1)),
        "tick_malformed"
    );
}

#[test]
fn a_fall_that_ends_on_a_tick_leaves_the_tick_below_it() {
    let mut state = valid();
    state.tick = -1;
    assert!(UniswapV3Pool::new(&state).is_ok());
    state.sqrt_price_x96 = sqrt_price_at_tick(0).unwrap() + U160::ONE;
    assert_eq!(
        UniswapV3Pool::new(&state).unwrap_err().code(),
        "tick_price_mismatch"
    );
}

#[test]
fn a_change_that_does_not_fit_leaves_the_pool_as_it_was() {
    let mut pool = UniswapV3Pool::new(&valid()).unwrap();
    let liquidity = |tick_lower, tick_upper, liquidity_delta| UniswapV3Change::Liquidity {
        tick_lower,
        tick_upper,
        liquidity_delta,
    };
    let swap = |liquidity| UniswapV3Change::Swap {
        sqrt_price_x96: U160::ONE << 96,
        liquidity,
        tick: 0,
    };
    for (change, code) in [
        (
            liquidity(-600, 600, -1_000_001),
            "liquidity_delta_out_of_range",
        ),
        (liquidity(-60, 60, -1), "liquidity_delta_out_of_range"),
        (
            liquidity(-60, 60, i128::MIN),
            "liquidity_delta_out_of_range",
        ),
        (
            liquidity(-600, 660, -1_000_000),
            "liquidity_delta_out_of_range",
        ),
        (liquidity(60, -60, 5), "tick_malformed"),
        (liquidity(-61, 60, 5), "tick_malformed"),
        (swap(999), "liquidity_inconsistent"),
    ] {
        assert_eq!(
            pool.apply(PoolChange::UniswapV3(change))
                .unwrap_err()
                .code(),
            code,
            "{change:?}"
        );
        assert_eq!(pool.state(), valid());
    }
}

#[test]
fn a_tick_whose_net_is_zero_is_still_a_stop_until_its_gross_is_gone() {
    let mut pool = UniswapV3Pool::new(&valid()).unwrap();
    let range = |tick_lower, tick_upper, liquidity_delta| UniswapV3Change::Liquidity {
        tick_lower,
        tick_upper,
        liquidity_delta,
    };
    pool.apply(PoolChange::UniswapV3(range(-60, 0, 500)))
        .unwrap();
    pool.apply(PoolChange::UniswapV3(range(0, 60, 500)))
        .unwrap();
    let middle = Tick {
        index: 0,
        liquidity_gross: 1_000,
        liquidity_net: 0,
    };
    assert!(pool.state().ticks.contains(&middle));
    pool.apply(PoolChange::UniswapV3(range(-60, 0, -500)))
        .unwrap();
    pool.apply(PoolChange::UniswapV3(range(0, 60, -500)))
        .unwrap();
    assert_eq!(pool.state(), valid());
}

#[test]
fn refuses_amounts_that_the_contract_refuses() {
    let pool = UniswapV3Pool::new(&valid()).unwrap();
    for (exact, field) in [(Exact::In, "amount_in_raw"), (Exact::Out, "amount_out_raw")] {
        for (amount, code) in [
            (U256::ZERO, "amount_zero"),
            (U256::ONE << 255, "amount_too_large"),
            (U256::MAX, "amount_too_large"),
        ] {
            let error = pool
                .amounts(TokenPair::ZERO_FOR_ONE, exact, amount)
                .unwrap_err();
            assert_eq!(error.code(), code);
            assert!(error.to_string().starts_with(field));
        }
    }
}
