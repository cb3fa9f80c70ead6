//! `Journal`: the file of events, who writes it, and the thread that has the disk keep it.
//!
//! Events go to the file in the order in which they are told. Mostly the thread writes them; who tells one that is acted
//! upon writes it there and then, behind all that wait, and the thread waits for the disk meanwhile.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use super::Events;
use crate::log::Log;

/// Events that wait for the file.
const WAITING: usize = 16_384;
/// What ends a line that the disk took in part. Even where only its end was missing it is none: whoever told it may have
/// been told that it is not kept.
const CUT: &str = "#\n";
/// Before a disk that took nothing is tried again.
const REST: Duration = Duration::from_millis(200);

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
    tail: Mutex<Tail>,
    log: Log,
}

#[derive(Default)]
struct Waiting {
    lines: VecDeque<Line>,
    /// Told once what is in the file is on the disk; dropped where it is not.
    syncs: Vec<SyncSender<()>>,
    /// The disk took nothing when it was tried last.
    is_refused: bool,
    closed: bool,
}

/// An event, and who waits until the disk has it.
struct Line {
    event: Value,
    on_disk: Option<SyncSender<()>>,
}

/// The end of the file.
struct Tail {
    file: Box<dyn Write + Send>,
    /// Whether the disk took the last line in part.
    is_cut: bool,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Lines")
    }
}

impl Lines {
    fn of(file: Box<dyn Write + Send>, log: Log) -> Arc<Self> {
        Arc::new(Self {
            waiting: Mutex::default(),
            told: Condvar::new(),
            taken: Condvar::new(),
            tail: Mutex::new(Tail {
                file,
                is_cut: false,
            }),
            log,
        })
    }

    /// Leaves one to the thread. Where the disk is so slow that too many wait, this waits as well; where it takes nothing
    /// and too many wait, this one is lost.
    pub(super) fn tell(&self, event: Value) {
        let waiting = lock(&self.waiting);
        let has_room = self.taken.wait_while(waiting, |waiting| {
            waiting.lines.len() >= WAITING && !waiting.closed && !waiting.is_refused
        });
        let mut waiting = has_room.unwrap_or_else(PoisonError::into_inner);
        if waiting.lines.len() < WAITING {
            let on_disk = None;
            waiting.lines.push_back(Line { event, on_disk });
            self.told.notify_one();
        }
    }

    /// Leaves one to the thread that is never lost, and has it bring that to the disk.
    pub(super) fn tell_lasting(&self, event: Value) -> Receiver<()> {
        let (on_disk, is_on_disk) = sync_channel(1);
        let on_disk = Some(on_disk);
        let line = Line { event, on_disk };
        lock(&self.waiting).lines.push_back(line);
        self.told.notify_one();
        is_on_disk
    }

    /// Writes one behind all that wait, and has the thread bring it to the disk; None where it cannot be written.
    pub(super) fn keep(&self, event: &Value) -> Option<Receiver<()>> {
        if !self.write(Some(event)) {
            return None;
        }
        let (on_disk, is_on_disk) = sync_channel(1);
        lock(&self.waiting).syncs.push(on_disk);
        self.told.notify_one();
        Some(is_on_disk)
    }

    /// Whether what waits, and this behind it, is in the file; told where not. What waits and is not goes on waiting.
    fn write(&self, last: Option<&Value>) -> bool {
        let mut tail = lock(&self.tail);
        let mut lines = std::mem::take(&mut lock(&self.waiting).lines);
        let mut text = String::new();
        if tail.is_cut {
            text.push_str(CUT);
        }
        let mut ends = Vec::with_capacity(lines.len());
        for event in lines.iter().map(|line| &line.event).chain(last) {
            text.push_str(&event.to_string());
            text.push('\n');
            ends.push(text.len());
        }
        let (written, done) = tail.append(text.as_bytes());
        let whole = ends.iter().take_while(|end| **end <= written).count();
        let mut waiting = lock(&self.waiting);
        let in_file = lines.drain(..whole.min(lines.len()));
        waiting
            .syncs
            .extend(in_file.filter_map(|line| line.on_disk));
        for line in lines.into_iter().rev() {
            waiting.lines.push_front(line);
        }
        let is_news = done.is_err() && !waiting.is_refused;
        waiting.is_refused = done.is_err();
        drop(waiting);
        self.taken.notify_all();
        self.succeeded(&done, is_news)
    }

