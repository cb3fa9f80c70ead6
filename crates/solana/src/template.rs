//! Transactions that are compiled once: later only the blockhash, named amounts and the signatures are written.

use crate::Key;
use crate::signature::{SIGNATURE_BYTES, Signature};
use crate::transaction::{BuildError, TransactionBuilder, UnsignedTransaction};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use thiserror::Error;

const KEY_BYTES: usize = 32;

/// Where an amount stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchPlace {
    /// In the data of an instruction, counted as they were added to the builder.
    Data {
        /// The instruction, from 0.
        instruction: usize,
        /// The first byte of the amount in its data.
        offset: usize,
        /// How many bytes it has.
        width: PatchWidth,
    },
    /// The limit of compute units of `set_compute_budget`.
    UnitLimit,
    /// The price of `set_compute_budget`, in micro-lamports per compute unit.
    UnitPrice,
}

/// How many bytes an amount has, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchWidth {
    /// Four.
    U32,
    /// Eight.
    U64,
}

impl PatchWidth {
    const fn bytes(self) -> usize {
        match self {
            Self::U32 => 4,
            Self::U64 => 8,
        }
    }
}

/// A named amount of one template, ready to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatchPoint {
    template: u64,
    at: usize,
    width: PatchWidth,
}

/// What a template refuses.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// The transaction itself is refused.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// An instruction, or bytes of one, that are not there.
    #[error("patch point {0}: is not within the data of an instruction; check its place")]
    Outside(String),
    /// Two names for one thing, or one name for two.
    #[error("patch points {0} and {1}: share a name or bytes; keep them apart")]
    Overlap(String, String),
    /// The point belongs to another template, whose bytes stand elsewhere.
    #[error("amounts[{0}]: its point is of another template; ask this one for it")]
    Foreign(usize),
    /// More than the amount's bytes hold.
    #[error("amounts[{index}]: {value} is more than 4 bytes hold; lower it")]
    ValueTooLarge {
        /// Which amount.
        index: usize,
        /// Its value.
        value: u64,
    },
    /// No place for the whole transaction.
    #[error("buffer: {given} bytes, the transaction has {needed}; give a larger one")]
    BufferTooSmall {
        /// Bytes of the buffer.
        given: usize,
        /// Bytes of the transaction.
        needed: usize,
    },
    /// There is no such signer.
    #[error("signer: {index} of {signers}; give a place among the signers")]
    SignerOutside {
        /// Which was asked for.
        index: usize,
        /// How many there are.
        signers: usize,
    },
}

impl TemplateError {
    /// A stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Build(error) => error.code(),
            Self::Outside(_) => "patch_point_outside",
            Self::Overlap(..) => "patch_points_overlap",
            Self::Foreign(_) => "patch_point_foreign",
            Self::ValueTooLarge { .. } => "patch_value_too_large",
            Self::BufferTooSmall { .. } => "buffer_too_small",
            Self::SignerOutside { .. } => "signer_outside",
        }
    }
}

/// A compiled transaction with empty signatures.
#[derive(Debug, Clone)]
pub struct TransactionTemplate {
    identity: u64,
    wire: Vec<u8>,
    transaction: UnsignedTransaction,
    signatures_at: usize,
    message_at: usize,
    blockhash_at: usize,
    points: Vec<(String, PatchPoint)>,
}

impl TransactionTemplate {
    /// Compiles what a builder holds; a blockhash it has is not used. Every amount starts with the value that
    /// its instruction has.
    ///
    /// # Errors
    /// Those of [`TransactionBuilder::build`], `patch_point_outside`, `patch_points_overlap`.
    pub fn compile(
        builder: &TransactionBuilder,
        points: &[(&str, PatchPlace)],
    ) -> Result<Self, TemplateError> {
        static COMPILED: AtomicU64 = AtomicU64::new(0);
        let transaction = builder.build_with(Key([0; KEY_BYTES]))?;
        let identity = COMPILED.fetch_add(1, Ordering::Relaxed);
        let message_at = transaction.message_offset();
        let empty = vec![Signature([0; SIGNATURE_BYTES]); transaction.signers().len()];
        let wire = transaction.to_wire(&empty)?;
        let data = &transaction.layout().data;
        let mut placed = Vec::with_capacity(points.len());
        for (name, place) in points {
            let (at, width) = within(*place, data, builder.budget_instructions())
                .ok_or_else(|| TemplateError::Outside((*name).to_owned()))?;
            let point = PatchPoint {
                template: identity,
                at: message_at + at,
                width,
            };
            placed.push(((*name).to_owned(), point));
        }
        check_apart(&placed)?;
        Ok(Self {
            identity,
            wire,
            signatures_at: message_at - SIGNATURE_BYTES * empty.len(),
            message_at,
            blockhash_at: message_at + transaction.layout().blockhash,
            points: placed,
            transaction,
        })
    }

    /// The point of a name; ask once, not each time.
    #[must_use]
    pub fn patch_point(&self, name: &str) -> Option<PatchPoint> {
        let mut points = self.points.iter();
        points
            .find(|(known, _)| known == name)
            .map(|(_, point)| *point)
    }

