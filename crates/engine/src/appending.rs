//! Appends to a file whole or not at all, so that what a full disk cut off does not spoil the line behind it.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};

/// Appends; with `sync` it is on the disk when this returns. After an error the file ends where it did, as far as its
/// file system lets it.
///
/// # Errors
/// Those of the file system.
pub fn append(file: &mut File, bytes: &[u8], sync: bool) -> io::Result<()> {
    let end = file.seek(SeekFrom::End(0))?;
    let written = file
        .write_all(bytes)
        .and_then(|()| if sync { file.sync_data() } else { Ok(()) });
    if written.is_err() {
        let _as_far_as_it_goes = file.set_len(end);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt as _;

    #[test]
    fn what_was_cut_off_is_gone_before_the_next_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lines");
        let mut file = File::create(&path).expect("made");
        append(&mut file, b"one\n", true).expect("written");
        // As somebody with another handle may have left it.
        file.write_all_at(b"two\n", 4).expect("written");
        append(&mut file, b"three\n", false).expect("written");
        assert_eq!(std::fs::read(&path).expect("read"), b"one\ntwo\nthree\n");
    }

    #[test]
    fn what_cannot_be_written_is_said_and_leaves_the_lines_before_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lines");
        std::fs::write(&path, b"one\n").expect("written");
        let mut read_only = File::open(&path).expect("opened to read");
        assert!(append(&mut read_only, b"two\n", false).is_err());
        let mut full = File::options()
            .write(true)
            .open("/dev/full")
            .expect("opened");
        assert!(append(&mut full, b"two\n", false).is_err());
        assert_eq!(std::fs::read(&path).expect("read"), b"one\n");
    }
}
