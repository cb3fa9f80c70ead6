#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("raydium_amm_v4"),
    |data: &[u8]| tradewind_fuzz::run("raydium_amm_v4", data)
);