    /// The names of its points.
    #[must_use]
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.points.iter().map(|(name, _)| name.as_str())
    }

    /// Bytes on the wire.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.wire.len()
    }

    /// Who signs, in the order of the signatures.
    #[must_use]
    pub fn signers(&self) -> &[Key] {
        self.transaction.signers()
    }

    /// Where in the written bytes the message stands that is signed.
    #[must_use]
    pub fn message_range(&self) -> Range<usize> {
        self.message_at..self.wire.len()
    }

    /// Writes the transaction with this blockhash and these amounts; its signatures are zero. Amounts that are not
    /// given have the values they were compiled with. Gives the number of bytes written; on a refusal the buffer
    /// holds nothing to be signed.
    ///
    /// # Errors
    /// `buffer_too_small`, `patch_point_foreign`, `patch_value_too_large`.
    pub fn instantiate(
        &self,
        blockhash: Key,
        amounts: &[(PatchPoint, u64)],
        buffer: &mut [u8],
    ) -> Result<usize, TemplateError> {
        let (given, needed) = (buffer.len(), self.wire.len());
        self.check_amounts(amounts)?;
        let bytes = buffer
            .get_mut(..needed)
            .ok_or(TemplateError::BufferTooSmall { given, needed })?;
        bytes.copy_from_slice(&self.wire);
        bytes[self.blockhash_at..self.blockhash_at + KEY_BYTES].copy_from_slice(&blockhash.0);
        for (point, value) in amounts {
            let width = point.width.bytes();
            bytes[point.at..point.at + width].copy_from_slice(&value.to_le_bytes()[..width]);
        }
        Ok(needed)
    }

    /// The same as a transaction of its own, for callers who can spare the copies.
    ///
    /// # Errors
    /// `patch_point_foreign`, `patch_value_too_large`.
    pub fn unsigned(
        &self,
        blockhash: Key,
        amounts: &[(PatchPoint, u64)],
    ) -> Result<UnsignedTransaction, TemplateError> {
        let mut wire = vec![0; self.wire.len()];
        self.instantiate(blockhash, amounts, &mut wire)?;
        let message = wire.split_off(self.message_at);
        Ok(self.transaction.with_message(message, blockhash))
    }

    /// Writes the signature of a signer into what [`Self::instantiate`] wrote.
    ///
    /// # Errors
    /// `buffer_too_small`, `signer_outside`.
    pub fn sign(
        &self,
        buffer: &mut [u8],
        index: usize,
        signature: &Signature,
    ) -> Result<(), TemplateError> {
        let (given, needed) = (buffer.len(), self.wire.len());
        let signers = self.signers().len();
        if index >= signers {
            return Err(TemplateError::SignerOutside { index, signers });
        }
        let bytes = buffer
            .get_mut(..needed)
            .ok_or(TemplateError::BufferTooSmall { given, needed })?;
        let at = self.signatures_at + SIGNATURE_BYTES * index;
        bytes[at..at + SIGNATURE_BYTES].copy_from_slice(&signature.0);
        Ok(())
    }

    fn check_amounts(&self, amounts: &[(PatchPoint, u64)]) -> Result<(), TemplateError> {
        for (index, (point, value)) in amounts.iter().enumerate() {
            if point.template != self.identity {
                return Err(TemplateError::Foreign(index));
            }
            if point.width == PatchWidth::U32 && *value > u64::from(u32::MAX) {
                return Err(TemplateError::ValueTooLarge {
                    index,
                    value: *value,
                });
            }
        }
        Ok(())
    }
}

/// The first byte of a place in the message, if it is within the data of its instruction.
fn within(
    place: PatchPlace,
    data: &[(usize, usize)],
    budget: usize,
) -> Option<(usize, PatchWidth)> {
    // The tag of the budget's instructions is one byte.
    let (instruction, offset, width) = match place {
        PatchPlace::UnitLimit if budget > 0 => (0, 1, PatchWidth::U32),
        PatchPlace::UnitPrice if budget > 0 => (1, 1, PatchWidth::U64),
        PatchPlace::UnitLimit | PatchPlace::UnitPrice => return None,
        PatchPlace::Data {
            instruction,
            offset,
            width,
        } => (instruction.checked_add(budget)?, offset, width),
    };
    let (start, length) = *data.get(instruction)?;
    let inside = offset.checked_add(width.bytes())? <= length;
    inside.then_some((start + offset, width))
}

fn check_apart(points: &[(String, PatchPoint)]) -> Result<(), TemplateError> {
    for (index, (name, point)) in points.iter().enumerate() {
        for (other_name, other) in points.iter().skip(index + 1) {
            let apart = point.at + point.width.bytes() <= other.at
                || other.at + other.width.bytes() <= point.at;
            if !apart || name == other_name {
                return Err(TemplateError::Overlap(name.clone(), other_name.clone()));
            }
        }
    }
    Ok(())
}
