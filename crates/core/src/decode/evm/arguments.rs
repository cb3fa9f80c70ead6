//! Arguments of a contract call, read where they stand; strict about bounds and value ranges.
//!
//! Layout: <https://docs.soliditylang.org/en/latest/abi-spec.html>. Contracts follow offsets wherever
//! they point, so tails may overlap or leave gaps; only what lies outside the call is refused. What
//! an attacker gains from overlaps is bounded by [`Budget`].

use crate::decode::DecodeError;
use alloy_primitives::{Address, U256};

const WORD: usize = 32;
const MOST_NESTED: u8 = 4;

pub(super) const fn refused(field: &'static str, fault: &'static str) -> DecodeError {
    DecodeError::CalldataMalformed { field, fault }
}

/// How much may still come out of one call: honest encodings have at least sixteen bytes for
/// everything that is read from them, so that this many items never refuse one.
pub(super) struct Budget {
    items: usize,
    nested: u8,
}

impl Budget {
    pub(super) fn of(data: &[u8]) -> Self {
        Self {
            items: data.len() / 16 + 1,
            nested: 0,
        }
    }

    pub(super) fn spend(&mut self, items: usize) -> Result<(), DecodeError> {
        self.items = self
            .items
            .checked_sub(items)
            .ok_or(DecodeError::CalldataUnbounded(
                "the same bytes are used over and over",
            ))?;
        Ok(())
    }

    /// One level deeper; [`Budget::leave`] comes back.
    pub(super) fn enter(&mut self) -> Result<(), DecodeError> {
        if self.nested == MOST_NESTED {
            return Err(DecodeError::CalldataUnbounded(
                "calls are nested more than four deep",
            ));
        }
        self.nested += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.nested = self.nested.saturating_sub(1);
    }
}

/// The words of one tuple of arguments, with the tails behind them.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a>(&'a [u8]);

impl<'a> Arguments<'a> {
    pub(super) fn new(frame: &'a [u8]) -> Self {
        Self(frame)
    }

    fn word(&self, index: usize, field: &'static str) -> Result<&'a [u8; WORD], DecodeError> {
        self.0
            .get(index.saturating_mul(WORD)..)
            .and_then(|rest| rest.first_chunk())
            .ok_or(refused(field, "missing"))
    }

    pub(super) fn uint(&self, index: usize, field: &'static str) -> Result<U256, DecodeError> {
        self.word(index, field)
            .map(|word| U256::from_be_bytes(*word))
    }

    /// A number of at most `bits` bits.
    pub(super) fn narrow(
        &self,
        index: usize,
        bits: usize,
        field: &'static str,
    ) -> Result<U256, DecodeError> {
        let value = self.uint(index, field)?;
        if value.bit_len() > bits {
            return Err(refused(field, "a number too large for its type"));
        }
        Ok(value)
    }

    pub(super) fn fee(&self, index: usize, field: &'static str) -> Result<u32, DecodeError> {
        let fee = self.narrow(index, 24, field)?;
        u32::try_from(fee).map_err(|_| refused(field, "a number too large for its type"))
    }

    pub(super) fn address(
        &self,
        index: usize,
        field: &'static str,
    ) -> Result<Address, DecodeError> {
        let word = self.word(index, field)?;
        if word[..12] != [0; 12] {
            return Err(refused(field, "an address with bits above its 20 bytes"));
        }
        Ok(Address::from_slice(&word[12..]))
    }

    pub(super) fn bool(&self, index: usize, field: &'static str) -> Result<bool, DecodeError> {
        match self.narrow(index, 8, field)?.as_limbs()[0] {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(refused(field, "neither true nor false")),
        }
    }

    /// What begins at the place that a word names, counted from the start of this tuple.
    pub(super) fn tuple(&self, index: usize, field: &'static str) -> Result<Self, DecodeError> {
        let start = self.place(index, field)?;
        self.0
            .get(start..)
            .map(Self)
            .ok_or(refused(field, "begins behind the end of the call"))
    }

    /// Where a dynamic argument begins, in bytes from the start of this tuple.
    pub(super) fn place(&self, index: usize, field: &'static str) -> Result<usize, DecodeError> {
        usize::try_from(self.uint(index, field)?)
            .map_err(|_| refused(field, "begins behind the end of the call"))
    }

    pub(super) fn bytes(&self, index: usize, field: &'static str) -> Result<&'a [u8], DecodeError> {
        let (length, content) = self.counted(index, field)?;
        content
            .0
            .get(..length)
            .ok_or(refused(field, "ends behind the end of the call"))
    }

    /// The count of an array and what follows it; `each` words an element must be there.
    pub(super) fn array(
        &self,
        index: usize,
        each: usize,
        field: &'static str,
    ) -> Result<(usize, Self), DecodeError> {
        let (count, content) = self.counted(index, field)?;
        let needed = count.checked_mul(each * WORD);
        if needed.is_none_or(|needed| needed > content.0.len()) {
            return Err(refused(field, "ends behind the end of the call"));
        }
        Ok((count, content))
    }

    fn counted(&self, index: usize, field: &'static str) -> Result<(usize, Self), DecodeError> {
        let tail = self.tuple(index, field)?;
        let count = tail.place(0, field)?;
        Ok((count, Self(tail.0.get(WORD..).unwrap_or_default())))
    }

    pub(super) fn addresses(
        &self,
        index: usize,
        budget: &mut Budget,
        field: &'static str,
    ) -> Result<Vec<Address>, DecodeError> {
        let (count, items) = self.array(index, 1, field)?;
        budget.spend(count)?;
        (0..count).map(|item| items.address(item, field)).collect()
    }
}
