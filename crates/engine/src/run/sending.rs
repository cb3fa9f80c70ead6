//! What an engine that signs needs besides: who follows what was sent, and what an attempt is made with.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tradewind_core::ChainAddress;
use tradewind_solana::blockhash_cache::{BlockhashCache, BlockhashOptions};
use tradewind_solana::confirmation::{ConfirmationWatch, WatchOptions};
use tradewind_solana::lanes::rpc::{RpcLane, RpcLaneOptions};
use tradewind_solana::rpc_pool::RpcPool;

use super::{GATE_TIMEOUT, Running, unwritable};
use crate::chain_reader::{ChainReader, Heights};
use crate::fault::{Ending, EngineFault};
use crate::following::Follower;
use crate::gate::Gate;
use crate::pipeline::Sender;
use crate::steps::Steps;

/// Between two looks at the heights.
const HEIGHTS_EVERY: Duration = Duration::from_millis(400);

impl Running<'_> {
    pub(super) fn follower(&self, pool: &Arc<RpcPool>) -> Result<Arc<Follower>, EngineFault> {
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
}

async fn keep_heights(reader: Arc<ChainReader>, heights: Arc<Mutex<Heights>>) {
    loop {
        tokio::time::sleep(HEIGHTS_EVERY).await;
        if let Ok(now) = reader.heights().await {
            *heights.lock().unwrap_or_else(PoisonError::into_inner) = now;
        }
    }
}
