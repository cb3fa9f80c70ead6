//! What an engine that signs needs besides: who follows what was sent, and what an attempt is made with.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tradewind_core::ChainAddress;
use tradewind_solana::blockhash_cache::{BlockhashCache, BlockhashOptions};
use tradewind_solana::confirmation::{ConfirmationWatch, WatchOptions};
use tradewind_solana::rpc_pool::RpcPool;

use super::{GATE_TIMEOUT, Running, unwritable};
use crate::chain_reader::{ChainReader, Heights};
use crate::config::{Executes, Mode};
use crate::fault::{Ending, EngineFault};
use crate::following::Follower;
use crate::gate::Gate;
use crate::inventory::AccountReader as _;
use crate::lanes::Lanes;
use crate::pipeline::{Desk, Sender, UsdMint};
use crate::simulation::Simulator;
use crate::steps::Steps;

/// Where a mint's account has its decimals: behind the authority, which is optional, and the supply.
const DECIMALS_AT: usize = 44;
/// Between two looks at the heights.
const HEIGHTS_EVERY: Duration = Duration::from_millis(400);

impl Running<'_> {
    pub(super) fn follower(&self, pool: &Arc<RpcPool>) -> Result<Arc<Follower>, EngineFault> {
        let config = &self.run.config;
        let steps = Steps::open(&config.folder.join("steps"));
        let steps = steps.map_err(|error| unwritable(&config.folder, &error))?;
        // What is to be sent never waits behind questions.
        let sending = Arc::new(self.rpc_pool()?);
        let lanes = Lanes::open(&config.lanes, &sending, &self.shared.log)?;
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
            Arc::new(lanes),
            watch.trusting_no_one(),
            ChainReader::new(Arc::clone(pool), "confirmed"),
            config.signer.clone().unwrap_or_default(),
            steps,
        )))
    }

    pub(super) async fn sender(
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
        let heights = Arc::new(Mutex::new(Arc::new(reader.heights().await?)));
        tokio::spawn(keep_heights(Arc::clone(reader), Arc::clone(&heights)));
        let socket = self.run.config.signer.clone().unwrap_or_default();
        Ok(Sender {
            gate: Gate::new(socket, GATE_TIMEOUT),
            wallet: wallet.map(|wallet| wallet.to_string()).unwrap_or_default(),
            blockhashes,
            heights,
            follower: Arc::clone(follower),
        })
    }

    /// What the executor's stage knows of this engine. Who does not trade live executes its own plans: nobody else may.
    pub(super) async fn desk(
        &self,
        pool: &Arc<RpcPool>,
        reader: &ChainReader,
    ) -> Result<Desk, EngineFault> {
        let config = &self.run.config;
        let executes = match config.mode {
            Mode::Live => config.executes,
            Mode::Paper | Mode::Replay => Executes::Engine,
        };
        let simulator = config
            .simulate
            .then(|| (Simulator::new(Arc::clone(pool)), Handle::current()));
        Ok(Desk {
            kind: self.strategy.kind,
            carried_out_by: executes.name(),
            simulator,
            paper: config.mode == Mode::Paper,
            dollars: self.dollars(reader).await?,
        })
    }

    /// The mints that count as a US dollar, with their decimals as the chain has them.
    async fn dollars(&self, reader: &ChainReader) -> Result<Vec<UsdMint>, EngineFault> {
        let mints = &self.run.config.usd_mints;
        let read = reader.read(mints).await?;
        let with_decimals = mints.iter().zip(read).map(|(mint, account)| {
            let decimals = account.and_then(|account| account.data.get(DECIMALS_AT).copied());
            let mint = *mint;
            decimals
                .map(|decimals| UsdMint { mint, decimals })
                .ok_or(mint)
        });
        with_decimals.collect::<Result<_, _>>().map_err(|mint| {
            let message = format!("usd_mints: {mint} is no mint on this chain; take it out");
            EngineFault::new(Ending::BadConfiguration, "usd_mint_unknown", message)
        })
    }
}

async fn keep_heights(reader: Arc<ChainReader>, heights: Arc<Mutex<Arc<Heights>>>) {
    loop {
        tokio::time::sleep(HEIGHTS_EVERY).await;
        if let Ok(now) = reader.heights().await {
            *heights.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(now);
        }
    }
}
