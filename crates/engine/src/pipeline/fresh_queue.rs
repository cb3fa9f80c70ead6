//! `FreshQueue`: a bounded queue that drops the stale and never the newest.
//!
//! What comes under a key that is queued already takes its place: the older one is stale. When the queue is full the
//! oldest of all is dropped. Both are counted, and both are given back to whoever pushed.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a queue dropped so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// A newer one came under the same key.
    pub superseded: u64,
    /// The queue was full.
    pub overflowed: u64,
}

/// What came of pushing.
#[derive(Debug, PartialEq, Eq)]
pub enum Pushed<K, T> {
    /// It waits.
    Queued,
    /// It waits in the place of an older one.
    Superseded(T),
    /// It waits, and the oldest of all was dropped.
    Overflowed(K, T),
    /// The queue is closed.
    Closed,
}

#[derive(Debug)]
struct State<K, T> {
    items: HashMap<K, T>,
    order: VecDeque<K>,
    dropped: Dropped,
    closed: bool,
    /// Whoever waits has something else to look at.
    nudged: bool,
}

/// The queue. Shared by reference.
#[derive(Debug)]
pub struct FreshQueue<K, T> {
    state: Mutex<State<K, T>>,
    pushed: Condvar,
    capacity: usize,
}

impl<K: Hash + Eq + Clone, T> FreshQueue<K, T> {
    /// Of at most so many items, and of one at least.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let state = State {
            items: HashMap::new(),
            order: VecDeque::new(),
            dropped: Dropped::default(),
            closed: false,
            nudged: false,
        };
        Self {
            state: Mutex::new(state),
            pushed: Condvar::new(),
            capacity: capacity.max(1),
        }
    }

    /// Adds an item; never waits.
    pub fn push(&self, key: K, item: T) -> Pushed<K, T> {
        self.push_over(key, item, |_, _| {})
    }

    /// The same; what it takes the place of may leave something to it.
    pub fn push_over(&self, key: K, mut item: T, inherit: impl FnOnce(&T, &mut T)) -> Pushed<K, T> {
        let mut state = self.lock();
        if state.closed {
            return Pushed::Closed;
        }
        if let Some(place) = state.items.get_mut(&key) {
            inherit(place, &mut item);
            let old = std::mem::replace(place, item);
            state.dropped.superseded += 1;
            return Pushed::Superseded(old);
        }
        let mut pushed = Pushed::Queued;
        if state.items.len() == self.capacity
            && let Some(oldest) = state.order.pop_front()
            && let Some(item) = state.items.remove(&oldest)
        {
            state.dropped.overflowed += 1;
            pushed = Pushed::Overflowed(oldest, item);
        }
        state.order.push_back(key.clone());
        state.items.insert(key, item);
        self.pushed.notify_one();
        pushed
    }

    /// The oldest item; None after so long, after a nudge, or when the queue is closed and empty.
    pub fn pop(&self, patience: Duration) -> Option<T> {
        let state = self.lock();
        let waited = self.pushed.wait_timeout_while(state, patience, |state| {
            state.order.is_empty() && !state.closed && !state.nudged
        });
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut state.nudged) {
            return None;
        }
        let key = state.order.pop_front()?;
        state.items.remove(&key)
    }

    /// Ends the wait of whoever waits for an item, or will: it has something else to look at.
    pub fn nudge(&self) {
        self.lock().nudged = true;
        self.pushed.notify_one();
    }

    /// Takes nothing more. What waits can still be taken out.
    pub fn close(&self) {
        self.lock().closed = true;
        self.pushed.notify_all();
    }

    /// Whether it is closed, and nothing waits.
    pub fn is_finished(&self) -> bool {
        let state = self.lock();
        state.closed && state.order.is_empty()
    }

    /// What was dropped so far.
    pub fn dropped(&self) -> Dropped {
        self.lock().dropped
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.lock().order.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, State<K, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn a_newer_item_takes_the_place_of_an_older_one_of_its_key() {
        let queue = FreshQueue::new(8);
        assert_eq!(queue.push("a", 1), Pushed::Queued);
        assert_eq!(queue.push("b", 2), Pushed::Queued);
        assert_eq!(queue.push("a", 3), Pushed::Superseded(1));
        assert_eq!(
            [queue.pop(NOW), queue.pop(NOW), queue.pop(NOW)],
            [Some(3), Some(2), None]
        );
        assert_eq!(queue.dropped().superseded, 1);
    }

    #[test]
    fn an_item_may_inherit_from_the_one_whose_place_it_takes_and_only_from_that() {
        let queue = FreshQueue::new(8);
        let add = |old: &i32, new: &mut i32| *new += old;
        queue.push_over("a", 1, add);
        queue.push_over("b", 2, add);
        assert_eq!(queue.push_over("a", 3, add), Pushed::Superseded(1));
        assert_eq!([queue.pop(NOW), queue.pop(NOW)], [Some(4), Some(2)]);
    }

    #[test]
    fn a_full_queue_drops_the_oldest_and_keeps_the_newest() {
        let queue = FreshQueue::new(2);
        queue.push(1, 1);
        queue.push(2, 2);
        assert_eq!(queue.push(3, 3), Pushed::Overflowed(1, 1));
        assert_eq!([queue.pop(NOW), queue.pop(NOW)], [Some(2), Some(3)]);
        assert_eq!(queue.dropped().overflowed, 1);
    }

    #[test]
    fn a_closed_queue_takes_nothing_and_gives_what_it_has() {
        let queue = FreshQueue::new(2);
        queue.push(1, 1);
        queue.close();
        assert_eq!(queue.push(2, 2), Pushed::Closed);
        assert!(!queue.is_finished());
        assert_eq!([queue.pop(NOW), queue.pop(NOW)], [Some(1), None]);
        assert!(queue.is_finished());
    }

    #[test]
    fn a_nudge_ends_one_wait_and_takes_nothing_away() {
        let queue = std::sync::Arc::new(FreshQueue::new(2));
        let other = std::sync::Arc::clone(&queue);
        let taker = std::thread::spawn(move || other.pop(Duration::from_secs(60)));
        queue.nudge();
        assert_eq!(taker.join().expect("gave up"), None);
        queue.push(1, 7);
        queue.nudge();
        assert_eq!([queue.pop(NOW), queue.pop(NOW)], [None, Some(7)]);
    }

    #[test]
    fn a_waiting_taker_is_woken() {
        let queue = std::sync::Arc::new(FreshQueue::new(2));
        let other = std::sync::Arc::clone(&queue);
        let taker = std::thread::spawn(move || other.pop(Duration::from_secs(10)));
        queue.push(1, 7);
        assert_eq!(taker.join().expect("took"), Some(7));
    }
}
