//! `BlockhashCache`: a blockhash that is always at hand and always young enough.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use tokio::task::JoinHandle;

use crate::fault::{Fault, at_least_one};
use crate::monotonic::Monotonic;
use crate::rpc_pool::{PoolFault, RpcPool};
use crate::subscriptions::{Pace, SlotFeed};

/// Blocks for which a blockhash is accepted, on every cluster of today.
const LIFETIME_BLOCKS: u64 = 150;

/// Blocks by which one endpoint may be ahead of what a quorum has reached.
const SPREAD_BLOCKS: u64 = 32;

/// The shortest slots that are planned.
const SLOT_MS: u64 = 200;

/// After so long the height is asked for anew; until then it is counted on.
const HEIGHT_FOR_MS: u64 = 10_000;

/// How the cache works.
#[derive(Debug, Clone)]
pub struct BlockhashOptions {
    /// `processed`, `confirmed` or `finalized`.
    pub commitment: &'static str,
    /// Between two questions.
    pub every_ms: u64,
    /// With fewer blocks left it is not given out.
    pub min_blocks_left: u64,
    /// After so long without an answer it is not given out.
    pub max_silence_ms: u64,
}

/// A blockhash and how long it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentBlockhash {
    /// In base 58.
    pub blockhash: String,
    /// The last block height at which a transaction with it can land.
    pub last_valid_block_height: u64,
    /// Of the answer.
    pub slot: u64,
    /// Blocks until it expires, at least: since the answer they are counted down as fast as slots can be.
    pub blocks_left: u64,
}

#[derive(Debug, Clone)]
struct Held {
    blockhash: String,
    last_valid_block_height: u64,
    slot: u64,
    as_of_ms: u64,
}

/// What a quorum had reached.
#[derive(Debug, Clone, Copy)]
struct Height {
    block_height: u64,
    as_of_ms: u64,
}

impl Height {
    /// The last height at which a blockhash of now can be valid.
    fn latest_end(self, now_ms: u64) -> u64 {
        let since = now_ms.saturating_sub(self.as_of_ms) / SLOT_MS;
        self.block_height
            .saturating_add(since)
            .saturating_add(LIFETIME_BLOCKS + SPREAD_BLOCKS)
    }
}

#[derive(Debug, Default)]
struct Memory {
    held: Option<Held>,
    height: Option<Height>,
    task: Option<JoinHandle<()>>,
}

/// Keeps the newest blockhash of a pool. Dropping it ends the refreshing.
#[derive(Debug)]
pub struct BlockhashCache {
    pool: Arc<RpcPool>,
    options: BlockhashOptions,
    clock: Monotonic,
    memory: Arc<Mutex<Memory>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Latest {
    blockhash: String,
    last_valid_block_height: u64,
}

#[derive(Deserialize)]
struct Context {
    slot: u64,
}

#[derive(Deserialize)]
struct Answer {
    context: Context,
    value: Latest,
}

impl BlockhashCache {
    /// Asks nothing yet.
    ///
    /// # Errors
    /// `limit_malformed` when it could never give one out.
    pub fn new(pool: Arc<RpcPool>, options: BlockhashOptions) -> Result<Self, Fault> {
        at_least_one("every_ms", options.every_ms)?;
        at_least_one("max_silence_ms", options.max_silence_ms)?;
        if options.min_blocks_left > LIFETIME_BLOCKS {
            let message = format!(
                "min_blocks_left: {} is more than the {LIFETIME_BLOCKS} that a fresh one has",
                options.min_blocks_left
            );
            return Err(Fault::new("limit_malformed", message));
        }
        Ok(Self {
            pool,
            options,
            clock: Monotonic::start(),
            memory: Arc::default(),
        })
    }

    /// Asks for the first one, and goes on refreshing. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// See [`PoolFault`]; `blockhash_stale` when the answer is too old already.
    pub async fn start(&self) -> Result<RecentBlockhash, PoolFault> {
        self.start_at_pace(None).await
    }

