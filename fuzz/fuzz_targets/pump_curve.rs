#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("pump_curve"),
    |data: &[u8]| tradewind_fuzz::run("pump_curve", data)
);
