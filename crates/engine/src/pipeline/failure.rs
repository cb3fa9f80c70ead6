//! `Failure`: a part of the pipeline says that the engine cannot go on, and why.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::fault::EngineFault;

/// The first fault that was told. Shared by reference.
#[derive(Debug, Default)]
pub struct Failure {
    fault: Mutex<Option<EngineFault>>,
    told: Notify,
}

impl Failure {
    /// Ends the engine in good order, with this fault. The first one counts.
    pub fn tell(&self, fault: EngineFault) {
        let mut first = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(fault);
        self.told.notify_one();
    }

    /// What was told, if something was.
    #[must_use]
    pub fn now(&self) -> Option<EngineFault> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.clone()
    }

    /// Returns once something was told.
    pub async fn wait(&self) {
        while self.now().is_none() {
            self.told.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_fault_is_the_one_that_counts_and_is_heard_whenever_it_is_waited_for() {
        let failure = Failure::default();
        assert_eq!(failure.now(), None);
        failure.tell(EngineFault::defect("first", "a"));
        failure.tell(EngineFault::defect("second", "b"));
        failure.wait().await;
        assert_eq!(failure.now().map(|fault| fault.code()), Some("first"));
    }
}
