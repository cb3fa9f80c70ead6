//! The pipeline's threads, one a stage.

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime::Handle;

use super::Running;
use crate::fault::EngineFault;
use crate::pipeline::{
    Desk, Executor, Sender, Shared, plan_opportunities, quote_updates, scan_changes,
};
use crate::shreds::ShredStage;
use crate::strategies::{Planner, Scanner};

/// The whole work of one stage's thread.
type StageWork = Box<dyn FnOnce() + Send>;

impl Running<'_> {
    pub(super) fn start_stages(
        &self,
        sender: Option<Sender>,
        desk: Desk,
        (scanner, planner): (Box<dyn Scanner>, Box<dyn Planner>),
    ) -> Result<Vec<JoinHandle<()>>, EngineFault> {
        let sender = sender.map(|sender| (sender, Handle::current()));
        let executor = Executor::new(Arc::clone(&self.shared), desk, sender);
        let shared = || Arc::clone(&self.shared);
        let (quoting, scanning, planning) = (shared(), shared(), shared());
        let stages: [(&str, StageWork); 4] = [
            ("quote", Box::new(move || quote_updates(&quoting))),
            (
                "scanner",
                Box::new(move || scan_changes(&scanning, scanner)),
            ),
            (
                "planner",
                Box::new(move || plan_opportunities(&planning, planner)),
            ),
            ("executor", Box::new(move || executor.run())),
        ];
        let started = stages.into_iter().map(|(name, work)| {
            let watched = Watched::of(&self.shared, name);
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(move || watched.over(work))
        });
        started
            .collect::<Result<_, _>>()
            .map_err(|error| EngineFault::defect("no_thread", error.to_string()))
    }
}

impl Running<'_> {
    /// The stage beside the others, where transactions are told before their execution.
    pub(super) fn start_shred_stage(&self) -> Result<JoinHandle<()>, EngineFault> {
        let stage = ShredStage::new(Arc::clone(&self.shared), self.strategy);
        let watched = Watched::of(&self.shared, "shreds");
        std::thread::Builder::new()
            .name("shreds".to_owned())
            .spawn(move || watched.over(|| stage.run()))
            .map_err(|error| EngineFault::defect("no_thread", error.to_string()))
    }
}

/// Ends the engine when the work that it watches ends by a defect: without one of its parts it only seems to run.
pub(super) struct Watched {
    shared: Arc<Shared>,
    name: &'static str,
}

impl Watched {
    pub(super) fn of(shared: &Arc<Shared>, name: &'static str) -> Self {
        Self {
            shared: Arc::clone(shared),
            name,
        }
    }

    /// Does it.
    pub(super) fn over<T>(self, work: impl FnOnce() -> T) -> T {
        let watching = self;
        let done = work();
        drop(watching);
        done
    }

    /// The same, where it waits.
    pub(super) async fn over_later<T>(self, work: impl Future<Output = T>) -> T {
        let watching = self;
        let done = work.await;
        drop(watching);
        done
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let message = format!("{} ended by a defect; see standard error", self.name);
            let fault = EngineFault::defect("stage_panicked", message);
            self.shared.failure.tell(fault);
        }
    }
}

/// Whether every stage ended in good order.
pub(super) fn join_all(stages: Vec<JoinHandle<()>>) -> bool {
    let joined: Vec<_> = stages.into_iter().map(JoinHandle::join).collect();
    joined.iter().all(Result::is_ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::config::{EngineConfig, InForce};
    use crate::events::Events;
    use crate::inventory::Inventory;
    use crate::log::Log;

    fn shared() -> Arc<Shared> {
        let config = EngineConfig::parse(crate::intake::tests::CONFIG).expect("a configuration");
        Arc::new(Shared::new(
            "arb-1".to_owned(),
            Inventory::default(),
            InForce::new(config.changeable),
            Clock::System,
            Log::new(Clock::System, std::io::sink()),
            Events::nowhere(),
        ))
    }

    #[test]
    fn a_thread_that_ends_by_a_defect_ends_the_engine_and_one_that_is_done_does_not() {
        let shared = shared();
        let watched = Watched::of(&shared, "scanner");
        let done = std::thread::spawn(move || watched.over(|| 7));
        assert_eq!(done.join().expect("done"), 7);
        assert_eq!(shared.failure.now(), None);
        let watched = Watched::of(&shared, "scanner");
        let defect = std::thread::spawn(move || watched.over(|| assert_eq!(1, 2, "a defect")));
        assert!(defect.join().is_err());
        let fault = shared.failure.now().expect("told");
        assert_eq!(fault.code(), "stage_panicked");
        assert!(fault.to_string().contains("scanner"));
    }

    #[tokio::test]
    async fn a_task_that_ends_by_a_defect_ends_the_engine_and_one_that_is_aborted_does_not() {
        let shared = shared();
        let watched = Watched::of(&shared, "intake");
        let waiting = tokio::spawn(watched.over_later(std::future::pending::<()>()));
        waiting.abort();
        assert!(waiting.await.is_err());
        assert_eq!(shared.failure.now(), None);
        let watched = Watched::of(&shared, "intake");
        let defect = tokio::spawn(watched.over_later(async { assert_eq!(1, 2, "a defect") }));
        assert!(defect.await.is_err());
        assert!(shared.failure.now().is_some());
    }
}
