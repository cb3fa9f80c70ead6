//! What belongs to blobs: versioned hashes (EIP-4844) and the sidecar that travels with them.
//!
//! The sidecar's shape is checked: sizes and counts. That its commitments and proofs are true takes
//! KZG arithmetic, which is the consensus client's work.

use super::rlp::{Cursor, Span, malformed};
use crate::decode::DecodeError;
use alloy_primitives::B256;

const VERSION_KZG: u8 = 1;
const BLOB_BYTES: usize = 4096 * 32;
const POINT_BYTES: usize = 48;
const CELLS_PER_BLOB: usize = 128;

/// The blobs' data in the network form of a type 3 transaction. The chain never stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sidecar {
    /// 0: one proof a blob (EIP-4844); 1: one proof a cell (EIP-7594).
    pub version: u8,
    /// How many blobs it carries: as many as the transaction has versioned hashes.
    pub blobs: usize,
    /// How many KZG proofs it carries.
    pub proofs: usize,
}

/// The versioned hashes, read as they are asked for.
#[derive(Clone)]
pub struct BlobHashes<'a>(pub(super) Cursor<'a>, pub(super) &'a [u8]);

impl Iterator for BlobHashes<'_> {
    type Item = B256;

    fn next(&mut self) -> Option<B256> {
        if self.0.is_done() {
            return None;
        }
        let hash = self.0.exactly("blob_versioned_hashes", 32).ok()?;
        Some(B256::from_slice(hash.of(self.1)))
    }
}

/// Checks the list of versioned hashes; gives its place.
pub(super) fn check_hashes(raw: &[u8], fields: &mut Cursor<'_>) -> Result<Span, DecodeError> {
    const FIELD: &str = "blob_versioned_hashes";
    let (span, mut hashes) = fields.list(FIELD)?;
    if hashes.is_done() {
        return Err(malformed(FIELD, "empty, which EIP-4844 forbids"));
    }
    while !hashes.is_done() {
        let hash = hashes.exactly(FIELD, 32)?;
        if hash.of(raw).first() != Some(&VERSION_KZG) {
            return Err(malformed(FIELD, "a hash whose version is not 1"));
        }
    }
    Ok(span)
}

/// Reads what follows the transaction in the network form.
pub(super) fn read_sidecar(
    wrapper: &mut Cursor<'_>,
    hashes: usize,
) -> Result<Sidecar, DecodeError> {
    let version = if wrapper.is_list() {
        0
    } else if wrapper.u64("sidecar.version")? == 1 {
        1
    } else {
        return Err(malformed("sidecar.version", "neither absent nor 1"));
    };
    let blobs = count(wrapper, "sidecar.blobs", BLOB_BYTES)?;
    let commitments = count(wrapper, "sidecar.commitments", POINT_BYTES)?;
    let proofs = count(wrapper, "sidecar.proofs", POINT_BYTES)?;
    wrapper.done("sidecar")?;
    if blobs != hashes {
        return Err(malformed(
            "sidecar.blobs",
            "not one for each versioned hash",
        ));
    }
    if commitments != hashes {
        return Err(malformed(
            "sidecar.commitments",
            "not one for each versioned hash",
        ));
    }
    let per_blob = if version == 1 { CELLS_PER_BLOB } else { 1 };
    if proofs != hashes.saturating_mul(per_blob) {
        return Err(malformed("sidecar.proofs", "not as many as the blobs need"));
    }
    Ok(Sidecar {
        version,
        blobs,
        proofs,
    })
}

fn count(
    wrapper: &mut Cursor<'_>,
    field: &'static str,
    bytes_each: usize,
) -> Result<usize, DecodeError> {
    let (_, mut items) = wrapper.list(field)?;
    let mut count = 0;
    while !items.is_done() {
        items.exactly(field, bytes_each)?;
        count += 1;
    }
    Ok(count)
}
