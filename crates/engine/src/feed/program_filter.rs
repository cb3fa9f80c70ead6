//! `ProgramFilter`: which accounts of a program a feed tells of without being asked for them one by one.

use std::sync::Arc;

use tradewind_core::ChainAddress;

/// Bytes that stand at a place of an account's data. Nodes compare up to 128 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Comparison {
    /// From the data's beginning, in bytes.
    pub offset: u64,
    /// What has to stand there.
    pub bytes: Arc<[u8]>,
}

/// Accounts that a program owns, by size and by content; all that is given must hold. Nodes take up to 4 conditions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProgramFilter {
    /// The owner.
    pub program: ChainAddress,
    /// Bytes of the data, if it matters.
    pub data_size: Option<u64>,
    /// What stands in the data.
    pub comparisons: Vec<Comparison>,
}

impl ProgramFilter {
    /// Every account of a program.
    #[must_use]
    pub const fn all_of(program: ChainAddress) -> Self {
        Self {
            program,
            data_size: None,
            comparisons: Vec::new(),
        }
    }
}
