//! `Child`: the process that runs the user's file. It is asked by a JSON line on its standard input and answers with
//! one on its standard output, within a bound; what it writes to its standard error becomes log lines.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thiserror::Error;

use super::allowance::Allowance;
use crate::config::PythonProgram;
use crate::log::Log;

/// What runs the user's file; part of the Python package.
const HOST: &str = "tradewind.strategies.host";
/// Most bytes of an answer.
const MOST_ANSWER_BYTES: u64 = 1 << 20;
/// Most bytes of a line of what it prints; a longer one comes in parts.
const MOST_PRINTED_BYTES: u64 = 4_096;
/// Lines of what it prints that are kept each second.
const PRINTED_PER_S: u32 = 50;

/// Why a child is no use any more.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum ChildFault {
    /// It did not answer in time.
    #[error("did not answer within {0} ms")]
    Hung(u64),
    /// It is not there any more.
    #[error("ended by itself: {0}")]
    Ended(String),
    /// What it said is no answer.
    #[error("answered with what is no answer: {0}")]
    Garbled(String),
    /// It cannot be run.
    #[error("cannot be started: {0}")]
    NotStarted(String),
}

impl ChildFault {
    /// A stable name, which is also the event of its line.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Hung(_) => "strategy_hung",
            Self::Ended(_) => "strategy_ended",
            Self::Garbled(_) => "strategy_garbled",
            Self::NotStarted(_) => "strategy_not_started",
        }
    }
}

/// The whole work of a thread.
type Work = Box<dyn FnOnce() + Send>;

enum Said {
    Line(Vec<u8>),
    TooLong,
}

/// The process. It is killed when this is dropped.
pub(super) struct Child {
    process: std::process::Child,
    questions: SyncSender<Vec<u8>>,
    answers: Receiver<Said>,
}

impl Child {
    /// Starts it in the engine's process group, with the engine's environment but for what looks like a secret.
    pub(super) fn start(
        program: &PythonProgram,
        folder: &Path,
        log: &Log,
    ) -> Result<Self, ChildFault> {
        let not_started = |error: std::io::Error| ChildFault::NotStarted(error.to_string());
        let passed = std::env::vars_os().filter(|(name, _)| !is_secret(&name.to_string_lossy()));
        let mut command = Command::new(&program.interpreter);
        command
            // Nothing of the folder that it runs in is imported.
            .args(["-P", "-m", HOST])
            .arg(&program.file)
            .arg(std::process::id().to_string())
            .current_dir(folder)
            .env_clear()
            .envs(passed)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(library) = &program.library {
            command.env("PYTHONPATH", searched(library));
        }
        let mut process = command.spawn().map_err(not_started)?;
        let (input, output, printed) = (
            process.stdin.take(),
            process.stdout.take(),
            process.stderr.take(),
        );
        let (questions, asked) = sync_channel::<Vec<u8>>(1);
        let (said, answers) = sync_channel(16);
        let log = log.clone();
        // A process that is not read, or does not read, must hold up none but these threads, which end with it.
        let threads: [(&str, Work); 3] = [
            (
                "python-input",
                Box::new(move || {
                    let Some(mut input) = input else { return };
                    while let Ok(question) = asked.recv() {
                        if input.write_all(&question).is_err() || input.flush().is_err() {
                            return;
                        }
                    }
                }),
            ),
            (
                "python-output",
                Box::new(move || {
                    let Some(output) = output else { return };
                    lines(output, MOST_ANSWER_BYTES, |line, whole| {
                        let said_now = if whole {
                            Said::Line(line)
                        } else {
                            Said::TooLong
                        };
                        said.send(said_now).is_ok()
                    });
                }),
            ),
            (
                "python-printed",
                Box::new(move || {
                    let Some(printed) = printed else { return };
                    tell_printed(printed, &log);
                }),
            ),
        ];
        for (name, work) in threads {
            let spawned = std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(work);
            if let Err(error) = spawned {
                let _gone = process.kill().and_then(|()| process.wait());
                return Err(not_started(error));
            }
        }
        Ok(Self {
            process,
            questions,
            answers,
        })
    }

