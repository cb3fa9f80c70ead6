//! The signer's real parts put together in process, with a clock that the test sets.

use crate::process::{Folder, KEYS, PASSPHRASE};
use age::secrecy::SecretString;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tradewind_signer::clock::Clock;
use tradewind_signer::config::Config;
use tradewind_signer::fault::{Fault, Rule};
use tradewind_signer::gate::Gate;
use tradewind_signer::key_file::KeyFile;
use tradewind_signer::protocol::parse;
use tradewind_signer::signer::{Boundaries, Service, Signer, Unobserved};

pub const START_S: u64 = 1_800_000_000;
pub const DAY_S: u64 = 86_400;

#[derive(Clone)]
struct SetClock(Arc<AtomicU64>);

impl Clock for SetClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst) * 1000
    }
}

pub struct Bench {
    signer: Signer,
    clock: SetClock,
    pub folder: Folder,
}

impl Bench {
    pub fn new() -> Self {
        Self::watched(Folder::new(), Box::new(Unobserved))
    }

    pub fn watched(folder: Folder, boundaries: Box<dyn Boundaries>) -> Self {
        let config = Config::load(&folder.path("signer.toml")).unwrap();
        let passphrase = SecretString::from(PASSPHRASE.to_owned());
        let file = KeyFile::load(&config.key_file, &passphrase)
            .map_err(|e| e.message)
            .unwrap();
        assert_eq!(file.keys().len(), KEYS.len());
        let keys = file
            .into_ring(config.policy.wallets.keys())
            .map_err(|e| e.message);
        let keys = keys.unwrap_or_else(|why| panic!("{why}"));
        let gate = Gate::open(&config.gate).unwrap();
        let clock = SetClock(Arc::new(AtomicU64::new(START_S)));
        let signer = Signer::new(
            keys,
            config.policy,
            gate,
            Box::new(clock.clone()),
            boundaries,
        );
        Self {
            signer,
            clock,
            folder,
        }
    }

    pub fn at(&self, second: u64) -> &Self {
        self.clock.0.store(second, Ordering::SeqCst);
        self
    }

    pub fn ask(&self, request: &serde_json::Value) -> Result<serde_json::Value, Fault> {
        self.signer
            .answer(parse(request.to_string().as_bytes()).unwrap())
    }

    pub fn ok(&self, request: &serde_json::Value) -> serde_json::Value {
        self.ask(request).unwrap_or_else(|fault| panic!("{fault}"))
    }

    pub fn rule(&self, request: &serde_json::Value) -> Option<Rule> {
        match self.ask(request) {
            Ok(_) => None,
            Err(Fault::Refused(refusal)) => Some(refusal.rule),
            Err(other) => panic!("{other}"),
        }
    }
}
