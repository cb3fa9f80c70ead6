#![allow(warnings)]
use alloy_primitives::aliases::*;
use alloy_primitives::{U256, Uint};
use std::hint::black_box;
use std::time::Instant;
macro_rules! time {
    ($name:literal, $e:expr) => {{
        let n = 500_000u32;
        let mut b = f64::MAX;
        for _ in 0..5 {
            let t = Instant::now();
            for _ in 0..n {
                black_box($e);
            }
            b = b.min(t.elapsed().as_nanos() as f64 / n as f64);
        }
        println!("{} {:.1} ns", $name, b);
    }};
}
fn main() {
    let amount = U256::from(68_719_476_736u64);
    let price: U160 = "33000000000000000000000000000000000".parse().unwrap();
    let high: U160 = "33100000000000000000000000000000000".parse().unwrap();
    let liq: u128 = 900_000_000_000_000_00;
    let f = U320::from(997_000u32);
    let m = U320::from(1_000_000u32);
    time!("less_fee u320", {
        let p = U320::from(black_box(amount)) * f;
        (p / m).wrapping_to::<U256>()
    });
    time!("less_fee u128", {
        let p = black_box(68_719_476_736u128) * 997_000u128;
        p / 1_000_000u128
    });
    let sh = |l: u128| -> U224 { U224::from(l) << 96 };
    let num: U384 = sh(liq).widening_mul(price);
    let den = U256::from(sh(liq)) + amount * U256::from(price);
    time!("num", {
        let n: U384 = sh(black_box(liq)).widening_mul(black_box(price));
        n
    });
    time!("den", {
        black_box(amount)
            .checked_mul(U256::from(black_box(price)))
            .and_then(|p| U256::from(sh(liq)).checked_add(p))
    });
    time!("div 384/256", {
        black_box(num).div_rem(U384::from(black_box(den)))
    });
    time!("div 512->mulmod?", { black_box(num) });
    let n0: U384 = sh(liq).widening_mul(high - price);
    let d0: U320 = price.widening_mul(high);
    time!("amount0 div 384/320", {
        black_box(n0).div_rem(U384::from(black_box(d0)))
    });
    time!("amount0 mul", {
        let n0: U384 = sh(black_box(liq)).widening_mul(black_box(high) - price);
        let d0: U320 = black_box(price).widening_mul(black_box(high));
        (n0, d0)
    });
    time!("price change 384/128", {
        {
            let n: U384 = U384::from(black_box(amount)) << 96;
            n
        }
        .div_rem(U384::from(black_box(liq)))
    });
    time!("price change 256/128", {
        {
            let n: U256 = black_box(amount) << 96;
            n
        }
        .div_rem(U256::from(black_box(liq)))
    });
    time!("amount1", {
        let product: alloy_primitives::Uint<288, 5> =
            U128::from(black_box(liq)).widening_mul(black_box(high) - price);
        product >> 96
    });
}