    /// As [`Self::start`]; asks at each slot that the feed tells, and by the clock while it tells none.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_following(
        &self,
        slots: Arc<SlotFeed>,
    ) -> Result<RecentBlockhash, PoolFault> {
        self.start_at_pace(Some(slots)).await
    }

    async fn start_at_pace(
        &self,
        slots: Option<Arc<SlotFeed>>,
    ) -> Result<RecentBlockhash, PoolFault> {
        refresh(&self.pool, &self.options, self.clock, &self.memory).await?;
        let (pool, options, clock) = (Arc::clone(&self.pool), self.options.clone(), self.clock);
        let memory = Arc::downgrade(&self.memory);
        let task = tokio::spawn(async move {
            let mut pace = Pace::new(options.every_ms, slots);
            loop {
                pace.next().await;
                let Some(memory) = memory.upgrade() else {
                    return;
                };
                // A question that fails is asked again at the next turn; `current` sees the silence.
                let _failed = refresh(&pool, &options, clock, &memory).await;
            }
        });
        if let Some(old) = lock(&self.memory).task.replace(task) {
            old.abort();
        }
        Ok(self.current()?)
    }

    /// The newest one, at once.
    ///
    /// # Errors
    /// `blockhash_unknown`, `blockhash_stale`.
    pub fn current(&self) -> Result<RecentBlockhash, Fault> {
        let memory = lock(&self.memory);
        let held = memory.held.as_ref().ok_or_else(|| {
            Fault::new(
                "blockhash_unknown",
                "blockhash: none was fetched yet; start the cache first",
            )
        })?;
        judge(held, self.clock.now_ms(), &self.options)
    }

    /// Ends the refreshing; what is held grows stale.
    pub fn close(&self) {
        if let Some(task) = lock(&self.memory).task.take() {
            task.abort();
        }
    }
}

impl Drop for BlockhashCache {
    fn drop(&mut self) {
        self.close();
    }
}

fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `getLatestBlockhash` at one commitment is answered with the hash of that commitment's tip, whose last valid height is
/// 150 above it. So the height of the newest answer is known from the answer itself.
fn judge(held: &Held, now_ms: u64, options: &BlockhashOptions) -> Result<RecentBlockhash, Fault> {
    let silence_ms = now_ms.saturating_sub(held.as_of_ms);
    if silence_ms > options.max_silence_ms {
        let message = format!(
            "blockhash: nobody told a newer one for {silence_ms} ms; see whether the endpoints answer"
        );
        return Err(Fault::new("blockhash_stale", message));
    }
    // What the silence may have cost.
    let blocks_left = LIFETIME_BLOCKS.saturating_sub(silence_ms / SLOT_MS);
    if blocks_left < options.min_blocks_left {
        let message = format!(
            "blockhash: may have {blocks_left} blocks left, and {} are asked for",
            options.min_blocks_left
        );
        return Err(Fault::new("blockhash_stale", message));
    }
    Ok(RecentBlockhash {
        blockhash: held.blockhash.clone(),
        last_valid_block_height: held.last_valid_block_height,
        slot: held.slot,
        blocks_left,
    })
}

async fn refresh(
    pool: &RpcPool,
    options: &BlockhashOptions,
    clock: Monotonic,
    memory: &Mutex<Memory>,
) -> Result<(), PoolFault> {
    let asked_ms = clock.now_ms();
    let known = lock(memory)
        .height
        .filter(|height| asked_ms.saturating_sub(height.as_of_ms) < HEIGHT_FOR_MS);
    let answer = match known {
        Some(height) => match latest(pool, options, height.latest_end(asked_ms)).await {
            // Maybe the chain is faster than was counted on.
            Err(PoolFault::NoAnswer(_)) => None,
            told => Some(told?),
        },
        None => None,
    };
    let answer = if let Some(answer) = answer {
        answer
    } else {
        let height = height(pool, options, clock, memory).await?;
        latest(pool, options, height.latest_end(clock.now_ms())).await?
    };
    let mut memory = lock(memory);
    // An endpoint that lags behind must not bring back an older one.
    if memory
        .held
        .as_ref()
        .is_none_or(|held| held.last_valid_block_height <= answer.value.last_valid_block_height)
    {
        memory.held = Some(Held {
            blockhash: answer.value.blockhash,
            last_valid_block_height: answer.value.last_valid_block_height,
            slot: answer.context.slot,
            as_of_ms: asked_ms,
        });
    }
    Ok(())
}

