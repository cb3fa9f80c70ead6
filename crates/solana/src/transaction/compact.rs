//! Compact lengths: seven bits a byte, the lowest first, one to three bytes.
//!
//! Source: `solana-short-vec` 3.0.

/// How many bytes a length takes.
pub(super) const fn compact_bytes(length: usize) -> usize {
    match length {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        _ => 3,
    }
}

/// Writes a length of at most 65,535; callers have checked that.
#[allow(clippy::cast_possible_truncation, reason = "the low seven bits")]
pub(super) fn push_compact(bytes: &mut Vec<u8>, length: usize) {
    let mut rest = length;
    while rest >= 0x80 {
        bytes.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}
