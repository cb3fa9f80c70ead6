#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("meteora_dlmm"),
    |data: &[u8]| tradewind_fuzz::run("meteora_dlmm", data)
);
