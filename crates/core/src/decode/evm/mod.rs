//! Ethereum transactions of every type, as borrowed views, and the router calls inside them.
//!
//! Canonical RLP throughout (Yellow Paper appendix B); field rules from EIP-155, 1559, 2, 2681, 2718,
//! 2930, 4844, 7594 and 7702. A view owns nothing: numbers are read where they stand, lists are
//! checked in place once and walked again when asked for.

mod access_list;
mod arguments;
mod authorization;
mod blobs;
mod layout;
mod rlp;
pub mod router;
mod sender;
mod transaction;

pub use access_list::{AccessEntry, AccessList};
pub use authorization::{Authorization, Authorizations};
pub use blobs::{BlobHashes, Sidecar};
pub use layout::{Kind, Layout};
pub use transaction::{Signature, Transaction};

use super::DecodeError;

/// Reads one transaction, signed or not, as it travels: `rlp(fields)` for type 0, `type || rlp(fields)`
/// for the others; for type 3 also the network form with its blobs.
///
/// About 50 ns for 400 bytes, without an allocation.
///
/// # Errors
/// `transaction_type_unsupported` (names the type, Arbitrum's own among them), `transaction_malformed`,
/// `signature_invalid`. Whether its sender can pay, and whether a chain would include it, is not judged.
pub fn decode_transaction(raw: &[u8]) -> Result<Transaction<'_>, DecodeError> {
    Layout::read(raw).map(|layout| layout.view(raw))
}

/// Everything that this module can do with bytes that nobody vouches for: the transaction, its
/// sender, its router call. Never panics.
pub fn inspect(raw: &[u8]) {
    if let Ok(transaction) = decode_transaction(raw) {
        let _ = transaction.recover_sender();
        for authorization in transaction.authorizations() {
            let _ = authorization.recover_authority();
        }
        let _ = (transaction.access_list().count(), transaction.hash());
        let _ = transaction.router_call(None);
    }
    let _ = router::decode_call(raw, None, None);
}
