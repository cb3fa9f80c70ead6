//! Solana accounts as a test writes them.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tradewind_core::ChainAddress;
use tradewind_core::pools::{Account, AccountSet};
use tradewind_core::solana::TOKEN_PROGRAM;

/// An account that owns its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) address: ChainAddress,
    pub(crate) owner: ChainAddress,
    pub(crate) data: Vec<u8>,
}

impl Written {
    pub(crate) fn account(&self) -> Account<'_> {
        Account {
            address: self.address,
            owner: self.owner,
            data: &self.data,
        }
    }
}

pub(crate) fn set(accounts: &[Written]) -> AccountSet<'_> {
    accounts.iter().map(Written::account).collect()
}

pub(crate) fn key(text: &str) -> ChainAddress {
    text.parse().unwrap()
}

/// The public key that stands at `offset`.
pub(crate) fn key_at(data: &[u8], offset: usize) -> ChainAddress {
    ChainAddress::Solana(*data[offset..].first_chunk().unwrap())
}

/// A mint of the SPL Token program.
pub(crate) fn mint(address: ChainAddress, supply_raw: u64) -> Written {
    let mut data = vec![0; 82];
    data[36..44].copy_from_slice(&supply_raw.to_le_bytes());
    data[44] = 6;
    data[45] = 1;
    Written {
        address,
        owner: TOKEN_PROGRAM,
        data,
    }
}

/// A token account of the SPL Token program.
pub(crate) fn token_account(
    address: ChainAddress,
    mint: ChainAddress,
    authority: ChainAddress,
    amount_raw: u64,
) -> Written {
    let mut data = vec![0; 165];
    data[..32].copy_from_slice(&mint.solana().unwrap());
    data[32..64].copy_from_slice(&authority.solana().unwrap());
    data[64..72].copy_from_slice(&amount_raw.to_le_bytes());
    data[108] = 1;
    Written {
        address,
        owner: TOKEN_PROGRAM,
        data,
    }
}

pub(crate) fn base64(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

/// A decimal string.
pub(crate) fn int(value: &Value) -> i128 {
    value.as_str().unwrap().parse().unwrap()
}

pub(crate) fn unsigned(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}
