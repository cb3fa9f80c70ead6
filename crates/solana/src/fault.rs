//! A refusal of this crate's own, before or instead of anything that a chain says.

use thiserror::Error;

/// What was refused, under a stable name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Fault {
    code: &'static str,
    message: String,
}

impl Fault {
    /// With a stable name in snake case, and a message that names the field, the fault and the remedy.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// The stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }
}

/// Refuses a limit of zero with `limit_malformed`, by its name.
///
/// # Errors
/// When it is zero.
pub fn at_least_one(field: &str, value: u64) -> Result<(), Fault> {
    if value > 0 {
        return Ok(());
    }
    Err(Fault::new(
        "limit_malformed",
        format!("{field}: is 0, and nothing could ever pass; give 1 or more"),
    ))
}
