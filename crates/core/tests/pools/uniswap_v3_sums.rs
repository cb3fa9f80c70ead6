//! Quotes by search in the sums against the contract's own step loop, on random pools and after random changes.

use crate::random_pools;
use crate::random_pools::{Depth, RandomPool, amount, numbered};
use crate::step_loop::{Walk, walk};
use crate::wbtc_weth;
use alloy_primitives::{Address, U256};
use proptest::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::uniswap_v3::{UniswapV3Change, UniswapV3Pool};
use tradewind_core::pools::{Direction, Exact, Movement, Pool, PoolChange, PoolError, PoolMath};

const TOKENS: [ChainAddress; 2] = [
    ChainAddress::Evm(Address::with_last_byte(1)),
    ChainAddress::Evm(Address::with_last_byte(2)),
];
const DIRECTIONS: [Direction; 2] = [Direction::ZeroForOne, Direction::OneForZero];
const BEYOND: U256 = U256::ONE.wrapping_shl(254);

fn any_pool() -> impl Strategy<Value = RandomPool> {
    random_pools::pool(numbered(200), TOKENS, Depth::Any)
}

/// Every field of the answer, and every call's answer, is what the loop gives.
fn assert_equal(pool: &UniswapV3Pool, direction: Direction, exact: Exact, amount: U256) -> Walk {
    let expected = walk(&pool.state(), direction, exact, amount);
    let found = pool.quote(direction.into(), exact, amount);
    let both = [expected.amount_in, expected.amount_out];
    match &found {
        Ok(quote) => {
            assert_eq!(
                expected.remaining,
                U256::ZERO,
                "{direction:?} {exact:?} {amount}"
            );
            assert_eq!([quote.amount_in_raw, quote.amount_out_raw], both);
            assert_eq!(quote.fee_in_raw(), expected.fee);
            let Some(Movement::UniswapV3 {
                sqrt_price_after_x96,
                tick_after,
                liquidity_after,
                ticks_crossed,
                ..
            }) = quote.movement
            else {
                panic!("no movement")
            };
            assert_eq!(
                (
                    sqrt_price_after_x96,
                    tick_after,
                    liquidity_after,
                    ticks_crossed
                ),
                (
                    expected.sqrt_price,
                    expected.tick,
                    expected.liquidity,
                    expected.crossed
                ),
                "{direction:?} {exact:?} {amount}"
            );
        }
        Err(PoolError::InsufficientLiquidity {
            most_in_raw,
            most_out_raw,
            ..
        }) => {
            assert_ne!(
                expected.remaining,
                U256::ZERO,
                "{direction:?} {exact:?} {amount}"
            );
            assert_eq!([*most_in_raw, *most_out_raw], both);
        }
        Err(error) => panic!("{error}"),
    }
    let amounts = pool.amounts(direction.into(), exact, amount).ok();
    assert_eq!(
        amounts.map(|swap| [swap.amount_in_raw, swap.amount_out_raw]),
        found.is_ok().then_some(both)
    );
    if exact == Exact::In {
        let output = pool.output(direction.into(), amount);
        assert_eq!(output, found.is_ok().then_some(expected.amount_out));
    }
    expected
}

/// Amounts that end on each stop of the way, one before it and one behind it.
fn assert_equal_at_all_stops(pool: &UniswapV3Pool) -> usize {
    let mut compared = 0;
    for direction in DIRECTIONS {
        for exact in [Exact::In, Exact::Out] {
            let whole = assert_equal(pool, direction, exact, BEYOND);
            let mut sum = U256::ZERO;
            for step in &whole.steps {
                sum += step[usize::from(exact == Exact::Out)];
                for amount in [sum.saturating_sub(U256::ONE), sum, sum + U256::ONE] {
                    if !amount.is_zero() {
                        assert_equal(pool, direction, exact, amount);
                        compared += 1;
                    }
                }
            }
        }
    }
    compared
}

