//! What must hold for every Whirlpool: order, inverse, conservation, and no panic whatever is given.
#![allow(
    clippy::float_arithmetic,
    reason = "the curve is a real function; no amount comes from it"
)]

use crate::whirlpools;
use crate::whirlpools::random::{self, Kind, NOW, RandomWhirlpool, amount, reserves, whirlpool};
use crate::whirlpools::{bytes, key};
use alloy_primitives::{U256, U512};
use proptest::prelude::*;
use tradewind_core::pools::orca_whirlpool::tick_math::{
    MAX_SQRT_PRICE_X64, MIN_SQRT_PRICE_X64, sqrt_price_at_tick,
};
use tradewind_core::pools::orca_whirlpool::{OrcaWhirlpoolPool, OrcaWhirlpoolState, TickArray};
use tradewind_core::pools::{
    Account, AccountSet, ChainClock, Curve, Exact, FeeKind, Hyperbola, Movement, PoolChange,
    PoolError, PoolMath, SwapAmounts, TokenPair,
};

const EXACTS: [Exact; 2] = [Exact::In, Exact::Out];
const PAIRS: [TokenPair; 2] = [TokenPair::ZERO_FOR_ONE, TokenPair::ONE_FOR_ZERO];

fn any_pair() -> impl Strategy<Value = TokenPair> {
    prop::sample::select(&PAIRS[..])
}

fn pool(random: &RandomWhirlpool) -> OrcaWhirlpoolPool {
    OrcaWhirlpoolPool::new(&random.state).unwrap()
}

/// Both amounts of a swap; refusals that a program of 64-bit amounts must make are no faults.
fn fill(
    pool: &OrcaWhirlpoolPool,
    pair: TokenPair,
    exact: Exact,
    amount: U256,
) -> Option<[U256; 2]> {
    match pool.amounts(pair, exact, amount) {
        Ok(swap) => Some([swap.amount_in_raw, swap.amount_out_raw]),
        Err(
            PoolError::InsufficientLiquidity { .. }
            | PoolError::SwapRefused { .. }
            | PoolError::SwapsDisabled { .. },
        ) => None,
        Err(error) => panic!("{error}"),
    }
}

/// The lowest or highest price, where a swap without a limit ends.
fn limit(pair: TokenPair) -> u128 {
    if pair == TokenPair::ZERO_FOR_ONE {
        MIN_SQRT_PRICE_X64
    } else {
        MAX_SQRT_PRICE_X64
    }
}

/// The program's loop, from the pool's own price.
fn assert_equal_to_the_loop(pool: &OrcaWhirlpoolPool, pair: TokenPair, exact: Exact, amount: u64) {
    let name = format!("{pair:?} {exact:?} {amount}");
    let quote = pool.quote(pair, exact, U256::from(amount));
    let walked = pool.swap_to_price(pair, exact, amount, limit(pair));
    let full = walked.as_ref().ok().filter(|walked| match exact {
        Exact::In => walked.amount_in_raw == amount,
        Exact::Out => walked.amount_out_raw == amount,
    });
    let Some(walked) = full else {
        let error = quote.expect_err(&name);
        if let Err(walked) = walked {
            assert_eq!(error.code(), walked.code(), "{name}: {error}, {walked}");
        } else {
            assert_eq!(error.code(), "insufficient_liquidity", "{name}: {error}");
        }
        return;
    };
    let quote = quote.unwrap_or_else(|error| panic!("{name}: {error}"));
    let part = |kind| {
        let fees = quote.fees.iter().filter(|fee| fee.kind == kind);
        fees.map(|fee| fee.amount_raw).sum::<U256>()
    };
    let Some(Movement::ConcentratedX64 {
        sqrt_price_after_x64,
        tick_after,
        liquidity_after,
        ..
    }) = quote.movement
    else {
        panic!("{name}: no movement")
    };
    assert_eq!(
        [
            quote.amount_in_raw,
            quote.amount_out_raw,
            quote.fee_in_raw(),
            part(FeeKind::Protocol)
        ],
        [
            walked.amount_in_raw,
            walked.amount_out_raw,
            walked.fee_raw,
            walked.protocol_fee_raw
        ]
        .map(U256::from),
        "{name}"
    );
    assert_eq!(
        (sqrt_price_after_x64, tick_after, liquidity_after),
        (
            walked.sqrt_price_after_x64,
            walked.tick_after,
            walked.liquidity_after
        ),
        "{name}"
    );
    let swap = SwapAmounts {
        amount_in_raw: quote.amount_in_raw,
        amount_out_raw: quote.amount_out_raw,
    };
    assert_eq!(pool.amounts(pair, exact, U256::from(amount)), Ok(swap));
    if exact == Exact::In {
        assert_eq!(
            pool.output(pair, U256::from(amount)),
            Some(quote.amount_out_raw)
        );
    }
}

