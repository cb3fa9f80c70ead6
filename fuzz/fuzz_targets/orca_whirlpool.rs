#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("orca_whirlpool"),
    |data: &[u8]| tradewind_fuzz::run("orca_whirlpool", data)
);
