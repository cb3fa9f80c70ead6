//! The pipeline's threads, one a stage.

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime::Handle;

use super::Running;
use crate::fault::EngineFault;
use crate::pipeline::{Desk, Executor, Sender, plan_opportunities, quote_updates, scan_changes};
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
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(work)
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
        std::thread::Builder::new()
            .name("shreds".to_owned())
            .spawn(move || stage.run())
            .map_err(|error| EngineFault::defect("no_thread", error.to_string()))
    }
}

/// Whether every stage ended in good order.
pub(super) fn join_all(stages: Vec<JoinHandle<()>>) -> bool {
    let joined: Vec<_> = stages.into_iter().map(JoinHandle::join).collect();
    joined.iter().all(Result::is_ok)
}
