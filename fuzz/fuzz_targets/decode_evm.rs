#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("decode_evm"),
    |data: &[u8]| tradewind_fuzz::run("decode_evm", data)
);
