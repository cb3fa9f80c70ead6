#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("cow_auction"),
    |data: &[u8]| tradewind_fuzz::run("cow_auction", data)
);
