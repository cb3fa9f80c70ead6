//! Addresses that a program owns: derived from seeds, and no public key of anybody.
//!
//! Source: `Pubkey::find_program_address` of Solana.

use curve25519_dalek::edwards::CompressedEdwardsY;
use sha2::{Digest, Sha256};

use crate::ChainAddress;

const MARKER: &[u8] = b"ProgramDerivedAddress";

/// The address of `seeds` (each at most 32 bytes, at most 15 of them) under a program, with the highest bump
/// that gives one; `None` when the program is no Solana address, the seeds are too many or too long, or no
/// bump gives one (a chance of one in `2**255`).
#[must_use]
pub fn program_address(program: ChainAddress, seeds: &[&[u8]]) -> Option<ChainAddress> {
    let program = program.solana()?;
    if seeds.len() > 15 || seeds.iter().any(|seed| seed.len() > 32) {
        return None;
    }
    let mut seeded = Sha256::new();
    for seed in seeds {
        seeded.update(seed);
    }
    (0..=u8::MAX).rev().find_map(|bump| {
        let mut hash = seeded.clone();
        hash.update([bump]);
        hash.update(program);
        hash.update(MARKER);
        let address: [u8; 32] = hash.finalize().into();
        let on_curve = CompressedEdwardsY(address).decompress().is_some();
        (!on_curve).then_some(ChainAddress::Solana(address))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_addresses_on_mainnet() {
        let whirlpools: ChainAddress = "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"
            .parse()
            .unwrap();
        let pool: ChainAddress = "DBJ5hywaJQKfjyt8Ekng4t6KB1gvqnYFdcJoTppCNikt"
            .parse()
            .unwrap();
        let key = pool.solana().unwrap();
        let arrays = [
            ("-444928", "FCFyXrQuptF3GY7CGR8BfZhiaETSsmUrMQ4cSaBAsWH"),
            ("-84480", "AnxYYj2gaKbGYqtHTJuLZVff6yZBnG4qVzywHshAaHYp"),
            ("-78848", "7oqxtmUZuTGoCNEzfF7pRSYYrEQe294nMnT5Fas1Amy3"),
            ("-73216", "FmtmwHixM8g1hAvo49N2xW6AEBaoGsMcVcyB9NkQvJDj"),
            ("439296", "3Dw2LoPuWds96zoym9XbiuPRfY6ynCz7RJGBiBAbb2NY"),
        ];
        for (start, expected) in arrays {
            let found = program_address(whirlpools, &[b"tick_array", &key, start.as_bytes()]);
            assert_eq!(found.unwrap().to_string(), expected);
        }
    }

    #[test]
    fn refuses_seeds_that_the_chain_refuses() {
        let program = ChainAddress::Solana([7; 32]);
        assert_eq!(program_address(program, &[&[0; 33]]), None);
        assert_eq!(program_address(program, &[&[0][..]; 16]), None);
        let evm = ChainAddress::from(alloy_primitives::Address::ZERO);
        assert_eq!(program_address(evm, &[]), None);
    }

    fn key(text: &str) -> ChainAddress {
        text.parse().unwrap()
    }

    #[test]
    fn derives_the_addresses_that_stand_on_chain() {
        let pump = key("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P");
        let mint = key("GGZQECTzvhnwSDsqKHp1RqEV1vpoGWHTBggEw658wpfm");
        let seeds: [&[u8]; 2] = [b"bonding-curve", &mint.solana().unwrap()];
        assert_eq!(
            program_address(pump, &seeds),
            Some(key("G4YE8paj88iYirELFWKDsb1gn1Yei5i4sQmtPUompLxY"))
        );
        assert_eq!(
            program_address(pump, &[b"global"]),
            Some(key("4wTV1YmiEkRvAtNtsSGPtUrqRYQMe5SKy2uB4Jjaxnjf"))
        );
        assert_eq!(
            program_address(pump, &[b"mint-authority"]),
            Some(key("TSLvdd1pWpHVjahSpsvCXUbgwsL3JAcvokwaKt1eokM"))
        );
    }
}
