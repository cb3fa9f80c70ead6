#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("uniswap_v2"),
    |data: &[u8]| tradewind_fuzz::run("uniswap_v2", data)
);
