//! The encrypted key file: age with a passphrase, over a small JSON document; written atomically, mode 0600.

use crate::fault::Internal;
use crate::keys::{Curve, KeyRing, Secret};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor};
use alloy_primitives::Address;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::iter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use zeroize::Zeroizing;

const VERSION: u32 = 1;
const MAX_BYTES: u64 = 1 << 20;
/// Room for one key's entry, so that the buffer never moves and leaves a copy behind.
const ENTRY_BYTES: usize = 512;
/// scrypt with more than 2^22 rounds needs 4 GiB.
const MAX_WORK_FACTOR: u8 = 22;
const MAX_LABEL: usize = 64;

/// One key and what it is called.
pub struct StoredKey {
    /// For people.
    pub label: String,
    /// The address of the key.
    pub address: Address,
    secret: Secret,
}

/// All keys of a file.
#[derive(Default)]
pub struct KeyFile {
    keys: Vec<StoredKey>,
}

// Borrowed from the plaintext, so that no copy of a secret is made while parsing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    version: u32,
    #[serde(borrow)]
    keys: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    label: &'a str,
    address: &'a str,
    secret: &'a str,
}

impl KeyFile {
    /// Decrypts a key file.
    ///
    /// # Errors
    /// `key_file_unreadable`, `passphrase_wrong`, `key_file_malformed`.
    pub fn load(path: &Path, passphrase: &SecretString) -> Result<Self, Internal> {
        let plain = decrypt(path, passphrase)?;
        let document: Document<'_> = serde_json::from_slice(&plain)
            .map_err(|error| malformed(path, &format!("line {}", error.line())))?;
        if document.version != VERSION {
            return Err(malformed(
                path,
                &format!("version {} is unknown", document.version),
            ));
        }
        let mut file = Self::default();
        for entry in document.keys {
            let secret = Secret::from_hex(entry.secret)
                .ok_or_else(|| malformed(path, &format!("the key {:?} is no key", entry.label)))?;
            let stored = StoredKey::new(entry.label, secret)?;
            if stored.address.to_checksum(None) != entry.address {
                return Err(malformed(
                    path,
                    &format!("the key {:?} has another address", entry.label),
                ));
            }
            file.add(stored)?;
        }
        Ok(file)
    }

    /// Encrypts to a temporary file beside `path`, then puts it in place.
    ///
    /// # Errors
    /// `key_file_unwritable`.
    pub fn save(
        &self,
        path: &Path,
        passphrase: SecretString,
        work_factor: Option<u8>,
    ) -> Result<(), Internal> {
        let mut recipient = age::scrypt::Recipient::new(passphrase);
        if let Some(work_factor) = work_factor {
            recipient.set_work_factor(work_factor.clamp(1, MAX_WORK_FACTOR));
        }
        let unwritable = |error: &dyn std::fmt::Display| Internal {
            code: "key_file_unwritable",
            message: format!("{} cannot be written: {error}", path.display()),
        };
        let encryptor = Encryptor::with_recipients(iter::once(&recipient as _))
            .map_err(|error| unwritable(&error))?;
        write_atomically(path, |file| {
            let mut stream = encryptor.wrap_output(file)?;
            stream.write_all(self.document().as_bytes())?;
            stream.finish()
        })
        .map_err(|error| unwritable(&error))
    }

    /// Adds a key.
    ///
    /// # Errors
    /// `key_exists` when the label or the address is there already.
    pub fn add(&mut self, key: StoredKey) -> Result<(), Internal> {
        let same = |other: &&StoredKey| other.label == key.label || other.address == key.address;
        if let Some(other) = self.keys.iter().find(same) {
            let message = format!("the file has the key {:?}, {}", other.label, other.address);
            return Err(Internal {
                code: "key_exists",
                message,
            });
        }
        self.keys.push(key);
        Ok(())
    }

    /// The keys, without their secrets' content.
    #[must_use]
    pub fn keys(&self) -> &[StoredKey] {
        &self.keys
    }

    /// The keys of these wallets; the others are dropped.
    ///
    /// # Errors
    /// `key_missing` names the first wallet without a key.
    pub fn into_ring<'a>(
        self,
        wallets: impl Iterator<Item = &'a Address>,
    ) -> Result<KeyRing, Internal> {
        let wanted: BTreeSet<_> = wallets.copied().collect();
        let mut ring = KeyRing::default();
        for key in self.keys {
            if wanted.contains(&key.address) {
                ring.insert(key.secret);
            }
        }
        match wanted.iter().find(|wallet| !ring.holds(**wallet)) {
            None => Ok(ring),
            Some(wallet) => Err(Internal {
                code: "key_missing",
                message: format!(
                    "the key file has no key for the wallet {wallet}; add it with `tradewind-signer key import`"
                ),
            }),
        }
    }

    fn document(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(ENTRY_BYTES * (self.keys.len() + 1)));
        let _ = write!(text, "{{\"version\":{VERSION},\"keys\":[");
        for (index, key) in self.keys.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let (label, address) = (&key.label, key.address);
            let _ = write!(
                text,
                "{comma}{{\"label\":\"{label}\",\"address\":\"{address}\",\"secret\":\""
            );
            key.secret.write_hex(&mut text);
            text.push_str("\"}");
        }
        text.push_str("]}");
        text
    }
}

