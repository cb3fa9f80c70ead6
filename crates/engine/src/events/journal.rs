//! `Journal`: the file of events and the thread that writes it.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use super::{Events, Told};
use crate::appending::append;
use crate::log::Log;

/// Events that wait for the disk.
const WAITING: usize = 16_384;

/// The file and its thread.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    writer: JoinHandle<()>,
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
        let (sender, receiver) = sync_channel(WAITING);
        let writer = std::thread::Builder::new()
            .name("events".to_owned())
            .spawn(move || write_all(file, &receiver, &log))?;
        let journal = Self {
            path: path.to_owned(),
            writer,
        };
        Ok((journal, Events::to(Some(sender))))
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

    /// Waits until everything told is written; every [`Events`] must be gone.
    pub fn close(self) {
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

fn write_all(mut file: File, events: &Receiver<Told>, log: &Log) {
    while let Ok(first) = events.recv() {
        let mut lines = String::new();
        let mut waiting = Vec::new();
        let mut next = Some(first);
        while let Some(Told { event, progress }) = next {
            lines.push_str(&event.to_string());
            lines.push('\n');
            waiting.extend(progress);
            next = events.try_recv().ok();
        }
        // Whoever waits for what could not be kept hears it by the end of the channel.
        if let Err(error) = keep(&mut file, lines.as_bytes(), &waiting) {
            let message =
                format!("events.jsonl: cannot be written: {error}; make room on its disk");
            log.error(
                "events_unwritable",
                &message,
                json!({"code": "events_unwritable"}),
            );
        }
    }
}

/// Only what somebody waits for is worth a commit of the disk.
fn keep(file: &mut File, lines: &[u8], waiting: &[SyncSender<()>]) -> io::Result<()> {
    append(file, lines, false)?;
    tell_progress(waiting);
    if !waiting.is_empty() {
        file.sync_data()?;
    }
    tell_progress(waiting);
    Ok(())
}

fn tell_progress(waiting: &[SyncSender<()>]) {
    for told in waiting {
        let _gone = told.try_send(());
    }
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
        let again = Journal {
            path: path.clone(),
            writer: std::thread::spawn(|| ()),
        };
        journal.close();
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
        let (sender, receiver) = sync_channel(1);
        let unwritable = File::open(&path).expect("opened to read");
        let writer = std::thread::spawn(move || write_all(unwritable, &receiver, &log()));
        let events = Events::to(Some(sender));
        assert!(!events.tell_kept(json!({"id": 8})).is_written());
        drop(events);
        writer.join().expect("ended");
    }
}
