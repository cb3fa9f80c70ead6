//! `Token`: what opens a server, from a file that its owner alone can read; never shown.

use std::fmt;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::fault::{Ending, EngineFault};

const MOST_BYTES: u64 = 4_096;

/// The value of the header `x-token`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Reads it.
    ///
    /// # Errors
    /// `token_file_unreadable`: it is not there, empty, no text, or readable by others.
    pub fn read(path: &Path) -> Result<Self, EngineFault> {
        let refused = |fault: String| {
            let message = format!("chain.yellowstone_token_file: {} {fault}", path.display());
            EngineFault::new(Ending::BadConfiguration, "token_file_unreadable", message)
        };
        let unreadable =
            |error: std::io::Error| refused(format!("cannot be read: {error}; give one that can"));
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let mode = file.metadata().map_err(unreadable)?.permissions().mode();
        if mode & 0o077 != 0 {
            let fault = "can be read by others than its owner; run chmod 600 on it".to_owned();
            return Err(refused(fault));
        }
        let mut text = String::new();
        file.take(MOST_BYTES)
            .read_to_string(&mut text)
            .map_err(unreadable)?;
        let token = text.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            let fault = "holds no token; write it there, on one line".to_owned();
            return Err(refused(fault));
        }
        Ok(Self(token.to_owned()))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str, mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
        (folder, path)
    }

    #[test]
    fn a_token_is_read_without_its_line_end_and_is_never_shown() {
        let (_folder, path) = file("s3cret-token\n", 0o600);
        let token = Token::read(&path).expect("read");
        assert_eq!(token.reveal(), "s3cret-token");
        assert_eq!(format!("{token:?}"), "Token");
    }

    #[test]
    fn a_file_that_others_read_or_that_holds_no_token_is_refused_and_not_repeated() {
        for (text, mode, fault) in [
            ("s3cret", 0o640, "chmod 600"),
            ("s3cret", 0o604, "chmod 600"),
            ("  \n", 0o600, "holds no token"),
            ("s3cret two", 0o600, "holds no token"),
            ("s3cret\u{7f}", 0o400, "holds no token"),
        ] {
            let (_folder, path) = file(text, mode);
            let refused = Token::read(&path).expect_err(text);
            assert_eq!(refused.code(), "token_file_unreadable");
            let message = refused.to_string();
            assert!(message.contains(fault), "{message}");
            assert!(!message.contains("s3cret"), "{message}");
        }
        Token::read(Path::new("/nowhere/token")).expect_err("not there");
    }
}
