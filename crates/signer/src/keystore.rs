//! EVM keystore files, version 3 (Web3 Secret Storage): read for import, never written.

use crate::fault::Internal;
use crate::keys::{Curve, Secret};
use aes::cipher::{KeyIvInit, StreamCipher};
use alloy_primitives::{hex, keccak256};
use serde::Deserialize;
use zeroize::Zeroizing;

/// What one unlocking may cost: 128 bytes times n times r, at most 1 GiB.
const MAX_SCRYPT_BYTES: u64 = 1 << 30;
const MAX_PARALLEL: u32 = 64;
const MAX_ROUNDS: u32 = 20_000_000;

#[derive(Deserialize)]
struct Keystore {
    version: u32,
    #[serde(default)]
    address: Option<String>,
    #[serde(alias = "Crypto")]
    crypto: Crypto,
}

#[derive(Deserialize)]
struct Crypto {
    cipher: String,
    cipherparams: CipherParams,
    ciphertext: String,
    #[serde(flatten)]
    kdf: Kdf,
    mac: String,
}

#[derive(Deserialize)]
struct CipherParams {
    iv: String,
}

#[derive(Deserialize)]
#[serde(tag = "kdf", content = "kdfparams", rename_all = "lowercase")]
enum Kdf {
    Scrypt {
        dklen: u32,
        n: u64,
        p: u32,
        r: u32,
        salt: String,
    },
    Pbkdf2 {
        c: u32,
        dklen: u32,
        prf: String,
        salt: String,
    },
}

/// The key in a keystore file.
///
/// # Errors
/// `keystore_malformed`, `keystore_unsupported`, `keystore_passphrase_wrong`.
pub(crate) fn unlock(text: &[u8], passphrase: &str) -> Result<Secret, Internal> {
    let store: Keystore = serde_json::from_slice(text)
        .map_err(|error| malformed(&format!("line {}: {error}", error.line())))?;
    if store.version != 3 || store.crypto.cipher != "aes-128-ctr" {
        return Err(unsupported(
            "only version 3 with the cipher aes-128-ctr is read",
        ));
    }
    let ciphertext = bytes::<32>("ciphertext", &store.crypto.ciphertext)?;
    let derived = store.crypto.kdf.derive(passphrase)?;
    let mac = keccak256([&derived[16..], &ciphertext[..]].concat());
    if mac.0 != bytes::<32>("mac", &store.crypto.mac)? {
        return Err(fault(
            "keystore_passphrase_wrong",
            "the passphrase does not open the keystore",
        ));
    }
    let mut key = Zeroizing::new(ciphertext);
    let iv = bytes::<16>("cipherparams.iv", &store.crypto.cipherparams.iv)?;
    let mut half = Zeroizing::new([0; 16]);
    half.copy_from_slice(&derived[..16]);
    ctr::Ctr128BE::<aes::Aes128>::new((&*half).into(), (&iv).into())
        .apply_keystream(key.as_mut_slice());
    let secret = Secret::from_bytes(key).ok_or_else(|| malformed("it holds no key"))?;
    require_address(&secret, store.address.as_deref())?;
    Ok(secret)
}

impl Kdf {
    fn derive(&self, passphrase: &str) -> Result<Zeroizing<[u8; 32]>, Internal> {
        let mut derived = Zeroizing::new([0; 32]);
        match self {
            Self::Scrypt {
                dklen,
                n,
                p,
                r,
                salt,
            } => {
                let memory = n.saturating_mul(u64::from(*r)).saturating_mul(128);
                if *dklen != 32
                    || !n.is_power_of_two()
                    || memory > MAX_SCRYPT_BYTES
                    || *p > MAX_PARALLEL
                {
                    return Err(unsupported(
                        "its scrypt parameters are wrong or ask for more than 1 GiB",
                    ));
                }
                let log_n = u8::try_from(n.trailing_zeros()).unwrap_or(u8::MAX);
                let params = scrypt::Params::new(log_n, *r, *p, 32)
                    .map_err(|_| unsupported("its scrypt parameters are wrong"))?;
                scrypt::scrypt(
                    passphrase.as_bytes(),
                    &salt_of(salt)?,
                    &params,
                    derived.as_mut_slice(),
                )
                .map_err(|_| unsupported("its scrypt parameters are wrong"))?;
            }
            Self::Pbkdf2 {
                c,
                dklen,
                prf,
                salt,
            } => {
                if *dklen != 32 || prf != "hmac-sha256" || !(1..=MAX_ROUNDS).contains(c) {
                    return Err(unsupported(
                        "of pbkdf2 only hmac-sha256 with up to 20 million rounds is read",
                    ));
                }
                pbkdf2::pbkdf2_hmac::<sha2::Sha256>(
                    passphrase.as_bytes(),
                    &salt_of(salt)?,
                    *c,
                    derived.as_mut_slice(),
                );
            }
        }
        Ok(derived)
    }
}

fn require_address(secret: &Secret, written: Option<&str>) -> Result<(), Internal> {
    let Some(written) = written else {
        return Ok(());
    };
    let own = hex::encode(secret.address(&Curve::default()));
    if written.trim_start_matches("0x").eq_ignore_ascii_case(&own) {
        Ok(())
    } else {
        Err(malformed("its address is not the one of its key"))
    }
}

fn salt_of(text: &str) -> Result<Vec<u8>, Internal> {
    hex::decode(text).map_err(|_| malformed("kdfparams.salt is not hex"))
}

fn bytes<const N: usize>(field: &str, text: &str) -> Result<[u8; N], Internal> {
    let mut out = [0; N];
    hex::decode_to_slice(text, &mut out)
        .map(|()| out)
        .map_err(|_| malformed(&format!("{field} is not {N} bytes of hex")))
}

fn malformed(why: &str) -> Internal {
    fault(
        "keystore_malformed",
        &format!("this is no keystore file: {why}"),
    )
}

fn unsupported(why: &str) -> Internal {
    fault(
        "keystore_unsupported",
        &format!("this keystore cannot be read: {why}"),
    )
}

fn fault(code: &'static str, message: &str) -> Internal {
    Internal {
        code,
        message: message.to_owned(),
    }
}
