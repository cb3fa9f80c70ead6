//! The wire format: signatures, header, keys, instructions, lookups; every index within its list.

use super::Key;
use crate::decode::DecodeError;

const KEY: usize = 32;
const SIGNATURE: usize = 64;
const MOST_ACCOUNTS: usize = 256;

/// The versions of the message format that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Without lookup tables.
    Legacy,
    /// With lookup tables.
    V0,
}

impl Version {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::V0 => "v0",
        }
    }
}

/// One instruction with its accounts as indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompiledInstruction<'a> {
    /// The program among the transaction's own keys.
    pub program_index: u8,
    /// The accounts among all keys, looked-up ones included.
    pub accounts: &'a [u8],
    /// What the program is told.
    pub data: &'a [u8],
}

/// What is taken from one lookup table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lookup<'a> {
    /// The table's address.
    pub table: Key,
    /// Places in the table of accounts that may be written.
    pub writable: &'a [u8],
    /// Places in the table of accounts that are only read.
    pub readonly: &'a [u8],
}

/// A checked transaction as a view of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction<'a> {
    pub(super) raw: &'a [u8],
    pub(super) version: Version,
    pub(super) signatures: &'a [u8],
    pub(super) message: &'a [u8],
    pub(super) required_signatures: u8,
    pub(super) readonly_signed: u8,
    pub(super) readonly_unsigned: u8,
    pub(super) keys: &'a [u8],
    pub(super) blockhash: Key,
    pub(super) instructions: Vec<CompiledInstruction<'a>>,
    pub(super) lookups: Vec<Lookup<'a>>,
}

pub(super) const fn malformed(field: &'static str, fault: &'static str) -> DecodeError {
    DecodeError::Malformed { field, fault }
}

impl<'a> Transaction<'a> {
    pub(super) fn read(raw: &'a [u8]) -> Result<Self, DecodeError> {
        let (transaction, rest) = Self::read_first(raw)?;
        if !rest.is_empty() {
            return Err(malformed("raw", "bytes behind its end"));
        }
        Ok(transaction)
    }

    /// The transaction that the bytes begin with, and what is behind it.
    pub(super) fn read_first(raw: &'a [u8]) -> Result<(Self, &'a [u8]), DecodeError> {
        // No count of signatures that fits any packet begins with a set high bit; the versions from 1
        // on put their byte here.
        if let Some(first) = raw.first().filter(|first| **first >= 0x80) {
            return Err(DecodeError::VersionUnsupported(first & 0x7f));
        }
        let mut reader = Reader(raw);
        let count = reader.count("signatures")?;
        let signatures = reader.take("signatures", count.saturating_mul(SIGNATURE))?;
        let behind_signatures = reader.0;
        let version = reader.version()?;
        let [required_signatures, readonly_signed, readonly_unsigned] = reader.array("header")?;
        let key_count = reader.count("account_keys")?;
        let keys = reader.take("account_keys", key_count.saturating_mul(KEY))?;
        let blockhash = Key(reader.array("recent_blockhash")?);
        let instructions = reader.list("instructions", Reader::instruction)?;
        let lookups = match version {
            Version::Legacy => Vec::new(),
            Version::V0 => reader.list("address_table_lookups", Reader::lookup)?,
        };
        let rest = reader.0;
        let transaction = Self {
            raw: raw.get(..raw.len() - rest.len()).unwrap_or(raw),
            version,
            signatures,
            message: behind_signatures
                .get(..behind_signatures.len() - rest.len())
                .unwrap_or(behind_signatures),
            required_signatures,
            readonly_signed,
            readonly_unsigned,
            keys,
            blockhash,
            instructions,
            lookups,
        };
        transaction.check()?;
        Ok((transaction, rest))
    }

    fn check(&self) -> Result<(), DecodeError> {
        let own = self.keys.len() / KEY;
        let required = usize::from(self.required_signatures);
        if self.readonly_signed >= self.required_signatures {
            return Err(malformed("header", "no signer that can pay the fee"));
        }
        if required + usize::from(self.readonly_unsigned) > own {
            return Err(malformed("header", "more accounts than there are keys"));
        }
        if self.signatures.len() / SIGNATURE != required {
            return Err(malformed(
                "signatures",
                "not as many as the header asks for",
            ));
        }
        let total = own + self.looked_up();
        if total > MOST_ACCOUNTS {
            return Err(malformed("account_keys", "more than 256 accounts"));
        }
        for instruction in &self.instructions {
            match usize::from(instruction.program_index) {
                0 => return Err(malformed("program_id_index", "the fee payer is no program")),
                index if index >= own => {
                    return Err(malformed(
                        "program_id_index",
                        "not among the transaction's own keys",
                    ));
                }
                _ => {}
            }
            if instruction
                .accounts
                .iter()
                .any(|index| usize::from(*index) >= total)
            {
                return Err(malformed("accounts", "an index behind the last account"));
            }
        }
        self.check_duplicates()
    }

