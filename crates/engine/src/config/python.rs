//! `PythonProgram`: a strategy that its user wrote in Python, what runs it, and how long it may take.

use std::path::PathBuf;

use serde_json::Value;

use super::fields::{ConfigFault, Fields};

/// Section `python` of the resolved file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonProgram {
    /// The user's file.
    pub file: PathBuf,
    /// The Python that has Tradewind.
    pub interpreter: PathBuf,
    /// A folder that it looks for imports in first.
    pub library: Option<PathBuf>,
    /// How long one answer may take; a strategy that takes longer hangs.
    pub answer_within_ms: u64,
    /// How long it may take until it is ready.
    pub start_within_ms: u64,
    /// Starts after the first within `restart_window_ms`; one more ends the engine.
    pub most_restarts: u64,
    /// See `most_restarts`.
    pub restart_window_ms: u64,
}

impl PythonProgram {
    pub(super) fn read(value: Value) -> Result<Self, ConfigFault> {
        let mut fields = Fields::of("python", value)?;
        let program = Self {
            file: PathBuf::from(fields.text("file")?),
            interpreter: PathBuf::from(fields.text("interpreter")?),
            library: fields.optional_text("library")?.map(PathBuf::from),
            answer_within_ms: fields.integer_within("answer_within_ms", 1_000, (1, 600_000))?,
            start_within_ms: fields.integer_within("start_within_ms", 30_000, (1, 600_000))?,
            most_restarts: fields.integer_within("most_restarts", 5, (0, 1_000))?,
            restart_window_ms: fields.integer_within(
                "restart_window_ms",
                600_000,
                (1, 86_400_000),
            )?,
        };
        fields.finish()?;
        for (name, path, what) in [
            ("file", &program.file, "the strategy's .py file"),
            ("interpreter", &program.interpreter, "a Python"),
        ] {
            if !path.is_file() {
                return Err(ConfigFault::new(
                    format!("python.{name}"),
                    format!("{} is no file", path.display()),
                    format!("give the path of {what}"),
                ));
            }
        }
        Ok(program)
    }
}