    fn succeeded(&self, done: &io::Result<()>, is_news: bool) -> bool {
        if let Err(error) = done
            && is_news
        {
            let message =
                format!("events.jsonl: cannot be written: {error}; make room on its disk");
            let fields = json!({"code": "events_unwritable"});
            self.log.error("events_unwritable", &message, fields);
        }
        done.is_ok()
    }

    /// The whole work of the thread, until it is closed and nothing waits, or the disk takes nothing.
    fn work(&self, disk: &File) {
        loop {
            let waiting = lock(&self.waiting);
            let told = self.told.wait_while(waiting, |waiting| {
                waiting.lines.is_empty() && waiting.syncs.is_empty() && !waiting.closed
            });
            let mut waiting = told.unwrap_or_else(PoisonError::into_inner);
            let (has_lines, closed) = (!waiting.lines.is_empty(), waiting.closed);
            let syncs = std::mem::take(&mut waiting.syncs);
            drop(waiting);
            // Only what somebody waits for is worth a commit of the disk, and that comes first.
            if !syncs.is_empty() && self.succeeded(&disk.sync_data(), true) {
                for on_disk in &syncs {
                    let _gone = on_disk.try_send(());
                }
            } else if has_lines {
                if !self.write(None) && self.rest() {
                    return;
                }
            } else if closed && syncs.is_empty() {
                return;
            }
        }
    }

    /// Gives the disk time; whether it is closed meanwhile.
    fn rest(&self) -> bool {
        let waiting = lock(&self.waiting);
        let rested = self
            .told
            .wait_timeout_while(waiting, REST, |waiting| !waiting.closed);
        let (waiting, _) = rested.unwrap_or_else(PoisonError::into_inner);
        waiting.closed
    }
}

impl Tail {
    /// How much of it is in the file, and why no more is.
    fn append(&mut self, bytes: &[u8]) -> (usize, io::Result<()>) {
        let mut written = 0;
        let done = loop {
            let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) else {
                break Ok(());
            };
            match self.file.write(rest) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(some) => written += some,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        if let Some(last) = written.checked_sub(1).and_then(|last| bytes.get(last)) {
            self.is_cut = *last != b'\n';
        }
        (written, done)
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
        let lines = Lines::of(Box::new(file), log);
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
        Ok(self.bodies("ExecutionPlanEvent", plan_id)?.pop())
    }

