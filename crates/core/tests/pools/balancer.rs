//! Weighted and stable pools against what Balancer's published contracts answer, and against each other.

use alloy_primitives::{Address, U256};
use proptest::prelude::*;
use serde_json::Value;
use tradewind_core::ChainAddress;
use tradewind_core::pools::balancer::{
    BalancerChange, BalancerStablePool, BalancerStableState, BalancerToken, BalancerWeightedPool,
    BalancerWeightedState, Weight,
};
use tradewind_core::pools::{Exact, Pool, PoolChange, PoolMath, PoolState, TokenPair};

const ANSWERS: &str = include_str!("../../../../tests/fixtures/evm/balancer_answers.json");

fn numbered(number: usize) -> ChainAddress {
    ChainAddress::Evm(Address::with_last_byte(u8::try_from(number).unwrap()))
}

fn token(number: usize, balance_raw: u128, scaling_factor: u128) -> BalancerToken {
    BalancerToken {
        token: numbered(number),
        balance_raw,
        scaling_factor,
    }
}

fn integer<T: std::str::FromStr<Err: std::fmt::Debug>>(value: &Value) -> T {
    value.as_str().unwrap().parse().unwrap()
}

fn exact(case: &Value) -> Exact {
    if case["exact"] == "in" {
        Exact::In
    } else {
        Exact::Out
    }
}

fn weighted(case: &Value) -> BalancerWeightedPool {
    let p: Vec<u128> = case["p"].as_array().unwrap().iter().map(integer).collect();
    let (weight_in, weight_out) = (u64::try_from(p[1]).unwrap(), u64::try_from(p[4]).unwrap());
    let mut tokens = vec![token(1, p[0], p[2]), token(2, p[3], p[5])];
    let mut weights = vec![Weight(weight_in), Weight(weight_out)];
    let rest = 1_000_000_000_000_000_000u64.saturating_sub(weight_in + weight_out);
    if rest >= 10_000_000_000_000_000 {
        tokens.push(token(3, 1, 1_000_000_000_000_000_000));
        weights.push(Weight(rest));
    }
    let state = BalancerWeightedState {
        pool: numbered(9),
        tokens,
        weights,
        swap_fee: integer(&case["fee"]),
        exact_powers: case["exact_powers"].as_bool().unwrap(),
    };
    BalancerWeightedPool::new(&state).unwrap()
}

fn stable(case: &Value) -> (BalancerStablePool, TokenPair) {
    let list =
        |name: &str| -> Vec<u128> { case[name].as_array().unwrap().iter().map(integer).collect() };
    let tokens = list("b").into_iter().zip(list("s")).enumerate();
    let state = BalancerStableState {
        pool: numbered(9),
        tokens: tokens
            .map(|(at, (balance, factor))| token(at + 1, balance, factor))
            .collect(),
        amplification: integer(&case["amp"]),
        swap_fee: integer(&case["fee"]),
    };
    let place = |name: &str| u8::try_from(case[name].as_u64().unwrap()).unwrap();
    let pair = TokenPair {
        input: place("i"),
        output: place("o"),
    };
    (BalancerStablePool::new(&state).unwrap(), pair)
}

/// How many answers were compared, and in how many of them the contract reverts.
fn compare(cases: &Value, answer: impl Fn(&Value, U256) -> Option<U256>) -> (u32, u32) {
    let (mut compared, mut reverted) = (0, 0);
    for case in cases.as_array().unwrap() {
        let amount: U256 = integer(&case["amount"]);
        let ours = answer(case, amount);
        let theirs = case["answer"]
            .as_str()
            .map(|answer| answer.parse().unwrap());
        // The libraries alone do not know that nothing is no swap.
        if theirs.is_none() || amount.is_zero() {
            assert_eq!(ours, None, "{case}");
            reverted += 1;
        } else {
            assert_eq!(ours, theirs, "{case}");
        }
        compared += 1;
    }
    (compared, reverted)
}

fn other_side(pool: &Pool, pair: TokenPair, exact: Exact, amount: U256) -> Option<U256> {
    let amounts = pool.amounts(pair, exact, amount).ok()?;
    Some(match exact {
        Exact::In => amounts.amount_out_raw,
        Exact::Out => amounts.amount_in_raw,
    })
}

