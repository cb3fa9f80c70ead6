//! The `key` commands: make, import, list, rotate, back up. No secret passes through an argument, and none is printed.

use crate::ed25519::Seed;
use crate::fault::{Fault, Internal};
use crate::key_file::KeyFile;
use crate::keys::Secret;
use crate::keystore;
use crate::passphrase::{PassphraseSource, prompt, read_private_file, read_private_line};
use crate::stored_key::{Material, StoredKey};
use age::secrecy::{ExposeSecret, SecretString};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The one variable that a key may come from, once.
const KEY_VARIABLE: &str = "TRADEWIND_PRIVATE_KEY";

/// What to do with a key file.
#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a new key.
    New {
        #[command(flatten)]
        file: KeyFileArgs,
        #[command(flatten)]
        label: LabelArgs,
        /// secp256k1 for EVM chains, ed25519 for Solana.
        #[arg(long, value_enum, default_value_t = Scheme::Secp256k1)]
        scheme: Scheme,
    },
    /// Take in a key that exists: from a prompt unless a source is given.
    Import {
        #[command(flatten)]
        file: KeyFileArgs,
        #[command(flatten)]
        label: LabelArgs,
        #[command(flatten)]
        source: ImportSource,
    },
    /// List labels, schemes and addresses.
    List {
        #[command(flatten)]
        file: KeyFileArgs,
    },
    /// Give a label to a new key; the old key stays in the file under another name, so that it can be emptied.
    Rotate {
        #[command(flatten)]
        file: KeyFileArgs,
        #[command(flatten)]
        label: LabelArgs,
    },
    /// Change the passphrase of the key file.
    Passphrase {
        #[command(flatten)]
        file: KeyFileArgs,
        #[command(flatten)]
        fresh: NewPassphrase,
    },
    /// Write an encrypted copy of all keys, and read it back before saying that it is done.
    Backup {
        #[command(flatten)]
        file: KeyFileArgs,
        /// Where to; a file that is there is never written over.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        #[command(flatten)]
        fresh: NewPassphrase,
    },
}

/// The signature scheme of a new key.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Scheme {
    /// EVM chains.
    Secp256k1,
    /// Solana.
    Ed25519,
}

/// Which key file, and what opens it.
#[derive(Args)]
pub(crate) struct KeyFileArgs {
    /// The encrypted key file.
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseSource,
    /// scrypt work factor, as a power of two; by default about one second of work.
    #[arg(long, value_parser = clap::value_parser!(u8).range(2..=22))]
    work_factor: Option<u8>,
}

/// What a key is called.
#[derive(Args)]
pub(crate) struct LabelArgs {
    /// What the key is called.
    #[arg(long, default_value = "hot")]
    label: String,
}

/// The passphrase of what is written; asked for at the terminal unless a file is given.
#[derive(Args)]
pub(crate) struct NewPassphrase {
    /// File with the new passphrase in its first line; its mode must be 0600 or 0400.
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
}

/// Where an imported key comes from. Every file must have mode 0600 or 0400.
#[derive(Args)]
pub(crate) struct ImportSource {
    /// File with the key as 64 hex digits in its first line.
    #[arg(long, value_name = "FILE", group = "source")]
    key_file: Option<PathBuf>,
    /// Key pair file of Solana's command line (id.json).
    #[arg(long, value_name = "FILE", group = "source")]
    solana_file: Option<PathBuf>,
    /// EVM keystore file, version 3; its own passphrase is asked for.
    #[arg(long, value_name = "FILE", group = "source")]
    keystore: Option<PathBuf>,
    /// File with the passphrase of the keystore in its first line.
    #[arg(long, value_name = "FILE", requires = "keystore")]
    keystore_passphrase_file: Option<PathBuf>,
    /// A backup that `key backup` wrote: every key that is not here yet.
    #[arg(long, value_name = "FILE", group = "source")]
    backup: Option<PathBuf>,
    /// The variable `TRADEWIND_PRIVATE_KEY` (hex). Works once for a key file, and `run` refuses to start while it is set.
    #[arg(long, group = "source")]
    environment: bool,
    /// Delete the file that the key came from, once the key file is on disk.
    #[arg(long, requires = "source", conflicts_with_all = ["environment", "backup"])]
    delete: bool,
}

