//! The bytes of a message, legacy or version 0, and where in them a template may write.

use super::BuildError;
use super::accounts::{Accounts, Entry};
use super::compact::{compact_bytes, push_compact};
use super::lookup_table::LookupTable;
use crate::Key;
use crate::instruction::Instruction;
use tradewind_core::decode::solana::Version;

const KEY_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;
const HEADER_BYTES: usize = 3;
const VERSION_0: u8 = 0x80;
const LONGEST: usize = u16::MAX as usize;

/// Where the parts of a message stand that a template writes anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// First byte of the blockhash.
    pub(crate) blockhash: usize,
    /// First byte and length of the data of each instruction.
    pub(crate) data: Vec<(usize, usize)>,
}

/// All that decides the bytes except the blockhash.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    accounts: Accounts,
    /// The keys in the message itself, by class of rights.
    own: Vec<Key>,
    signers: usize,
    readonly_signed: usize,
    readonly_unsigned: usize,
    lookups: Vec<Lookup<'a>>,
    version: Version,
}

/// What is read from one table.
#[derive(Debug)]
struct Lookup<'a> {
    table: &'a LookupTable,
    writable: Vec<u8>,
    readonly: Vec<u8>,
}

impl<'a> Plan<'a> {
    /// Gives each account its place. `tables` are those that are read.
    pub(super) fn new(
        mut accounts: Accounts,
        tables: &[&'a LookupTable],
        version: Version,
    ) -> Self {
        let mut read_from = vec![None; accounts.entries.len()];
        let mut lookups = Vec::with_capacity(tables.len());
        for (number, table) in tables.iter().enumerate() {
            lookups.push(look_up(&accounts, &mut read_from, number, table));
        }
        let payer = accounts.payer;
        let mut own = Vec::with_capacity(accounts.entries.len());
        let mut ends = [0; 4];
        own.push(payer);
        for (class, end) in ends.iter_mut().enumerate() {
            let (signer, writable) = (class < 2, class % 2 == 0);
            for (entry, table) in accounts.entries.iter_mut().zip(&read_from) {
                let here = entry.signer == signer && entry.writable == writable;
                if here && table.is_none() && entry.key() != payer {
                    entry.index = place(own.len());
                    own.push(entry.key());
                }
            }
            *end = own.len();
        }
        let mut next = own.len();
        for writable in [true, false] {
            for number in 0..lookups.len() {
                for (entry, table) in accounts.entries.iter_mut().zip(&read_from) {
                    if *table == Some(number) && entry.writable == writable {
                        entry.index = place(next);
                        next += 1;
                    }
                }
            }
        }
        Self {
            accounts,
            own,
            signers: ends[1],
            readonly_signed: ends[1] - ends[0],
            readonly_unsigned: ends[3] - ends[2],
            lookups,
            version,
        }
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    pub(super) fn tables(&self) -> Vec<Key> {
        let tables = self.lookups.iter();
        tables.map(|lookup| lookup.table.address()).collect()
    }

    pub(super) fn first_table(&self) -> Option<&'a LookupTable> {
        let mut tables = self.lookups.iter().map(|lookup| lookup.table);
        tables.find(|table| table.free() > 0)
    }

    /// Accounts in the message itself that a table may hold.
    pub(super) fn could_be_looked_up(&self) -> Vec<Key> {
        let own =
            self.accounts.entries.iter().filter(|entry| {
                entry.may_be_looked_up() && usize::from(entry.index) < self.own.len()
            });
        own.map(Entry::key).collect()
    }

    pub(super) fn account_count(&self) -> usize {
        self.accounts.entries.len()
    }

    pub(super) fn signers(&self) -> &[Key] {
        self.own.get(..self.signers).unwrap_or_default()
    }

    /// Bytes of the message.
    pub(super) fn message_bytes<'i>(
        &self,
        instructions: impl ExactSizeIterator<Item = &'i Instruction>,
    ) -> usize {
        let keys = compact_bytes(self.own.len()) + KEY_BYTES * self.own.len();
        let mut bytes = HEADER_BYTES + keys + KEY_BYTES + compact_bytes(instructions.len());
        for instruction in instructions {
            let (accounts, data) = (instruction.accounts.len(), instruction.data.len());
            bytes += 1 + compact_bytes(accounts) + accounts + compact_bytes(data) + data;
        }
        if self.version == Version::V0 {
            bytes += 1 + compact_bytes(self.lookups.len());
            for lookup in &self.lookups {
                let (writable, readonly) = (lookup.writable.len(), lookup.readonly.len());
                bytes += KEY_BYTES + compact_bytes(writable) + writable;
                bytes += compact_bytes(readonly) + readonly;
            }
        }
        bytes
    }

