//! How long each stage takes: histograms whose buckets are a sixteenth of a power of two wide, one addition a sample.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

/// A power of two has 2^4 buckets of one width, so a bucket's end is at most a sixteenth above what lies in it.
const PART_BITS: u32 = 4;
const PARTS: u64 = 1 << PART_BITS;
/// Whatever takes 2^40 ns, which are 18 minutes, or longer lies in the last bucket.
const MOST_BITS: u32 = 40;
const BUCKETS: usize = ((MOST_BITS - PART_BITS + 1) as usize) << PART_BITS;

/// The stages, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// From the feed's message to the pool that has it.
    Quote,
    /// From there to an opportunity, or to none.
    Scanner,
    /// From an opportunity to a plan, or to none.
    Planner,
    /// From the feed's message until the executor has the plan: the three before, and the waiting between them.
    Planned,
    /// From a plan to its bytes.
    Build,
    /// From bytes until the plan's event is in its file, which the gate's question waits for.
    Written,
    /// From bytes to their signature, with the gate's commit.
    Gate,
    /// From bytes upon a prediction until the gate holds them, with its commit.
    Presign,
    /// From the word that a prediction came true to the signature that was held back.
    Release,
    /// From bytes to what a node says of them, where that is asked.
    Simulation,
    /// From the signature until the plan's event is on disk.
    Keeping,
    /// From the feed's message to the signed bytes at the lane.
    Whole,
}

const STAGES: [(Stage, &str); Stage::Whole as usize + 1] = [
    (Stage::Quote, "quote"),
    (Stage::Scanner, "scanner"),
    (Stage::Planner, "planner"),
    (Stage::Planned, "planned"),
    (Stage::Build, "build"),
    (Stage::Written, "written"),
    (Stage::Gate, "gate"),
    (Stage::Presign, "presign"),
    (Stage::Release, "release"),
    (Stage::Simulation, "simulation"),
    (Stage::Keeping, "keeping"),
    (Stage::Whole, "whole"),
];

/// The histograms of one engine. Shared by reference.
#[derive(Debug)]
pub struct Timings([Box<[AtomicU64; BUCKETS]>; STAGES.len()]);

impl Default for Timings {
    fn default() -> Self {
        Self(std::array::from_fn(|_| {
            Box::new(std::array::from_fn(|_| AtomicU64::new(0)))
        }))
    }
}

impl Timings {
    /// Counts one sample.
    pub fn add(&self, stage: Stage, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.0[stage as usize][bucket_of(nanos)].fetch_add(1, Ordering::Relaxed);
    }

    /// Per stage: how many samples, and below how many nanoseconds half, nine tenths, 99 % and all of them lie.
    #[must_use]
    pub fn told(&self) -> Value {
        let stages = STAGES.iter().map(|(stage, name)| {
            let counts: Vec<u64> = self.0[*stage as usize]
                .iter()
                .map(|bucket| bucket.load(Ordering::Relaxed))
                .collect();
            ((*name).to_owned(), told(&counts))
        });
        Value::Object(stages.collect())
    }
}

fn told(counts: &[u64]) -> Value {
    let count: u64 = counts.iter().sum();
    let below = |hundredths: u64| {
        let mut seen = 0;
        let place = counts.iter().position(|here| {
            seen += here;
            count > 0 && seen * 100 >= count * hundredths
        });
        place.map_or(0, end_of)
    };
    json!({
        "count": count, "p50_below_ns": below(50), "p90_below_ns": below(90), "p99_below_ns": below(99),
        "most_below_ns": below(100),
    })
}

/// The buckets of what is below two powers of [`PARTS`] are one nanosecond wide; each power behind has [`PARTS`].
fn bucket_of(nanos: u64) -> usize {
    let nanos = nanos.min((1 << MOST_BITS) - 1);
    let power = nanos.checked_ilog2().unwrap_or_default();
    let shift = power.saturating_sub(PART_BITS);
    let bucket = u64::from(shift) * PARTS + (nanos >> shift);
    usize::try_from(bucket).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The first nanosecond behind a bucket.
fn end_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket >> PART_BITS).saturating_sub(1);
    (bucket - shift * PARTS + 1) << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_lie_below_what_is_told_by_a_sixteenth_at_most() {
        let timings = Timings::default();
        for micros in 1..=100 {
            timings.add(Stage::Planner, Duration::from_micros(micros));
        }
        let told = &timings.told()["planner"];
        assert_eq!(told["count"], 100);
        // 2^15 + 9 * 2^11 is the first end of a bucket above 50,000, 2^16 + 9 * 2^12 above 99,000.
        assert_eq!(told["p50_below_ns"], 51_200);
        assert_eq!(told["p99_below_ns"], 102_400);
        assert_eq!(told["most_below_ns"], 102_400);
        assert_eq!(timings.told()["gate"]["most_below_ns"], 0);
    }

    #[test]
    fn every_bucket_ends_where_the_next_begins() {
        for bucket in 0..BUCKETS - 1 {
            let end = end_of(bucket);
            assert_eq!(bucket_of(end - 1), bucket);
            assert_eq!(bucket_of(end), bucket + 1);
        }
        assert_eq!(bucket_of(0), 0);
        assert_eq!(end_of(BUCKETS - 1), 1 << MOST_BITS);
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1, "it has no end");
    }
}