impl KeyCommand {
    /// Does it.
    ///
    /// # Errors
    /// What is wrong with the files, the passphrase or the key, each with a code of its own.
    pub(crate) fn run(self) -> Result<(), Fault> {
        match self {
            Self::New {
                file,
                label,
                scheme,
            } => file.add(&label.label, || match scheme {
                Scheme::Secp256k1 => Secret::generate().map(Material::Evm),
                Scheme::Ed25519 => Seed::generate().map(Material::Solana),
            }),
            Self::Import {
                file,
                label,
                source,
            } => import(&file, &label.label, &source),
            Self::List { file } => list(&file),
            Self::Rotate { file, label } => rotate(&file, &label.label),
            Self::Passphrase { file, fresh } => change_passphrase(&file, &fresh),
            Self::Backup { file, to, fresh } => backup(&file, &to, &fresh),
        }
    }
}

/// Refuses to serve while a key stands in the environment, where other programs of the same user can read it.
///
/// # Errors
/// `environment_holds_key`.
pub(crate) fn refuse_key_in_environment() -> Result<(), Internal> {
    if std::env::var_os(KEY_VARIABLE).is_none() {
        return Ok(());
    }
    Err(Internal {
        code: "environment_holds_key",
        message: format!(
            "{KEY_VARIABLE} is set, and other programs of this user can read it. Import it if that is not done yet \
             (`tradewind-signer key import --environment`), unset it, and start again."
        ),
    })
}

impl KeyFileArgs {
    fn open(&self) -> Result<(KeyFile, SecretString), Internal> {
        let exists = self.keys.exists();
        let passphrase = self.passphrase.read(!exists)?;
        let keys = if exists {
            KeyFile::load(&self.keys, &passphrase)?
        } else {
            KeyFile::default()
        };
        Ok((keys, passphrase))
    }

    fn open_existing(&self) -> Result<(KeyFile, SecretString), Internal> {
        if !self.keys.exists() {
            let message = format!("{} does not exist; name the key file", self.keys.display());
            return Err(Internal {
                code: "key_file_unreadable",
                message,
            });
        }
        let passphrase = self.passphrase.read(false)?;
        Ok((KeyFile::load(&self.keys, &passphrase)?, passphrase))
    }

    fn add(
        &self,
        label: &str,
        material: impl FnOnce() -> Result<Material, Internal>,
    ) -> Result<(), Fault> {
        let (mut keys, passphrase) = self.open()?;
        let key = StoredKey::new(label, material()?)?;
        let added = shown(&key);
        keys.add(key)?;
        keys.save(&self.keys, passphrase, self.work_factor)?;
        println!("{added}");
        Ok(())
    }
}

fn shown(key: &StoredKey) -> serde_json::Value {
    json!({ "label": key.label, "scheme": key.scheme(), "address": key.address })
}

fn list(file: &KeyFileArgs) -> Result<(), Fault> {
    for key in file.open_existing()?.0.keys() {
        println!("{}", shown(key));
    }
    Ok(())
}

fn import(file: &KeyFileArgs, label: &str, source: &ImportSource) -> Result<(), Fault> {
    if let Some(backup) = &source.backup {
        return restore(file, backup);
    }
    if source.environment {
        return import_from_environment(file, label);
    }
    file.add(label, || source.read())?;
    if let Some(path) = source.path() {
        leave_no_copy(path, source.delete)?;
    }
    Ok(())
}

impl ImportSource {
    fn path(&self) -> Option<&Path> {
        [&self.key_file, &self.solana_file, &self.keystore]
            .into_iter()
            .find_map(|path| path.as_deref())
    }

    fn read(&self) -> Result<Material, Internal> {
        if let Some(path) = &self.solana_file {
            return read_solana(path).map(Material::Solana);
        }
        if let Some(path) = &self.keystore {
            let text = read_private_file(path)?;
            let passphrase = match &self.keystore_passphrase_file {
                Some(path) => read_private_line(path)?,
                None => prompt("Passphrase of the keystore: ")?,
            };
            return keystore::unlock(&text, &passphrase).map(Material::Evm);
        }
        let text = match &self.key_file {
            Some(path) => read_private_line(path)?,
            None => prompt("Private key (hex): ")?,
        };
        read_hex(&text)
    }
}

fn read_hex(text: &str) -> Result<Material, Internal> {
    Secret::from_hex(text.trim())
        .map(Material::Evm)
        .ok_or_else(|| Internal {
            code: "key_malformed",
            message: "a private key is 64 hex digits, with or without 0x".to_owned(),
        })
}

