//! `Ended`: a plan that came to its end, and how that is taken back where the chain has decided otherwise for ever.

use super::{Begun, MOST_ENDED, Position, Positions};
use crate::flight::Moved;

/// A plan that has ended, and what that changed.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) plan_id: String,
    pub(super) begun: Begun,
    landed: Option<(u64, Moved)>,
    /// Of its coin, before and, whether there was one, behind it.
    before: Option<Position>,
    leaves_one: bool,
    /// Of what the purchases paid, and of what was gained.
    freed_raw: u64,
    realized_raw: i64,
}

impl Positions {
    /// Whether a plan has ended, and not like this.
    pub(super) fn has_ended_otherwise(&self, plan_id: &str, landed: Option<&(u64, Moved)>) -> bool {
        self.ended_at(plan_id)
            .is_some_and(|place| self.ended[place].landed.as_ref() != landed)
    }

    /// The end of what is under way, or another end of what was. None when it is neither.
    pub(super) fn took_any_end(
        &mut self,
        plan_id: &str,
        landed: Option<(u64, Moved)>,
    ) -> Option<()> {
        if let Some((plan_id, begun)) = self.begun.remove_entry(plan_id) {
            self.finish(plan_id, begun, landed);
            return Some(());
        }
        let ended = self.ended.remove(self.ended_at(plan_id)?)?;
        let coin = ended.begun.coin;
        let now = self.by_coin.get(&coin);
        if now.is_some() != ended.leaves_one {
            // It was sold or bought since: what stands now is not of this plan.
            self.ended.push_back(Ended { landed, ..ended });
            return Some(());
        }
        let pending = now.and_then(|position| position.pending.clone());
        self.spent_raw = self.spent_raw.saturating_add(ended.freed_raw);
        self.realize(ended.realized_raw.saturating_neg());
        if let Some(before) = ended.before {
            self.by_coin.insert(coin, before);
        }
        self.finish(ended.plan_id, ended.begun, landed);
        // What has begun for it since goes on.
        if let (Some(position), Some(plan_id)) = (self.by_coin.get_mut(&coin), pending) {
            position.pending = Some(plan_id);
        }
        Some(())
    }

    /// Where the newest end of this plan stands.
    fn ended_at(&self, plan_id: &str) -> Option<usize> {
        self.ended
            .iter()
            .rposition(|ended| ended.plan_id == plan_id)
    }

    fn finish(&mut self, plan_id: String, begun: Begun, landed: Option<(u64, Moved)>) {
        let before = self.by_coin.get(&begun.coin).cloned();
        let (spent_raw, realized_raw) = (self.spent_raw, self.realized_raw);
        self.took_end(&begun, landed);
        self.ended.push_back(Ended {
            plan_id,
            leaves_one: self.by_coin.contains_key(&begun.coin),
            begun,
            landed,
            before,
            freed_raw: spent_raw.saturating_sub(self.spent_raw),
            realized_raw: self.realized_raw.saturating_sub(realized_raw),
        });
        if self.ended.len() > MOST_ENDED {
            self.ended.pop_front();
        }
    }
}
