//! Wires one engine and runs it to its end.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;
use tokio::runtime::Handle;
use tradewind_core::ChainAddress;
use tradewind_core::pools::PoolMath as _;
use tradewind_solana::Key;
use tradewind_solana::blockhash_cache::{BlockhashCache, BlockhashOptions};
use tradewind_solana::confirmation::{ConfirmationWatch, WatchOptions};
use tradewind_solana::http_endpoint::EndpointLimits;
use tradewind_solana::lanes::rpc::{RpcLane, RpcLaneOptions};
use tradewind_solana::rpc_pool::{PoolOptions, RpcPool};

use crate::chain_reader::{ChainReader, Heights};
use crate::clock::Clock;
use crate::config::{ConfigWatch, EngineConfig, Executes, InForce, Mode, Reload};
use crate::events::Journal;
use crate::fault::{Ending, EngineFault};
use crate::feed::{Recorder, WebsocketFeed, WebsocketOptions};
use crate::flight::Flight;
use crate::following::Follower;
use crate::gate::{Gate, Signed};
use crate::intake::Intake;
use crate::inventory::{AccountReader as _, Inventory, KnownTable, Loading, load, read_snapshot};
use crate::log::Log;
use crate::pipeline::{Executor, Sender, Shared, plan_opportunities, quote_updates, scan_changes};
use crate::reloading::reload_changes;
use crate::replay::replay;
use crate::steps::Steps;
use crate::stopping::told_to_stop;
use crate::strategies::Strategy;

/// How long the gate may take for one answer.
const GATE_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two lines of counts and times.
const STATUS_EVERY: Duration = Duration::from_secs(10);
/// Between two looks at the heights.
const HEIGHTS_EVERY: Duration = Duration::from_millis(400);

