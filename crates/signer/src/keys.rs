//! Private keys in memory: they sign digests, and nothing else of them can be read.

use crate::ed25519::Seed;
use crate::fault::{Internal, Refusal, Rule};
use alloy_primitives::{Address, B256, U256, hex, keccak256};
use ed25519_dalek::{Signer as _, SigningKey};
use rustix::rand::{GetRandomFlags, getrandom};
use secp256k1::{All, Message, PublicKey, Secp256k1, SecretKey};
use std::collections::BTreeMap;
use tradewind_core::ChainAddress;
use tradewind_core::decode::solana::Key;
use tradewind_core::evm::TxSignature;
use zeroize::{Zeroize, Zeroizing};

/// 32 secret bytes. No Debug, Display, Clone or Serialize on purpose; zeroed when dropped.
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// A new key from the kernel's random source.
    ///
    /// # Errors
    /// When the kernel gives no random bytes.
    pub fn generate() -> Result<Self, Internal> {
        loop {
            // All but 2^-128 of the draws are valid keys.
            if let Some(secret) = Self::from_bytes(random_bytes()?) {
                return Ok(secret);
            }
        }
    }

    /// Reads 64 hex digits, with or without 0x.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        let digits = text.strip_prefix("0x").unwrap_or(text);
        hex::decode_to_slice(digits, bytes.as_mut_slice()).ok()?;
        Self::from_bytes(bytes)
    }

    pub(crate) fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Option<Self> {
        let mut key = SecretKey::from_byte_array(*bytes).ok()?;
        key.non_secure_erase();
        Some(Self(bytes))
    }

    /// Appends the 64 hex digits to a buffer that is zeroed when dropped and has room for them.
    pub(crate) fn write_hex(&self, out: &mut Zeroizing<String>) {
        write_hex(&self.0, out);
    }

    fn with_key<T>(&self, use_key: impl FnOnce(&SecretKey) -> T) -> Option<T> {
        let mut key = SecretKey::from_byte_array(*self.0).ok()?;
        let result = use_key(&key);
        key.non_secure_erase();
        Some(result)
    }

    /// The address of the key.
    #[must_use]
    pub fn address(&self, curve: &Curve) -> Address {
        let public = self.with_key(|key| PublicKey::from_secret_key(&curve.0, key));
        let point = public.map(|public| public.serialize_uncompressed());
        point.map_or(Address::ZERO, |point| {
            Address::from_slice(&keccak256(&point[1..])[12..])
        })
    }
}

/// 32 bytes from the kernel's random source.
///
/// # Errors
/// `random_unavailable`.
pub(crate) fn random_bytes() -> Result<Zeroizing<[u8; 32]>, Internal> {
    let mut bytes = Zeroizing::new([0; 32]);
    match getrandom(bytes.as_mut_slice(), GetRandomFlags::empty()) {
        Ok(32) => Ok(bytes),
        _ => Err(Internal {
            code: "random_unavailable",
            message: "the kernel gave no random bytes".to_owned(),
        }),
    }
}

/// Appends 64 hex digits to a buffer that is zeroed when dropped and has room for them.
pub(crate) fn write_hex(bytes: &[u8; 32], out: &mut Zeroizing<String>) {
    let mut digits = Zeroizing::new([0; 64]);
    if hex::encode_to_slice(bytes, digits.as_mut_slice()).is_ok() {
        out.extend(digits.iter().map(|digit| char::from(*digit)));
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// libsecp256k1 with its tables.
pub struct Curve(Secp256k1<All>);

impl Default for Curve {
    fn default() -> Self {
        Self(Secp256k1::new())
    }
}

/// The keys that this process may use, by address.
#[derive(Default)]
pub struct KeyRing {
    curve: Curve,
    keys: BTreeMap<Address, Secret>,
    // Parsed once: its public half and its expanded secret cost more than a signature. Zeroed when dropped.
    solana: BTreeMap<Key, SigningKey>,
}

impl KeyRing {
    /// Adds a key.
    pub fn insert(&mut self, secret: Secret) {
        self.keys.insert(secret.address(&self.curve), secret);
    }

    /// Whether the key of this wallet is here.
    #[must_use]
    pub fn holds(&self, wallet: impl Into<ChainAddress>) -> bool {
        match wallet.into() {
            ChainAddress::Evm(address) => self.keys.contains_key(&address),
            ChainAddress::Solana(key) => self.solana.contains_key(&Key(key)),
        }
    }

    pub(crate) fn insert_solana(&mut self, seed: &Seed) {
        let key = seed.signing_key();
        self.solana.insert(Key(key.verifying_key().to_bytes()), key);
    }

    /// Ed25519 over a message: the same message gives the same signature.
    ///
    /// # Errors
    /// `wallet_unknown`.
    pub fn sign_solana(&self, wallet: Key, message: &[u8]) -> Result<[u8; 64], Refusal> {
        let key = self.solana.get(&wallet).ok_or_else(|| {
            Rule::WalletUnknown.refuse(format!("there is no key for the wallet {wallet}"))
        })?;
        Ok(key.sign(message).to_bytes())
    }

    /// ECDSA over a digest, nonce by RFC 6979 and low s: the same digest gives the same signature.
    ///
    /// # Errors
    /// `wallet_unknown`.
    pub fn sign(&self, wallet: Address, digest: B256) -> Result<TxSignature, Refusal> {
        let signed = self.keys.get(&wallet).and_then(|secret| {
            let message = Message::from_digest(digest.0);
            secret.with_key(|key| self.curve.0.sign_ecdsa_recoverable(message, key))
        });
        let Some(signed) = signed else {
            return Err(
                Rule::WalletUnknown.refuse(format!("there is no key for the wallet {wallet}"))
            );
        };
        let (recovery, compact) = signed.serialize_compact();
        let (r, s) = compact.split_at(32);
        Ok(TxSignature {
            y_parity: i32::from(recovery) & 1 == 1,
            r: U256::from_be_slice(r),
            s: U256::from_be_slice(s),
        })
    }
}
