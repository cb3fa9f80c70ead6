//! The encrypted key file: age with a passphrase, over a small JSON document; written atomically, mode 0600.

use crate::fault::Internal;
use crate::keys::KeyRing;
use crate::stored_key::{Material, StoredKey};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::iter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use tradewind_core::ChainAddress;
use zeroize::Zeroizing;

/// Version 1 knew one scheme and no environment.
const VERSION: u32 = 2;
const MAX_BYTES: u64 = 1 << 20;
/// Room for one key's entry, so that the buffer never moves and leaves a copy behind.
const ENTRY_BYTES: usize = 512;
/// scrypt with more than 2^22 rounds needs 4 GiB.
const MAX_WORK_FACTOR: u8 = 22;

/// All keys of a file.
#[derive(Default)]
pub struct KeyFile {
    keys: Vec<StoredKey>,
    environment_used: bool,
}

// Borrowed from the plaintext, so that no copy of a secret is made while parsing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    version: u32,
    #[serde(default)]
    environment_used: bool,
    #[serde(borrow)]
    keys: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    label: &'a str,
    #[serde(default)]
    scheme: Option<&'a str>,
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
        if !(1..=VERSION).contains(&document.version) {
            return Err(malformed(
                path,
                &format!("version {} is unknown", document.version),
            ));
        }
        let mut file = Self {
            keys: Vec::new(),
            environment_used: document.environment_used,
        };
        for entry in document.keys {
            let material = Material::from_hex(entry.scheme, entry.secret)
                .ok_or_else(|| malformed(path, &format!("the key {:?} is no key", entry.label)))?;
            let stored = StoredKey::new(entry.label, material)?;
            if stored.address != entry.address {
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

    /// Gives the label to a new key; the key that had it is kept under `<label>.1`, `<label>.2` … The new name of
    /// the old key is returned.
    ///
    /// # Errors
    /// `key_missing` when no key has the label, `label_malformed` when the longer name is too long.
    pub fn rotate(&mut self, label: &str) -> Result<(&StoredKey, &StoredKey), Internal> {
        let Some(old) = self.keys.iter().position(|key| key.label == label) else {
            return Err(Internal {
                code: "key_missing",
                message: format!(
                    "the file has no key called {label:?}; `key list` shows what it has"
                ),
            });
        };
        let taken = |name: &String| self.keys.iter().any(|key| key.label == *name);
        let retired = (1..=self.keys.len() + 1)
            .map(|number| format!("{label}.{number}"))
            .find(|name| !taken(name))
            .unwrap_or_default();
        let successor = self.keys[old].successor()?;
        self.keys[old].rename(retired)?;
        self.keys.push(successor);
        Ok((&self.keys[old], &self.keys[self.keys.len() - 1]))
    }

    /// A key that came through the environment may be taken in once; it could be read by other programs.
    ///
    /// # Errors
    /// `environment_refused` from the second time on.
    pub fn use_environment(&mut self) -> Result<(), Internal> {
        if self.environment_used {
            return Err(Internal {
                code: "environment_refused",
                message: "a key was imported from the environment before, and that is allowed once: other programs \
                          of this user can read it there. Use the prompt, --key-file, --keystore or --solana-file."
                    .to_owned(),
            });
        }
        self.environment_used = true;
        Ok(())
    }

    /// Every key of another file that is not here yet; how many that were.
    ///
    /// # Errors
    /// `key_exists` when a label here belongs to another key there.
    pub fn merge(&mut self, other: Self) -> Result<usize, Internal> {
        let mut added = 0;
        for key in other.keys {
            if self.keys.iter().any(|own| own.address == key.address) {
                continue;
            }
            self.add(key)?;
            added += 1;
        }
        Ok(added)
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
        wallets: impl Iterator<Item = &'a ChainAddress>,
    ) -> Result<KeyRing, Internal> {
        let wanted: BTreeSet<_> = wallets.copied().collect();
        let mut ring = KeyRing::default();
        for key in self.keys {
            key.into_ring(&wanted, &mut ring);
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
        let used = self.environment_used;
        let _ = write!(
            text,
            "{{\"version\":{VERSION},\"environment_used\":{used},\"keys\":["
        );
        for (index, key) in self.keys.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let (label, scheme, address) = (&key.label, key.scheme(), &key.address);
            let _ = write!(
                text,
                "{comma}{{\"label\":\"{label}\",\"scheme\":\"{scheme}\",\"address\":\"{address}\",\"secret\":\""
            );
            key.write_secret(&mut text);
            text.push_str("\"}");
        }
        text.push_str("]}");
        text
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
    use crate::keys::Secret;
    use std::os::unix::fs::PermissionsExt;

    fn passphrase(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    fn evm(label: &str, secret: Secret) -> StoredKey {
        StoredKey::new(label, Material::Evm(secret)).unwrap()
    }

    fn saved(folder: &Path) -> (std::path::PathBuf, ChainAddress) {
        let path = folder.join("keys.age");
        let key = evm("hot-1", Secret::generate().unwrap());
        let address: ChainAddress = key.address.parse().unwrap();
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
        assert_eq!(loaded.keys()[0].address, address.to_string());
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
        let key = |label| evm(label, Secret::from_hex(&hex).unwrap());
        file.add(key("a")).unwrap();
        assert_eq!(file.add(key("b")).unwrap_err().code, "key_exists");
    }

    #[test]
    fn derives_the_published_address_of_a_known_key() {
        // The first account of the public test mnemonic "test test … junk".
        let hex = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
        let key = evm("test", Secret::from_hex(hex).unwrap());
        let published = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
        assert_eq!(key.address, published);
    }

    #[test]
    fn refuses_zero_and_numbers_beyond_the_curve_as_keys() {
        assert!(Secret::from_hex(&"00".repeat(32)).is_none());
        assert!(Secret::from_hex(&"ff".repeat(32)).is_none());
        assert!(Secret::from_hex(&"11".repeat(31)).is_none());
    }

    #[test]
    fn reads_a_file_of_the_first_version() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.age");
        let text = "{\"version\":1,\"keys\":[{\"label\":\"test\",\
                    \"address\":\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\",\
                    \"secret\":\"ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80\"}]}";
        let mut recipient = age::scrypt::Recipient::new(passphrase("old"));
        recipient.set_work_factor(2);
        let encryptor = Encryptor::with_recipients(iter::once(&recipient as _)).unwrap();
        let mut stream = encryptor.wrap_output(File::create(&path).unwrap()).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream.finish().unwrap();
        let loaded = KeyFile::load(&path, &passphrase("old")).unwrap();
        assert_eq!(loaded.keys()[0].scheme(), "secp256k1");
    }

    #[test]
    fn rotating_keeps_the_old_key_under_a_new_name() {
        let mut file = KeyFile::default();
        file.add(evm("hot", Secret::generate().unwrap())).unwrap();
        let first = file.keys()[0].address.clone();
        file.rotate("hot").unwrap();
        let (old, new) = file.rotate("hot").unwrap();
        assert_eq!((old.label.as_str(), new.label.as_str()), ("hot.2", "hot"));
        let labels: Vec<_> = file.keys().iter().map(|key| key.label.as_str()).collect();
        assert_eq!(labels, ["hot.1", "hot.2", "hot"]);
        assert_eq!(file.keys()[0].address, first);
        assert_eq!(file.rotate("cold").err().unwrap().code, "key_missing");
    }

    #[test]
    fn takes_a_key_from_the_environment_once_also_after_it_was_saved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.age");
        let mut file = KeyFile::default();
        file.use_environment().unwrap();
        file.save(&path, passphrase("p"), Some(2)).unwrap();
        let mut loaded = KeyFile::load(&path, &passphrase("p")).unwrap();
        assert_eq!(
            loaded.use_environment().unwrap_err().code,
            "environment_refused"
        );
    }
}
