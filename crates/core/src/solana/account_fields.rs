//! `AccountFields`: bounded little-endian reads of one account's bytes, each fault naming its field.

use crate::ChainAddress;
use crate::pools::{Account, PoolError};

/// The bytes of one account, to be read field by field.
#[derive(Debug, Clone, Copy)]
pub struct AccountFields<'a> {
    account: ChainAddress,
    data: &'a [u8],
}

impl<'a> AccountFields<'a> {
    /// All bytes of an account.
    #[must_use]
    pub fn new(account: &Account<'a>) -> Self {
        Self {
            account: account.address,
            data: account.data,
        }
    }

    /// The account's address, for faults.
    #[must_use]
    pub fn address(&self) -> ChainAddress {
        self.account
    }

    /// All bytes.
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The `N` bytes of a field that begins at `offset`.
    ///
    /// # Errors
    /// `account_malformed` when the account ends before them.
    pub fn bytes<const N: usize>(
        &self,
        field: &'static str,
        offset: usize,
    ) -> Result<[u8; N], PoolError> {
        self.data
            .get(offset..)
            .and_then(<[u8]>::first_chunk)
            .copied()
            .ok_or_else(|| {
                self.malformed(
                    field,
                    format!(
                        "needs {N} bytes at {offset}, but the account has {}",
                        self.data.len()
                    ),
                )
            })
    }

    /// One byte.
    ///
    /// # Errors
    /// Those of [`AccountFields::bytes`].
    pub fn u8(&self, field: &'static str, offset: usize) -> Result<u8, PoolError> {
        self.bytes(field, offset).map(u8::from_le_bytes)
    }

    /// Two bytes, little-endian.
    ///
    /// # Errors
    /// Those of [`AccountFields::bytes`].
    pub fn u16(&self, field: &'static str, offset: usize) -> Result<u16, PoolError> {
        self.bytes(field, offset).map(u16::from_le_bytes)
    }

    /// Four bytes, little-endian.
    ///
    /// # Errors
    /// Those of [`AccountFields::bytes`].
    pub fn u32(&self, field: &'static str, offset: usize) -> Result<u32, PoolError> {
        self.bytes(field, offset).map(u32::from_le_bytes)
    }

    /// Four bytes, little-endian, two's complement.
    ///
    /// # Errors
    /// Those of [`AccountFields::bytes`].
    pub fn i32(&self, field: &'static str, offset: usize) -> Result<i32, PoolError> {
        self.bytes(field, offset).map(i32::from_le_bytes)
    }

    /// Eight bytes, little-endian.
    ///
    /// # Errors
    /// Those of [`AccountFields::bytes`].
    pub fn u64(&self, field: &'static str, offset: usize) -> Result<u64, PoolError> {
        self.bytes(field, offset).map(u64::from_le_bytes)
    }

    /// Eight bytes, little-endian, two's complement.
    ///
    /// # Errors
    /// Those of [`AccountFields::bytes`].
    pub fn i64(&self, field: &'static str, offset: usize) -> Result<i64, PoolError> {
        self.bytes(field, offset).map(i64::from_le_bytes)
    }

    /// Sixteen bytes, little-endian.
    ///
    /// # Errors
    /// Those of [`AccountFields::bytes`].
    pub fn u128(&self, field: &'static str, offset: usize) -> Result<u128, PoolError> {
        self.bytes(field, offset).map(u128::from_le_bytes)
    }

    /// Sixteen bytes, little-endian, two's complement.
    ///
    /// # Errors
    /// Those of [`AccountFields::bytes`].
    pub fn i128(&self, field: &'static str, offset: usize) -> Result<i128, PoolError> {
        self.bytes(field, offset).map(i128::from_le_bytes)
    }

    /// A public key.
    ///
    /// # Errors
    /// Those of [`AccountFields::bytes`].
    pub fn key(&self, field: &'static str, offset: usize) -> Result<ChainAddress, PoolError> {
        self.bytes(field, offset).map(ChainAddress::Solana)
    }

    /// A byte that is 0 or 1.
    ///
    /// # Errors
    /// `account_malformed` when it is neither.
    pub fn flag(&self, field: &'static str, offset: usize) -> Result<bool, PoolError> {
        match self.u8(field, offset)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.malformed(field, format!("must be 0 or 1, not {other}"))),
        }
    }

    /// That the account is one of this length.
    ///
    /// # Errors
    /// `account_malformed` when it is not.
    pub fn expect_len(&self, bytes: usize) -> Result<(), PoolError> {
        if self.data.len() == bytes {
            return Ok(());
        }
        Err(self.malformed(
            "data",
            format!("must be {bytes} bytes, not {}", self.data.len()),
        ))
    }

    /// That the account begins with its type's eight bytes.
    ///
    /// # Errors
    /// `account_malformed` when it does not.
    pub fn expect_discriminator(&self, expected: [u8; 8]) -> Result<(), PoolError> {
        let found: [u8; 8] = self.bytes("discriminator", 0)?;
        if found == expected {
            return Ok(());
        }
        let hex = |bytes: [u8; 8]| alloy_primitives::hex::encode(bytes);
        Err(self.malformed(
            "discriminator",
            format!(
                "must be {}, not {}; it is an account of another type",
                hex(expected),
                hex(found)
            ),
        ))
    }

    /// A fault of this account.
    #[must_use]
    pub fn malformed(&self, field: &'static str, fault: String) -> PoolError {
        PoolError::AccountMalformed {
            account: self.account,
            field,
            fault,
        }
    }
}
