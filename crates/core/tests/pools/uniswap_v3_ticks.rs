//! Ticks and square root prices against the published bounds, the published values and the closed form.

use alloy_primitives::Uint;
use alloy_primitives::aliases::U160;
use proptest::prelude::*;
use tradewind_core::pools::uniswap_v3::tick_math::{
    MAX_SQRT_PRICE_X96, MAX_TICK, MIN_SQRT_PRICE_X96, MIN_TICK, sqrt_price_at_tick,
    tick_at_sqrt_price,
};

/// `getSqrtRatioAtTick` of the contract; `tests/integration/test_tick_math.py` asks a real pool about the same ticks.
const FROM_THE_CONTRACT: [(i32, &str); 16] = [
    (MIN_TICK, "4295128739"),
    (0, "79228162514264337593543950336"),
    (50, "79426470787362580746886972461"),
    (100, "79625275426524748796330556128"),
    (250, "80224679980005306637834519095"),
    (500, "81233731461783161732293370115"),
    (1_000, "83290069058676223003182343270"),
    (2_500, "89776708723587163891445672585"),
    (3_000, "92049301871182272007977902845"),
    (4_000, "96768528593268422080558758223"),
    (5_000, "101729702841318637793976746270"),
    (50_000, "965075977353221155028623082916"),
    (150_000, "143194173941309278083010301478497"),
    (250_000, "21246587762933397357449903968194344"),
    (500_000, "5697689776495288729098254600827762987878"),
    (
        MAX_TICK,
        "1461446703485210103287273052203988822378723970342",
    ),
];

type Wide = Uint<384, 6>;

#[test]
fn gives_the_published_square_root_prices() {
    for (tick, expected) in FROM_THE_CONTRACT {
        assert_eq!(
            sqrt_price_at_tick(tick),
            Some(expected.parse().unwrap()),
            "tick {tick}"
        );
    }
    assert_eq!(MIN_SQRT_PRICE_X96.to_string(), FROM_THE_CONTRACT[0].1);
    assert_eq!(MAX_SQRT_PRICE_X96.to_string(), FROM_THE_CONTRACT[15].1);
}

#[test]
fn has_no_price_beyond_the_last_ticks_and_no_tick_beyond_the_last_prices() {
    for tick in [MIN_TICK - 1, MAX_TICK + 1, i32::MIN, i32::MAX] {
        assert_eq!(sqrt_price_at_tick(tick), None);
    }
    for price in [
        U160::ZERO,
        MIN_SQRT_PRICE_X96 - U160::ONE,
        MAX_SQRT_PRICE_X96,
        U160::MAX,
    ] {
        assert_eq!(tick_at_sqrt_price(price), None);
    }
    assert_eq!(tick_at_sqrt_price(MIN_SQRT_PRICE_X96), Some(MIN_TICK));
    assert_eq!(
        tick_at_sqrt_price(MAX_SQRT_PRICE_X96 - U160::ONE),
        Some(MAX_TICK - 1)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_tick_begins_exactly_at_its_price(tick in MIN_TICK + 1..MAX_TICK) {
        let price = sqrt_price_at_tick(tick).unwrap();
        prop_assert_eq!(tick_at_sqrt_price(price), Some(tick));
        prop_assert_eq!(tick_at_sqrt_price(price - U160::ONE), Some(tick - 1));
    }

    #[test]
    fn a_price_lies_between_its_tick_and_the_next(bits in 32usize..160, seed in any::<[u64; 3]>()) {
        let price = (U160::from_limbs([seed[0], seed[1], seed[2] & 0xffff_ffff]) >> (159 - bits))
            .clamp(MIN_SQRT_PRICE_X96, MAX_SQRT_PRICE_X96 - U160::ONE);
        let tick = tick_at_sqrt_price(price).unwrap();
        prop_assert!(sqrt_price_at_tick(tick).unwrap() <= price);
        prop_assert!(price < sqrt_price_at_tick(tick + 1).unwrap());
    }

    #[test]
    fn each_price_is_the_square_root_of_1_0001_above_the_one_before(tick in MIN_TICK..MAX_TICK) {
        // price(t + 1)**2 * 10000 = price(t)**2 * 10001, but for the last bits.
        let [low, high] = [tick, tick + 1].map(|tick| Wide::from(sqrt_price_at_tick(tick).unwrap()));
        let (found, exact) = (high * high * Wide::from(10_000), low * low * Wide::from(10_001));
        let slack = (exact >> 60) + high * Wide::from(60_000);
        prop_assert!(found > low * low * Wide::from(10_000));
        prop_assert!(found.abs_diff(exact) <= slack);
    }
}
