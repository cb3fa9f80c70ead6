#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("kamino_loans"),
    |data: &[u8]| tradewind_fuzz::run("kamino_loans", data)
);
