//! The stretches whose sums were needed so far, shared by all clones of a pool.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::stretch::Stretch;
use super::{Course, Flow, Sums};
use crate::pools::{Direction, Exact};

type Slots<C> = BTreeMap<i32, Arc<Slot<C>>>;

/// A stretch, and what lies behind it.
#[derive(Debug)]
pub(super) struct Slot<C: Course> {
    pub(super) stretch: Stretch<C>,
    beyond: OnceLock<Option<Arc<Link<C>>>>,
}

/// Falling, then rising. Locked only to find a stretch for a new position or to reach further than before.
#[derive(Debug)]
pub(super) struct Shelf<C: Course>([Mutex<Slots<C>>; 2]);

/// Stretches one behind the other; each link has twice as many as the one before it.
#[derive(Debug)]
pub(super) struct Link<C: Course> {
    rows: Vec<Row<C>>,
    next: OnceLock<Option<Arc<Link<C>>>>,
}

/// One of the stretches behind.
#[derive(Debug)]
pub(super) struct Row<C: Course> {
    /// What all stretches behind the first move, up to this one's entry.
    pub(super) before: Sums<C::Flow>,
    /// The same up to its exit.
    after: Sums<C::Flow>,
    pub(super) stretch: Stretch<C>,
}

/// How far a pool reaches: what moves from a stretch's exit up to another's, and that other stretch.
pub(super) type Reach<'a, C> = (Sums<<C as Course>::Flow>, &'a Stretch<C>);

impl<C: Course> Default for Shelf<C> {
    fn default() -> Self {
        Self([Mutex::new(BTreeMap::new()), Mutex::new(BTreeMap::new())])
    }
}

impl<C: Course> Shelf<C> {
    /// The stretch, made now if it was never needed.
    pub(super) fn slot(&self, course: &C, number: i32, direction: Direction) -> Arc<Slot<C>> {
        if let Some(slot) = self.slots(direction).get(&number) {
            return Arc::clone(slot);
        }
        let slot = Arc::new(Slot {
            stretch: Stretch::new(course, number, direction),
            beyond: OnceLock::new(),
        });
        Arc::clone(self.slots(direction).entry(number).or_insert(slot))
    }

    /// What still holds after the ticks of the stretches `changed` have changed.
    ///
    /// The stretch behind them in each direction goes too, because its entry may be one of those ticks.
    pub(super) fn without(&self, changed: &RangeInclusive<i32>) -> Self {
        let kept = [Direction::ZeroForOne, Direction::OneForZero].map(|direction| {
            let slots = self.slots(direction);
            let behind = match direction {
                Direction::ZeroForOne => slots.range(..changed.start()).next_back(),
                Direction::OneForZero => slots.range(changed.end() + 1..).next(),
            };
            let behind = behind.map(|(number, _)| *number);
            let kept = slots
                .iter()
                .filter(|(number, _)| !changed.contains(number) && Some(**number) != behind);
            let fresh = |slot: &Arc<Slot<C>>| {
                Arc::new(Slot {
                    stretch: slot.stretch.clone(),
                    beyond: OnceLock::new(),
                })
            };
            Mutex::new(kept.map(|(number, slot)| (*number, fresh(slot))).collect())
        });
        Self(kept)
    }

    fn slots(&self, direction: Direction) -> MutexGuard<'_, Slots<C>> {
        self.0[usize::from(direction == Direction::OneForZero)]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to `count` stretches behind this one.
    fn link(
        &self,
        course: &C,
        direction: Direction,
        after: Reach<'_, C>,
        count: usize,
    ) -> Option<Arc<Link<C>>> {
        let (mut before, mut last) = (after.0, after.1.clone());
        let mut rows = Vec::with_capacity(count);
        while rows.len() < count
            && let Some(stop) = course.next_stop(last.exit().position, direction)
        {
            last = self
                .slot(course, course.stretch(stop.tick), direction)
                .stretch
                .clone();
            let after = before + last.exit().sums;
            rows.push(Row {
                before,
                after,
                stretch: last.clone(),
            });
            before = after;
        }
        (!rows.is_empty()).then(|| {
            Arc::new(Link {
                rows,
                next: OnceLock::new(),
            })
        })
    }
}

impl<C: Course> Slot<C> {
    /// The stretch behind this one where the sum reaches `needed`; else what all of them move, and the last.
    pub(super) fn row_reaching(
        &self,
        shelf: &Shelf<C>,
        course: &C,
        direction: Direction,
        exact: Exact,
        needed: <C::Flow as Flow>::Amount,
    ) -> Result<&Row<C>, Reach<'_, C>> {
        let mut furthest = (Sums::default(), &self.stretch);
        let mut next = &self.beyond;
        let mut count = 1;
        while let Some(link) = next.get_or_init(|| shelf.link(course, direction, furthest, count)) {
            let place = link
                .rows
                .partition_point(|row| row.after.flow.side(exact) < needed);
            if let Some(row) = link.rows.get(place) {
                return Ok(row);
            }
            if let Some(row) = link.rows.last() {
                furthest = (row.after, &row.stretch);
            }
            next = &link.next;
            count *= 2;
        }
        Err(furthest)
    }
}
