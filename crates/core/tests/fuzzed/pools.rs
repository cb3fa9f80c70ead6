//! A recorded state with changes, made a pool: every call keeps what `PoolMath` promises.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use alloy_primitives::U256;
use serde_json::Value;
use tradewind_core::pools::{
    Exact, Pool, PoolError, PoolMath, PoolState, SwapAmounts, TokenPair, read_pools,
};

use super::input::{Input, fixtures};
use super::{accounts, json, real, step_loop, texts};

const MOST_CHANGES: usize = 6;
const MOST_SWAPS: usize = 3;

/// Recorded and documented states, by family.
static RECORDED: LazyLock<BTreeMap<String, Vec<Value>>> = LazyLock::new(|| {
    let mut states: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let recorded = texts::states().into_iter().chain(accounts::states());
    for state in documented().into_iter().chain(recorded) {
        let state = serde_json::to_value(&state).unwrap();
        let venue = state["venue"].as_str().unwrap().to_owned();
        states.entry(venue).or_default().push(state);
    }
    states
});

/// The examples of the pages on pool formats.
pub(crate) fn documented() -> Vec<PoolState> {
    let folder = fixtures().join("../../docs/pool-formats");
    let mut pages: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|page| page.unwrap().path())
        .collect();
    pages.sort();
    let mut states = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(page).unwrap();
        for part in text.split("```json").skip(1) {
            let (example, _) = part.split_once("```").unwrap();
            states.extend(read_pools(example).unwrap());
        }
    }
    states
}

/// Every recorded state unchanged, with a few amounts each way.
pub(crate) fn seeds(venue: &str) -> Vec<Vec<u8>> {
    let count = u16::try_from(RECORDED[venue].len()).unwrap();
    let amounts = (0..count).flat_map(|place| {
        [8u8, 24, 36, 60].map(|bits| {
            let mut seed = place.to_le_bytes().to_vec();
            seed.extend([0, 0, 2, 0]);
            for way in 0..3u8 {
                seed.extend([way, 1 - way.min(1), way % 2, bits, 0x5a, 0xa5, 0x5a]);
                seed.extend([0x33; 6]);
            }
            seed
        })
    });
    amounts.collect()
}

pub(crate) fn run(venue: &str, data: &[u8]) {
    let mut input = Input::new(data);
    let mut state = input.pick(&RECORDED[venue]).clone();
    for _ in 0..input.below(MOST_CHANGES) {
        if input.any() {
            json::provide(&mut state, &mut input);
        } else {
            json::change(&mut state, &mut input);
        }
    }
    let Ok(states) = read_pools(&state.to_string()) else {
        return;
    };
    for state in &states {
        if let Ok(pool) = Pool::new(state) {
            explore(pool, &mut input);
        }
    }
}

/// Asks and swaps as the bytes say.
pub(crate) fn explore(mut pool: Pool, input: &mut Input<'_>) {
    if input.now_and_then() {
        written_and_read(&pool);
    }
    let nowhere = TokenPair {
        input: 0,
        output: u8::MAX,
    };
    assert!(pool.amounts(nowhere, Exact::In, U256::ONE).is_err());
    for _ in 0..=input.below(MOST_SWAPS) {
        let pair = pair(&pool, input);
        let exact = if input.any() { Exact::Out } else { Exact::In };
        let amount = input.amount();
        ask(&pool, pair, exact, amount);
        let _ = pool.swap(pair, exact, amount);
        if input.is_empty() {
            break;
        }
    }
    // What a swap leaves is a state that is taken.
    let left = pool.state();
    let again = Pool::new(&left).unwrap_or_else(|error| panic!("after a swap: {error}"));
    assert_eq!(again.state(), left);
}

fn written_and_read(pool: &Pool) {
    let written = serde_json::to_string(&pool.state()).unwrap();
    let [read] = &read_pools(&written).unwrap()[..] else {
        panic!("one state was written: {written}");
    };
    assert_eq!(*read, pool.state(), "the JSON form holds the state");
    let again = Pool::new(read).unwrap();
    assert_eq!(again.state(), pool.state(), "a state makes an equal pool");
}

fn pair(pool: &Pool, input: &mut Input<'_>) -> TokenPair {
    let tokens = pool.tokens().len();
    let from = input.any::<u8>() as usize % tokens;
    let to = (from + 1 + input.any::<u8>() as usize % (tokens - 1)) % tokens;
    let place = |place| u8::try_from(place).unwrap();
    TokenPair {
        input: place(from),
        output: place(to),
    }
}