    /// Its process id.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks, and waits for the answer of this number.
    pub(super) fn ask(
        &mut self,
        question: &Value,
        number: u64,
        within: Duration,
    ) -> Result<Value, ChildFault> {
        let mut line = question.to_string().into_bytes();
        line.push(b'\n');
        let hung = || ChildFault::Hung(u64::try_from(within.as_millis()).unwrap_or(u64::MAX));
        match self.questions.try_send(line) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(hung()),
            Err(TrySendError::Disconnected(_)) => return Err(self.ended()),
        }
        let until = Instant::now() + within;
        let said = match self.answers.recv_timeout(within) {
            Ok(said) => said,
            Err(RecvTimeoutError::Timeout) => return Err(hung()),
            Err(RecvTimeoutError::Disconnected) => {
                // Its output may be closed by a process that goes on.
                while Instant::now() < until && matches!(self.process.try_wait(), Ok(None)) {
                    std::thread::sleep(Duration::from_millis(2));
                }
                return Err(self.ended());
            }
        };
        let Said::Line(line) = said else {
            let why = format!("a line of more than {MOST_ANSWER_BYTES} bytes");
            return Err(ChildFault::Garbled(why));
        };
        let answer: Value = serde_json::from_slice(&line).map_err(|error| {
            let shown: String = String::from_utf8_lossy(&line).chars().take(80).collect();
            ChildFault::Garbled(format!("{error} in {shown:?}"))
        })?;
        if answer["number"].as_u64() != Some(number) {
            let why = format!("its number is {} and not {number}", answer["number"]);
            return Err(ChildFault::Garbled(why));
        }
        Ok(answer)
    }

    fn ended(&mut self) -> ChildFault {
        match self.process.try_wait() {
            Ok(Some(status)) => ChildFault::Ended(status.to_string()),
            Ok(None) => ChildFault::Ended("its output is closed".to_owned()),
            Err(error) => ChildFault::Ended(error.to_string()),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _gone = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// This folder, and then what is searched anyway.
fn searched(library: &Path) -> OsString {
    let mut searched = library.as_os_str().to_owned();
    if let Some(others) = std::env::var_os("PYTHONPATH").filter(|others| !others.is_empty()) {
        searched.push(":");
        searched.push(others);
    }
    searched
}

/// The rule of the contract for what an engine is given, once more.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let within = [
        "SECRET",
        "TOKEN",
        "PASSWORD",
        "PASSPHRASE",
        "PRIVATE",
        "MNEMONIC",
    ];
    name.starts_with("WALLET_")
        || name.ends_with("_KEY")
        || within.iter().any(|word| name.contains(word))
}

/// Each line without its end, and whether it is whole; until the end, or until `each` wants no more.
fn lines(source: impl Read, most: u64, mut each: impl FnMut(Vec<u8>, bool) -> bool) {
    let mut source = BufReader::new(source);
    loop {
        let mut line = Vec::new();
        let read = source.by_ref().take(most).read_until(b'\n', &mut line);
        if !read.is_ok_and(|bytes| bytes > 0) {
            return;
        }
        let whole = line.last() == Some(&b'\n');
        if whole {
            line.pop();
        }
        if !each(line, whole) {
            return;
        }
    }
}

fn tell_printed(printed: impl Read, log: &Log) {
    let mut allowance = Allowance::new(PRINTED_PER_S);
    lines(printed, MOST_PRINTED_BYTES, |line, _| {
        if let Some(suppressed) = allowance.take() {
            let text = String::from_utf8_lossy(&line);
            let fields = json!({"suppressed_before": suppressed});
            log.info("strategy_printed", &text, fields);
        }
        true
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_not_passed() {
        for name in ["WALLET_1", "API_KEY", "my_token", "DB_PASSWORD", "Mnemonic"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["PATH", "PYTHONPATH", "KEYBOARD", "TRADEWIND_CONFIG"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_comes_in_parts_and_the_last_one_needs_no_end() {
        let mut seen = Vec::new();
        lines(&b"ab\nabcdef\nz"[..], 4, |line, whole| {
            seen.push((String::from_utf8(line).expect("text"), whole));
            true
        });
        let expected = [("ab", true), ("abcd", false), ("ef", true), ("z", false)];
        assert_eq!(seen, expected.map(|(line, whole)| (line.to_owned(), whole)));
    }
}
