//! EIP-1559 (type 2) transactions: canonical RLP in and out, signed and unsigned.

use super::EvmError;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_rlp::{Decodable, Encodable, Header};

const TYPE: u8 = 2;

/// A type 2 transaction that calls a contract and has no access list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eip1559Transaction {
    /// The chain it is valid on.
    pub chain_id: u64,
    /// The sender's transaction count at this place.
    pub nonce: u64,
    /// Tip per unit of gas, in wei.
    pub max_priority_fee_per_gas_wei: u128,
    /// Most that is paid per unit of gas, tip included, in wei.
    pub max_fee_per_gas_wei: u128,
    /// Most gas it may use.
    pub gas_limit: u64,
    /// The contract called.
    pub to: Address,
    /// Native currency sent along, in wei.
    pub value_wei: U256,
    /// Calldata.
    pub data: Vec<u8>,
}

/// A signature over the signing hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TxSignature {
    /// Whether the curve point's y is odd.
    pub y_parity: bool,
    /// First half.
    pub r: U256,
    /// Second half.
    pub s: U256,
}

/// One entry of an EIP-2930 access list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessListItem {
    /// The contract.
    pub address: Address,
    /// Its storage slots.
    pub storage_keys: Vec<B256>,
}

/// What [`DecodedTransaction::decode`] found: enough to write the same bytes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedTransaction {
    /// All fields but the access list.
    pub transaction: Eip1559Transaction,
    /// The access list, usually empty.
    pub access_list: Vec<AccessListItem>,
    /// Absent from an unsigned transaction.
    pub signature: Option<TxSignature>,
}

impl Eip1559Transaction {
    /// `0x02 || rlp([9 fields])`: what is hashed and signed.
    #[must_use]
    pub fn encode_unsigned(&self) -> Vec<u8> {
        encode(self, &[], None)
    }

    /// `0x02 || rlp([9 fields, y_parity, r, s])`: what is sent.
    #[must_use]
    pub fn encode_signed(&self, signature: &TxSignature) -> Vec<u8> {
        encode(self, &[], Some(signature))
    }

    /// keccak256 of [`Eip1559Transaction::encode_unsigned`].
    #[must_use]
    pub fn signing_hash(&self) -> B256 {
        keccak256(self.encode_unsigned())
    }
}

impl DecodedTransaction {
    /// Reads a signed or unsigned type 2 transaction in canonical RLP.
    ///
    /// # Errors
    /// `transaction_type_unsupported` naming the type, or `transaction_malformed`.
    pub fn decode(raw: &[u8]) -> Result<Self, EvmError> {
        let list = strip_type(raw)?;
        let decoded = read(list).map_err(|e| EvmError::TransactionMalformed(e.to_string()))?;
        if decoded.encode() == raw {
            Ok(decoded)
        } else {
            let why = "not in canonical form".to_owned();
            Err(EvmError::TransactionMalformed(why))
        }
    }

    /// The bytes it was decoded from.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(
            &self.transaction,
            &self.access_list,
            self.signature.as_ref(),
        )
    }

    /// The transaction hash; an unsigned transaction has none.
    #[must_use]
    pub fn hash(&self) -> Option<B256> {
        self.signature.map(|_| keccak256(self.encode()))
    }
}

fn strip_type(raw: &[u8]) -> Result<&[u8], EvmError> {
    let unsupported = |kind: &str| Err(EvmError::TransactionTypeUnsupported(kind.to_owned()));
    match raw {
        [] => Err(EvmError::TransactionMalformed("no bytes".to_owned())),
        [TYPE, list @ ..] => Ok(list),
        [0xc0..=0xff, ..] => unsupported("legacy (type 0)"),
        [0x01, ..] => unsupported("EIP-2930 (type 1)"),
        [0x03, ..] => unsupported("EIP-4844 blob (type 3)"),
        [0x04, ..] => unsupported("EIP-7702 (type 4)"),
        [other, ..] => unsupported(&format!("type {other}")),
    }
}

fn encode(
    transaction: &Eip1559Transaction,
    access_list: &[AccessListItem],
    signature: Option<&TxSignature>,
) -> Vec<u8> {
    let mut fields: Vec<&dyn Encodable> = vec![
        &transaction.chain_id,
        &transaction.nonce,
        &transaction.max_priority_fee_per_gas_wei,
        &transaction.max_fee_per_gas_wei,
        &transaction.gas_limit,
        &transaction.to,
        &transaction.value_wei,
    ];
    let data = transaction.data.as_slice();
    let list = AccessList(access_list);
    fields.extend([&data as &dyn Encodable, &list]);
    if let Some(TxSignature { y_parity, r, s }) = signature {
        fields.extend([y_parity as &dyn Encodable, r, s]);
    }
    let mut out = vec![TYPE];
    alloy_rlp::encode_list::<_, dyn Encodable>(&fields, &mut out);
    out
}

fn read(mut raw: &[u8]) -> alloy_rlp::Result<DecodedTransaction> {
    let fields = &mut Header::decode_bytes(&mut raw, true)?;
    if !raw.is_empty() {
        return Err(alloy_rlp::Error::UnexpectedLength);
    }
    let transaction = Eip1559Transaction {
        chain_id: Decodable::decode(fields)?,
        nonce: Decodable::decode(fields)?,
        max_priority_fee_per_gas_wei: Decodable::decode(fields)?,
        max_fee_per_gas_wei: Decodable::decode(fields)?,
        gas_limit: Decodable::decode(fields)?,
        to: read_to(fields)?,
        value_wei: Decodable::decode(fields)?,
        data: Header::decode_bytes(fields, false)?.to_vec(),
    };
    let access_list = Decodable::decode(fields)?;
    let signature = if fields.is_empty() {
        None
    } else {
        Some(read_signature(fields)?)
    };
    Ok(DecodedTransaction {
        transaction,
        access_list,
        signature,
    })
}

fn read_to(fields: &mut &[u8]) -> alloy_rlp::Result<Address> {
    if fields.first() == Some(&alloy_rlp::EMPTY_STRING_CODE) {
        return Err(alloy_rlp::Error::Custom(
            "it creates a contract; only calls are supported",
        ));
    }
    Decodable::decode(fields)
}

fn read_signature(fields: &mut &[u8]) -> alloy_rlp::Result<TxSignature> {
    let signature = TxSignature {
        y_parity: Decodable::decode(fields)?,
        r: Decodable::decode(fields)?,
        s: Decodable::decode(fields)?,
    };
    if fields.is_empty() {
        Ok(signature)
    } else {
        Err(alloy_rlp::Error::Custom("more than twelve fields"))
    }
}

struct AccessList<'a>(&'a [AccessListItem]);

impl Encodable for AccessList<'_> {
    fn encode(&self, out: &mut dyn alloy_rlp::BufMut) {
        alloy_rlp::encode_list(self.0, out);
    }
}

impl Encodable for AccessListItem {
    fn encode(&self, out: &mut dyn alloy_rlp::BufMut) {
        let fields: [&dyn Encodable; 2] = [&self.address, &self.storage_keys];
        alloy_rlp::encode_list::<_, dyn Encodable>(&fields, out);
    }
}

impl Decodable for AccessListItem {
    fn decode(buf: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let fields = &mut Header::decode_bytes(buf, true)?;
        let item = Self {
            address: Decodable::decode(fields)?,
            storage_keys: Decodable::decode(fields)?,
        };
        if fields.is_empty() {
            Ok(item)
        } else {
            Err(alloy_rlp::Error::UnexpectedLength)
        }
    }
}
