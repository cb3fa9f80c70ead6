//! Wires one engine and runs it to its end.

mod discovering;
mod held;
mod lending;
mod recovery;
mod sending;
mod stages;
mod stocking;
mod telling;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;
use tradewind_core::ChainAddress;
use tradewind_solana::Key;
use tradewind_solana::http_endpoint::EndpointLimits;
use tradewind_solana::rpc_pool::{PoolOptions, RpcPool};

use self::stages::{Watched, join_all};
use self::telling::{stopped, tell_in_flight, tell_status};
use crate::chain_reader::ChainReader;
use crate::clock::Clock;
use crate::config::{ConfigWatch, EngineConfig, Executes, FeedKind, InForce, Mode, Reload};
use crate::events::Journal;
use crate::fault::{Ending, EngineFault};
use crate::feed::{EntryFeed, EntryOptions, Recorder, open};
use crate::following::Follower;
use crate::gate::Gate;
use crate::intake::Intake;
use crate::inventory::Inventory;
use crate::log::Log;
use crate::pipeline::Shared;
use crate::quote_service::serve_quotes;
use crate::reloading::reload_changes;
use crate::replay::replay;
use crate::shreds::read_tables;
use crate::stopping::StopReasons;
use crate::strategies::Strategy;

/// How long the gate may take for one answer.
const GATE_TIMEOUT: Duration = Duration::from_secs(5);

/// What to run.
#[derive(Debug)]
pub struct Run {
    /// Checked.
    pub config: EngineConfig,
    /// Where it was read, and is watched.
    pub path: PathBuf,
    /// Where the feed is written down.
    pub record: Option<PathBuf>,
    /// What is replayed.
    pub recording: Option<PathBuf>,
}

/// Runs until it is told to stop, or cannot go on.
///
/// # Errors
/// Why it cannot.
pub fn run(run: &Run, strategy: Strategy) -> Result<(), EngineFault> {
    let folder = run.config.folder.clone();
    let _lock = lock(&folder)?;
    let clock = match run.config.mode {
        Mode::Replay => Clock::recorded(),
        Mode::Live | Mode::Paper => Clock::System,
    };
    let log = Log::to_stdout(clock.clone());
    let opened = Journal::open(&folder.join("events.jsonl"), log.clone());
    let (journal, events) = opened.map_err(|error| unwritable(&folder, &error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| EngineFault::defect("no_runtime", error.to_string()))?;
    let shared = Arc::new(Shared::new(
        run.config.instance.clone(),
        Inventory::default(),
        InForce::new(run.config.changeable.clone()),
        clock,
        log,
        events,
    ));
    let ended = match run.config.mode {
        Mode::Replay => runtime.block_on(replayed(&shared, strategy, run)),
        Mode::Live | Mode::Paper => {
            let running = Running {
                shared: Arc::clone(&shared),
                strategy,
                run,
                journal: &journal,
            };
            runtime.block_on(running.run())
        }
    };
    shared.stop();
    runtime.shutdown_timeout(Duration::from_secs(1));
    drop(shared);
    journal.close();
    ended
}

async fn replayed(shared: &Arc<Shared>, strategy: Strategy, run: &Run) -> Result<(), EngineFault> {
    let path = run.recording.as_ref().ok_or_else(|| {
        let message = "--recording: is missing, and mode replay replays one; give its path";
        EngineFault::new(Ending::BadConfiguration, "recording_missing", message)
    })?;
    let terms = (strategy.terms)(&run.config.changeable.parameters);
    if let Some(wallet) = terms.and_then(|terms| terms.wallet) {
        shared.inventory_mut().trade_for(wallet, &[]);
    }
    // However slowly it is replayed, nothing is too old by this machine's clock.
    let mut in_force = (*shared.in_force.now()).clone();
    in_force.limits.max_opportunity_age_ms = 3_600_000;
    shared.in_force.put(in_force);
    shared.log.info(
        "engine_ready",
        "replaying",
        json!({"version": run.config.changeable.version}),
    );
    let workers = strategy.workers(shared, &run.config)?;
    replay(
        Arc::clone(shared),
        (strategy.kind, workers),
        path,
        &run.config.chain.genesis_hash,
    )
    .await?;
    if let Some(fault) = shared.failure.now() {
        return Err(fault);
    }
    stopped(shared, "recording_ended", &[]);
    Ok(())
}

struct Running<'a> {
    shared: Arc<Shared>,
    strategy: Strategy,
    run: &'a Run,
    journal: &'a Journal,
}

