//! A position on a course: where an exact amount leads, by search.

use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use super::shelf::{Shelf, Slot};
use super::stretch::whole_step;
use super::{Course, Flow, Position, Stop, Sums};
use crate::pools::{Direction, Exact};

/// A course and a position on it. Clones share everything that was computed.
#[derive(Debug)]
pub(in crate::pools) struct Ladder<C: Course> {
    course: Arc<C>,
    position: Position<C::Price>,
    shelf: Arc<Shelf<C>>,
    /// From the position on: falling, rising.
    outlooks: [OnceLock<Option<Arc<Outlook<C>>>>; 2],
}

/// The step from the position to the first stop, and the stretch in which that stop is.
#[derive(Debug)]
struct Outlook<C: Course> {
    stop: Stop<C::Price>,
    head: Sums<C::Flow>,
    onward: OnceLock<Onward<C>>,
}

#[derive(Debug)]
struct Onward<C: Course> {
    slot: Arc<Slot<C>>,
    place: usize,
    /// From the stretch's entry to its exit.
    exit: Sums<C::Flow>,
    /// From the stretch's entry to the first stop.
    passed: Sums<C::Flow>,
    /// From the position to the stretch's exit.
    to_exit: Sums<C::Flow>,
}

/// The last stop that an amount reaches, or the position itself.
#[derive(Debug, Clone, Copy)]
pub(in crate::pools) struct Landing<C: Course> {
    /// There.
    pub(in crate::pools) position: Position<C::Price>,
    /// What has moved up to it.
    pub(in crate::pools) flow: C::Flow,
    /// What is left of the exact amount: less than the whole next step moves.
    pub(in crate::pools) remaining: <C::Flow as Flow>::Amount,
    /// Initialised ticks crossed so far.
    pub(in crate::pools) crossed: u32,
}

/// The stops end before the amount is used up.
#[derive(Debug, Clone, Copy)]
pub(in crate::pools) struct Exhausted<C: Course> {
    /// Where they end.
    pub(in crate::pools) position: Position<C::Price>,
    /// All that can move.
    pub(in crate::pools) flow: C::Flow,
}

impl<C: Course> Clone for Ladder<C> {
    fn clone(&self) -> Self {
        Self {
            course: Arc::clone(&self.course),
            position: self.position,
            shelf: Arc::clone(&self.shelf),
            outlooks: self.outlooks.clone(),
        }
    }
}

impl<C: Course> Ladder<C> {
    pub(in crate::pools) fn new(course: C, position: Position<C::Price>) -> Self {
        Self {
            course: Arc::new(course),
            position,
            shelf: Arc::default(),
            outlooks: [const { OnceLock::new() }; 2],
        }
    }

    pub(in crate::pools) fn course(&self) -> &C {
        &self.course
    }

    pub(in crate::pools) fn position(&self) -> Position<C::Price> {
        self.position
    }

    /// Where an amount leads.
    pub(in crate::pools) fn locate(
        &self,
        direction: Direction,
        exact: Exact,
        amount: <C::Flow as Flow>::Amount,
    ) -> Result<Landing<C>, Exhausted<C>> {
        let start = Sums::default();
        let Some(outlook) = self.outlook(direction) else {
            return Err(Exhausted {
                position: self.position,
                flow: start.flow,
            });
        };
        let head = outlook.head.flow.side(exact);
        if amount < head {
            return Ok(landing(self.position, start, exact, amount));
        }
        if amount == head {
            return Ok(landing(outlook.stop.after, outlook.head, exact, amount));
        }
        self.locate_beyond(outlook, direction, exact, amount)
    }