fn ask(pool: &Pool, pair: TokenPair, exact: Exact, amount: U256) {
    let (_, _) = (pool.fee_ppm(pair), pool.spot_price(pair));
    let answer = pool.amounts(pair, exact, amount);
    one_answer(pool, pair, exact, amount, &answer);
    if let (Pool::UniswapV3(pool), Some(direction)) = (pool, pair.direction()) {
        let walk = step_loop::walk(&pool.state(), direction, exact, amount);
        if let Ok(found) = &answer {
            assert!(walk.remaining.is_zero(), "the loop stops before the sums");
            let both = [found.amount_in_raw, found.amount_out_raw];
            assert_eq!(both, [walk.amount_in, walk.amount_out]);
        }
    }
    let Ok(amounts) = answer else {
        return;
    };
    match exact {
        Exact::In => {
            assert!(amounts.amount_in_raw <= amount, "no more is taken");
        }
        Exact::Out => assert!(amounts.amount_out_raw >= amount, "no less is given"),
    }
    if let Some(held) = held(pool, pair) {
        assert!(amounts.amount_out_raw <= held, "{amounts:?} of {held}");
    }
    let curve = pool.curve(pair);
    let (paid, got) = (amounts.amount_in_raw, amounts.amount_out_raw);
    assert!(
        real::bounds(&curve, paid, got),
        "{got} for {paid} is above {:?} of {curve:?}",
        real::output(&curve, f64::from(paid))
    );
    inverse(pool, pair, exact, &amounts);
}

/// The cheap call, the full one and the swap say the same; a refusal changes nothing.
fn one_answer(
    pool: &Pool,
    pair: TokenPair,
    exact: Exact,
    amount: U256,
    answer: &Result<SwapAmounts, PoolError>,
) {
    let quote = pool.quote(pair, exact, amount);
    let quoted = quote.as_ref().map(|quote| SwapAmounts {
        amount_in_raw: quote.amount_in_raw,
        amount_out_raw: quote.amount_out_raw,
    });
    assert_eq!(quoted, answer.as_ref().copied(), "quote and amounts");
    if exact == Exact::In {
        let output = answer.as_ref().ok().map(|amounts| amounts.amount_out_raw);
        assert_eq!(pool.output(pair, amount), output, "output and amounts");
    }
    let mut after = pool.clone();
    let swapped = after.swap(pair, exact, amount);
    assert_eq!(&swapped, answer, "swap and amounts");
    match quote {
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.code().is_empty());
            assert_eq!(after.state(), pool.state(), "a refusal changes nothing");
        }
        Ok(quote) => {
            let _ = (quote.price_impact_ppm(), quote.fee_out_raw());
            assert!(quote.fee_in_raw() <= quote.amount_in_raw, "{quote:?}");
            assert_eq!(quote.spot_before, pool.spot_price(pair));
            assert_eq!(quote.spot_after, after.spot_price(pair));
        }
    }
}

/// What an exact output costs gives it again; more in never gives less.
fn inverse(pool: &Pool, pair: TokenPair, exact: Exact, amounts: &SwapAmounts) {
    if !is_inverse(pool) {
        return;
    }
    let again = pool.output(pair, amounts.amount_in_raw);
    if exact == Exact::Out
        && let Some(got) = again
    {
        assert!(
            got >= amounts.amount_out_raw,
            "{got} again, after {amounts:?}"
        );
    }
    let more = amounts.amount_in_raw.saturating_add(U256::ONE);
    if let (Some(got), Some(more)) = (again, pool.output(pair, more)) {
        assert!(more >= got, "{more} for one more, {got} for {amounts:?}");
    }
}

/// Whether the contract's rounding keeps the order: powers and Newton's method on Balancer do not, nor do fees that are
/// taken off a bonding curve's quote, nor limit orders, which round for themselves.
fn is_inverse(pool: &Pool) -> bool {
    match pool.state() {
        PoolState::BalancerWeighted(_)
        | PoolState::BalancerStable(_)
        | PoolState::Pumpswap(_)
        | PoolState::PumpCurve(_) => false,
        PoolState::MeteoraDlmm(state) => !state.limit_orders,
        _ => true,
    }
}

/// What the state says the pool has of the token that comes out.
fn held(pool: &Pool, pair: TokenPair) -> Option<U256> {
    let at = usize::from(pair.output);
    let two = |held: [u64; 2]| U256::from(held[at]);
    match pool.state() {
        PoolState::UniswapV2(state) => {
            Some(U256::from([state.reserve0_raw, state.reserve1_raw][at]))
        }
        PoolState::BalancerWeighted(state) => Some(U256::from(state.tokens[at].balance_raw)),
        PoolState::BalancerStable(state) => Some(U256::from(state.tokens[at].balance_raw)),
        PoolState::RaydiumAmmV4(state) => Some(two([state.coin_vault_raw, state.pc_vault_raw])),
        PoolState::RaydiumCpmm(state) => Some(two([state.vault0_raw, state.vault1_raw])),
        PoolState::MeteoraDlmm(state) => Some(two([state.reserve_x_raw, state.reserve_y_raw])),
        PoolState::Pumpswap(state) => Some(two([state.base_vault_raw, state.quote_vault_raw])),
        PoolState::PumpCurve(state) => Some(two([state.real_base_raw, state.real_quote_raw])),
        _ => None,
    }
}
