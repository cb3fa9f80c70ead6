//! UUIDs: derived from what happened (version 5), so that the same fact has the same id, or drawn (version 4).

use std::fs::File;
use std::io::{self, Read as _};

use sha1::{Digest as _, Sha1};

/// The namespace of every event of Tradewind: 6f1f3a9e-6a0c-5f0b-9d55-2d1f6f0c7c55.
const NAMESPACE: [u8; 16] = [
    0x6f, 0x1f, 0x3a, 0x9e, 0x6a, 0x0c, 0x5f, 0x0b, 0x9d, 0x55, 0x2d, 0x1f, 0x6f, 0x0c, 0x7c, 0x55,
];

/// The id of what this name says (RFC 9562, 5.5).
#[must_use]
pub fn derived(name: &str) -> String {
    let digest = Sha1::new()
        .chain_update(NAMESPACE)
        .chain_update(name)
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    written(bytes, 5)
}

/// A random id (RFC 9562, 5.4).
///
/// # Errors
/// When the system has no randomness.
pub fn drawn() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(written(bytes, 4))
}

fn written(mut bytes: [u8; 16], version: u8) -> String {
    bytes[6] = bytes[6] & 0x0f | version << 4;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or_default());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_id_that_pythons_uuid5_gives_it() {
        // uuid.uuid5(uuid.UUID("6f1f3a9e-6a0c-5f0b-9d55-2d1f6f0c7c55"), "execution plan/x")
        assert_eq!(
            derived("execution plan/x"),
            "7a59fff3-4a56-578b-b8cd-d0d2bb70139a"
        );
    }

    #[test]
    fn drawn_ids_differ_and_are_of_version_four() {
        let (a, b) = (drawn().expect("drawn"), drawn().expect("drawn"));
        assert_ne!(a, b);
        assert_eq!((a.len(), &a[14..15]), (36, "4"));
    }
}
