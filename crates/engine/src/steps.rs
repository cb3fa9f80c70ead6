//! `Steps`: which steps of the gate this instance may have begun, on disk before anything is signed for them.
//!
//! A step's id is drawn, and written down here, long before there is a trade for it; so a trade itself waits for no disk
//! but the gate's. After a crash each id that is open is asked for at the gate: what was signed is followed to its end,
//! and what was not is closed.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::appending::append;

/// The open steps, and their file: `+id` opens one, `-id` ends it.
#[derive(Debug)]
pub struct Steps {
    path: PathBuf,
    file: File,
    open: BTreeSet<String>,
}

impl Steps {
    /// Reads the file, and writes it anew with what is open.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn open(path: &Path) -> io::Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let mut open = BTreeSet::new();
        // A last line without its end was cut off before anything could be signed for it.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        for line in whole.lines() {
            if let Some(id) = line.strip_prefix('+') {
                open.insert(id.to_owned());
            } else if let Some(id) = line.strip_prefix('-') {
                open.remove(id);
            }
        }
        let beside = path.with_extension("new");
        let mut file = File::create(&beside)?;
        for id in &open {
            writeln!(file, "+{id}")?;
        }
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            open,
        })
    }

    /// Those that are open, in the order of their ids.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.open.iter().cloned().collect()
    }

    /// Writes a step down; it is on disk when this returns.
    ///
    /// # Errors
    /// Those of the file system; nothing may then be signed for it.
    pub fn begin(&mut self, id: &str) -> io::Result<()> {
        append(&mut self.file, format!("+{id}\n").as_bytes(), true)?;
        self.open.insert(id.to_owned());
        Ok(())
    }

    /// The step has ended. Need not be on disk: an ended step that is asked for again has ended again.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn end(&mut self, id: &str) -> io::Result<()> {
        self.open.remove(id);
        append(&mut self.file, format!("-{id}\n").as_bytes(), false)
    }

    /// Where it is written.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_there_after_a_crash_and_what_has_ended_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("steps");
        let mut steps = Steps::open(&path).expect("opened");
        steps.begin("a").expect("written");
        steps.begin("b").expect("written");
        steps.end("a").expect("written");
        drop(steps);
        let mut steps = Steps::open(&path).expect("opened again");
        assert_eq!(steps.all(), ["b"]);
        steps.begin("c").expect("written to the new file");
        let mut text = std::fs::read_to_string(&path).expect("read");
        assert_eq!(text, "+b\n+c\n");
        text.push_str("+cut");
        std::fs::write(&path, text).expect("written");
        assert_eq!(Steps::open(&path).expect("opened").all(), ["b", "c"]);
    }
}
