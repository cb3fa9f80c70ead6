//! The bytes of a message, legacy or version 0, and where in them a template may write.

use super::BuildError;
use super::accounts::Accounts;
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
        let mut taken = vec![false; accounts.entries.len()];
        let mut lookups: Vec<(Lookup<'a>, [Vec<usize>; 2])> = Vec::with_capacity(tables.len());
        for table in tables {
            lookups.push(look_up(&accounts, &mut taken, table));
        }
        let payer = accounts.payer;
        let mut own = Vec::with_capacity(accounts.entries.len());
        let mut ends = [0; 4];
        own.push(payer);
        for (class, end) in ends.iter_mut().enumerate() {
            let (signer, writable) = (class < 2, class % 2 == 0);
            for (entry, taken) in accounts.entries.iter_mut().zip(&taken) {
                let here = entry.signer == signer && entry.writable == writable && !taken;
                if here && entry.key != payer {
                    entry.index = place(own.len());
                    own.push(entry.key);
                }
            }
            *end = own.len();
        }
        let mut next = own.len();
        for class in 0..2 {
            for (_, places) in &lookups {
                for at in &places[class] {
                    accounts.entries[*at].index = place(next);
                    next += 1;
                }
            }
        }
        Self {
            accounts,
            own,
            signers: ends[1],
            readonly_signed: ends[1] - ends[0],
            readonly_unsigned: ends[3] - ends[2],
            lookups: lookups.into_iter().map(|(lookup, _)| lookup).collect(),
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
        own.map(|entry| entry.key).collect()
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
        for instruction in instructions {
            bytes.push(self.accounts.index_of(instruction.program));
            push_compact(&mut bytes, instruction.accounts.len());
            let accounts = instruction.accounts.iter();
            bytes.extend(accounts.map(|account| self.accounts.index_of(account.key)));
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

/// What a table gives of the accounts that no earlier one has, and which accounts those are.
fn look_up<'a>(
    accounts: &Accounts,
    taken: &mut [bool],
    table: &'a LookupTable,
) -> (Lookup<'a>, [Vec<usize>; 2]) {
    let mut lookup = Lookup {
        table,
        writable: Vec::new(),
        readonly: Vec::new(),
    };
    let mut places = [Vec::new(), Vec::new()];
    let all = accounts.entries.iter().zip(taken.iter_mut()).enumerate();
    for (at, (entry, taken)) in all {
        if *taken || !entry.may_be_looked_up() {
            continue;
        }
        let Some(place) = table.place(entry.key) else {
            continue;
        };
        *taken = true;
        if entry.writable {
            lookup.writable.push(place);
            places[0].push(at);
        } else {
            lookup.readonly.push(place);
            places[1].push(at);
        }
    }
    (lookup, places)
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
