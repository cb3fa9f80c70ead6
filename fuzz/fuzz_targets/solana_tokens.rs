#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tradewind_fuzz::write_seeds("solana_tokens"),
    |data: &[u8]| tradewind_fuzz::run("solana_tokens", data)
);
