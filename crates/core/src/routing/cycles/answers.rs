//! What the last scan found, cycle by cycle, for as long as none of a cycle's pools changes.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Cycle, ranked};
use crate::routing::numbers::BuildNumberHasher;

/// The cycles that gain, and the place of each one's base token.
type Found = Vec<(usize, Arc<Cycle>)>;

/// The answers of a scan. Times are those of the index.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    /// By cycle of tokens: when it was answered, and what gained.
    by_cycle: HashMap<usize, (u64, Found), BuildNumberHasher>,
    /// All of them in their order, and when.
    all: Option<(u64, Arc<[Arc<Cycle>]>)>,
}

impl Answers {
    /// The whole answer, if nothing has changed since it was given.
    pub(super) fn all(&self, now: u64) -> Option<Arc<[Arc<Cycle>]>> {
        let (made, all) = self.all.as_ref()?;
        (*made == now).then(|| Arc::clone(all))
    }

    /// Whether a cycle was answered since its pools last changed.
    pub(super) fn holds(&self, cycle: usize, changed: u64) -> bool {
        let answer = self.by_cycle.get(&cycle);
        answer.is_some_and(|(made, _)| *made >= changed)
    }

    pub(super) fn put(&mut self, cycle: usize, now: u64, found: Found) {
        self.by_cycle.insert(cycle, (now, found));
    }

    /// The answers of these cycles in their order; those of all others are forgotten.
    pub(super) fn collect(&mut self, cycles: &[usize], now: u64) -> Arc<[Arc<Cycle>]> {
        if self.by_cycle.len() > cycles.len() {
            self.by_cycle
                .retain(|cycle, _| cycles.binary_search(cycle).is_ok());
        }
        let answers = cycles.iter().filter_map(|cycle| self.by_cycle.get(cycle));
        let mut found: Found = answers.flat_map(|(_, found)| found).cloned().collect();
        ranked(&mut found);
        let all: Arc<[_]> = found.into_iter().map(|(_, cycle)| cycle).collect();
        self.all = Some((now, Arc::clone(&all)));
        all
    }
}