#[test]
fn weighted_pools_equal_every_answer_of_the_contract() {
    let answers: Value = serde_json::from_str(ANSWERS).unwrap();
    let (compared, reverted) = compare(&answers["weighted"], |case, amount| {
        let pool = weighted(case).into();
        other_side(&pool, TokenPair::ZERO_FOR_ONE, exact(case), amount)
    });
    assert_eq!((compared, reverted > 50), (920, true));
}

#[test]
fn stable_pools_equal_every_answer_of_the_contract() {
    let answers: Value = serde_json::from_str(ANSWERS).unwrap();
    let (compared, reverted) = compare(&answers["stable"], |case, amount| {
        let (pool, pair) = stable(case);
        other_side(&pool.into(), pair, exact(case), amount)
    });
    assert_eq!((compared, reverted > 10), (400, true));
}

#[test]
fn a_state_that_no_pool_can_be_in_is_refused_with_the_field() {
    let answers: Value = serde_json::from_str(ANSWERS).unwrap();
    let sound = weighted(&answers["weighted"][0]).state();
    let refusal = |change: fn(&mut BalancerWeightedState)| {
        let mut state = sound.clone();
        change(&mut state);
        let error = BalancerWeightedPool::new(&state).unwrap_err();
        (
            error.code(),
            error.to_string().split(':').next().unwrap().to_owned(),
        )
    };
    let invalid = |field: &str| ("state_invalid", field.to_owned());
    assert_eq!(
        refusal(|s| s.weights[0].0 += 200_000_000_000_000),
        invalid("weights")
    );
    assert_eq!(refusal(|s| s.swap_fee = 0), invalid("swap_fee"));
    assert_eq!(
        refusal(|s| s.tokens[1].balance_raw = 1 << 112),
        invalid("tokens.balance_raw")
    );
    assert_eq!(
        refusal(|s| s.tokens[1].scaling_factor = 0),
        invalid("tokens.scaling_factor")
    );
    assert_eq!(refusal(|s| s.tokens.swap(0, 1)).0, "tokens_unordered");
    assert_eq!(refusal(|s| s.tokens.truncate(1)), invalid("tokens"));
    let (pool, _) = stable(&answers["stable"][0]);
    let state = BalancerStableState {
        amplification: 999,
        ..pool.state()
    };
    assert_eq!(
        BalancerStablePool::new(&state).unwrap_err().code(),
        "state_invalid"
    );
}

#[test]
fn a_balance_that_the_vault_reports_is_taken() {
    let answers: Value = serde_json::from_str(ANSWERS).unwrap();
    let mut pool: Pool = weighted(&answers["weighted"][0]).into();
    let change =
        |token, balance_raw| PoolChange::Balancer(BalancerChange::Balance { token, balance_raw });
    let before = pool.spot_price(TokenPair::ZERO_FOR_ONE);
    pool.apply(change(numbered(1), 12_345)).unwrap();
    assert_ne!(pool.spot_price(TokenPair::ZERO_FOR_ONE), before);
    assert_eq!(
        pool.apply(change(numbered(8), 1)).unwrap_err().code(),
        "token_not_in_pool"
    );
    assert_eq!(
        pool.apply(change(numbered(1), 1 << 112))
            .unwrap_err()
            .code(),
        "state_invalid"
    );
}

