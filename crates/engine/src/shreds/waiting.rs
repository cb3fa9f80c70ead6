//! Plans upon predictions, kept until every pool of theirs is as it was predicted, or one is not.

use std::collections::VecDeque;

use tradewind_core::ChainAddress;

use crate::pipeline::{Opportunity, Trade};

/// Plans that wait at once; of more, the oldest goes.
const MOST_WAITING: usize = 64;

/// A plan and what it stands on.
#[derive(Debug, Clone)]
pub(super) struct WaitingPlan {
    /// What was found.
    pub(super) opportunity: Opportunity,
    /// What is to be done.
    pub(super) trade: Trade,
}

impl WaitingPlan {
    /// The pools it goes through.
    pub(super) fn pools(&self) -> impl Iterator<Item = ChainAddress> + '_ {
        self.trade.hops.iter().map(|hop| hop.hop.pool)
    }
}

/// Those that wait, oldest first.
#[derive(Debug, Default)]
pub(super) struct WaitingPlans(VecDeque<WaitingPlan>);

impl WaitingPlans {
    /// Keeps a plan; gives the one that had to go for it, or that it takes the place of.
    pub(super) fn keep(&mut self, plan: WaitingPlan) -> Option<WaitingPlan> {
        let way = &plan.opportunity.candidate.hops;
        let same = self
            .0
            .iter()
            .position(|known| known.opportunity.candidate.hops == *way);
        let gone = match same {
            Some(place) => self.0.remove(place),
            None if self.0.len() >= MOST_WAITING => self.0.pop_front(),
            None => None,
        };
        self.0.push_back(plan);
        gone
    }

    /// Takes out the plans that this says.
    pub(super) fn take(
        &mut self,
        mut is_taken: impl FnMut(&WaitingPlan) -> bool,
    ) -> Vec<WaitingPlan> {
        let (taken, kept) = self.0.drain(..).partition(|plan| is_taken(plan));
        self.0 = kept;
        Vec::from(taken)
    }
}
