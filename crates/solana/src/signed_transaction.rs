//! A signed transaction as the lanes carry it: bytes that are not looked into beyond their first signature.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::fault::Fault;

/// What a packet of today's network takes, in bytes.
pub const PACKET_BYTES: usize = 1_232;
const SIGNATURE_BYTES: usize = 64;

/// Wire bytes (legacy or v0) whose first signature names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTransaction {
    wire: Arc<[u8]>,
    signature: Arc<str>,
}

impl SignedTransaction {
    /// Takes wire bytes: a compact count of signatures, the signatures, the message.
    ///
    /// # Errors
    /// `transaction_too_large` above `max_bytes`; `transaction_malformed` when there is no signature, an unsigned place
    /// (64 zeros), or no message after them.
    pub fn parse(wire: &[u8], max_bytes: usize) -> Result<Self, Fault> {
        if wire.len() > max_bytes {
            return Err(Fault::new(
                "transaction_too_large",
                format!(
                    "transaction: has {} bytes, and at most {max_bytes} are carried; use lookup tables or fewer instructions",
                    wire.len()
                ),
            ));
        }
        let (signatures, message) = split(wire)?;
        if signatures
            .chunks(SIGNATURE_BYTES)
            .any(|one| one.iter().all(|byte| *byte == 0))
        {
            return Err(malformed("a signature is 64 zeros: sign it first"));
        }
        if message.is_empty() {
            return Err(malformed("ends after its signatures"));
        }
        let signature = bs58::encode(&signatures[..SIGNATURE_BYTES]).into_string();
        Ok(Self {
            wire: wire.into(),
            signature: signature.into(),
        })
    }

    /// As sent.
    #[must_use]
    pub fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// The first signature, in base 58: the transaction's name.
    #[must_use]
    pub fn signature(&self) -> String {
        self.signature.as_ref().to_owned()
    }

    /// The wire bytes as the RPC takes them.
    #[must_use]
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.wire)
    }
}

/// Whether the text is a signature in base 58.
#[must_use]
pub fn is_signature(text: &str) -> bool {
    let mut bytes = [0; SIGNATURE_BYTES];
    bs58::decode(text)
        .onto(&mut bytes[..])
        .is_ok_and(|length| length == SIGNATURE_BYTES)
}

/// Counts above 127 do not fit in a packet, so the compact count is one byte, and a byte with the high bit is no count.
fn split(wire: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    let Some((count, rest)) = wire.split_first() else {
        return Err(malformed("is empty"));
    };
    match count {
        0 => Err(malformed("has no signature: sign it first")),
        1..=0x7f => rest
            .split_at_checked(usize::from(*count) * SIGNATURE_BYTES)
            .ok_or_else(|| malformed("ends within its signatures")),
        _ => Err(malformed(
            "does not begin with its signatures: only legacy and v0 transactions are carried",
        )),
    }
}

fn malformed(fault: &str) -> Fault {
    Fault::new("transaction_malformed", format!("transaction: {fault}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(wire: &[u8]) -> &'static str {
        SignedTransaction::parse(wire, PACKET_BYTES)
            .unwrap_err()
            .code()
    }

    #[test]
    fn the_first_signature_names_the_transaction() {
        let mut wire = vec![2];
        wire.extend([7; 64]);
        wire.extend([8; 64]);
        wire.push(1);
        let transaction = SignedTransaction::parse(&wire, PACKET_BYTES).unwrap();
        assert_eq!(
            bs58::decode(transaction.signature()).into_vec().unwrap(),
            [7; 64]
        );
        assert!(is_signature(&transaction.signature()));
    }

    #[test]
    fn unsigned_cut_short_and_oversized_bytes_are_refused_by_name() {
        let mut unsigned = vec![1];
        unsigned.extend([0; 64]);
        unsigned.push(1);
        assert_eq!(code(&unsigned), "transaction_malformed");
        assert_eq!(code(&[1; 65]), "transaction_malformed");
        assert_eq!(code(&[0, 1]), "transaction_malformed");
        assert_eq!(code(&[0x81; 200]), "transaction_malformed");
        assert_eq!(code(&[1; 1_233]), "transaction_too_large");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(wire in prop::collection::vec(any::<u8>(), 0..1_400)) {
            let _ = SignedTransaction::parse(&wire, PACKET_BYTES);
        }
    }
}
