//! The examples in the pages of the concentrated families are pools.

use alloy_primitives::U256;
use tradewind_core::pools::{Pool, PoolMath, TokenPair, read_pools};

#[test]
fn each_example_makes_a_pool_that_quotes() {
    for page in [
        include_str!("../../../../docs/pool-formats/uniswap_v3.md"),
        include_str!("../../../../docs/pool-formats/raydium_clmm.md"),
    ] {
        let (_, rest) = page.split_once("```json\n").unwrap();
        let (json, _) = rest.split_once("```").unwrap();
        let pool = Pool::new(&read_pools(json).unwrap()[0]).unwrap();
        let out = pool.output(TokenPair::ZERO_FOR_ONE, U256::from(1_000));
        assert!(out.unwrap() > U256::from(900));
    }
}
