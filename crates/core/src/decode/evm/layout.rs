//! Where each field of a transaction stands in its bytes: what is left of decoding once all is checked.

use super::blobs::{self, Sidecar};
use super::rlp::{Cursor, Span, malformed};
use super::{Transaction, access_list, authorization, sender};
use crate::decode::DecodeError;

/// The types of Ethereum transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Type 0, with (EIP-155) or without a chain id.
    Legacy,
    /// Type 1: an access list.
    Eip2930,
    /// Type 2: a base fee and a tip.
    Eip1559,
    /// Type 3: blobs.
    Eip4844,
    /// Type 4: authorizations.
    Eip7702,
}

impl Kind {
    /// Its name in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Eip2930 => "eip2930",
            Self::Eip1559 => "eip1559",
            Self::Eip4844 => "eip4844",
            Self::Eip7702 => "eip7702",
        }
    }

    /// The type byte.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Legacy => 0,
            Self::Eip2930 => 1,
            Self::Eip1559 => 2,
            Self::Eip4844 => 3,
            Self::Eip7702 => 4,
        }
    }
}

/// The checked places of all fields. Plain data without a lifetime: kept beside the bytes, it gives
/// the [`Transaction`] back at no cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub(super) kind: Kind,
    pub(super) y_parity: bool,
    pub(super) signed: bool,
    pub(super) chain_id: Option<u64>,
    pub(super) nonce: u64,
    pub(super) gas_limit: u64,
    /// The whole list with its header.
    pub(super) body: Span,
    /// The fields that are signed, without a header.
    pub(super) unsigned: Span,
    pub(super) tip: Span,
    pub(super) fee: Span,
    pub(super) to: Span,
    pub(super) value: Span,
    pub(super) data: Span,
    pub(super) access_list: Span,
    pub(super) blob_fee: Span,
    /// Blob hashes of type 3, authorizations of type 4.
    pub(super) tail: Span,
    pub(super) r: Span,
    pub(super) s: Span,
    pub(super) sidecar: Option<Sidecar>,
}

const NOWHERE: Span = Span { start: 0, end: 0 };

impl Layout {
    /// Checks all bytes of a transaction; see [`super::decode_transaction`].
    ///
    /// # Errors
    /// As [`super::decode_transaction`].
    #[inline]
    pub fn read(raw: &[u8]) -> Result<Self, DecodeError> {
        if u32::try_from(raw.len()).is_err() {
            return Err(malformed("raw", "4 GiB or longer"));
        }
        let kind = match raw.first() {
            None => return Err(malformed("raw", "no bytes")),
            Some(0xc0..) => Kind::Legacy,
            Some(1) => Kind::Eip2930,
            Some(2) => Kind::Eip1559,
            Some(3) => Kind::Eip4844,
            Some(4) => Kind::Eip7702,
            Some(&kind) => return Err(unsupported(kind)),
        };
        // Filled in place: a copy of all places costs as much as reading two fields.
        let mut layout = Self::empty(kind);
        match kind {
            Kind::Legacy => layout.legacy(raw)?,
            Kind::Eip4844 => layout.blob(raw)?,
            _ => layout.typed(raw)?,
        }
        Ok(layout)
    }

