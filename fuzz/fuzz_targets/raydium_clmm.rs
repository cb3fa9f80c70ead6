#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("raydium_clmm"),
    |data: &[u8]| tradewind_fuzz::run("raydium_clmm", data)
);