/// Amounts that end on each initialised tick of the way, and one unit off them.
fn amounts_at_stops(pool: &OrcaWhirlpoolPool, pair: TokenPair, exact: Exact) -> Vec<u64> {
    let state = pool.state();
    let ticks = state.tick_arrays.iter().flat_map(|array| &array.ticks);
    let mut amounts = Vec::new();
    for tick in ticks {
        let price = sqrt_price_at_tick(tick.index).unwrap();
        let Ok(swap) = pool.swap_to_price(pair, exact, u64::MAX, price) else {
            continue;
        };
        let amount = match exact {
            Exact::In => swap.amount_in_raw,
            Exact::Out => swap.amount_out_raw,
        };
        let near = [amount.saturating_sub(1), amount, amount.saturating_add(1)];
        amounts.extend(near.into_iter().filter(|amount| *amount > 0));
    }
    amounts
}

fn output_of(curve: &Curve, amount_in: f64) -> f64 {
    let Curve::Hyperbolas(pieces) = curve else {
        return 0.0;
    };
    let mut left = amount_in;
    let mut out = 0.0;
    for Hyperbola {
        reserve_in,
        reserve_out,
        gamma,
        capacity_in,
    } in pieces
    {
        let paid = left.min(*capacity_in) * gamma;
        out += reserve_out * paid / (reserve_in + paid);
        left -= left.min(*capacity_in);
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn more_in_never_gives_less_out_and_more_out_never_costs_less_in(
        random in whirlpool(Kind::Any), pair in any_pair(), a in amount(), b in amount(),
    ) {
        let pool = pool(&random);
        let (less, more) = (a.min(b), a.max(b));
        if let (Some([_, less_out]), Some([paid, more_out])) =
            (fill(&pool, pair, Exact::In, less), fill(&pool, pair, Exact::In, more))
        {
            prop_assert_eq!(paid, more);
            prop_assert!(less_out <= more_out);
        }
        if let (Some([less_in, _]), Some([more_in, got])) =
            (fill(&pool, pair, Exact::Out, less), fill(&pool, pair, Exact::Out, more))
        {
            prop_assert_eq!(got, more);
            prop_assert!(less_in <= more_in);
        }
    }

    #[test]
    fn exact_out_is_the_inverse_of_exact_in(
        random in whirlpool(Kind::Any), pair in any_pair(), asked in amount(),
    ) {
        let pool = pool(&random);
        if let Some([cost, _]) = fill(&pool, pair, Exact::Out, asked)
            && let Some([_, got]) = fill(&pool, pair, Exact::In, cost)
        {
            prop_assert!(got >= asked, "{got} for {cost}, asked {asked}");
        }
        // The last unit may cost more: an output that is all that a step gives, rounded down, pays for the
        // whole step.
        if let Some([paid, got]) = fill(&pool, pair, Exact::In, asked)
            && got > U256::ONE
            && let Some([cost, _]) = fill(&pool, pair, Exact::Out, got - U256::ONE)
        {
            prop_assert!(cost <= paid, "{cost} for {got}, paid {paid}");
        }
    }

    #[test]
    fn never_gives_more_than_the_positions_hold(
        random in whirlpool(Kind::Any), pair in any_pair(), asked in amount(),
    ) {
        let pool = pool(&random);
        let held = reserves(&random.positions, random.state.sqrt_price_x64);
        let reserve = held[usize::from(pair == TokenPair::ZERO_FOR_ONE)];
        for exact in EXACTS {
            if let Some([_, out]) = fill(&pool, pair, exact, asked) {
                prop_assert!(U512::from(out) <= reserve, "{out} of {reserve}");
            }
        }
    }

    #[test]
    fn refuses_one_unit_more_than_it_can_take_and_fills_exactly_that_much(
        random in whirlpool(Kind::Fixed), pair in any_pair(),
    ) {
        let learnt = pool(&random);
        for exact in EXACTS {
            let beyond = U256::from(u64::MAX) << 10;
            let Err(PoolError::InsufficientLiquidity { most_in_raw, most_out_raw, .. }) =
                learnt.amounts(pair, exact, beyond)
            else {
                continue;
            };
            let most = if exact == Exact::In { most_in_raw } else { most_out_raw };
            if most.is_zero() {
                continue;
            }
            for pool in [&pool(&random), &learnt] {
                let filled = fill(pool, pair, exact, most).unwrap();
                prop_assert_eq!(filled[usize::from(exact == Exact::Out)], most);
                let error = pool.amounts(pair, exact, most + U256::ONE).unwrap_err();
                prop_assert_eq!(error.code(), "insufficient_liquidity");
            }
        }
    }

    #[test]
    fn what_lies_behind_three_arrays_is_refused_though_it_is_known(
        random in whirlpool(Kind::Fixed), pair in any_pair(),
    ) {
        // A first swap to the end, then a second one to every stop behind it: never both at once.
        let first = pool(&random);
        let mut second = first.clone();
        let beyond = U256::from(u64::MAX) << 10;
        let Err(PoolError::InsufficientLiquidity { most_in_raw, .. }) = first.amounts(pair, Exact::In, beyond) else {
            return Ok(());
        };
        if second.swap(pair, Exact::In, most_in_raw).is_ok() {
            for more in amounts_at_stops(&second, pair, Exact::In) {
                let sum = most_in_raw + U256::from(more);
                prop_assert!(first.amounts(pair, Exact::In, sum).is_err());
            }
        }
    }

    #[test]
    fn a_split_is_never_better_than_the_whole(
        random in whirlpool(Kind::Fixed), pair in any_pair(), first in amount(), second in amount(),
    ) {
        let whole = pool(&random);
        let mut split = whole.clone();
        if let Some([_, out]) = fill(&whole, pair, Exact::In, first + second)
            && let Ok(one) = split.swap(pair, Exact::In, first)
            && let Ok(two) = split.swap(pair, Exact::In, second)
        {
            prop_assert!(one.amount_out_raw + two.amount_out_raw <= out);
        }
    }

    #[test]
    fn there_and_back_again_is_a_loss(
        random in whirlpool(Kind::Any), pair in any_pair(), asked in amount(),
    ) {
        let mut pool = pool(&random);
        if let Ok(there) = pool.swap(pair, Exact::In, asked)
            && let Some([_, back]) = fill(&pool, pair.reversed(), Exact::In, there.amount_out_raw.max(U256::ONE))
            && !there.amount_out_raw.is_zero()
        {
            prop_assert!(back <= asked, "{back} of {asked}");
        }
    }

    #[test]
    fn the_search_equals_the_loop_with_a_fixed_fee(random in whirlpool(Kind::Fixed), asked in amount()) {
        let pool = pool(&random);
        for pair in PAIRS {
            for exact in EXACTS {
                assert_equal_to_the_loop(&pool, pair, exact, asked.to());
                for amount in amounts_at_stops(&pool, pair, exact) {
                    assert_equal_to_the_loop(&pool, pair, exact, amount);
                }
            }
        }
    }

    #[test]
    fn the_search_equals_the_loop_with_an_adaptive_fee(random in whirlpool(Kind::Adaptive), asked in amount()) {
        let pool = pool(&random);
        for pair in PAIRS {
            for exact in EXACTS {
                assert_equal_to_the_loop(&pool, pair, exact, asked.to());
                for amount in amounts_at_stops(&pool, pair, exact) {
                    assert_equal_to_the_loop(&pool, pair, exact, amount);
                }
            }
        }
    }

    #[test]
    fn the_curve_is_never_below_what_the_pool_gives(
        random in whirlpool(Kind::Any), pair in any_pair(), asked in amount(),
    ) {
        let pool = pool(&random);
        let curve = pool.curve(pair);
        if let Some([paid, got]) = fill(&pool, pair, Exact::In, asked) {
            let (paid, got) = (f64::from(paid), f64::from(got));
            let real = output_of(&curve, paid);
            // A double holds sixteen digits; pieces at far prices lose some of them.
            prop_assert!(real * (1.0 + 1e-9) >= got, "{real} below {got} for {paid}");
        }
    }

    #[test]
    fn a_changed_pool_equals_one_made_anew(
        random in whirlpool(Kind::Any), asked in amount(),
        events in prop::collection::vec((0_u8..6, any_pair(), amount(), -170_i32..170, 1_i32..90, 3_u32..60), 1..6),
    ) {
        let mut pool = pool(&random);
        let mut positions = random.positions.clone();
        for (kind, pair, amount, low, width, bits) in events {
            let state = pool.state();
            let step = i32::from(state.tick_spacing);
            match kind {
                0 | 1 => {
                    let _ = pool.swap(pair, Exact::In, amount);
                }
                2 | 3 => {
                    // A new position: the pool's account and its arrays, one after the other, as they come.
                    let lower = (state.tick.div_euclid(step) + low).clamp(-443_636 / step, 443_636 / step - 1) * step;
                    let upper = (lower / step + width).clamp(lower / step + 1, 443_636 / step) * step;
                    positions.push(random::Position { lower, upper, liquidity: 1 << bits });
                    let state = OrcaWhirlpoolState { liquidity: random::active(&positions, state.tick), ..state };
                    let mut accounts = vec![bytes::whirlpool(&state)];
                    for array in &state.tick_arrays {
                        let span = whirlpools::array_span(state.tick_spacing);
                        let made = random::array(&random::ticks(&positions), array.start_tick_index, span, array.start_tick_index);
                        let made = TickArray { account: array.account, ..made };
                        if made.initialized {
                            let encode = if kind == 2 { bytes::fixed_array } else { bytes::dynamic_array };
                            accounts.push(encode(&state, &made));
                        }
                    }
                    for account in &accounts {
                        pool.apply(PoolChange::Account(account.borrow())).unwrap();
                    }
                }
                4 => {
                    let clock = ChainClock { slot: 1, epoch: 7, unix_timestamp: i64::from(NOW) + i64::from(width) };
                    pool.apply(PoolChange::Clock(clock)).unwrap();
                }
                _ => if let Some(oracle) = &state.oracle {
                    let mut oracle = **oracle;
                    oracle.variables.volatility_accumulator /= 2;
                    let account = bytes::oracle(&state, &oracle);
                    pool.apply(PoolChange::Account(account.borrow())).unwrap();
                },
            }
            let anew = OrcaWhirlpoolPool::new(&pool.state()).unwrap();
            for pair in PAIRS {
                for exact in EXACTS {
                    let stops = amounts_at_stops(&anew, pair, exact);
                    for amount in [asked, amount].into_iter().chain(stops.into_iter().map(U256::from)) {
                        prop_assert_eq!(pool.quote(pair, exact, amount), anew.quote(pair, exact, amount));
                    }
                }
            }
        }
    }

    #[test]
    fn no_state_and_no_amount_panics(
        random in whirlpool(Kind::Any), price in any::<u128>(), liquidity in any::<u128>(), tick in any::<i32>(),
        spacing in any::<u16>(), net in any::<i128>(), now in any::<i64>(), amount in any::<u64>(), wide in any::<[u8; 32]>(),
    ) {
        let mut states = vec![random.state.clone(); 4];
        states[0].liquidity = liquidity;
        states[1].tick_spacing = spacing;
        states[2].sqrt_price_x64 = price;
        states[2].tick = tick;
        if let Some(changed) = states[3].tick_arrays.iter_mut().flat_map(|array| &mut array.ticks).next() {
            changed.liquidity_net = net;
            changed.liquidity_gross = u128::MAX;
        }
        states[3].clock.unix_timestamp = now;
        for state in &states {
            let Ok(mut pool) = OrcaWhirlpoolPool::new(state) else { continue };
            for pair in PAIRS {
                let _ = pool.curve(pair);
                for exact in EXACTS {
                    for amount in [U256::from(amount), U256::MAX, U256::from_le_bytes(wide), U256::ZERO] {
                        let _ = pool.quote(pair, exact, amount);
                    }
                    let _ = pool.swap(pair, exact, U256::from(amount));
                }
            }
        }
    }

    #[test]
    fn no_bytes_panic(
        random in whirlpool(Kind::Any), which in 0_usize..4, at in any::<prop::sample::Index>(),
        noise in prop::collection::vec(any::<u8>(), 1..40), cut in any::<prop::sample::Index>(), cuts in any::<bool>(),
    ) {
        let state = &random.state;
        let array = &state.tick_arrays[0];
        let mut accounts = vec![
            bytes::whirlpool(state), bytes::fixed_array(state, array), bytes::dynamic_array(state, array),
            bytes::mint(state.token_a), bytes::mint(state.token_b),
        ];
        accounts[2].address = key(60);
        if let Some(oracle) = &state.oracle {
            accounts.push(bytes::oracle(state, oracle));
        }
        let data = &mut accounts[which].data;
        let start = at.index(data.len());
        for (byte, noise) in data.iter_mut().skip(start).zip(&noise) {
            *byte = *noise;
        }
        if cuts {
            let length = cut.index(data.len());
            data.truncate(length);
        }
        let set: AccountSet<'_> = accounts.iter().map(|account| account.borrow()).collect();
        let _ = OrcaWhirlpoolPool::from_accounts(state.pool, &set, state.clock);
        let mut pool = pool(&random);
        for account in &accounts {
            let before = pool.state();
            let account: Account<'_> = account.borrow();
            if pool.apply(PoolChange::Account(account)).is_err() {
                prop_assert_eq!(pool.state(), before);
            }
            let _ = pool.quote(TokenPair::ZERO_FOR_ONE, Exact::In, U256::from(1_000_000));
        }
    }
}
