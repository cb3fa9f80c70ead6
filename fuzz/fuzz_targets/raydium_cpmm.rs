#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("raydium_cpmm"),
    |data: &[u8]| tradewind_fuzz::run("raydium_cpmm", data)
);