/// A pool of 2 to 4 tokens, and two of its tokens.
fn any_pool() -> impl Strategy<Value = (Pool, TokenPair)> {
    let token = (1u32..90, 0u32..19);
    let drawn = (
        prop::collection::vec(token, 2..5),
        1_000_000_000_000u64..100_000_000_000_000_000,
        1_000u64..5_000_000,
        any::<bool>(),
        any::<(bool, prop::sample::Index, prop::sample::Index)>(),
    );
    drawn.prop_map(
        |(tokens, swap_fee, amplification, exact_powers, (is_stable, input, step))| {
            let count = tokens.len();
            let tokens: Vec<BalancerToken> = tokens
                .iter()
                .enumerate()
                .map(|(at, (bits, decimals))| {
                    token_of(at, (1u128 << bits) + 999, 10u128.pow(36 - decimals))
                })
                .collect();
            let input = input.index(count);
            let output = (input + 1 + step.index(count - 1)) % count;
            let pair = TokenPair {
                input: u8::try_from(input).unwrap(),
                output: u8::try_from(output).unwrap(),
            };
            if is_stable {
                let state = BalancerStableState {
                    pool: numbered(9),
                    tokens,
                    amplification,
                    swap_fee,
                };
                return (BalancerStablePool::new(&state).unwrap().into(), pair);
            }
            let share = 1_000_000_000_000_000_000 / count as u64;
            let mut weights = vec![Weight(share); count];
            weights[0].0 += 1_000_000_000_000_000_000 - share * count as u64;
            let state = BalancerWeightedState {
                pool: numbered(9),
                tokens,
                weights,
                swap_fee,
                exact_powers,
            };
            (BalancerWeightedPool::new(&state).unwrap().into(), pair)
        },
    )
}

fn token_of(at: usize, balance_raw: u128, scaling_factor: u128) -> BalancerToken {
    token(at + 1, balance_raw, scaling_factor)
}

fn balance(pool: &Pool, place: u8) -> u128 {
    let token = match pool.state() {
        PoolState::BalancerWeighted(state) => state.tokens[usize::from(place)].clone(),
        PoolState::BalancerStable(state) => state.tokens[usize::from(place)].clone(),
        other => panic!("{other:?}"),
    };
    token.balance_raw
}

/// A stable pool out of balance, where one unit of error in the invariant is worth many of the scarce token.
fn is_lopsided(pool: &Pool) -> bool {
    let PoolState::BalancerStable(state) = pool.state() else {
        return false;
    };
    let scaled =
        |token: &BalancerToken| U256::from(token.balance_raw) * U256::from(token.scaling_factor);
    let least = state.tokens.iter().map(scaled).min().unwrap();
    state
        .tokens
        .iter()
        .any(|token| scaled(token) / least > U256::from(100))
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 1 << 20, ..ProptestConfig::default() })]

    #[test]
    fn no_amount_makes_a_pool_panic((pool, pair) in any_pool(), limbs in any::<[u64; 4]>(), shift in 0usize..256) {
        let amount = U256::from_limbs(limbs) >> shift;
        for exact in [Exact::In, Exact::Out] {
            let _ = pool.quote(pair, exact, amount).map(|quote| quote.price_impact_ppm());
        }
    }

    #[test]
    fn what_is_got_is_less_than_the_pool_holds_and_never_falls_as_more_is_paid(
        (pool, pair) in any_pool(), bits in 0u32..90, more in 1u64..1_000_000,
    ) {
        let amount = U256::from(1u128 << bits);
        let Some(less_out) = pool.output(pair, amount) else { return Ok(()); };
        let after = {
            let mut after = pool.clone();
            let swapped = after.swap(pair, Exact::In, amount).unwrap();
            prop_assert_eq!(swapped.amount_out_raw, less_out);
            after
        };
        let quote = pool.quote(pair, Exact::In, amount).unwrap();
        prop_assert_eq!(quote.spot_after, after.spot_price(pair));
        if let Some(more_out) = pool.output(pair, amount + U256::from(more)) {
            // Powers are computed with an error below 1e-14 that the contract takes off the trader.
            let slack = less_out / U256::from(100_000_000_000_000u64) + U256::ONE;
            prop_assert!(more_out + slack >= less_out, "{} {}", less_out, more_out);
        }
    }

    #[test]
    fn an_exact_output_costs_what_it_is_worth((pool, pair) in any_pool(), bits in 0u32..90) {
        let wanted = U256::from(1u128 << bits);
        let Ok(bought) = pool.amounts(pair, Exact::Out, wanted) else { return Ok(()); };
        prop_assume!(!is_lopsided(&pool));
        // Rounded up twice; the power's error, below 1e-14 of a balance, is charged each way.
        let error = |place: u8| U256::from(balance(&pool, place) / 10_000_000_000_000) + U256::from(2);
        let less = bought.amount_in_raw.saturating_sub(error(pair.input));
        if let Some(given) = pool.output(pair, less) {
            prop_assert!(given <= wanted + error(pair.output), "{} {}", given, wanted);
        }
    }
}