    /// The transaction in `raw`, which must be the bytes that this was read from.
    #[must_use]
    pub fn view(self, raw: &[u8]) -> Transaction<'_> {
        Transaction::new(raw, self)
    }

    fn empty(kind: Kind) -> Self {
        Self {
            kind,
            y_parity: false,
            signed: false,
            chain_id: None,
            nonce: 0,
            gas_limit: 0,
            body: NOWHERE,
            unsigned: NOWHERE,
            tip: NOWHERE,
            fee: NOWHERE,
            to: NOWHERE,
            value: NOWHERE,
            data: NOWHERE,
            access_list: NOWHERE,
            blob_fee: NOWHERE,
            tail: NOWHERE,
            r: NOWHERE,
            s: NOWHERE,
            sidecar: None,
        }
    }

    #[inline]
    fn typed(&mut self, raw: &[u8]) -> Result<(), DecodeError> {
        let mut outer = Cursor::new(raw, 1);
        self.payload(raw, &mut outer)?;
        outer.done("raw")
    }

    fn blob(&mut self, raw: &[u8]) -> Result<(), DecodeError> {
        let mut outer = Cursor::new(raw, 1);
        let (_, mut wrapper) = outer.list("raw")?;
        if !wrapper.is_list() {
            return self.typed(raw);
        }
        outer.done("raw")?;
        self.payload(raw, &mut wrapper)?;
        let hashes = Cursor::within(raw, self.tail);
        let count = blobs::BlobHashes(hashes, raw).count();
        self.sidecar = Some(blobs::read_sidecar(&mut wrapper, count)?);
        Ok(())
    }

    #[inline]
    fn payload(&mut self, raw: &[u8], outer: &mut Cursor<'_>) -> Result<(), DecodeError> {
        let from = outer.at();
        let (list, mut fields) = outer.list("raw")?;
        self.body = span(from, outer.at());
        self.chain_id = Some(fields.u64("chain_id")?);
        self.nonce = nonce(&mut fields)?;
        if self.kind == Kind::Eip2930 {
            self.fee = fields.u256("gas_price")?;
        } else {
            self.tip = fields.u256("max_priority_fee_per_gas")?;
            self.fee = fields.u256("max_fee_per_gas")?;
        }
        self.call(&mut fields)?;
        self.access_list = access_list::check(&mut fields)?;
        match self.kind {
            Kind::Eip4844 => {
                self.blob_fee = fields.u256("max_fee_per_blob_gas")?;
                self.tail = blobs::check_hashes(raw, &mut fields)?;
            }
            Kind::Eip7702 => self.tail = authorization::check(&mut fields)?,
            _ => {}
        }
        self.unsigned = Span {
            start: list.start,
            end: span(0, fields.at()).end,
        };
        if fields.is_done() {
            return Ok(());
        }
        self.y_parity = match fields.u64("y_parity")? {
            0 => false,
            1 => true,
            _ => return Err(sender::invalid("y_parity", "neither 0 nor 1")),
        };
        self.signature(raw, &mut fields)
    }

    /// `gas_limit, to, value, data`: the same four in every type.
    #[inline]
    fn call(&mut self, fields: &mut Cursor<'_>) -> Result<(), DecodeError> {
        self.gas_limit = fields.u64("gas_limit")?;
        self.to = fields.string("to")?;
        match self.to.end - self.to.start {
            0 if matches!(self.kind, Kind::Eip4844 | Kind::Eip7702) => {
                return Err(malformed(
                    "to",
                    "empty, but this type cannot create a contract",
                ));
            }
            0 | 20 => {}
            _ => return Err(malformed("to", "neither empty nor 20 bytes")),
        }
        self.value = fields.u256("value")?;
        self.data = fields.string("data")?;
        Ok(())
    }

    #[inline]
    fn signature(&mut self, raw: &[u8], fields: &mut Cursor<'_>) -> Result<(), DecodeError> {
        self.r = fields.u256("r")?;
        self.s = fields.u256("s")?;
        fields.done("raw")?;
        self.signed = true;
        sender::check_range(self.r.of(raw), self.s.of(raw))
    }

    fn legacy(&mut self, raw: &[u8]) -> Result<(), DecodeError> {
        let mut outer = Cursor::new(raw, 0);
        let (list, mut fields) = outer.list("raw")?;
        outer.done("raw")?;
        self.body = span(0, raw.len());
        self.nonce = nonce(&mut fields)?;
        self.fee = fields.u256("gas_price")?;
        self.call(&mut fields)?;
        self.unsigned = Span {
            start: list.start,
            end: span(0, fields.at()).end,
        };
        if fields.is_done() {
            return Ok(());
        }
        let v = fields.u64("v")?;
        if ends_unsigned(fields) {
            self.chain_id = Some(v);
            return Ok(());
        }
        (self.chain_id, self.y_parity) = match v {
            27 | 28 => (None, v == 28),
            35.. => (Some((v - 35) / 2), (v - 35) % 2 == 1),
            _ => return Err(sender::invalid("v", "neither 27, 28 nor at least 35")),
        };
        self.signature(raw, &mut fields)
    }
}

/// Whether two empty fields end the list: the form that EIP-155 signs, with the chain id where v stands.
fn ends_unsigned(mut fields: Cursor<'_>) -> bool {
    let mut empty = || fields.string("r").is_ok_and(Span::is_empty);
    empty() && empty() && fields.is_done()
}

#[inline]
fn nonce(fields: &mut Cursor<'_>) -> Result<u64, DecodeError> {
    match fields.u64("nonce")? {
        u64::MAX => Err(malformed("nonce", "2^64 - 1, which EIP-2681 forbids")),
        nonce => Ok(nonce),
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "raw is shorter than 4 GiB, which Layout::read checks"
)]
#[inline]
fn span(start: usize, end: usize) -> Span {
    Span {
        start: start as u32,
        end: end as u32,
    }
}

#[cold]
fn unsupported(kind: u8) -> DecodeError {
    let name = match kind {
        0x00 => "a type byte of zero, which no transaction has",
        0x64 => "Arbitrum's deposit transaction",
        0x65 => "Arbitrum's unsigned transaction",
        0x66 => "Arbitrum's contract transaction",
        0x68 => "Arbitrum's retry transaction",
        0x69 => "Arbitrum's submit-retryable transaction",
        0x6a => "Arbitrum's internal transaction",
        0x78 => "Arbitrum's legacy transaction",
        0x7e => "Optimism's deposit transaction",
        0x80..=0xbf => "an RLP string",
        _ => "an unknown type",
    };
    DecodeError::TypeUnsupported { kind, name }
}
