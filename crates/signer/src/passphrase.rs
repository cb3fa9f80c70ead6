//! Where the passphrase comes from: a private file, a file descriptor, or the terminal. Never argv, never
//! the environment.

use crate::fault::Internal;
use age::secrecy::SecretString;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const MAX_BYTES: usize = 4096;

/// How the passphrase is given.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PassphraseSource {
    /// File with the passphrase in its first line; its mode must be 0600 or 0400.
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_fd")]
    pub passphrase_file: Option<PathBuf>,
    /// Open file descriptor to read the passphrase from, such as a pipe.
    #[arg(long, value_name = "N")]
    pub passphrase_fd: Option<u32>,
}

impl PassphraseSource {
    /// Reads the passphrase of a file that is to be written; asks at the terminal when no source is given, twice.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_new(&self) -> Result<SecretString, Internal> {
        self.read_asking("New passphrase: ", true)
    }

    /// Reads the passphrase; asks at the terminal when no source is given, twice when it is `new`.
    ///
    /// # Errors
    /// `passphrase_unreadable`, `passphrase_empty`, `file_not_private`, `passphrase_differs`.
    pub fn read(&self, new: bool) -> Result<SecretString, Internal> {
        self.read_asking("Passphrase of the key file: ", new)
    }

    fn read_asking(&self, question: &str, new: bool) -> Result<SecretString, Internal> {
        let text = match (&self.passphrase_file, self.passphrase_fd) {
            (Some(file), _) => read_private_line(file)?,
            // Opened again through /proc: adopting a bare number would need unsafe code.
            (None, Some(fd)) => first_line(Path::new(&format!("/proc/self/fd/{fd}")))?,
            (None, None) => ask(question, new)?,
        };
        if text.is_empty() {
            return Err(fault(
                "passphrase_empty",
                "the passphrase is empty".to_owned(),
            ));
        }
        Ok(SecretString::from(text.as_str().to_owned()))
    }
}

/// The content of a small file that nobody else may read.
///
/// # Errors
/// `file_not_private`, `passphrase_unreadable`.
pub fn read_private_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Internal> {
    require_private(path)?;
    bytes_of(path)
}

/// The first line of a file that nobody else may read.
///
/// # Errors
/// `file_not_private`, `passphrase_unreadable`.
pub fn read_private_line(path: &Path) -> Result<Zeroizing<String>, Internal> {
    require_private(path)?;
    first_line(path)
}

fn require_private(path: &Path) -> Result<(), Internal> {
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if !matches!(mode, 0o600 | 0o400) {
        let path = path.display();
        let message =
            format!("{path} has mode {mode:04o}; others must not read it: chmod 600 {path}");
        return Err(fault("file_not_private", message));
    }
    Ok(())
}

fn bytes_of(path: &Path) -> Result<Zeroizing<Vec<u8>>, Internal> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES));
    let limit = u64::try_from(MAX_BYTES).unwrap_or_default();
    file.take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

fn first_line(path: &Path) -> Result<Zeroizing<String>, Internal> {
    let bytes = bytes_of(path)?;
    let line = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let text = std::str::from_utf8(line).map_err(|error| unreadable(path, &error))?;
    Ok(Zeroizing::new(text.trim_end_matches('\r').to_owned()))
}

fn ask(question: &str, new: bool) -> Result<Zeroizing<String>, Internal> {
    let first = prompt(question)?;
    if new && *first != *prompt("The same again: ")? {
        return Err(fault(
            "passphrase_differs",
            "the two passphrases differ".to_owned(),
        ));
    }
    Ok(first)
}

/// Asks at the terminal without echo.
///
/// # Errors
/// `passphrase_unreadable` when there is no terminal.
pub fn prompt(question: &str) -> Result<Zeroizing<String>, Internal> {
    rpassword::prompt_password(question)
        .map(Zeroizing::new)
        .map_err(|error| {
            let message = format!(
                "no terminal to ask at ({error}); use --passphrase-file or --passphrase-fd"
            );
            fault("passphrase_unreadable", message)
        })
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Internal {
    let message = format!("{} cannot be read: {error}", path.display());
    fault("passphrase_unreadable", message)
}

fn fault(code: &'static str, message: String) -> Internal {
    Internal { code, message }
}
