//! One stretch of stops in one direction, with the sums of its whole steps.

use std::sync::Arc;

use super::{Course, Flow, Position, Stop, Sums};
use crate::pools::{Direction, Exact};

/// A stop, and what the steps from the stretch's entry up to it move.
#[derive(Debug)]
pub(super) struct Node<C: Course> {
    tick: i32,
    pub(super) position: Position<C::Price>,
    pub(super) sums: Sums<C::Flow>,
}

/// The entry, then every stop in the direction of the swap; never empty.
#[derive(Debug)]
pub(super) struct Stretch<C: Course>(Arc<[Node<C>]>);

impl<C: Course> Clone for Stretch<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: Course> Stretch<C> {
    pub(super) fn new(course: &C, number: i32, direction: Direction) -> Self {
        let mut position = course.entry(number, direction);
        let mut sums = Sums::default();
        let mut nodes = vec![Node {
            tick: position.tick,
            position,
            sums,
        }];
        while let Some(stop) = course
            .next_stop(position, direction)
            .filter(|stop| course.stretch(stop.tick) == number)
        {
            sums = sums + whole_step(course, direction, position, &stop);
            position = stop.after;
            nodes.push(Node {
                tick: stop.tick,
                position,
                sums,
            });
        }
        Self(nodes.into())
    }

    /// The place of the stop at this tick, which belongs to the stretch.
    pub(super) fn place(&self, stop_tick: i32, direction: Direction) -> usize {
        let stops = self.0.get(1..).unwrap_or_default();
        1 + stops.partition_point(|node| match direction {
            Direction::ZeroForOne => node.tick > stop_tick,
            Direction::OneForZero => node.tick < stop_tick,
        })
    }

    pub(super) fn node(&self, place: usize) -> &Node<C> {
        &self.0[place.min(self.0.len() - 1)]
    }

    /// The last stop.
    pub(super) fn exit(&self) -> &Node<C> {
        self.node(usize::MAX)
    }

    /// After `passed`, the first stop whose sum reaches `needed`, or the one before it when that goes beyond.
    ///
    /// `needed` is more than the sum at `passed`, and at most that of the exit.
    pub(super) fn last_within(
        &self,
        passed: usize,
        exact: Exact,
        needed: <C::Flow as Flow>::Amount,
    ) -> &Node<C> {
        let ahead = self.0.get(passed + 1..).unwrap_or_default();
        let place = passed + 1 + ahead.partition_point(|node| node.sums.flow.side(exact) < needed);
        let node = self.node(place);
        if node.sums.flow.side(exact) == needed {
            node
        } else {
            self.node(place - 1)
        }
    }
}

pub(super) fn whole_step<C: Course>(
    course: &C,
    direction: Direction,
    from: Position<C::Price>,
    stop: &Stop<C::Price>,
) -> Sums<C::Flow> {
    Sums {
        flow: course.whole_step(direction, from, stop.after.sqrt_price),
        crossed: u32::from(stop.crosses),
    }
}
