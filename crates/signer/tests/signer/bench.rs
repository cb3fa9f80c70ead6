//! The signer's real parts put together in process, with a clock that the test sets.

use crate::process::{Folder, KEYS, PASSPHRASE, config};
use age::secrecy::SecretString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tradewind_signer::clock::Clock;
use tradewind_signer::config::Config;
use tradewind_signer::fault::{Fault, Rule};
use tradewind_signer::gate::Gate;
use tradewind_signer::key_file::KeyFile;
use tradewind_signer::protocol::parse;
use tradewind_signer::signer::{Boundaries, Service, Signer};

pub const START_S: u64 = 1_800_000_000;
pub const DAY_S: u64 = 86_400;

#[derive(Clone, Default)]
struct SetClock {
    now_s: Arc<AtomicU64>,
    running_s: Arc<AtomicU64>,
}

impl Clock for SetClock {
    fn now_ms(&self) -> u64 {
        self.now_s.load(Ordering::SeqCst) * 1000
    }

    fn running_ms(&self) -> u64 {
        self.running_s.load(Ordering::SeqCst) * 1000
    }
}

/// Ends the signer in the middle of a request, when its record is on disk and nothing is signed.
#[derive(Clone, Default)]
struct Fuse(Arc<AtomicBool>);

impl Boundaries for Fuse {
    fn gate_committed(&self) {
        assert!(!self.0.swap(false, Ordering::SeqCst), "the fuse is blown");
    }
}

pub struct Bench {
    // Nothing between a restart's end and its beginning.
    signer: Option<Signer>,
    clock: SetClock,
    fuse: Fuse,
    pub folder: Folder,
}

impl Bench {
    pub fn new() -> Self {
        Self::under(&config())
    }

    /// Under another configuration than the usual one.
    pub fn under(config: &str) -> Self {
        let folder = Folder::new();
        folder.write("signer.toml", config);
        Self::over(folder)
    }

    /// Over the files of a folder.
    pub fn over(folder: Folder) -> Self {
        let fuse = Fuse::default();
        Self {
            fuse: fuse.clone(),
            ..Self::watched(folder, Box::new(fuse))
        }
    }

    /// Ended and started again over the same files, at the same time of day, maybe with another configuration.
    pub fn restarted(mut self, config: Option<&str>) -> Self {
        self.restart(config);
        self
    }

    pub fn restart(&mut self, config: Option<&str>) {
        if let Some(config) = config {
            self.folder.write("signer.toml", config);
        }
        self.signer = None;
        let (clock, fuse) = (self.clock.clone(), self.fuse.clone());
        self.signer = Some(start(&self.folder, clock, Box::new(fuse)));
    }

    /// Whether the signer died of the request. It must be restarted then.
    pub fn dies(&self, request: &serde_json::Value) -> bool {
        self.fuse.0.store(true, Ordering::SeqCst);
        let died = catch_unwind(AssertUnwindSafe(|| self.ask(request))).is_err();
        self.fuse.0.store(false, Ordering::SeqCst);
        died
    }

    pub fn watched(folder: Folder, boundaries: Box<dyn Boundaries>) -> Self {
        let clock = SetClock::default();
        clock.now_s.store(START_S, Ordering::SeqCst);
        Self {
            signer: Some(start(&folder, clock.clone(), boundaries)),
            clock,
            fuse: Fuse::default(),
            folder,
        }
    }

    /// At another second of the clock; where that is later, the machine has run for as long.
    pub fn at(&self, second: u64) -> &Self {
        self.runs(second.saturating_sub(self.now_s()))
            .with_clock_set_to(second)
    }

    /// The clock is set, and no time passes.
    pub fn with_clock_set_to(&self, second: u64) -> &Self {
        self.clock.now_s.store(second, Ordering::SeqCst);
        self
    }

    /// The machine has run for so long, whatever its clock says.
    pub fn runs(&self, seconds: u64) -> &Self {
        self.clock.running_s.fetch_add(seconds, Ordering::SeqCst);
        self
    }

    pub fn ask(&self, request: &serde_json::Value) -> Result<serde_json::Value, Fault> {
        let signer = self.signer.as_ref().expect("it was started");
        signer.answer(parse(request.to_string().as_bytes()).unwrap())
    }

    pub fn ok(&self, request: &serde_json::Value) -> serde_json::Value {
        self.ask(request).unwrap_or_else(|fault| panic!("{fault}"))
    }

    pub fn now_s(&self) -> u64 {
        self.clock.now_s.load(Ordering::SeqCst)
    }

    /// The message of a refusal.
    pub fn message(&self, request: &serde_json::Value) -> String {
        match self.ask(request) {
            Err(Fault::Refused(refusal)) => refusal.message,
            other => panic!("not refused: {other:?}"),
        }
    }

    pub fn rule(&self, request: &serde_json::Value) -> Option<Rule> {
        match self.ask(request) {
            Ok(_) => None,
            Err(Fault::Refused(refusal)) => Some(refusal.rule),
            Err(other) => panic!("{other}"),
        }
    }
}

fn start(folder: &Folder, clock: SetClock, boundaries: Box<dyn Boundaries>) -> Signer {
    let config = Config::load(&folder.path("signer.toml")).unwrap();
    let passphrase = SecretString::from(PASSPHRASE.to_owned());
    let file = KeyFile::load(&config.key_file, &passphrase)
        .map_err(|e| e.message)
        .unwrap();
    assert!(file.keys().len() >= KEYS.len());
    let keys = file
        .into_ring(config.policy.wallets.keys())
        .map_err(|e| e.message);
    let keys = keys.unwrap_or_else(|why| panic!("{why}"));
    let gate = Gate::open(&config.gate).unwrap();
    Signer::new(keys, config.policy, gate, Box::new(clock), boundaries)
        .unwrap_or_else(|fault| panic!("{fault}"))
}
