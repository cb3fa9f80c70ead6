//! Signatures: their range (EIP-2) and the account that made them (libsecp256k1).

use crate::decode::DecodeError;
use alloy_primitives::{Address, B256, U256, keccak256};
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::{Message, Secp256k1, VerifyOnly};
use std::sync::LazyLock;

static CURVE: LazyLock<Secp256k1<VerifyOnly>> = LazyLock::new(Secp256k1::verification_only);

/// The order of the group, and half of it, rounded down (SEC 2, secp256k1).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
    0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];
const HALF: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

#[cold]
pub(super) const fn invalid(field: &'static str, fault: &'static str) -> DecodeError {
    DecodeError::SignatureInvalid { field, fault }
}

/// 0 < r < n and 0 < s <= n/2, both big-endian in at most 32 bytes.
#[inline]
pub(super) fn check_range(r: &[u8], s: &[u8]) -> Result<(), DecodeError> {
    if is_zero(r) {
        return Err(invalid("r", "zero"));
    }
    if is_zero(s) {
        return Err(invalid("s", "zero"));
    }
    if r.len() == 32 && *r >= ORDER[..] {
        return Err(invalid("r", "not below the order of the curve"));
    }
    if s.len() == 32 && *s > HALF[..] {
        return Err(invalid(
            "s",
            "above half the order of the curve, which EIP-2 forbids",
        ));
    }
    Ok(())
}

fn is_zero(number: &[u8]) -> bool {
    number.iter().all(|byte| *byte == 0)
}

/// The value of a big-endian number of at most 32 bytes.
pub(super) fn number(bytes: &[u8]) -> U256 {
    U256::from_be_slice(bytes)
}

/// The account whose key signed `hash`.
pub(super) fn recover(
    hash: B256,
    y_parity: bool,
    r: &[u8],
    s: &[u8],
) -> Result<Address, DecodeError> {
    let unrecoverable = invalid("signature", "recovers to no public key");
    let mut compact = [0_u8; 64];
    let (first, second) = compact.split_at_mut(32);
    right_align(first, r);
    right_align(second, s);
    let id = if y_parity {
        RecoveryId::One
    } else {
        RecoveryId::Zero
    };
    let signature = RecoverableSignature::from_compact(&compact, id).map_err(|_| unrecoverable)?;
    let key = CURVE
        .recover_ecdsa(Message::from_digest(hash.0), &signature)
        .map_err(|_| unrecoverable)?;
    let point = key.serialize_uncompressed();
    Ok(Address::from_word(keccak256(&point[1..])))
}

fn right_align(word: &mut [u8], bytes: &[u8]) {
    let start = word.len().saturating_sub(bytes.len());
    for (to, from) in word[start..].iter_mut().zip(bytes) {
        *to = *from;
    }
}
