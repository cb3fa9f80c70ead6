#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("routes"),
    |data: &[u8]| tradewind_fuzz::run("routes", data)
);