/// What a quorum has reached now.
async fn height(
    pool: &RpcPool,
    options: &BlockhashOptions,
    clock: Monotonic,
    memory: &Mutex<Memory>,
) -> Result<Height, PoolFault> {
    let as_of_ms = clock.now_ms();
    let reached = pool.height(options.commitment).await?;
    let height = Height {
        block_height: reached.block_height,
        as_of_ms,
    };
    lock(memory).height = Some(height);
    Ok(height)
}

/// The blockhash of the best endpoint whose word on its end can be true. A transaction would count as alive up to an end
/// that never comes, and an older one could not take the place of such a blockhash.
async fn latest(
    pool: &RpcPool,
    options: &BlockhashOptions,
    latest_end: u64,
) -> Result<Answer, PoolFault> {
    let params = format!(r#"[{{"commitment":"{}"}}]"#, options.commitment);
    pool.call_read("getLatestBlockhash", &params, |told| {
        let answer: Answer = serde_json::from_str(told.get()).map_err(|fault| {
            Fault::new("answer_unreadable", format!("getLatestBlockhash: {fault}"))
        })?;
        let told = answer.value.last_valid_block_height;
        if told > latest_end {
            let message = format!(
                "getLatestBlockhash: lastValidBlockHeight {told} is further than {LIFETIME_BLOCKS} blocks, and \
                 {SPREAD_BLOCKS} for a lag, from the height that a quorum has reached: at most {latest_end} is believed"
            );
            return Err(Fault::new("blockhash_end_too_far", message));
        }
        Ok(answer)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: BlockhashOptions = BlockhashOptions {
        commitment: "confirmed",
        every_ms: 400,
        min_blocks_left: 120,
        max_silence_ms: 10_000,
    };

    fn held() -> Held {
        Held {
            blockhash: "h".to_owned(),
            last_valid_block_height: 250,
            slot: 110,
            as_of_ms: 1_000,
        }
    }

    #[test]
    fn silence_eats_blocks_until_too_few_are_left() {
        assert_eq!(judge(&held(), 1_000, &OPTIONS).unwrap().blocks_left, 150);
        assert_eq!(judge(&held(), 7_000, &OPTIONS).unwrap().blocks_left, 120);
        assert_eq!(
            judge(&held(), 7_200, &OPTIONS).unwrap_err().code(),
            "blockhash_stale"
        );
    }

    #[test]
    fn a_blockhash_may_end_as_many_blocks_behind_the_height_as_it_lives_and_as_an_endpoint_lags() {
        let height = Height {
            block_height: 100,
            as_of_ms: 1_000,
        };
        assert_eq!(height.latest_end(1_000), 100 + 150 + 32);
        assert_eq!(height.latest_end(3_000), 110 + 150 + 32);
        assert_eq!(height.latest_end(0), 100 + 150 + 32);
    }

    #[test]
    fn a_long_silence_is_stale_whatever_is_left() {
        let options = BlockhashOptions {
            min_blocks_left: 0,
            ..OPTIONS
        };
        assert!(judge(&held(), 11_000, &options).is_ok());
        assert_eq!(
            judge(&held(), 11_001, &options).unwrap_err().code(),
            "blockhash_stale"
        );
    }
}