impl StoredKey {
    /// # Errors
    /// `label_malformed` unless it is 1 to 64 letters, digits, dots, dashes or underscores.
    pub fn new(label: &str, secret: Secret) -> Result<Self, Internal> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
        if !(1..=MAX_LABEL).contains(&label.len()) || !label.bytes().all(plain) {
            let message =
                format!("a label is 1 to {MAX_LABEL} letters, digits, dots, dashes or underscores");
            return Err(Internal {
                code: "label_malformed",
                message,
            });
        }
        let address = secret.address(&Curve::default());
        Ok(Self {
            label: label.to_owned(),
            address,
            secret,
        })
    }
}

fn malformed(path: &Path, why: &str) -> Internal {
    Internal {
        code: "key_file_malformed",
        message: format!("{} is no key file of this program: {why}", path.display()),
    }
}

fn decrypt(path: &Path, passphrase: &SecretString) -> Result<Zeroizing<Vec<u8>>, Internal> {
    let unreadable = |error: &dyn std::fmt::Display| Internal {
        code: "key_file_unreadable",
        message: format!("{} cannot be read: {error}", path.display()),
    };
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let size = file.metadata().map_err(|error| unreadable(&error))?.len();
    if size > MAX_BYTES {
        return Err(malformed(path, "it is larger than 1 MiB"));
    }
    let mut identity = age::scrypt::Identity::new(passphrase.clone());
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    let wrong = |error: DecryptError| match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => Internal {
            code: "passphrase_wrong",
            message: format!("the passphrase does not open {}", path.display()),
        },
        DecryptError::Io(error) => unreadable(&error),
        other => malformed(path, &other.to_string()),
    };
    let decryptor = Decryptor::new(file).map_err(wrong)?;
    let mut stream = decryptor
        .decrypt(iter::once(&identity as _))
        .map_err(wrong)?;
    let room = usize::try_from(size).unwrap_or_default();
    let mut plain = Zeroizing::new(Vec::with_capacity(room));
    stream
        .read_to_end(&mut plain)
        .map_err(|error| unreadable(&error))?;
    Ok(plain)
}

fn write_atomically(
    path: &Path,
    write: impl FnOnce(File) -> std::io::Result<File>,
) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let temporary = path.with_file_name(name);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)?;
    let written = write(file)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn passphrase(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    fn saved(folder: &Path) -> (std::path::PathBuf, Address) {
        let path = folder.join("keys.age");
        let key = StoredKey::new("hot-1", Secret::generate().unwrap()).unwrap();
        let address = key.address;
        let mut file = KeyFile::default();
        file.add(key).unwrap();
        file.save(&path, passphrase("correct horse"), Some(2))
            .unwrap();
        (path, address)
    }

    #[test]
    fn gives_back_the_keys_that_were_saved_under_mode_0600() {
        let folder = tempfile::tempdir().unwrap();
        let (path, address) = saved(folder.path());
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no temporary file stays"
        );
        let loaded = KeyFile::load(&path, &passphrase("correct horse")).unwrap();
        assert_eq!(loaded.keys()[0].label, "hot-1");
        assert_eq!(loaded.keys()[0].address, address);
        assert!(loaded.into_ring([address].iter()).unwrap().holds(address));
    }

    #[test]
    fn says_that_the_passphrase_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = saved(folder.path());
        let error = KeyFile::load(&path, &passphrase("wrong")).err().unwrap();
        assert_eq!(error.code, "passphrase_wrong");
    }

    #[test]
    fn refuses_a_file_with_one_changed_byte() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = saved(folder.path());
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        assert!(KeyFile::load(&path, &passphrase("correct horse")).is_err());
    }

    #[test]
    fn refuses_the_same_key_or_label_twice() {
        let mut file = KeyFile::default();
        let hex = "11".repeat(32);
        let key = |label| StoredKey::new(label, Secret::from_hex(&hex).unwrap()).unwrap();
        file.add(key("a")).unwrap();
        assert_eq!(file.add(key("b")).unwrap_err().code, "key_exists");
    }

    #[test]
    fn derives_the_published_address_of_a_known_key() {
        // The first account of the public test mnemonic "test test … junk".
        let hex = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
        let key = StoredKey::new("test", Secret::from_hex(hex).unwrap()).unwrap();
        let published = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
        assert_eq!(key.address.to_checksum(None), published);
    }

    #[test]
    fn refuses_zero_and_numbers_beyond_the_curve_as_keys() {
        assert!(Secret::from_hex(&"00".repeat(32)).is_none());
        assert!(Secret::from_hex(&"ff".repeat(32)).is_none());
        assert!(Secret::from_hex(&"11".repeat(31)).is_none());
    }
}