#[derive(Debug, Clone)]
enum Event {
    Swap(Direction, Exact, U256),
    Mint(i32, i32, u32),
    Burn(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let direction = prop_oneof![Just(Direction::ZeroForOne), Just(Direction::OneForZero)];
    let exact = prop_oneof![Just(Exact::In), Just(Exact::Out)];
    prop_oneof![
        (direction, exact, amount(1..90))
            .prop_map(|(direction, exact, amount)| Event::Swap(direction, exact, amount)),
        (-40i32..40, 1i32..600, 1u32..80)
            .prop_map(|(low, width, bits)| Event::Mint(low, width, bits)),
        (0usize..8).prop_map(Event::Burn),
    ]
}

/// Carries the event out on the pool, quoting a little on the way, so that sums are made and must be kept right.
fn carry_out(pool: &mut UniswapV3Pool, event: &Event, minted: &mut Vec<(i32, i32, i128)>) {
    let spacing = pool.state().tick_spacing;
    match *event {
        Event::Swap(direction, exact, amount) => {
            let expected = walk(&pool.state(), direction, exact, amount);
            if pool.swap(direction.into(), exact, amount).is_ok() {
                let state = pool.state();
                assert_eq!(
                    (state.sqrt_price_x96, state.tick, state.liquidity),
                    (expected.sqrt_price, expected.tick, expected.liquidity)
                );
            }
        }
        Event::Mint(low, width, bits) => {
            let range = (low * spacing, (low + width) * spacing, 1 << bits);
            if pool.apply(liquidity(range)).is_ok() {
                minted.push(range);
            }
        }
        Event::Burn(which) if which < minted.len() => {
            let (lower, upper, delta) = minted.swap_remove(which);
            pool.apply(liquidity((lower, upper, -delta))).unwrap();
        }
        Event::Burn(_) => {}
    }
}

fn liquidity((tick_lower, tick_upper, liquidity_delta): (i32, i32, i128)) -> PoolChange<'static> {
    PoolChange::UniswapV3(UniswapV3Change::Liquidity {
        tick_lower,
        tick_upper,
        liquidity_delta,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_quote_of_any_amount_is_the_one_of_the_step_loop(
        random in any_pool(), amounts in prop::collection::vec(amount(1..128), 1..12),
    ) {
        for amount in amounts {
            for direction in DIRECTIONS {
                for exact in [Exact::In, Exact::Out] {
                    assert_equal(&random.pool, direction, exact, amount);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn swaps_mints_and_burns_lead_to_the_quotes_of_a_pool_made_anew(
        random in any_pool(),
        events in prop::collection::vec((event(), amount(1..100)), 1..16),
    ) {
        let (mut pool, mut minted) = (random.pool, Vec::new());
        for (event, amount) in &events {
            carry_out(&mut pool, event, &mut minted);
            let rebuilt = UniswapV3Pool::new(&pool.state()).unwrap();
            for direction in DIRECTIONS {
                for exact in [Exact::In, Exact::Out] {
                    for amount in [*amount, BEYOND] {
                        let kept = pool.quote(direction.into(), exact, amount);
                        prop_assert_eq!(&kept, &rebuilt.quote(direction.into(), exact, amount));
                    }
                    assert_equal(&pool, direction, exact, *amount);
                }
            }
        }
    }

    #[test]
    fn a_clone_that_trades_leaves_the_pool_as_it_was(
        random in any_pool(), events in prop::collection::vec(event(), 1..8), asked in amount(1..100),
    ) {
        let before = random.pool.state();
        let (mut clone, mut minted) = (random.pool.clone(), Vec::new());
        for event in &events {
            carry_out(&mut clone, event, &mut minted);
        }
        prop_assert_eq!(random.pool.state(), before);
        assert_equal(&random.pool, Direction::ZeroForOne, Exact::In, asked);
        assert_equal(&random.pool, Direction::OneForZero, Exact::In, asked);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn amounts_that_end_on_a_stop_or_a_unit_beside_it_are_those_of_the_step_loop(
        random in random_pools::pool(numbered(200), TOKENS, Depth::Scarce),
    ) {
        assert_equal_at_all_stops(&random.pool);
    }
}

#[test]
fn the_recorded_pool_answers_as_its_step_loop_at_every_stop() {
    let Pool::UniswapV3(pool) = wbtc_weth::pool() else {
        unreachable!()
    };
    assert!(assert_equal_at_all_stops(&pool) > 2_000);
}

#[test]
fn a_pool_over_all_ticks_ends_at_the_price_limits() {
    let mut state = match wbtc_weth::pool() {
        Pool::UniswapV3(pool) => pool.state(),
        _ => unreachable!(),
    };
    // A spacing that divides the last ticks, so that positions reach the very ends.
    state.tick_spacing = 8;
    state.ticks.clear();
    for (index, liquidity_net) in [(-887_272, 1_i128 << 70), (887_272, -(1 << 70))] {
        state.ticks.push(tradewind_core::pools::uniswap_v3::Tick {
            index,
            liquidity_gross: 1 << 70,
            liquidity_net,
        });
    }
    state.liquidity = 1 << 70;
    let mut pool = UniswapV3Pool::new(&state).unwrap();
    for direction in DIRECTIONS {
        let end = assert_equal(&pool, direction, Exact::In, BEYOND);
        for amount in [
            end.amount_in - U256::ONE,
            end.amount_in,
            end.amount_in + U256::ONE,
        ] {
            assert_equal(&pool, direction, Exact::In, amount);
        }
        let out = end.amount_out;
        for amount in [out - U256::ONE, out, out + U256::ONE] {
            assert_equal(&pool, direction, Exact::Out, amount);
        }
        // From the very end, nothing more goes the same way, and everything comes back.
        let mut at_end = pool.clone();
        at_end
            .swap(direction.into(), Exact::In, end.amount_in)
            .unwrap();
        assert_equal(&at_end, direction, Exact::In, U256::ONE);
        assert_equal(&at_end, direction.reversed(), Exact::In, end.amount_out);
    }
    pool.swap(
        Direction::ZeroForOne.into(),
        Exact::In,
        U256::from(1_u64 << 40),
    )
    .unwrap();
    assert_equal(&pool, Direction::OneForZero, Exact::In, BEYOND);
}
