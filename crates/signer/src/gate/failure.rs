//! Failure: a gate whose file failed takes no further request until the signer is started anew.
//!
//! After an error of the disk nobody knows what of a commit is on it, and what the kernel still shows may be gone: so no
//! signature is made from it any more. A full disk is none of these: it is told, and what was asked for can be asked for
//! again.

use crate::fault::{Fault, Internal};
use rusqlite::ErrorCode;
use rusqlite::ffi::{SQLITE_IOERR_NOMEM, SQLITE_IOERR_SHMSIZE};
use serde_json::json;
use std::sync::{Arc, OnceLock};

/// The code of every answer from then on.
pub const GATE_FAILED: &str = "gate_failed";

/// Whether the gate's file has failed, and how; shared by all who use it.
#[derive(Debug, Clone, Default)]
pub struct Failure(Arc<OnceLock<String>>);

impl Failure {
    /// Takes note of a fault, if it is one of the file.
    pub fn note(&self, fault: &Fault) {
        let Fault::Internal(internal) = fault else {
            return;
        };
        if internal.code == GATE_FAILED && self.0.set(internal.message.clone()).is_ok() {
            eprintln!(
                "{}",
                json!({ "event": GATE_FAILED, "message": internal.message })
            );
        }
    }

    /// The file has not failed.
    ///
    /// # Errors
    /// `gate_failed`.
    pub fn require_none(&self) -> Result<(), Internal> {
        match self.0.get() {
            None => Ok(()),
            Some(message) => Err(Internal {
                code: GATE_FAILED,
                message: message.clone(),
            }),
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Internal(if is_of_the_file(&error) {
            Internal {
                code: GATE_FAILED,
                message: format!(
                    "the gate file failed: {error}. Nothing is signed until the signer is started anew; see to the disk \
                     first"
                ),
            }
        } else {
            Internal {
                code: "gate_unavailable",
                message: format!("the gate file could not be read or written: {error}"),
            }
        })
    }
}

fn is_of_the_file(error: &rusqlite::Error) -> bool {
    let Some(error) = error.sqlite_error() else {
        return false;
    };
    match error.code {
        // Memory, or room for the index of the log: neither says anything of what is on the disk.
        ErrorCode::SystemIoFailure => {
            ![SQLITE_IOERR_NOMEM, SQLITE_IOERR_SHMSIZE].contains(&error.extended_code)
        }
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ReadOnly => true,
        _ => false,
    }
}
