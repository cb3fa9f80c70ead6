//! `PositionBook`: the positions, and the file that each change is written to before it is known.
//!
//! Whoever reads them never waits for the disk: a writer holds the file while it is written, and what is known only for
//! the moment in which it changes.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tradewind_core::ChainAddress;
use tradewind_solana::Key;

use super::{PositionFault, Positions};
use crate::appending::append;
use crate::flight::Moved;
use crate::pipeline::Trade;

/// Positions that are kept. Without a file nothing can begin.
#[derive(Debug, Default)]
pub struct PositionBook {
    /// Taken first by whoever writes, so that nobody writes in between.
    file: Mutex<Option<File>>,
    known: Mutex<Positions>,
}

impl PositionBook {
    /// Reads the file, and writes to it from now on. A run that was over is followed by a new one.
    ///
    /// # Errors
    /// Those of the file system, and of a line that is none.
    pub fn open(&self, path: &Path, now_ms: u64) -> io::Result<()> {
        let mut kept = self.file();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        // A last line without its end was cut off before anything was signed for it.
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        let mut read = Positions::default();
        for line in whole.lines() {
            let told = serde_json::from_str::<Value>(line).ok();
            told.and_then(|told| read.take(&told))
                .ok_or_else(|| malformed(line))?;
        }
        let file = File::options().create(true).append(true).open(path)?;
        file.set_len(u64::try_from(whole.len()).unwrap_or(u64::MAX))?;
        let begins = read.began_at_ms.is_none();
        *self.known() = read;
        *kept = Some(file);
        if begins {
            self.write(&mut kept, &json!({"run": now_ms}))?;
        }
        Ok(())
    }

    /// As they are on disk.
    pub fn known(&self) -> MutexGuard<'_, Positions> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what is begun is written down: nothing is signed without.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.file().is_some()
    }

    /// A purchase or a sale is about to be signed; it is on disk when this returns. A circle is none of its business.
    ///
    /// # Errors
    /// See [`PositionFault`]; nothing may then be signed.
    pub fn begin(
        &self,
        plan_id: &str,
        trade: &Trade,
        own_accounts: &[Key],
    ) -> Result<(), PositionFault> {
        if trade.coin().is_none() {
            return Ok(());
        }
        let mut file = self.file();
        let line = self.known().line_of(plan_id, trade, own_accounts)?;
        match line {
            Some(line) => Ok(self.write(&mut file, &line)?),
            None => Ok(()),
        }
    }

    /// What became of a plan: the slot and what it moved; None where it never had an effect. Of one that has ended already
    /// it takes the place of what was said then.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn end(&self, plan_id: &str, landed: Option<(u64, Moved)>) -> io::Result<()> {
        let is_news = || {
            let known = self.known();
            known.is_under_way(plan_id) || known.has_ended_otherwise(plan_id, landed.as_ref())
        };
        // A circle ends without waiting for whoever writes: it never began here.
        if !is_news() {
            return Ok(());
        }
        let mut file = self.file();
        if !is_news() {
            return Ok(());
        }
        let landed = landed.map(|(slot, moved)| json!({"slot": slot, "moved": moved.told()}));
        self.write(&mut file, &json!({"end": plan_id, "landed": landed}))
    }

    /// The chain says that so much of a coin is held.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn correct(&self, coin: ChainAddress, held_raw: u64) -> io::Result<()> {
        let line = json!({"held": coin.to_string(), "amount_raw": held_raw.to_string()});
        self.write(&mut self.file(), &line)
    }

    /// The run is over; the next start begins another.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn over(&self, reason: &str) -> io::Result<()> {
        self.write(&mut self.file(), &json!({"over": reason}))
    }

    fn file(&self) -> MutexGuard<'_, Option<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, file: &mut Option<File>, line: &Value) -> io::Result<()> {
        let Some(file) = file.as_mut() else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "it is not open"));
        };
        append(file, format!("{line}\n").as_bytes(), true)?;
        let taken = self.known().take(line);
        taken.ok_or_else(|| malformed(&line.to_string()))
    }
}

fn malformed(line: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("a line is none: {line}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_reads_does_not_wait_for_whoever_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("positions");
        let book = PositionBook::default();
        book.open(&path, 7).expect("opened");
        std::thread::scope(|threads| {
            // As while a line is on its way to the disk.
            let on_its_way = book.file();
            let next = threads.spawn(|| book.over("time_over"));
            assert_eq!(book.known().began_at_ms(), Some(7));
            assert!(!next.is_finished(), "one line at a time");
            drop(on_its_way);
            next.join().expect("no panic").expect("written");
        });
        assert_eq!(book.known().began_at_ms(), None, "as it is on disk");
    }
}
