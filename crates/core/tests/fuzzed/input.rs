//! Numbers and choices drawn from a fuzzer's bytes; when they run out, zeros.

use std::path::PathBuf;

use alloy_primitives::U256;
use arbitrary::{Arbitrary, Unstructured};

/// The bytes that are left.
pub(crate) struct Input<'a>(Unstructured<'a>);

impl<'a> Input<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(Unstructured::new(data))
    }

    pub(crate) fn any<T: for<'b> Arbitrary<'b>>(&mut self) -> T {
        self.0.arbitrary().unwrap()
    }

    /// A number below `end`; 0 when `end` is.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let drawn: u16 = self.any();
        usize::from(drawn).checked_rem(end).unwrap_or(0)
    }

    pub(crate) fn pick<'b, T>(&mut self, of: &'b [T]) -> &'b T {
        &of[self.below(of.len())]
    }

    /// An amount of any size: how many bits, then the bits.
    pub(crate) fn amount(&mut self) -> U256 {
        let bits = usize::from(self.any::<u8>());
        let low = u128::from(self.any::<u64>());
        let whole = U256::from(low << 64 | low.rotate_left(17)) << 128 | U256::from(low * 0x1_0001);
        match bits {
            0 => U256::from(low & 0xff),
            bits => (whole | U256::ONE << 255) >> (256 - bits),
        }
    }

    /// For checks that cost more than all others: one time in four, and always when the bytes have run out.
    pub(crate) fn now_and_then(&self) -> bool {
        self.0.len().is_multiple_of(4)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0.take_rest()
    }
}

/// The text of a file under `tests/fixtures`.
pub(crate) fn fixture(path: &str) -> String {
    std::fs::read_to_string(fixtures().join(path)).unwrap()
}

/// The folder of the fixtures, from whichever crate this is built in.
pub(crate) fn fixtures() -> PathBuf {
    let crate_folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut folders = crate_folder
        .ancestors()
        .map(|folder| folder.join("tests/fixtures"));
    folders.find(|folder| folder.is_dir()).unwrap()
}
