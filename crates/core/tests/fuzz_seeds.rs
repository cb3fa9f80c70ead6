//! Every fuzz target over its seeds, and over every input that once broke it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fuzzed;

use std::fs;

use fuzzed::TARGETS;

#[test]
fn every_target_takes_its_seeds_and_seeds_cut_short() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{} starts from nothing", target.name);
        for seed in seeds.iter().take(12) {
            (target.run)(seed);
            (target.run)(&seed[..seed.len() / 2]);
        }
    }
}

/// Runs every input that once broke the target.
fn again(target: &str) {
    let mut count = 0;
    for file in fs::read_dir(fuzzed::broke().join(target)).unwrap() {
        (fuzzed::target(target).run)(&fs::read(file.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn a_pumpswap_account_with_a_creator_fee_beyond_the_whole_is_refused_as_news_too() {
    again("accounts_pumpswap");
}

#[test]
fn a_bonding_curves_account_with_a_creator_fee_beyond_the_whole_is_refused_as_news_too() {
    again("accounts_pump_curve");
}

#[test]
fn a_weighted_pool_without_any_of_a_token_gives_nothing_for_nothing_of_it() {
    again("balancer_weighted");
}

#[test]
fn a_split_has_legs_and_takes_no_less_than_its_bound() {
    again("splits");
}

#[test]
fn a_raydium_pools_curve_is_never_below_what_the_pool_gives() {
    again("raydium_clmm");
}

#[test]
fn a_dlmm_bin_whose_price_cannot_be_is_refused() {
    again("meteora_dlmm");
}
