//! Ed25519 keys, as Solana uses them: kept, listed and backed up here.

use crate::fault::Internal;
use crate::keys::random_bytes;
use alloy_primitives::hex;
use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

/// A seed of 32 secret bytes. No Debug, Display, Clone or Serialize on purpose; zeroed when dropped.
pub(crate) struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// A new key from the kernel's random source.
    ///
    /// # Errors
    /// `random_unavailable`.
    pub(crate) fn generate() -> Result<Self, Internal> {
        Ok(Self(random_bytes()?))
    }

    /// Reads 64 hex digits.
    #[must_use]
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text, bytes.as_mut_slice()).ok()?;
        Some(Self(bytes))
    }

    /// Reads a key pair as Solana's command line writes it: the seed, then its public key, which must belong to it.
    #[must_use]
    pub(crate) fn from_pair(pair: &[u8; 64]) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(&pair[..32]);
        let seed = Self(bytes);
        (seed.public() == pair[32..]).then_some(seed)
    }

    /// The account's address: base58 of the public key.
    #[must_use]
    pub(crate) fn address(&self) -> String {
        bs58::encode(self.public()).into_string()
    }

    /// Appends the 64 hex digits to a buffer that is zeroed when dropped and has room for them.
    pub(crate) fn write_hex(&self, out: &mut Zeroizing<String>) {
        crate::keys::write_hex(&self.0, out);
    }

    /// The key, ready to sign.
    pub(crate) fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.0)
    }

    fn public(&self) -> [u8; 32] {
        self.signing_key().verifying_key().to_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8032, section 7.1, test 1.
    const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    #[test]
    fn derives_the_public_key_of_the_standards_first_example() {
        let seed = Seed::from_hex(SEED).unwrap();
        let decoded = bs58::decode(seed.address()).into_vec().unwrap();
        assert_eq!(hex::encode(decoded), PUBLIC);
    }

    #[test]
    fn takes_a_pair_whose_halves_belong_together_and_no_other() {
        let bytes = hex::decode(format!("{SEED}{PUBLIC}")).unwrap();
        let mut pair: [u8; 64] = bytes.try_into().unwrap();
        assert!(Seed::from_pair(&pair).is_some());
        pair[63] ^= 1;
        assert!(Seed::from_pair(&pair).is_none());
    }
}