    /// As `locate`, for more than the first step moves.
    fn locate_beyond(
        &self,
        outlook: &Outlook<C>,
        direction: Direction,
        exact: Exact,
        amount: <C::Flow as Flow>::Amount,
    ) -> Result<Landing<C>, Exhausted<C>> {
        let Onward {
            slot,
            place,
            exit,
            passed,
            to_exit,
        } = outlook
            .onward
            .get_or_init(|| self.onward(outlook, direction));
        let needed = amount - outlook.head.flow.side(exact) + passed.flow.side(exact);
        if needed <= exit.flow.side(exact) {
            let node = slot.stretch.last_within(*place, exact, needed);
            let sums = outlook.head + (node.sums - *passed);
            return Ok(landing(node.position, sums, exact, amount));
        }
        let needed = amount - to_exit.flow.side(exact);
        match slot.row_reaching(&self.shelf, &self.course, direction, exact, needed) {
            Ok(row) => {
                let needed = needed - row.before.flow.side(exact);
                let node = row.stretch.last_within(0, exact, needed);
                let sums = *to_exit + row.before + node.sums;
                Ok(landing(node.position, sums, exact, amount))
            }
            Err((sums, last)) => Err(Exhausted {
                position: last.exit().position,
                flow: (*to_exit + sums).flow,
            }),
        }
    }

    /// The stop that a landing's last part of a step goes towards.
    pub(in crate::pools) fn stop_after(
        &self,
        landing: &Landing<C>,
        direction: Direction,
    ) -> Option<Stop<C::Price>> {
        self.course.next_stop(landing.position, direction)
    }

    /// Where the price comes to rest after a landing's last part of a step, and the ticks crossed in all.
    pub(in crate::pools) fn arrive(
        &self,
        landing: &Landing<C>,
        direction: Direction,
        sqrt_price: C::Price,
    ) -> (Position<C::Price>, u32) {
        let from = landing.position;
        if sqrt_price == from.sqrt_price {
            return (from, landing.crossed);
        }
        // Rounding may take the last part of a step onto the very stop; it then is a whole one.
        match self.stop_after(landing, direction) {
            Some(stop) if stop.after.sqrt_price == sqrt_price => {
                (stop.after, landing.crossed + u32::from(stop.crosses))
            }
            _ => {
                let tick = self.course.tick_at(sqrt_price);
                let position = Position {
                    sqrt_price,
                    tick,
                    ..from
                };
                (position, landing.crossed)
            }
        }
    }

    /// Stands elsewhere on the same course.
    pub(in crate::pools) fn move_to(&mut self, position: Position<C::Price>) {
        self.position = position;
        self.outlooks = [const { OnceLock::new() }; 2];
    }

    /// Takes a course that differs from the old one by ticks in this range alone, and where the pool now stands.
    pub(in crate::pools) fn change(
        &mut self,
        course: C,
        changed_ticks: &RangeInclusive<i32>,
        position: Position<C::Price>,
    ) {
        let changed = course.stretch(*changed_ticks.start())..=course.stretch(*changed_ticks.end());
        self.shelf = Arc::new(self.shelf.without(&changed));
        self.course = Arc::new(course);
        self.move_to(position);
    }

    fn outlook(&self, direction: Direction) -> Option<&Outlook<C>> {
        self.outlooks[usize::from(direction == Direction::OneForZero)]
            .get_or_init(|| {
                let stop = self.course.next_stop(self.position, direction)?;
                let head = whole_step(self.course(), direction, self.position, &stop);
                Some(Arc::new(Outlook {
                    stop,
                    head,
                    onward: OnceLock::new(),
                }))
            })
            .as_deref()
    }

    fn onward(&self, outlook: &Outlook<C>, direction: Direction) -> Onward<C> {
        let stop_tick = outlook.stop.tick;
        let number = self.course.stretch(stop_tick);
        let slot = self.shelf.slot(&self.course, number, direction);
        let place = slot.stretch.place(stop_tick, direction);
        let exit = slot.stretch.exit().sums;
        let passed = slot.stretch.node(place).sums;
        Onward {
            slot,
            place,
            exit,
            passed,
            to_exit: outlook.head + (exit - passed),
        }
    }
}

fn landing<C: Course>(
    position: Position<C::Price>,
    sums: Sums<C::Flow>,
    exact: Exact,
    amount: <C::Flow as Flow>::Amount,
) -> Landing<C> {
    Landing {
        position,
        flow: sums.flow,
        remaining: amount - sums.flow.side(exact),
        crossed: sums.crossed,
    }
}