/// The whole work of one stage's thread.
type StageWork = Box<dyn FnOnce() + Send>;

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
    replay(
        Arc::clone(shared),
        strategy,
        path,
        &run.config.chain.genesis_hash,
    )
    .await?;
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
        let signs = config.mode == Mode::Live && config.executes == Executes::Engine;
        let pool = Arc::new(self.rpc_pool()?);
        let reader = Arc::new(ChainReader::new(Arc::clone(&pool), "processed"));
        let wallet = self.wallet()?;
        let pools = self.load(&reader, wallet).await?;
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
        let stages = self.start_stages(sender)?;
        let (intake, mut ready) =
            Intake::new(Arc::clone(&self.shared), reader, pools, self.recorder()?);
        let feed = Box::new(self.feed());
        let intake = tokio::spawn(intake.run(feed));
        self.watch_config()?;
        let status = tokio::spawn(tell_status(Arc::clone(&self.shared), follower.clone()));
        let stop = told_to_stop();
        tokio::pin!(stop);
        let mut reason = None;
        tokio::select! {
            told = &mut stop => reason = Some(told?),
            _ = ready.wait_for(|ready| *ready) => {
                let fields = json!({"version": self.shared.in_force.now().version, "recovered": recovered, "pools": self.shared.inventory().graph().len()});
                self.shared.log.info("engine_ready", "the pools are read and the feed runs", fields);
            }
        }
        let reason = match reason {
            Some(reason) => reason,
            None => stop.await?,
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
        stopped(&self.shared, reason, &open);
        if joined.is_ok_and(|all| all) {
            return Ok(());
        }
        Err(EngineFault::defect(
            "stage_panicked",
            "a stage ended by a defect; see standard error",
        ))
    }

    fn rpc_pool(&self) -> Result<RpcPool, EngineFault> {
        let chain = &self.run.config.chain;
        let options = PoolOptions {
            limits: EndpointLimits {
                requests_per_second: 200,
                burst: 200,
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

    /// Every pool of the snapshot and of the programs, as the chain has it, and what the wallet holds.
    async fn load(
        &self,
        reader: &ChainReader,
        wallet: Option<ChainAddress>,
    ) -> Result<Vec<ChainAddress>, EngineFault> {
        let source = &self.run.config.inventory;
        let mut addresses = Vec::new();
        if let Some(path) = &source.snapshot {
            let path = self.run.config.folder.join(path);
            let (pools, left_out) = read_snapshot(&path).map_err(|fault| {
                EngineFault::new(
                    Ending::BadConfiguration,
                    "snapshot_unreadable",
                    fault.to_string(),
                )
            })?;
            for reason in left_out {
                self.shared
                    .log
                    .warning("pool_left_out", &reason, json!({"code": "pool_left_out"}));
            }
            addresses.extend(pools.iter().map(tradewind_core::pools::Pool::address));
        }
        for program in &source.programs {
            addresses.extend(reader.accounts_of(*program).await?);
        }
        addresses.sort_unstable();
        addresses.dedup();
        let loading = load(reader, &addresses).await?;
        let pools: Vec<_> = loading
            .pools
            .iter()
            .map(|loaded| loaded.pool.address())
            .collect();
        let tables = self.tables(reader).await?;
        let token_accounts = self.stock(&loading, tables, wallet);
        for account in reader.read(&token_accounts).await?.into_iter().flatten() {
            self.shared.inventory_mut().add_token_account(account.key);
        }
        let fields = json!({"pools": pools.len(), "left_out": loading.left_out.len()});
        self.shared
            .log
            .info("pools_loaded", "the pools are known", fields);
        Ok(pools)
    }

    /// Puts what was read into the inventory; gives the wallet's token accounts for its mints, there or not.
    fn stock(
        &self,
        loading: &Loading,
        tables: Vec<KnownTable>,
        wallet: Option<ChainAddress>,
    ) -> Vec<ChainAddress> {
        let mut inventory = self.shared.inventory_mut();
        inventory.take(loading);
        for table in tables {
            inventory.add_table(table);
        }
        // Behind no feed yet, so not to be traded on.
        inventory.set_all_stale();
        let Some(wallet) = wallet else {
            return Vec::new();
        };
        let bases = (self.strategy.mints)(&self.run.config.changeable.parameters);
        inventory.trade_for(wallet, &bases);
        let mints = inventory.mints();
        mints
            .iter()
            .filter_map(|mint| inventory.token_account(wallet, *mint))
            .collect()
    }

    /// The lookup tables of the parameters, as far as they can be used.
    async fn tables(&self, reader: &ChainReader) -> Result<Vec<KnownTable>, EngineFault> {
        let terms = (self.strategy.terms)(&self.run.config.changeable.parameters);
        let addresses = terms.map(|terms| terms.lookup_tables).unwrap_or_default();
        let read = reader.read(&addresses).await?;
        let mut tables = Vec::new();
        for (address, account) in addresses.iter().zip(read) {
            let decoded = account.ok_or_else(|| "it is not there".to_owned());
            match decoded.and_then(|account| KnownTable::decode(&account)) {
                Ok(table) => tables.push(table),
                Err(why) => {
                    let message = format!("lookup table {address} is left out: {why}");
                    self.shared.log.warning(
                        "table_left_out",
                        &message,
                        json!({"code": "table_left_out"}),
                    );
                }
            }
        }
        Ok(tables)
    }

    fn follower(&self, pool: &Arc<RpcPool>) -> Result<Arc<Follower>, EngineFault> {
        let config = &self.run.config;
        let steps = Steps::open(&config.folder.join("steps"));
        let steps = steps.map_err(|error| unwritable(&config.folder, &error))?;
        let options = RpcLaneOptions {
            preflight: false,
            preflight_commitment: "processed",
        };
        let watch = ConfirmationWatch::new(
            Arc::clone(pool),
            WatchOptions {
                websocket_urls: config.chain.websocket.iter().cloned().collect(),
                quorum: None,
                poll_ms: 200,
            },
        );
        let watch = watch.map_err(|fault| {
            EngineFault::new(Ending::BadConfiguration, fault.code(), fault.to_string())
        })?;
        Ok(Arc::new(Follower::new(
            Arc::clone(&self.shared),
            RpcLane::new(Arc::clone(pool), options),
            watch,
            ChainReader::new(Arc::clone(pool), "confirmed"),
            (
                config.signer.clone().unwrap_or_default(),
                config.chain.rpc.clone(),
            ),
            steps,
        )))
    }

    /// Takes up what an earlier run left: what was signed is followed to its end, what was not is closed.
    fn recover(&self, follower: &Arc<Follower>) -> Result<usize, EngineFault> {
        let socket = self.run.config.signer.clone().unwrap_or_default();
        let mut gate = Gate::new(socket, GATE_TIMEOUT);
        let mut recovered = 0;
        let open = follower.steps().all();
        for plan_id in open {
            let away = |fault: crate::gate::GateFault| {
                EngineFault::unavailable("signer_unavailable", fault.to_string())
            };
            if let Some(signed) = gate.recorded(&plan_id).map_err(away)? {
                let flight = self.flight(&plan_id, signed)?;
                let fields = json!({"plan_id": plan_id, "signature": flight.signature});
                self.shared.log.info(
                    "recovered",
                    "a transaction of an earlier run is followed",
                    fields,
                );
                follower.take_off(flight);
                recovered += 1;
            } else if gate.close(&plan_id).map_err(away)? {
                let _asked_again = follower.steps().end(&plan_id);
            }
        }
        Ok(recovered)
    }

    /// A flight as an earlier run told of it.
    fn flight(&self, plan_id: &str, signed: Signed) -> Result<Flight, EngineFault> {
        let folder = &self.run.config.folder;
        let plan = self
            .journal
            .plan(plan_id)
            .map_err(|error| unwritable(folder, &error))?;
        let plan = plan.unwrap_or_default();
        // A crash between the signature and the telling leaves no plan: who trades is known all the same, and in what,
        // where there is one base.
        let wallet = match plan["wallet"].as_str() {
            Some(wallet) => wallet.to_owned(),
            None => self
                .wallet()?
                .map(|wallet| wallet.to_string())
                .unwrap_or_default(),
        };
        let bases = (self.strategy.mints)(&self.run.config.changeable.parameters);
        let base = match (plan["inputToken"].as_str(), bases.as_slice()) {
            (Some(base), _) => base.to_owned(),
            (None, [only]) => only.to_string(),
            (None, _) => String::new(),
        };
        let text = |name: &str| plan[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| text(name).parse().unwrap_or_default();
        let routes = plan["routes"].as_array().into_iter().flatten();
        let pools = routes.filter_map(|route| Key::parse(route["pool"].as_str()?));
        let opportunity_id = match text("opportunityId") {
            // The plan was never told: its own id stands for what it was for.
            none if none.is_empty() => plan_id.to_owned(),
            known => known,
        };
        Ok(Flight {
            plan_id: plan_id.to_owned(),
            opportunity_id,
            wallet,
            base_is_sol: base == tradewind_solana::token_accounts::WRAPPED_SOL.to_string(),
            base,
            amount_in_raw: number("inputAmount"),
            expected_raw: number("expectedProfit"),
            tip_lamports: 0,
            signature: signed.signature,
            wire: signed.wire,
            last_valid_block_height: signed.last_valid_block_height,
            sent_at_ms: plan["timestamp"]
                .as_u64()
                .unwrap_or_else(|| self.shared.clock.now_ms()),
            pools: pools.map(ChainAddress::from).collect(),
        })
    }

    async fn sender(
        &self,
        pool: &Arc<RpcPool>,
        reader: &Arc<ChainReader>,
        wallet: Option<ChainAddress>,
        follower: &Arc<Follower>,
    ) -> Result<Sender, EngineFault> {
        let options = BlockhashOptions {
            commitment: "confirmed",
            every_ms: 400,
            min_blocks_left: 30,
            max_silence_ms: 5_000,
        };
        let away = |code, why: String| EngineFault::unavailable(code, why);
        let blockhashes = BlockhashCache::new(Arc::clone(pool), options)
            .map_err(|fault| away(fault.code(), fault.to_string()))?;
        let started = blockhashes.start().await;
        started.map_err(|fault| away(fault.code(), fault.to_string()))?;
        let heights = Arc::new(Mutex::new(reader.heights().await?));
        tokio::spawn(keep_heights(Arc::clone(reader), Arc::clone(&heights)));
        let socket = self.run.config.signer.clone().unwrap_or_default();
        Ok(Sender {
            gate: Gate::new(socket, GATE_TIMEOUT),
            wallet: wallet.map(|wallet| wallet.to_string()).unwrap_or_default(),
            blockhashes,
            heights,
            follower: Arc::clone(follower),
            runtime: Handle::current(),
        })
    }

    fn start_stages(&self, sender: Option<Sender>) -> Result<Vec<JoinHandle<()>>, EngineFault> {
        let (scanner, planner) = ((self.strategy.scanner)(), (self.strategy.planner)());
        let executes = self.run.config.executes.name();
        let executor = Executor::new(
            Arc::clone(&self.shared),
            self.strategy.kind,
            executes,
            sender,
        );
        let shared = || Arc::clone(&self.shared);
        let (quoting, scanning, planning) = (shared(), shared(), shared());
        let stages: [(&str, StageWork); 4] = [
            ("quote", Box::new(move || quote_updates(&quoting))),
            (
                "scanner",
                Box::new(move || scan_changes(&scanning, scanner)),
            ),
            (
                "planner",
                Box::new(move || plan_opportunities(&planning, planner)),
            ),
            ("executor", Box::new(move || executor.run())),
        ];
        let started = stages.into_iter().map(|(name, work)| {
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(work)
        });
        started
            .collect::<Result<_, _>>()
            .map_err(|error| EngineFault::defect("no_thread", error.to_string()))
    }

    fn recorder(&self) -> Result<Option<Recorder>, EngineFault> {
        let config = &self.run.config;
        let made = self
            .run
            .record
            .as_ref()
            .map(|path| Recorder::create(path, &config.chain.genesis_hash));
        made.transpose().map_err(|error| {
            let message =
                format!("--record: cannot be made: {error}; name a file that is not there yet");
            EngineFault::new(Ending::BadConfiguration, "record_unwritable", message)
        })
    }

    fn feed(&self) -> WebsocketFeed {
        let url = self.run.config.chain.websocket.clone().unwrap_or_default();
        WebsocketFeed::new(WebsocketOptions::new(url))
    }

    fn watch_config(&self) -> Result<(), EngineFault> {
        let watch = ConfigWatch::start(&self.run.path)?;
        let reload = Reload::new(self.run.config.clone(), self.strategy.check);
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
            while !follower.in_flight().is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let _too_late = tokio::time::timeout(limit, landed).await;
        follower.in_flight()
    }
}

async fn keep_heights(reader: Arc<ChainReader>, heights: Arc<Mutex<Heights>>) {
    loop {
        tokio::time::sleep(HEIGHTS_EVERY).await;
        if let Ok(now) = reader.heights().await {
            *heights.lock().unwrap_or_else(PoisonError::into_inner) = now;
        }
    }
}

async fn tell_status(shared: Arc<Shared>, follower: Option<Arc<Follower>>) {
    loop {
        tokio::time::sleep(STATUS_EVERY).await;
        shared
            .log
            .info("status", "counts and times so far", shared.told());
        if let Some(follower) = &follower {
            tell_in_flight(&shared, &follower.in_flight());
        }
    }
}

fn tell_in_flight(shared: &Shared, plans: &[String]) {
    let message = format!("{} plans are under way", plans.len());
    shared
        .log
        .info("in_flight", &message, json!({"plans": plans}));
}

fn stopped(shared: &Shared, reason: &str, open: &[String]) {
    shared
        .log
        .info("status", "counts and times at the end", shared.told());
    let message = format!("stopped: {reason}");
    shared.log.info(
        "engine_stopped",
        &message,
        json!({"reason": reason, "open": open}),
    );
}

/// Whether every stage ended in good order.
fn join_all(stages: Vec<JoinHandle<()>>) -> bool {
    let joined: Vec<_> = stages.into_iter().map(JoinHandle::join).collect();
    joined.iter().all(Result::is_ok)
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
