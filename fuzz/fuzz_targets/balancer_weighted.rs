#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("balancer_weighted"),
    |data: &[u8]| tradewind_fuzz::run("balancer_weighted", data)
);
