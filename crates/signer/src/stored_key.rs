//! One key of a key file: its label, its address, and its secret, which only signing and the file itself can use.

use crate::ed25519::Seed;
use crate::fault::Internal;
use crate::keys::{Curve, KeyRing, Secret};
use std::collections::BTreeSet;
use tradewind_core::ChainAddress;
use zeroize::Zeroizing;

const MAX_LABEL: usize = 64;

/// A secret, by the chains that it signs for.
pub(crate) enum Material {
    /// secp256k1: EVM chains.
    Evm(Secret),
    /// Ed25519: Solana.
    Solana(Seed),
}

/// One key and what it is called.
pub struct StoredKey {
    /// For people.
    pub label: String,
    /// The address of the key: EIP-55, or base58.
    pub address: String,
    material: Material,
}

impl Material {
    pub(crate) fn from_hex(scheme: Option<&str>, text: &str) -> Option<Self> {
        match scheme {
            None | Some("secp256k1") => Secret::from_hex(text).map(Self::Evm),
            Some("ed25519") => Seed::from_hex(text).map(Self::Solana),
            Some(_) => None,
        }
    }

    fn address(&self) -> String {
        match self {
            Self::Evm(secret) => secret.address(&Curve::default()).to_checksum(None),
            Self::Solana(seed) => seed.address(),
        }
    }
}

impl StoredKey {
    /// # Errors
    /// `label_malformed` unless it is 1 to 64 letters, digits, dots, dashes or underscores.
    pub(crate) fn new(label: &str, material: Material) -> Result<Self, Internal> {
        require_label(label)?;
        Ok(Self {
            label: label.to_owned(),
            address: material.address(),
            material,
        })
    }

    /// A new key of the same scheme under the same label.
    pub(crate) fn successor(&self) -> Result<Self, Internal> {
        let material = match self.material {
            Material::Evm(_) => Material::Evm(Secret::generate()?),
            Material::Solana(_) => Material::Solana(Seed::generate()?),
        };
        Self::new(&self.label, material)
    }

    /// # Errors
    /// `label_malformed`.
    pub(crate) fn rename(&mut self, label: String) -> Result<(), Internal> {
        require_label(&label)?;
        self.label = label;
        Ok(())
    }

    /// Puts the secret into the ring, if it is the key of one of these wallets.
    pub(crate) fn into_ring(self, wallets: &BTreeSet<ChainAddress>, ring: &mut KeyRing) {
        if !self
            .address
            .parse()
            .is_ok_and(|account| wallets.contains(&account))
        {
            return;
        }
        match self.material {
            Material::Evm(secret) => ring.insert(secret),
            Material::Solana(seed) => ring.insert_solana(&seed),
        }
    }

    /// Appends the secret's hex digits to a buffer that is zeroed when dropped and has room for them.
    pub(crate) fn write_secret(&self, out: &mut Zeroizing<String>) {
        match &self.material {
            Material::Evm(secret) => secret.write_hex(out),
            Material::Solana(seed) => seed.write_hex(out),
        }
    }

    /// The signature scheme: `secp256k1` or `ed25519`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match self.material {
            Material::Evm(_) => "secp256k1",
            Material::Solana(_) => "ed25519",
        }
    }
}

fn require_label(label: &str) -> Result<(), Internal> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
    if (1..=MAX_LABEL).contains(&label.len()) && label.bytes().all(plain) {
        return Ok(());
    }
    let message =
        format!("a label is 1 to {MAX_LABEL} letters, digits, dots, dashes or underscores");
    Err(Internal {
        code: "label_malformed",
        message,
    })
}
