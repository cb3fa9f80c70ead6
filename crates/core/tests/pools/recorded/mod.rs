//! Accounts and files as the fixtures record them.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tradewind_core::ChainAddress;
use tradewind_core::pools::Account;

/// The bytes of a base64 text.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

/// A file under `tests/fixtures`.
pub(crate) fn read<T: DeserializeOwned>(path: &str) -> T {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let text = std::fs::read_to_string(root.join(path)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// One account's bytes.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Recorded {
    pub(crate) address: ChainAddress,
    pub(crate) owner: ChainAddress,
    pub(crate) data: String,
}

impl Recorded {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        bytes(&self.data)
    }

    pub(crate) fn account<'a>(&self, data: &'a [u8]) -> Account<'a> {
        Account {
            address: self.address,
            owner: self.owner,
            data,
        }
    }
}

/// A token account of the SPL Token program, as it stores one.
pub(crate) fn token_account(
    mint: ChainAddress,
    authority: ChainAddress,
    amount_raw: u64,
) -> Vec<u8> {
    let mut data = vec![0; 165];
    data[..32].copy_from_slice(&mint.solana().unwrap());
    data[32..64].copy_from_slice(&authority.solana().unwrap());
    data[64..72].copy_from_slice(&amount_raw.to_le_bytes());
    data[108] = 1;
    data
}
