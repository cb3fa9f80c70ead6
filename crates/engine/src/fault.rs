//! `EngineFault`: why the engine ends, under a stable name, with the exit code that tells its starter what to do.

use thiserror::Error;

/// What an exit code asks of whoever started the engine; the numbers are those of `sysexits.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The command line or the configuration is wrong: correct it first.
    BadConfiguration,
    /// A node, a feed or the signer is away: start again later.
    Unavailable,
    /// A defect of the engine.
    Defect,
    /// Nothing is wrong: come again.
    ComeAgain,
}

impl Ending {
    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::BadConfiguration => 64,
            Self::Unavailable => 69,
            Self::Defect => 70,
            Self::ComeAgain => 75,
        }
    }
}

/// A fault that ends the engine, or refuses one piece of its work.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct EngineFault {
    code: &'static str,
    message: String,
    ending: Ending,
}

impl EngineFault {
    /// With a stable name in snake case, and a message that names the field, the fault and the remedy.
    pub fn new(ending: Ending, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            ending,
        }
    }

    /// Something that the engine needs is away.
    pub fn unavailable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Ending::Unavailable, code, message)
    }

    /// The engine itself is wrong.
    pub fn defect(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Ending::Defect, code, message)
    }

    /// The stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// How the process ends by it.
    #[must_use]
    pub const fn ending(&self) -> Ending {
        self.ending
    }
}
