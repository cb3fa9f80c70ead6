//! `Journal`: the file of events, who writes it, and the thread that has the disk keep it.
//!
//! Events go to the file in the order in which they are told. Mostly the thread writes them; who tells one that is acted
//! upon writes it there and then, behind all that wait, and the thread waits for the disk meanwhile.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use super::Events;
use crate::appending::append;
use crate::log::Log;

/// Events that wait for the file.
const WAITING: usize = 16_384;

/// The file and its thread.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    lines: Arc<Lines>,
    writer: JoinHandle<()>,
}

/// What is told, on its way to the file. Shared by reference.
pub(super) struct Lines {
    waiting: Mutex<Waiting>,
    /// There is something to do for the thread.
    told: Condvar,
    /// There is room again.
    taken: Condvar,
    file: Mutex<File>,
    log: Log,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Value>,
    /// Told once what is in the file is on the disk; dropped where it is not.
    syncs: Vec<SyncSender<()>>,
    closed: bool,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Lines")
    }
}

impl Lines {
    fn of(file: File, log: Log) -> Arc<Self> {
        Arc::new(Self {
            waiting: Mutex::default(),
            told: Condvar::new(),
            taken: Condvar::new(),
            file: Mutex::new(file),
            log,
        })
    }

    /// Leaves one to the thread. Where the disk is so slow that too many wait, this waits as well: none is lost.
    pub(super) fn tell(&self, event: Value) {
        let waiting = lock(&self.waiting);
        let has_room = self.taken.wait_while(waiting, |waiting| {
            waiting.events.len() >= WAITING && !waiting.closed
        });
        let mut waiting = has_room.unwrap_or_else(PoisonError::into_inner);
        waiting.events.push_back(event);
        self.told.notify_one();
    }

    /// Writes one behind all that wait, and has the thread bring it to the disk; None where it cannot be written.
    pub(super) fn keep(&self, event: Value) -> Option<Receiver<()>> {
        if !self.write(Some(event)) {
            return None;
        }
        let (on_disk, is_on_disk) = sync_channel(1);
        lock(&self.waiting).syncs.push(on_disk);
        self.told.notify_one();
        Some(is_on_disk)
    }

    /// Whether what waits, and this behind it, is in the file; told where not.
    fn write(&self, last: Option<Value>) -> bool {
        let mut file = lock(&self.file);
        let waiting = std::mem::take(&mut lock(&self.waiting).events);
        self.taken.notify_all();
        let mut lines = String::new();
        for event in waiting.into_iter().chain(last) {
            lines.push_str(&event.to_string());
            lines.push('\n');
        }
        self.succeeded(&append(&mut file, lines.as_bytes(), false))
    }

    fn succeeded(&self, done: &io::Result<()>) -> bool {
        if let Err(error) = done {
            let message =
                format!("events.jsonl: cannot be written: {error}; make room on its disk");
            let fields = json!({"code": "events_unwritable"});
            self.log.error("events_unwritable", &message, fields);
        }
        done.is_ok()
    }

