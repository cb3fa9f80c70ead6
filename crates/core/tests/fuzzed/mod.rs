//! What every fuzz target does with its bytes: shared by the fuzzers in `fuzz/` and the test that runs their seeds.
//!
//! A target takes any bytes. It panics when the core breaks a promise, and on nothing else.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a target fails by panicking, and its fixtures are in the tree"
)]

mod accounts;
mod books;
mod calldata;
mod input;
mod json;
mod loans;
mod pools;
mod real;
mod routing;
#[path = "../step_loop/mod.rs"]
mod step_loop;
mod texts;
mod transactions;

/// One fuzz target.
pub(crate) struct Target {
    /// In snake case; the name of its binary and of its corpus.
    pub(crate) name: &'static str,
    /// Panics on a broken promise.
    pub(crate) run: fn(&[u8]),
    /// Inputs from recorded fixtures, from which a fuzzer starts deep.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
}

macro_rules! target {
    ($name:literal, $run:expr, $seeds:expr) => {
        Target {
            name: $name,
            run: $run,
            seeds: $seeds,
        }
    };
}

macro_rules! pool {
    ($name:literal) => {
        target!($name, |data| pools::run($name, data), || pools::seeds(
            $name
        ))
    };
}

macro_rules! decoder {
    ($name:literal, $family:literal) => {
        target!($name, |data| accounts::run($family, data), || {
            accounts::seeds($family)
        })
    };
}

/// Every target.
pub(crate) const TARGETS: &[Target] = &[
    pool!("uniswap_v2"),
    pool!("uniswap_v3"),
    pool!("balancer_weighted"),
    pool!("balancer_stable"),
    pool!("raydium_amm_v4"),
    pool!("raydium_cpmm"),
    pool!("raydium_clmm"),
    pool!("orca_whirlpool"),
    pool!("meteora_dlmm"),
    pool!("pumpswap"),
    pool!("pump_curve"),
    decoder!("accounts_raydium_amm_v4", "raydium_amm_v4"),
    decoder!("accounts_raydium_cpmm", "raydium_cpmm"),
    decoder!("accounts_raydium_clmm", "raydium_clmm"),
    decoder!("accounts_orca_whirlpool", "orca_whirlpool"),
    decoder!("accounts_meteora_dlmm", "meteora_dlmm"),
    decoder!("accounts_pumpswap", "pumpswap"),
    decoder!("accounts_pump_curve", "pump_curve"),
    target!("solana_tokens", accounts::tokens, accounts::token_seeds),
    target!("kamino_loans", loans::run, loans::seeds),
    target!("read_pools", texts::pools, texts::pool_seeds),
    target!("cow_auction", texts::auction, texts::auction_seeds),
    target!("decode_evm", transactions::evm, transactions::evm_seeds),
    target!(
        "decode_solana",
        transactions::solana,
        transactions::solana_seeds
    ),
    target!("signer_calldata", calldata::run, calldata::seeds),
    target!("books", books::run, books::seeds),
    target!("routes", routing::routes, routing::seeds),
    target!("splits", routing::splits, routing::seeds),
    target!("cycles", routing::cycles, routing::seeds),
];

/// The folder of the inputs that once broke a target, by its name.
pub(crate) fn broke() -> std::path::PathBuf {
    input::fixtures().join("fuzz/broke")
}

/// The target with this name.
pub(crate) fn target(name: &str) -> &'static Target {
    let mut named = TARGETS.iter().filter(|target| target.name == name);
    named.next().unwrap()
}
