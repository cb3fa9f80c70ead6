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

#[test]
fn no_input_that_once_broke_a_target_breaks_it_again() {
    let folder = fuzzed::broke();
    for target in TARGETS {
        let Ok(files) = fs::read_dir(folder.join(target.name)) else {
            continue;
        };
        for file in files {
            (target.run)(&fs::read(file.unwrap().path()).unwrap());
        }
    }
}
