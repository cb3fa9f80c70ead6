//! Addresses that programs derive from seeds.
//!
//! Source: `Pubkey::find_program_address` of the Solana SDK: SHA-256 over the seeds, a bump, the program and a
//! marker; the highest bump whose hash is no point of the curve counts.

use curve25519_dalek::edwards::CompressedEdwardsY;
use sha2::{Digest, Sha256};

use crate::ChainAddress;

const MARKER: &[u8] = b"ProgramDerivedAddress";

/// The address that `program` derives from `seeds`; `None` for seeds and programs that have none.
#[must_use]
pub fn program_address(seeds: &[&[u8]], program: &ChainAddress) -> Option<ChainAddress> {
    let program = program.solana()?;
    (0..=u8::MAX).rev().find_map(|bump| {
        let mut hash = Sha256::new();
        for seed in seeds {
            hash.update(seed);
        }
        hash.update([bump]);
        hash.update(program);
        hash.update(MARKER);
        let key: [u8; 32] = hash.finalize().into();
        let on_curve = CompressedEdwardsY(key).decompress().is_some();
        (!on_curve).then_some(ChainAddress::Solana(key))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn key(text: &str) -> ChainAddress {
        text.parse().unwrap()
    }

    #[test]
    fn derives_the_addresses_that_stand_on_chain() {
        let pump = key("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P");
        let mint = key("GGZQECTzvhnwSDsqKHp1RqEV1vpoGWHTBggEw658wpfm");
        let seeds: [&[u8]; 2] = [b"bonding-curve", &mint.solana().unwrap()];
        assert_eq!(
            program_address(&seeds, &pump),
            Some(key("G4YE8paj88iYirELFWKDsb1gn1Yei5i4sQmtPUompLxY"))
        );
        assert_eq!(
            program_address(&[b"global"], &pump),
            Some(key("4wTV1YmiEkRvAtNtsSGPtUrqRYQMe5SKy2uB4Jjaxnjf"))
        );
        assert_eq!(
            program_address(&[b"mint-authority"], &pump),
            Some(key("TSLvdd1pWpHVjahSpsvCXUbgwsL3JAcvokwaKt1eokM"))
        );
    }
}