/// Solana's own format: a JSON array of 64 numbers, the seed and then its public key.
fn read_solana(path: &Path) -> Result<Seed, Internal> {
    let malformed = |why: &str| Internal {
        code: "key_malformed",
        message: format!("{} is no Solana key pair: {why}", path.display()),
    };
    let text = read_private_file(path)?;
    let numbers: Zeroizing<Vec<u8>> = serde_json::from_slice(&text)
        .map(Zeroizing::new)
        .map_err(|_| malformed("it is not a JSON array of bytes"))?;
    let pair: &[u8; 64] = numbers
        .as_slice()
        .try_into()
        .map_err(|_| malformed("it does not have 64 bytes"))?;
    Seed::from_pair(pair).ok_or_else(|| malformed("its public key does not belong to its seed"))
}

fn import_from_environment(file: &KeyFileArgs, label: &str) -> Result<(), Fault> {
    let (mut keys, passphrase) = file.open()?;
    keys.use_environment()?;
    let text = std::env::var(KEY_VARIABLE)
        .map(Zeroizing::new)
        .map_err(|_| Internal {
            code: "environment_empty",
            message: format!("{KEY_VARIABLE} is not set"),
        })?;
    let key = StoredKey::new(label, read_hex(&text)?)?;
    let added = shown(&key);
    keys.add(key)?;
    keys.save(&file.keys, passphrase, file.work_factor)?;
    println!("{added}");
    eprintln!(
        "Unset {KEY_VARIABLE} now, and remove it from where it is set: the signer does not start while it is there, \
         and this way in is closed from now on."
    );
    Ok(())
}

fn restore(file: &KeyFileArgs, backup: &Path) -> Result<(), Fault> {
    let opening = prompt("Passphrase of the backup: ");
    let other = KeyFile::load(backup, &SecretString::from(opening?.as_str().to_owned()))?;
    let (mut keys, passphrase) = file.open()?;
    let added = keys.merge(other)?;
    keys.save(&file.keys, passphrase, file.work_factor)?;
    println!("{}", json!({ "added": added, "keys": keys.keys().len() }));
    Ok(())
}

fn rotate(file: &KeyFileArgs, label: &str) -> Result<(), Fault> {
    let (mut keys, passphrase) = file.open_existing()?;
    let (old, new) = keys.rotate(label)?;
    let told = json!({ "new": shown(new), "old": shown(old) });
    let next = format!(
        "Next: list {} in signer.toml and in the strategies, start both again, then empty {} with \
         `tradewind sweep --wallet {} --to {}`.",
        new.address, old.address, old.address, new.address
    );
    keys.save(&file.keys, passphrase, file.work_factor)?;
    println!("{told}");
    eprintln!("{next}");
    Ok(())
}

fn change_passphrase(file: &KeyFileArgs, fresh: &NewPassphrase) -> Result<(), Fault> {
    let (keys, _) = file.open_existing()?;
    keys.save(&file.keys, fresh.read()?, file.work_factor)?;
    println!("{}", json!({ "changed": true, "keys": keys.keys().len() }));
    Ok(())
}

fn backup(file: &KeyFileArgs, to: &Path, fresh: &NewPassphrase) -> Result<(), Fault> {
    if to.exists() {
        let message = format!("{} is there already; name a file that is not", to.display());
        return Err(Internal {
            code: "backup_exists",
            message,
        }
        .into());
    }
    let (keys, _) = file.open_existing()?;
    let passphrase = fresh.read()?;
    let opening = SecretString::from(passphrase.expose_secret().to_owned());
    keys.save(to, passphrase, file.work_factor)?;
    let copied = KeyFile::load(to, &opening)?;
    let addresses = |keys: &KeyFile| {
        keys.keys()
            .iter()
            .map(|key| key.address.clone())
            .collect::<Vec<_>>()
    };
    if addresses(&copied) != addresses(&keys) {
        let message = format!("{} does not read back what was written", to.display());
        return Err(Internal {
            code: "backup_differs",
            message,
        }
        .into());
    }
    println!("{}", json!({ "backup": to, "keys": addresses(&copied) }));
    Ok(())
}

impl NewPassphrase {
    fn read(&self) -> Result<SecretString, Internal> {
        let source = PassphraseSource {
            passphrase_file: self.new_passphrase_file.clone(),
            passphrase_fd: None,
        };
        source.read_new()
    }
}

fn leave_no_copy(path: &Path, delete: bool) -> Result<(), Internal> {
    if !delete {
        eprintln!(
            "{} still holds the key. Delete it when you have a backup: shred -u {}",
            path.display(),
            path.display()
        );
        return Ok(());
    }
    fs::remove_file(path).map_err(|error| Internal {
        code: "source_not_deleted",
        message: format!(
            "the key is imported, but {} could not be deleted: {error}",
            path.display()
        ),
    })
}