    /// Bytes of the transaction with all its signatures.
    pub(super) fn size_bytes<'i>(
        &self,
        instructions: impl ExactSizeIterator<Item = &'i Instruction>,
    ) -> usize {
        self.message_bytes(instructions)
            + compact_bytes(self.signers)
            + SIGNATURE_BYTES * self.signers
    }

    /// The message, and where it may be patched.
    pub(super) fn write<'i>(
        &self,
        blockhash: Key,
        instructions: impl ExactSizeIterator<Item = &'i Instruction> + Clone,
    ) -> (Vec<u8>, Layout) {
        let mut bytes = Vec::with_capacity(self.message_bytes(instructions.clone()));
        if self.version == Version::V0 {
            bytes.push(VERSION_0);
        }
        bytes.push(place(self.signers));
        bytes.push(place(self.readonly_signed));
        bytes.push(place(self.readonly_unsigned));
        push_compact(&mut bytes, self.own.len());
        for key in &self.own {
            bytes.extend_from_slice(&key.0);
        }
        let mut layout = Layout {
            blockhash: bytes.len(),
            data: Vec::with_capacity(instructions.len()),
        };
        bytes.extend_from_slice(&blockhash.0);
        push_compact(&mut bytes, instructions.len());
        let mut indexes = self.accounts.indexes();
        for instruction in instructions {
            bytes.extend(indexes.by_ref().take(1));
            push_compact(&mut bytes, instruction.accounts.len());
            bytes.extend(indexes.by_ref().take(instruction.accounts.len()));
            push_compact(&mut bytes, instruction.data.len());
            layout.data.push((bytes.len(), instruction.data.len()));
            bytes.extend_from_slice(&instruction.data);
        }
        if self.version == Version::V0 {
            self.write_lookups(&mut bytes);
        }
        (bytes, layout)
    }

    fn write_lookups(&self, bytes: &mut Vec<u8>) {
        push_compact(bytes, self.lookups.len());
        for lookup in &self.lookups {
            bytes.extend_from_slice(&lookup.table.address().0);
            for places in [&lookup.writable, &lookup.readonly] {
                push_compact(bytes, places.len());
                bytes.extend_from_slice(places);
            }
        }
    }
}

/// What a table gives of the accounts that no earlier one has.
fn look_up<'a>(
    accounts: &Accounts,
    read_from: &mut [Option<usize>],
    number: usize,
    table: &'a LookupTable,
) -> Lookup<'a> {
    let mut lookup = Lookup {
        table,
        writable: Vec::with_capacity(accounts.entries.len()),
        readonly: Vec::with_capacity(accounts.entries.len()),
    };
    for (entry, read_from) in accounts.entries.iter().zip(read_from) {
        if read_from.is_some() {
            continue;
        }
        let Some(place) = table.place(entry) else {
            continue;
        };
        *read_from = Some(number);
        if entry.writable {
            lookup.writable.push(place);
        } else {
            lookup.readonly.push(place);
        }
    }
    lookup
}

/// Lengths that no compact field can tell are refused before anything is written.
pub(super) fn check_lengths<'i>(
    instructions: impl Iterator<Item = &'i Instruction>,
) -> Result<(), BuildError> {
    for (at, instruction) in instructions.enumerate() {
        let lengths = [
            ("data", instruction.data.len()),
            ("accounts", instruction.accounts.len()),
        ];
        if let Some((field, length)) = lengths.into_iter().find(|(_, length)| *length > LONGEST) {
            return Err(BuildError::InstructionTooLong {
                instruction: at,
                field,
                length,
            });
        }
    }
    Ok(())
}

/// A place among at most 256 accounts.
#[allow(
    clippy::cast_possible_truncation,
    reason = "checked: at most 256 accounts"
)]
const fn place(index: usize) -> u8 {
    index as u8
}