    fn check_duplicates(&self) -> Result<(), DecodeError> {
        let mut keys: Vec<&[u8]> = self.keys.chunks_exact(KEY).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(malformed("account_keys", "a key that stands there twice"));
        }
        Ok(())
    }

    fn looked_up(&self) -> usize {
        self.lookups
            .iter()
            .map(|lookup| lookup.writable.len() + lookup.readonly.len())
            .sum()
    }

    /// The bytes it was read from.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The version of its message.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Ed25519 signatures of [`Transaction::message`] by the first accounts, in their order; not verified.
    #[must_use]
    pub fn signatures(&self) -> impl ExactSizeIterator<Item = &'a [u8]> {
        self.signatures.chunks_exact(SIGNATURE)
    }

    /// What the signatures are made over.
    #[must_use]
    pub fn message(&self) -> &'a [u8] {
        self.message
    }

    /// How many of the first accounts sign.
    #[must_use]
    pub fn required_signatures(&self) -> u8 {
        self.required_signatures
    }

    /// How many of the signing accounts are only read.
    #[must_use]
    pub fn readonly_signed(&self) -> u8 {
        self.readonly_signed
    }

    /// How many of the other accounts of its own are only read.
    #[must_use]
    pub fn readonly_unsigned(&self) -> u8 {
        self.readonly_unsigned
    }

    /// Its own keys, without those behind lookup tables.
    #[must_use]
    pub fn static_keys(&self) -> impl ExactSizeIterator<Item = Key> + Clone {
        self.keys.chunks_exact(KEY).map(|bytes| {
            let mut key = [0; KEY];
            key.copy_from_slice(bytes);
            Key(key)
        })
    }

    /// The blockhash that limits its life, or a durable nonce.
    #[must_use]
    pub fn recent_blockhash(&self) -> Key {
        self.blockhash
    }

    /// The instructions with their accounts as indexes.
    #[must_use]
    pub fn compiled_instructions(&self) -> &[CompiledInstruction<'a>] {
        &self.instructions
    }

    /// What is taken from lookup tables.
    #[must_use]
    pub fn lookups(&self) -> &[Lookup<'a>] {
        &self.lookups
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, field: &'static str, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(malformed(field, "cut short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(field, N)?);
        Ok(array)
    }

    /// A compact-u16: seven bits a byte, at most three bytes, no byte more than needed.
    fn count(&mut self, field: &'static str) -> Result<usize, DecodeError> {
        let mut value = 0_usize;
        for place in 0..3 {
            let [byte] = self.array(field)?;
            value |= usize::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                if byte == 0 && place > 0 {
                    return Err(malformed(field, "a length in more bytes than needed"));
                }
                if value > usize::from(u16::MAX) {
                    return Err(malformed(field, "a length above 65535"));
                }
                return Ok(value);
            }
        }
        Err(malformed(field, "a length of more than three bytes"))
    }

    fn bytes(&mut self, field: &'static str) -> Result<&'a [u8], DecodeError> {
        let length = self.count(field)?;
        self.take(field, length)
    }

    fn version(&mut self) -> Result<Version, DecodeError> {
        match self.0.first() {
            Some(0x80) => {
                self.take("message", 1)?;
                Ok(Version::V0)
            }
            Some(first @ 0x81..) => Err(DecodeError::VersionUnsupported(first & 0x7f)),
            _ => Ok(Version::Legacy),
        }
    }

    /// As many items as a count says; a count beyond what the bytes can hold allocates nothing.
    fn list<T>(
        &mut self,
        field: &'static str,
        read: fn(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let count = self.count(field)?;
        let mut items = Vec::with_capacity(count.min(self.0.len() / 3));
        for _ in 0..count {
            items.push(read(self)?);
        }
        Ok(items)
    }

    fn instruction(&mut self) -> Result<CompiledInstruction<'a>, DecodeError> {
        let [program_index] = self.array("program_id_index")?;
        Ok(CompiledInstruction {
            program_index,
            accounts: self.bytes("accounts")?,
            data: self.bytes("data")?,
        })
    }

    fn lookup(&mut self) -> Result<Lookup<'a>, DecodeError> {
        const FIELD: &str = "address_table_lookups";
        let lookup = Lookup {
            table: Key(self.array(FIELD)?),
            writable: self.bytes(FIELD)?,
            readonly: self.bytes(FIELD)?,
        };
        if lookup.writable.is_empty() && lookup.readonly.is_empty() {
            return Err(malformed(FIELD, "a table from which nothing is taken"));
        }
        Ok(lookup)
    }
}
