#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("read_pools"),
    |data: &[u8]| tradewind_fuzz::run("read_pools", data)
);
