#![allow(warnings)]
#[path = "../tests/wbtc_weth/mod.rs"]
mod wbtc_weth;
use alloy_primitives::U256;
use std::hint::black_box;
use std::time::Instant;
use tradewind_core::pools::*;
fn main() {
    let Pool::UniswapV3(pool) = wbtc_weth::pool() else {
        panic!()
    };
    for pair in [TokenPair::ZERO_FOR_ONE, TokenPair::ONE_FOR_ZERO] {
        for exact in [Exact::In, Exact::Out] {
            let most = match pool.amounts(pair, exact, U256::ONE << 254) {
                Err(PoolError::InsufficientLiquidity {
                    most_in_raw,
                    most_out_raw,
                    ..
                }) => {
                    if exact == Exact::In {
                        most_in_raw
                    } else {
                        most_out_raw
                    }
                }
                _ => panic!(),
            };
            for bits in [
                20usize, 30, 34, 36, 40, 60, 64, 68, 70, 72, 74, 80, 100, 200, 250,
            ] {
                let amount = U256::ONE << bits;
                if amount > most {
                    continue;
                }
                let q = pool.quote(pair, exact, amount).unwrap();
                let crossed = match q.movement.unwrap() {
                    Movement::UniswapV3 { ticks_crossed, .. } => ticks_crossed,
                    _ => 0,
                };
                let n = 200_000u32;
                let mut best = [f64::MAX; 3];
                for _ in 0..5 {
                    let t = Instant::now();
                    for i in 0..n {
                        black_box(pool.output(black_box(pair), black_box(amount)));
                    }
                    best[0] = best[0].min(t.elapsed().as_nanos() as f64 / n as f64);
                    let t = Instant::now();
                    for i in 0..n {
                        black_box(pool.amounts(
                            black_box(pair),
                            black_box(exact),
                            black_box(amount),
                        ));
                    }
                    best[1] = best[1].min(t.elapsed().as_nanos() as f64 / n as f64);
                    let t = Instant::now();
                    for i in 0..n / 4 {
                        black_box(pool.quote(black_box(pair), black_box(exact), black_box(amount)));
                    }
                    best[2] = best[2].min(t.elapsed().as_nanos() as f64 / (n / 4) as f64);
                }
                println!(
                    "{pair:?} {exact:?} 2^{bits} crossed {crossed}: output {:.0} ns, amounts {:.0} ns, quote {:.0} ns",
                    best[0], best[1], best[2]
                );
            }
        }
    }
    let n = 20_000;
    let t = Instant::now();
    for _ in 0..n {
        let mut c = pool.clone();
        black_box(c.swap(TokenPair::ZERO_FOR_ONE, Exact::In, U256::from(1u64 << 36)));
        black_box(c.output(TokenPair::ZERO_FOR_ONE, U256::from(1u64 << 36)));
    }
    println!(
        "clone+swap+quote {:.0} ns",
        t.elapsed().as_nanos() as f64 / n as f64
    );
    let t = Instant::now();
    for _ in 0..n {
        let mut c = pool.clone();
        black_box(&c);
    }
    println!("clone {:.0} ns", t.elapsed().as_nanos() as f64 / n as f64);
    use tradewind_core::pools::uniswap_v3::UniswapV3Change;
    let mut c = pool.clone();
    let n = 500;
    let mut q = 0.0;
    let t = Instant::now();
    for i in 0..n {
        let tick = pool.state().tick / 60 * 60;
        c.apply(PoolChange::UniswapV3(UniswapV3Change::Liquidity {
            tick_lower: tick - 600,
            tick_upper: tick + 600,
            liquidity_delta: if i % 2 == 0 { 1 << 40 } else { -(1 << 40) },
        }))
        .unwrap();
        let t = Instant::now();
        black_box(c.output(TokenPair::ZERO_FOR_ONE, U256::from(1u64 << 36)));
        q += t.elapsed().as_nanos() as f64;
    }
    println!(
        "mint {:.0} ns, then first quote {:.0}",
        (t.elapsed().as_nanos() as f64 - q) / n as f64,
        q / n as f64
    );
    // build
    let t = Instant::now();
    for i in 0..n {
        let p = uniswap_v3::UniswapV3Pool::new(&pool.state()).unwrap();
        black_box(&p);
    }
    println!("new {:.0} ns", t.elapsed().as_nanos() as f64 / n as f64);
    let t = Instant::now();
    for i in 0..n {
        let p = uniswap_v3::UniswapV3Pool::new(&pool.state()).unwrap();
        black_box(p.output(TokenPair::ZERO_FOR_ONE, U256::from(1u64 << 36)));
    }
    println!(
        "new+first deep quote {:.0} ns",
        t.elapsed().as_nanos() as f64 / n as f64
    );
}
