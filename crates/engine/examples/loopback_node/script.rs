//! What happens: slots, swaps that move a pool a little, and gaps that a circle through two pools closes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::world::{FINAL_AFTER_SLOTS, Gap, State, Vaults, World, notification};

const SLOT: Duration = Duration::from_millis(400);
const TICK: Duration = Duration::from_millis(1);
const TICKS_PER_S: u64 = 1_000;
/// A swap writes two vaults.
const WRITES: u64 = 2;
/// Parts of a reserve: a swap moves one, to and fro; it stays within the fees of two pools.
const SWAP_PARTS: u64 = 10_000;
/// A gap moves one of so many.
const GAP_PARTS: u64 = 30;
/// After the last gap: those that are still open are missed.
const PATIENCE: Duration = Duration::from_secs(2);
/// Behind a flood, whoever follows has this long to come to its end.
const FLOOD_PATIENCE: Duration = Duration::from_secs(120);
/// Swaps of a flood between two looks at what else is to be done.
const FLOOD_SWAPS: u64 = 16;

pub(crate) struct Script {
    updates_per_s: u64,
    gaps_per_s: u64,
    seconds: u64,
    /// Updates behind all that, as fast as they can be told.
    flood: u64,
}

pub(crate) async fn slots(world: Arc<World>) {
    loop {
        tokio::time::sleep(SLOT).await;
        let slot = world.next_slot();
        let state = world.state();
        for follower in &state.slot_followers {
            for (slot, kind) in [(slot - 1, "frozen"), (slot - FINAL_AFTER_SLOTS, "root")] {
                let result = json!({"slot": slot, "type": kind, "timestamp": 0});
                let _gone = follower.to.send(notification(
                    "slotsUpdatesNotification",
                    follower.subscription,
                    &result,
                ));
            }
        }
    }
}

impl Script {
    pub(crate) fn read(arguments: &mut impl Iterator<Item = String>) -> Result<Self, String> {
        let mut number = |name: &str| {
            let text = arguments.next().ok_or(format!("{name} is missing"))?;
            text.parse::<u64>()
                .map_err(|error| format!("{name}: {error}"))
        };
        Ok(Self {
            updates_per_s: number("UPDATES_PER_S")?,
            gaps_per_s: number("GAPS_PER_S")?,
            seconds: number("SECONDS")?,
            flood: number("FLOOD")?,
        })
    }

    /// Runs to its end; what came of it.
    pub(crate) async fn run(&self, world: &World) -> Value {
        let (opening, moving): (Vec<_>, Vec<_>) =
            world.pools.iter().cloned().partition(|pool| pool.opens);
        let began = Instant::now();
        let mut clock = tokio::time::interval(TICK);
        let (mut swaps, mut gaps) = (0u64, 0u64);
        for tick in 0..self.seconds * TICKS_PER_S {
            clock.tick().await;
            let due = tick * self.updates_per_s / WRITES / TICKS_PER_S;
            while swaps < due {
                let pool = &moving[place(swaps, moving.len())];
                swap(&mut world.state(), pool, swaps, world.slot());
                swaps += 1;
            }
            while gaps < tick * self.gaps_per_s / TICKS_PER_S {
                let pool = &opening[usize::try_from(gaps).unwrap_or_default() % opening.len()];
                open(&mut world.state(), pool, world.slot());
                gaps += 1;
            }
        }
        let took = began.elapsed();
        if gaps > 0 {
            tokio::time::sleep(PATIENCE).await;
        }
        let flood = self.flood(world, &moving, &opening[0]).await;
        let state = world.state();
        let first_sent = state.first_sent_at.map(|at| at.duration_since(began));
        json!({
            "first_sent_s": first_sent.map(|after| after.as_secs_f64()), "updates": swaps * WRITES, "gaps": gaps, "seconds": took.as_secs_f64(), "flood": flood,
            "closed_ns": state.closed_ns, "missed": state.gaps.len(), "astray": state.astray,
        })
    }

    /// Many updates, then a gap: whoever closes it has taken all of them in.
    async fn flood(&self, world: &World, moving: &[Vaults], opens: &Vaults) -> Value {
        if self.flood == 0 {
            return Value::Null;
        }
        let began = Instant::now();
        let closed = world.state().closed_ns.len();
        for number in 0..self.flood / WRITES {
            let pool = &moving[place(number, moving.len())];
            swap(&mut world.state(), pool, number, world.slot());
            if number.is_multiple_of(FLOOD_SWAPS) {
                tokio::task::yield_now().await;
            }
        }
        let told = began.elapsed();
        open(&mut world.state(), opens, world.slot());
        while world.state().closed_ns.len() == closed && began.elapsed() < FLOOD_PATIENCE {
            tokio::time::sleep(TICK).await;
        }
        json!({
            "updates": self.flood, "seconds": began.elapsed().as_secs_f64(), "told_seconds": told.as_secs_f64(),
        })
    }
}

/// Neighbouring swaps move pools that lie far apart.
fn place(swaps: u64, pools: usize) -> usize {
    let mixed = swaps.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    usize::try_from(mixed).unwrap_or_default() % pools
}

fn swap(state: &mut State, pool: &Vaults, number: u64, slot: u64) {
    let (base, quote) = (state.amount(&pool.base), state.amount(&pool.quote));
    // To and fro, so that nothing drifts.
    let (base, quote) = if number.is_multiple_of(2) {
        (base - base / SWAP_PARTS, quote + quote / SWAP_PARTS)
    } else {
        (base + base / SWAP_PARTS, quote - quote / SWAP_PARTS)
    };
    state.write(&pool.base, base, slot);
    state.write(&pool.quote, quote, slot);
}

fn open(state: &mut State, pool: &Vaults, slot: u64) {
    let (base, quote) = (state.amount(&pool.base), state.amount(&pool.quote));
    if state.gaps.iter().any(|gap| gap.pool == pool.pool) {
        return;
    }
    let moved = (base - base / GAP_PARTS, quote + quote / GAP_PARTS);
    state.write(&pool.base, moved.0, slot);
    // The second write makes the gap: the pool is whole with it.
    let opened_at = Instant::now();
    state.write(&pool.quote, moved.1, slot);
    state.gaps.push(Gap {
        pool: pool.pool,
        opened_at,
        before: [(pool.base.clone(), base), (pool.quote.clone(), quote)],
    });
}
