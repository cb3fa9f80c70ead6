#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("accounts_pump_curve"),
    |data: &[u8]| tradewind_fuzz::run("accounts_pump_curve", data)
);