    /// The whole work of the thread, until it is closed and nothing waits.
    fn work(&self, disk: &File) {
        loop {
            let waiting = lock(&self.waiting);
            let told = self.told.wait_while(waiting, |waiting| {
                waiting.events.is_empty() && waiting.syncs.is_empty() && !waiting.closed
            });
            let mut waiting = told.unwrap_or_else(PoisonError::into_inner);
            let (has_events, closed) = (!waiting.events.is_empty(), waiting.closed);
            let syncs = std::mem::take(&mut waiting.syncs);
            drop(waiting);
            // Only what somebody waits for is worth a commit of the disk, and that comes first.
            if !syncs.is_empty() && self.succeeded(&disk.sync_data()) {
                for on_disk in &syncs {
                    let _gone = on_disk.try_send(());
                }
            } else if has_events {
                self.write(None);
            } else if closed && syncs.is_empty() {
                return;
            }
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Journal {
    /// Opens the file, and ends a line that a crash cut off.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn open(path: &Path, log: Log) -> io::Result<(Self, Events)> {
        let mut file = File::options()
            .create(true)
            .append(true)
            .read(true)
            .open(path)?;
        if !ends_whole(&mut file)? {
            file.write_all(b"\n")?;
        }
        Self::of(path, file, log)
    }

    fn of(path: &Path, file: File, log: Log) -> io::Result<(Self, Events)> {
        let disk = file.try_clone()?;
        let lines = Lines::of(file, log);
        let working = Arc::clone(&lines);
        let writer = std::thread::Builder::new()
            .name("events".to_owned())
            .spawn(move || working.work(&disk))?;
        let journal = Self {
            path: path.to_owned(),
            lines: Arc::clone(&lines),
            writer,
        };
        Ok((journal, Events::to(Some(lines))))
    }

    /// The body of the plan with this id, if it was told.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn plan(&self, plan_id: &str) -> io::Result<Option<Value>> {
        let mut found = None;
        for line in BufReader::new(File::open(&self.path)?).lines() {
            let line = line?;
            if line.contains(plan_id)
                && let Ok(mut event) = serde_json::from_str::<Value>(&line)
                && event["type"] == "ExecutionPlanEvent"
                && event["body"]["planId"] == plan_id
            {
                found = Some(event["body"].take());
            }
        }
        Ok(found)
    }

    /// Waits until everything told so far is written.
    pub fn close(self) {
        lock(&self.lines.waiting).closed = true;
        self.lines.told.notify_one();
        let _panicked = self.writer.join();
    }
}

fn ends_whole(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn events_are_appended_after_a_line_that_was_cut_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.jsonl");
        std::fs::write(&path, "{\"id\": 1}\n{\"id\":").expect("written");
        let log = Log::new(Clock::System, io::sink());
        let (journal, events) = Journal::open(&path, log).expect("opened");
        events.tell(
            json!({"type": "ExecutionPlanEvent", "body": {"planId": "p", "expectedProfit": "5"}}),
        );
        drop(events);
        journal.close();
        let log = Log::new(Clock::System, io::sink());
        let (again, _) = Journal::open(&path, log).expect("opened");
        let text = std::fs::read_to_string(&path).expect("read");
        assert_eq!(text.lines().count(), 3);
        let plan = again.plan("p").expect("read").expect("found");
        assert_eq!(plan["expectedProfit"], "5");
        assert_eq!(again.plan("q").expect("read"), None);
    }

    #[test]
    fn whoever_waits_for_an_event_finds_it_in_the_file_and_hears_of_a_disk_that_takes_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.jsonl");
        let log = || Log::new(Clock::System, io::sink());
        let (journal, events) = Journal::open(&path, log()).expect("opened");
        let kept = events.tell_kept(json!({"id": 7}));
        assert!(kept.is_written());
        let text = std::fs::read_to_string(&path).expect("read");
        assert_eq!(text, "{\"id\":7}\n");
        assert!(kept.is_on_disk());
        drop(events);
        journal.close();
        let unwritable = File::open(&path).expect("opened to read");
        let (journal, events) = Journal::of(&path, unwritable, log()).expect("opened");
        assert!(!events.tell_kept(json!({"id": 8})).is_written());
        journal.close();
    }

    #[test]
    fn one_that_is_kept_stands_behind_all_that_were_told_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.jsonl");
        let log = Log::new(Clock::System, io::sink());
        let (journal, events) = Journal::open(&path, log).expect("opened");
        for id in 0..100 {
            events.tell(json!({"id": id}));
            if id % 10 == 9 {
                assert!(events.tell_kept(json!({"id": "kept"})).is_on_disk());
                let text = std::fs::read_to_string(&path).expect("read");
                assert_eq!(text.lines().count(), id + 1 + (id + 1) / 10);
                assert_eq!(text.lines().last(), Some("{\"id\":\"kept\"}"));
            }
        }
        journal.close();
    }
}
