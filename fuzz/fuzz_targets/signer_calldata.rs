#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("signer_calldata"),
    |data: &[u8]| tradewind_fuzz::run("signer_calldata", data)
);
