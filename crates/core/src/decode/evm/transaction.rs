//! One transaction as a view of its bytes.

use super::blobs::{BlobHashes, Sidecar};
use super::layout::{Kind, Layout};
use super::rlp::{Cursor, Span};
use super::router::{self, Router, RouterCall, Routers};
use super::sender::{self, number};
use super::{AccessList, Authorizations};
use crate::decode::DecodeError;
use alloy_primitives::{Address, B256, Keccak256, U256, keccak256};

/// A signature as it stands in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// Whether the curve point's y is odd.
    pub y_parity: bool,
    /// First half, below the order of the curve.
    pub r: U256,
    /// Second half, at most half the order of the curve.
    pub s: U256,
}

/// A checked transaction. Prices are in wei per unit of gas, amounts in wei.
#[derive(Debug, Clone, Copy)]
pub struct Transaction<'a> {
    raw: &'a [u8],
    layout: Layout,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(raw: &'a [u8], layout: Layout) -> Self {
        Self { raw, layout }
    }

    fn bytes(&self, span: Span) -> &'a [u8] {
        span.of(self.raw)
    }

    /// The type.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.layout.kind
    }

    /// The chain it is valid on; None for a type 0 transaction that is valid on all of them.
    #[must_use]
    pub fn chain_id(&self) -> Option<u64> {
        self.layout.chain_id
    }

    /// The sender's transaction count at this place.
    #[must_use]
    pub fn nonce(&self) -> u64 {
        self.layout.nonce
    }

    /// Most gas it may use.
    #[must_use]
    pub fn gas_limit(&self) -> u64 {
        self.layout.gas_limit
    }

    /// The price of types 0 and 1.
    #[must_use]
    pub fn gas_price_wei(&self) -> Option<U256> {
        self.is_priced()
            .then(|| number(self.bytes(self.layout.fee)))
    }

    /// The most that types 2, 3 and 4 pay, tip included.
    #[must_use]
    pub fn max_fee_per_gas_wei(&self) -> Option<U256> {
        (!self.is_priced()).then(|| number(self.bytes(self.layout.fee)))
    }

    /// The most that types 2, 3 and 4 tip.
    #[must_use]
    pub fn max_priority_fee_per_gas_wei(&self) -> Option<U256> {
        (!self.is_priced()).then(|| number(self.bytes(self.layout.tip)))
    }

    /// The most that type 3 pays per unit of blob gas.
    #[must_use]
    pub fn max_fee_per_blob_gas_wei(&self) -> Option<U256> {
        (self.kind() == Kind::Eip4844).then(|| number(self.bytes(self.layout.blob_fee)))
    }

    fn is_priced(&self) -> bool {
        matches!(self.layout.kind, Kind::Legacy | Kind::Eip2930)
    }

    /// The account that is called; None creates a contract.
    #[must_use]
    pub fn to(&self) -> Option<Address> {
        let bytes = self.bytes(self.layout.to);
        (bytes.len() == 20).then(|| Address::from_slice(bytes))
    }

    /// Native currency sent along.
    #[must_use]
    pub fn value_wei(&self) -> U256 {
        number(self.bytes(self.layout.value))
    }

    /// Calldata, or the code that makes the contract.
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        self.bytes(self.layout.data)
    }

    /// The access list; empty for type 0.
    #[must_use]
    pub fn access_list(&self) -> AccessList<'a> {
        AccessList(Cursor::within(self.raw, self.layout.access_list), self.raw)
    }

    /// The versioned hashes of type 3; empty for the others.
    #[must_use]
    pub fn blob_versioned_hashes(&self) -> BlobHashes<'a> {
        BlobHashes(
            Cursor::within(self.raw, self.tail_of(Kind::Eip4844)),
            self.raw,
        )
    }

    /// The authorizations of type 4; empty for the others.
    #[must_use]
    pub fn authorizations(&self) -> Authorizations<'a> {
        Authorizations(
            Cursor::within(self.raw, self.tail_of(Kind::Eip7702)),
            self.raw,
        )
    }

    fn tail_of(&self, kind: Kind) -> Span {
        if self.kind() == kind {
            self.layout.tail
        } else {
            Span::default()
        }
    }

    /// The blobs that travel with it; None in the canonical form, which is what is hashed and stored.
    #[must_use]
    pub fn sidecar(&self) -> Option<Sidecar> {
        self.layout.sidecar
    }

    /// None for a transaction that is yet to be signed.
    #[must_use]
    pub fn signature(&self) -> Option<Signature> {
        self.layout.signed.then(|| Signature {
            y_parity: self.layout.y_parity,
            r: number(self.bytes(self.layout.r)),
            s: number(self.bytes(self.layout.s)),
        })
    }

    /// The transaction hash, without the sidecar; None for an unsigned transaction.
    #[must_use]
    pub fn hash(&self) -> Option<B256> {
        if !self.layout.signed {
            return None;
        }
        let body = self.bytes(self.layout.body);
        if self.kind() == Kind::Legacy {
            return Some(keccak256(body));
        }
        let mut hasher = Keccak256::new();
        hasher.update([self.kind().byte()]);
        hasher.update(body);
        Some(hasher.finalize())
    }

    /// What its sender signs: the hash of the fields without the signature.
    #[must_use]
    pub fn signing_hash(&self) -> B256 {
        let fields = self.bytes(self.layout.unsigned);
        let mut protection = Vec::new();
        let mut hasher = Keccak256::new();
        match (self.kind(), self.chain_id()) {
            (Kind::Legacy, None) => {}
            (Kind::Legacy, Some(chain_id)) => {
                alloy_rlp::Encodable::encode(&chain_id, &mut protection);
                protection.extend([alloy_rlp::EMPTY_STRING_CODE; 2]);
            }
            (kind, _) => hasher.update([kind.byte()]),
        }
        let mut header = Vec::with_capacity(9);
        alloy_rlp::Header {
            list: true,
            payload_length: fields.len() + protection.len(),
        }
        .encode(&mut header);
        hasher.update(header);
        hasher.update(fields);
        hasher.update(protection);
        hasher.finalize()
    }

    /// The account that signed it.
    ///
    /// # Errors
    /// `transaction_unsigned`; `signature_invalid` when it recovers to no key.
    pub fn recover_sender(&self) -> Result<Address, DecodeError> {
        if !self.layout.signed {
            return Err(DecodeError::Unsigned);
        }
        let (r, s) = (self.bytes(self.layout.r), self.bytes(self.layout.s));
        sender::recover(self.signing_hash(), self.layout.y_parity, r, s)
    }

    /// The router call in its data; None when it calls no known function of a router, creates a
    /// contract, or `routers` is given and does not have the address that it calls.
    ///
    /// Without `routers` the selector alone decides, whatever the address.
    ///
    /// # Errors
    /// `calldata_malformed`, `calldata_unbounded`, `selector_not_of_router`.
    pub fn router_call(
        &self,
        routers: Option<&Routers>,
    ) -> Result<Option<RouterCall>, DecodeError> {
        let Some(to) = self.to() else {
            return Ok(None);
        };
        let router: Option<Router> = match routers.map(|routers| routers.get(&to)) {
            None => None,
            Some(Some(router)) => Some(*router),
            Some(None) => return Ok(None),
        };
        router::decode_call(self.data(), Some(self.value_wei()), router)
    }
}