impl Running<'_> {
    async fn run(&self) -> Result<(), EngineFault> {
        let config = &self.run.config;
        // Heard from here on, though looked at behind the start: it is no crash to be stopped early.
        let mut reasons = StopReasons::heard()?;
        let signs = config.mode == Mode::Live && config.executes == Executes::Engine;
        let pool = Arc::new(self.rpc_pool()?);
        let reader = Arc::new(ChainReader::new(Arc::clone(&pool), "processed"));
        let wallet = self.wallet()?;
        if signs {
            self.check_liquidator(wallet)?;
            self.open_positions()?;
        }
        let pools = tokio::select! {
            biased;
            reason = reasons.first() => {
                stopped(&self.shared, reason, &[]);
                return Ok(());
            }
            loaded = self.load(&reader, wallet) => loaded?,
        };
        // Before anything of an earlier run is followed: a strategy in Python is told how that ends.
        let workers = self.strategy.workers(&self.shared, config)?;
        let follower = if signs {
            Some(self.follower(&pool)?)
        } else {
            None
        };
        let recovered = match &follower {
            Some(follower) => self.recover(follower)?,
            None => 0,
        };
        let sender = match &follower {
            Some(follower) => Some(self.sender(&pool, &reader, wallet, follower).await?),
            None => None,
        };
        let desk = self.desk(&pool, &reader).await?;
        let discovering = self.discover(&reader, workers.scanner.as_ref())?;
        let mut stages = self.start_stages(sender, desk, (workers.scanner, workers.planner))?;
        stages.extend(self.start_predicting(&reader)?);
        if let Some(listen) = config.quotes {
            stages.push(serve_quotes(&self.shared, listen)?);
        }
        stages.extend(discovering.thread);
        let (intake, mut ready) =
            Intake::new(Arc::clone(&self.shared), reader, pools, self.recorder()?);
        let intake = intake.with_programs(discovering.programs);
        let feed = open(&self.run.config)?;
        let watched = Watched::of(&self.shared, "intake");
        let intake = tokio::spawn(watched.over_later(intake.run(feed)));
        self.watch_config()?;
        let status = tokio::spawn(tell_status(Arc::clone(&self.shared), follower.clone()));
        let stop = self.told_to_stop(&mut reasons);
        tokio::pin!(stop);
        let mut reason = None;
        tokio::select! {
            told = &mut stop => reason = Some(told),
            _ = ready.wait_for(|ready| *ready) => {
                let fields = json!({"version": self.shared.in_force.now().version, "recovered": recovered, "pools": self.shared.inventory().graph().len()});
                self.shared.log.info("engine_ready", "the pools are read and the feed runs", fields);
            }
        }
        let reason = if let Some(reason) = reason {
            reason
        } else {
            tokio::select! {
                told = &mut stop => told,
                finished = self.shared.until_finished() => self.finished(finished)?,
            }
        };
        self.shared.stop();
        status.abort();
        intake.abort();
        let _aborted = intake.await;
        let joined = tokio::task::spawn_blocking(move || join_all(stages)).await;
        let open = match &follower {
            Some(follower) => self.wait_for_flights(follower).await,
            None => Vec::new(),
        };
        if let Some(process) = workers.process {
            let _ended = tokio::task::spawn_blocking(move || process.close()).await;
        }
        stopped(&self.shared, reason, &open);
        if let Some(fault) = self.shared.failure.now() {
            return Err(fault);
        }
        if joined.is_ok_and(|all| all) {
            return Ok(());
        }
        Err(EngineFault::defect(
            "stage_panicked",
            "a stage ended by a defect; see standard error",
        ))
    }

    /// Waits for the first reason to stop.
    async fn told_to_stop(&self, reasons: &mut StopReasons) -> &'static str {
        tokio::select! {
            reason = reasons.first() => reason,
            () = self.shared.failure.wait() => "failed",
        }
    }

    /// The endpoints, with a limit of their own.
    fn rpc_pool(&self) -> Result<RpcPool, EngineFault> {
        let chain = &self.run.config.chain;
        let options = PoolOptions {
            limits: EndpointLimits {
                requests_per_second: chain.requests_per_s,
                burst: chain.requests_per_s,
                max_response_bytes: 256 << 20,
                request_timeout_ms: 10_000,
                ..EndpointLimits::default()
            },
            ..PoolOptions::default()
        };
        RpcPool::new(&chain.rpc, &chain.genesis_hash, &options).map_err(|fault| {
            EngineFault::new(Ending::BadConfiguration, fault.code(), fault.to_string())
        })
    }

    /// Who trades: the parameter, or the only wallet that the signer has on the chain.
    fn wallet(&self) -> Result<Option<ChainAddress>, EngineFault> {
        let config = &self.run.config;
        let terms = (self.strategy.terms)(&config.changeable.parameters);
        if let Some(wallet) = terms.and_then(|terms| terms.wallet) {
            return Ok(Some(wallet));
        }
        let Some(socket) = &config.signer else {
            return Ok(None);
        };
        let wallets = Gate::new(socket.clone(), GATE_TIMEOUT).wallets();
        let wallets = wallets
            .map_err(|fault| EngineFault::unavailable("signer_unavailable", fault.to_string()))?;
        match wallets.as_slice() {
            [only] => Ok(Key::parse(only).map(ChainAddress::from)),
            _ => Err(EngineFault::new(
                Ending::BadConfiguration,
                "wallet_missing",
                format!(
                    "parameters.wallet: is missing, and the signer has {} wallets on the chain; name one",
                    wallets.len()
                ),
            )),
        }
    }

    /// What an earlier run bought, before anything of it is asked for.
    fn open_positions(&self) -> Result<(), EngineFault> {
        let folder = &self.run.config.folder;
        let (path, now_ms) = (folder.join("positions"), self.shared.clock.now_ms());
        let opened = self.shared.position_book().open(&path, now_ms);
        opened.map_err(|error| unwritable(folder, &error))
    }

    fn recorder(&self) -> Result<Option<Recorder>, EngineFault> {
        let config = &self.run.config;
        let made = self
            .run
            .record
            .as_ref()
            .map(|path| Recorder::create(path, &config.chain.genesis_hash));
        let at_ns = self.shared.clock.now_ns();
        let begun = made.transpose().and_then(|mut recorder| {
            if let Some(recorder) = recorder.as_mut() {
                recorder.stocked(at_ns, &self.shared.inventory().stock())?;
            }
            Ok(recorder)
        });
        begun.map_err(|error| {
            let message =
                format!("--record: cannot be made: {error}; name a file that is not there yet");
            EngineFault::new(Ending::BadConfiguration, "record_unwritable", message)
        })
    }

    /// With a Shredstream proxy: its entries, the tables that they need, and the stage that reads them.
    fn start_predicting(
        &self,
        reader: &Arc<ChainReader>,
    ) -> Result<Option<JoinHandle<()>>, EngineFault> {
        let url = match (self.run.config.feed, &self.run.config.chain.shredstream) {
            (FeedKind::Shredstream, Some(url)) => url.clone(),
            _ => return Ok(None),
        };
        self.shared.shreds.open();
        let stage = self.start_shred_stage()?;
        let feed = EntryFeed::new(EntryOptions::new(url));
        tokio::spawn(feed.run(Arc::clone(&self.shared)));
        tokio::spawn(read_tables(Arc::clone(&self.shared), Arc::clone(reader)));
        Ok(Some(stage))
    }

    fn watch_config(&self) -> Result<(), EngineFault> {
        let watch = ConfigWatch::start(&self.run.path)?;
        let reload = Reload::new(
            self.run.config.clone(),
            self.strategy.check,
            self.strategy.terms,
        );
        tokio::spawn(reload_changes(
            Arc::clone(&self.shared),
            watch,
            self.run.path.clone(),
            reload,
        ));
        Ok(())
    }

    /// Waits for what is under way, as long as the limit says.
    async fn wait_for_flights(&self, follower: &Follower) -> Vec<String> {
        let limit = Duration::from_millis(self.shared.in_force.now().limits.shutdown_ms);
        let open = follower.in_flight();
        tell_in_flight(&self.shared, &open);
        let landed = async {
            while !follower.in_flight().is_empty() || follower.is_closing() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let _too_late = tokio::time::timeout(limit, landed).await;
        follower.in_flight()
    }
}

/// One engine a folder.
fn lock(folder: &Path) -> Result<File, EngineFault> {
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    let file =
        File::create(folder.join("engine.lock")).map_err(|error| unwritable(folder, &error))?;
    file.try_lock().map_err(|_| {
        let message = format!(
            "folder: {} has a running engine; stop that one, or come again",
            folder.display()
        );
        EngineFault::new(Ending::ComeAgain, "instance_running", message)
    })?;
    Ok(file)
}

fn unwritable(folder: &Path, error: &std::io::Error) -> EngineFault {
    let message = format!(
        "folder: {} cannot be written: {error}; give one that can",
        folder.display()
    );
    EngineFault::new(Ending::BadConfiguration, "folder_unwritable", message)
}
