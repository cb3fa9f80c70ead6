//! How long each stage takes: histograms of powers of two, which cost one addition a sample.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

const BUCKETS: usize = 40;

/// The stages, in their order. `gate` is the part of `executor` that waits for the sign-gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// From the feed's message to the pool that has it.
    Quote,
    /// From there to an opportunity, or to none.
    Scanner,
    /// From an opportunity to a plan, or to none.
    Planner,
    /// From a plan to its bytes.
    Build,
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

const STAGES: [(Stage, &str); 10] = [
    (Stage::Quote, "quote"),
    (Stage::Scanner, "scanner"),
    (Stage::Planner, "planner"),
    (Stage::Build, "build"),
    (Stage::Gate, "gate"),
    (Stage::Presign, "presign"),
    (Stage::Release, "release"),
    (Stage::Simulation, "simulation"),
    (Stage::Keeping, "keeping"),
    (Stage::Whole, "whole"),
];

/// The histograms of one engine. Shared by reference.
#[derive(Debug)]
pub struct Timings([[AtomicU64; BUCKETS]; STAGES.len()]);

impl Default for Timings {
    fn default() -> Self {
        Self(std::array::from_fn(|_| {
            std::array::from_fn(|_| AtomicU64::new(0))
        }))
    }
}

impl Timings {
    /// Counts one sample.
    pub fn add(&self, stage: Stage, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = (64 - nanos.leading_zeros()) as usize;
        self.0[stage as usize][bucket.min(BUCKETS - 1)].fetch_add(1, Ordering::Relaxed);
    }

    /// Per stage: how many samples, and below how many nanoseconds half, 99 % and all of them lie.
    #[must_use]
    pub fn told(&self) -> Value {
        let stages = STAGES.iter().map(|(stage, name)| {
            let buckets: Vec<u64> = self.0[*stage as usize]
                .iter()
                .map(|bucket| bucket.load(Ordering::Relaxed))
                .collect();
            let count: u64 = buckets.iter().sum();
            let below = |hundredths: u64| {
                let mut seen = 0;
                let place = buckets.iter().position(|bucket| {
                    seen += bucket;
                    seen * 100 >= count * hundredths
                });
                1u64 << place.unwrap_or_default()
            };
            let told = json!({
                "count": count, "p50_below_ns": below(50), "p99_below_ns": below(99), "most_below_ns": below(100),
            });
            ((*name).to_owned(), told)
        });
        Value::Object(stages.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_lie_below_the_power_of_two_that_is_told() {
        let timings = Timings::default();
        for micros in 1..=100 {
            timings.add(Stage::Planner, Duration::from_micros(micros));
        }
        let told = &timings.told()["planner"];
        assert_eq!(told["count"], 100);
        assert_eq!(
            told["p50_below_ns"], 65_536,
            "50 us lie below 65,536 ns, and not below 32,768"
        );
        assert_eq!(told["most_below_ns"], 131_072);
        assert_eq!(timings.told()["gate"]["count"], 0);
    }
}
