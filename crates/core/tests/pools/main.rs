//! Pools: their exact maths against what programs, contracts and their clients answered, and against closed forms.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod balancer;
mod concentrated_docs;
mod constant_product_properties;
mod documented;
mod json;
mod meteora_dlmm;
mod meteora_dlmm_properties;
mod orca_whirlpool_accounts;
mod orca_whirlpool_program;
mod orca_whirlpool_properties;
mod orca_whirlpool_quotes;
mod pump_curve;
mod pump_properties;
mod pumpswap;
#[path = "../random_pools/mod.rs"]
mod random_pools;
mod raydium_amm_v4;
mod raydium_clmm;
mod raydium_clmm_sums;
mod raydium_cpmm;
mod recorded;
mod recorded_clmm;
#[path = "../solana_accounts/mod.rs"]
mod solana_accounts;
mod solana_tokens;
#[path = "../step_loop/mod.rs"]
mod step_loop;
mod uniswap_v3_onchain;
mod uniswap_v3_properties;
mod uniswap_v3_sums;
mod uniswap_v3_ticks;
mod wbtc_weth;
mod whirlpools;
