//! Log lines: one JSON object a line on standard output, which whoever started the engine reads.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use crate::clock::Clock;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The ordinary course.
    Info,
    /// Something was lost or left out; the engine goes on.
    Warning,
    /// The engine ends, or cannot do its work.
    Error,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Where lines go. Cheap to share.
#[derive(Clone)]
pub struct Log {
    clock: Clock,
    sink: Arc<Mutex<dyn Write + Send>>,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Log")
    }
}

impl Log {
    /// On standard output.
    #[must_use]
    pub fn to_stdout(clock: Clock) -> Self {
        Self::new(clock, io::stdout())
    }

    /// Anywhere.
    pub fn new(clock: Clock, sink: impl Write + Send + 'static) -> Self {
        Self {
            clock,
            sink: Arc::new(Mutex::new(sink)),
        }
    }

    /// Writes a line: its event in snake case, what happened in words, and fields of its own.
    pub fn line(&self, level: Level, event: &str, message: &str, fields: Value) {
        let mut line = Map::new();
        line.insert("at_ns".to_owned(), self.clock.now_ns().into());
        line.insert("level".to_owned(), level.name().into());
        line.insert("event".to_owned(), event.into());
        line.insert("message".to_owned(), message.into());
        if let Value::Object(fields) = fields {
            line.extend(fields);
        }
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever does not read any more loses lines, and the engine nothing: its end is told by standard input.
        let _unread = sink.write_all(text.as_bytes()).and_then(|()| sink.flush());
    }

    /// The ordinary course.
    pub fn info(&self, event: &str, message: &str, fields: Value) {
        self.line(Level::Info, event, message, fields);
    }

    /// Something was lost or left out.
    pub fn warning(&self, event: &str, message: &str, fields: Value) {
        self.line(Level::Warning, event, message, fields);
    }

    /// The engine cannot do its work.
    pub fn error(&self, event: &str, message: &str, fields: Value) {
        self.line(Level::Error, event, message, fields);
    }
}