    /// The body of the first result of a plan that was told as its end.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn result(&self, plan_id: &str) -> io::Result<Option<Value>> {
        let told = self.bodies("ExecutionResultEvent", plan_id)?.into_iter();
        let mut ends = told.filter(|body| body["status"] != "timeout");
        Ok(ends.next())
    }

    fn bodies(&self, kind: &str, plan_id: &str) -> io::Result<Vec<Value>> {
        let mut found = Vec::new();
        for line in BufReader::new(File::open(&self.path)?).lines() {
            let line = line?;
            if line.contains(plan_id)
                && let Ok(mut event) = serde_json::from_str::<Value>(&line)
                && event["type"] == kind
                && event["body"]["planId"] == plan_id
            {
                found.push(event["body"].take());
            }
        }
        Ok(found)
    }

    /// Waits until everything told so far is written, or the disk takes nothing.
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
        let kept = events.tell_kept(&json!({"id": 7}));
        assert!(kept.is_written());
        let text = std::fs::read_to_string(&path).expect("read");
        assert_eq!(text, "{\"id\":7}\n");
        assert!(kept.is_on_disk());
        drop(events);
        journal.close();
        let unwritable = File::open(&path).expect("opened to read");
        let (journal, events) = Journal::of(&path, unwritable, log()).expect("opened");
        assert!(!events.tell_kept(&json!({"id": 8})).is_written());
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
                assert!(events.tell_kept(&json!({"id": "kept"})).is_on_disk());
                let text = std::fs::read_to_string(&path).expect("read");
                assert_eq!(text.lines().count(), id + 1 + (id + 1) / 10);
                assert_eq!(text.lines().last(), Some("{\"id\":\"kept\"}"));
            }
        }
        journal.close();
    }

    /// A disk with so much room, which grows when a test says so.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(Vec<u8>, usize)>>);

    impl Disk {
        fn make_room(&self, bytes: usize) {
            lock(&self.0).1 = bytes;
        }

        fn text(&self) -> String {
            String::from_utf8(lock(&self.0).0.clone()).expect("text")
        }
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut disk = lock(&self.0);
            let taken = disk.1.min(bytes.len());
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            disk.1 -= taken;
            disk.0.extend(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_a_full_disk_did_not_take_is_written_when_there_is_room_and_nothing_is_shortened() {
        let disk = Disk::default();
        let log = Log::new(Clock::System, io::sink());
        let lines = Lines::of(Box::new(disk.clone()), log);
        lines.tell(json!({"id": 1}));
        let lasting = lines.tell_lasting(json!({"id": 2}));
        // The first line, and four bytes of the second.
        disk.make_room(13);
        assert!(!lines.write(None));
        assert_eq!(disk.text(), "{\"id\":1}\n{\"id");
        assert!(lock(&lines.waiting).syncs.is_empty(), "not in the file yet");
        assert!(!lines.write(None), "as full as before");
        disk.make_room(1_000);
        lines.tell(json!({"id": 3}));
        assert!(lines.write(None));
        let whole = "{\"id\":1}\n{\"id#\n{\"id\":2}\n{\"id\":3}\n";
        assert_eq!(disk.text(), whole);
        assert_eq!(lock(&lines.waiting).syncs.len(), 1);
        assert!(lasting.try_recv().is_err(), "the disk was not asked");
    }

    #[test]
    fn what_was_told_as_not_kept_is_never_a_line_even_where_only_its_end_was_missing() {
        let disk = Disk::default();
        let log = Log::new(Clock::System, io::sink());
        let lines = Lines::of(Box::new(disk.clone()), log);
        let lasting = lines.tell_lasting(json!({"id": 1}));
        disk.make_room(17);
        assert!(lines.keep(&json!({"id": 2})).is_none());
        assert_eq!(disk.text(), "{\"id\":1}\n{\"id\":2}");
        assert_eq!(
            lock(&lines.waiting).syncs.len(),
            1,
            "the first one is whole"
        );
        disk.make_room(1_000);
        lines.tell(json!({"id": 3}));
        assert!(lines.write(None));
        assert_eq!(disk.text(), "{\"id\":1}\n{\"id\":2}#\n{\"id\":3}\n");
        drop(lasting);
    }

    #[test]
    fn a_disk_that_takes_nothing_holds_nobody_up_and_keeps_what_lasts() {
        let disk = Disk::default();
        let log = Log::new(Clock::System, io::sink());
        let lines = Lines::of(Box::new(disk.clone()), log);
        lines.tell(json!({"id": "first"}));
        assert!(!lines.write(None));
        for id in 0..WAITING {
            lines.tell(json!({"id": id}));
        }
        let _lasting = lines.tell_lasting(json!({"id": "lasting"}));
        disk.make_room(1 << 20);
        assert!(lines.write(None));
        let text = disk.text();
        assert_eq!(text.lines().count(), WAITING + 1);
        assert_eq!(text.lines().last(), Some("{\"id\":\"lasting\"}"));
    }

    #[test]
    fn what_lasts_is_told_as_kept_once_it_is_on_the_disk_and_the_first_end_of_a_plan_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.jsonl");
        let log = Log::new(Clock::System, io::sink());
        let (journal, events) = Journal::open(&path, log).expect("opened");
        for status in ["timeout", "failed", "success"] {
            let body = json!({"planId": "p", "status": status});
            let told = json!({"type": "ExecutionResultEvent", "body": body});
            let kept = events.tell_lasting(told);
            assert!(kept.is_written() && kept.is_on_disk());
        }
        let end = journal.result("p").expect("read").expect("found");
        assert_eq!(end["status"], "failed");
        assert_eq!(journal.result("q").expect("read"), None);
        journal.close();
    }
}
