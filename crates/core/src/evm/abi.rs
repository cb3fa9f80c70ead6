//! Words of the contract ABI: the few shapes that the calls here need.
//!
//! Layout: <https://docs.soliditylang.org/en/latest/abi-spec.html>.

use super::EvmError;
use alloy_primitives::{Address, B256, U256};

const WORD: usize = 32;

/// Calldata being written: a selector, then words.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn call(selector: [u8; 4]) -> Self {
        Self(selector.to_vec())
    }

    pub(super) fn uint(mut self, value: U256) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes::<WORD>());
        self
    }

    pub(super) fn word(self, value: B256) -> Self {
        self.uint(value.into())
    }

    pub(super) fn address(self, value: Address) -> Self {
        self.word(value.into_word())
    }

    /// The place of a dynamic argument, in bytes from where its tuple starts.
    pub(super) fn offset(self, bytes: usize) -> Self {
        self.uint(U256::from(bytes))
    }

    /// Length, content, zeros up to the next word.
    pub(super) fn bytes(mut self, content: &[u8]) -> Self {
        self = self.offset(content.len());
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len() + padding(content.len()), 0);
        self
    }

    /// `bytes[]`: count, the place of each element behind the count, the elements.
    pub(super) fn bytes_array(mut self, items: &[Vec<u8>]) -> Self {
        self = self.offset(items.len());
        let mut place = WORD * items.len();
        for item in items {
            self = self.offset(place);
            place += WORD + item.len() + padding(item.len());
        }
        items.iter().fold(self, |writer, item| writer.bytes(item))
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

const fn padding(len: usize) -> usize {
    len.next_multiple_of(WORD) - len
}

/// Calldata being read, front to back. Offsets are skipped as words: whoever reads must compare
/// the bytes with what the encoder writes for the values found, which proves every offset.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn call(data: &'a [u8], selector: [u8; 4]) -> Result<Self, EvmError> {
        let arguments = data
            .strip_prefix(&selector)
            .ok_or(EvmError::CalldataNotRecognised("unknown selector"))?;
        Ok(Self(arguments))
    }

    pub(super) fn word(&mut self) -> Result<B256, EvmError> {
        Ok(B256::from_slice(self.take(WORD)?))
    }

    pub(super) fn uint(&mut self) -> Result<U256, EvmError> {
        self.word().map(Into::into)
    }

    /// An integer that must fit the type asked for.
    pub(super) fn int<T: TryFrom<U256>>(&mut self) -> Result<T, EvmError> {
        T::try_from(self.uint()?).map_err(|_| EvmError::CalldataNotRecognised("number too large"))
    }

    pub(super) fn address(&mut self) -> Result<Address, EvmError> {
        self.word().map(Address::from_word)
    }

    pub(super) fn skip(&mut self, words: usize) -> Result<(), EvmError> {
        self.take(words.saturating_mul(WORD)).map(|_| ())
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], EvmError> {
        let len: usize = self.int()?;
        let content = self.take(len)?;
        self.take(padding(len))?;
        Ok(content)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], EvmError> {
        let (taken, rest) = self
            .0
            .split_at_checked(len)
            .ok_or(EvmError::CalldataNotRecognised("too short"))?;
        self.0 = rest;
        Ok(taken)
    }
}
