//! What only a strategy that finds its pools itself needs: its discovery, and what it says at its own end.

use std::sync::Arc;
use std::thread::JoinHandle;

use serde_json::json;

use super::stages::Watched;
use super::{Running, unwritable};
use crate::chain_reader::ChainReader;
use crate::discovery::{Discovery, LaunchVenue};
use crate::fault::EngineFault;
use crate::feed::ProgramFilter;
use crate::strategies::Scanner;

/// The discovery of a run.
pub(super) struct Discovering {
    /// What the feed is asked to tell of; nothing where nobody looks for pools.
    pub(super) programs: Vec<ProgramFilter>,
    /// Its thread.
    pub(super) thread: Option<JoinHandle<()>>,
}

impl Running<'_> {
    /// Begins to look for new pools, where the strategy wants them.
    pub(super) fn discover(
        &self,
        reader: &Arc<ChainReader>,
        scanner: &dyn Scanner,
    ) -> Result<Discovering, EngineFault> {
        let parameters = &self.run.config.changeable.parameters;
        let Some(terms) = scanner.discovery(parameters) else {
            return Ok(Discovering {
                programs: Vec::new(),
                thread: None,
            });
        };
        let programs = terms
            .venues
            .iter()
            .copied()
            .map(LaunchVenue::filter)
            .collect();
        let discovery = Discovery::new(Arc::clone(&self.shared), Arc::clone(reader), terms);
        let watched = Watched::of(&self.shared, "discovery");
        let thread = std::thread::Builder::new()
            .name("discovery".to_owned())
            .spawn(move || watched.over(|| discovery.run()))
            .map_err(|error| EngineFault::defect("no_thread", error.to_string()))?;
        Ok(Discovering {
            programs,
            thread: Some(thread),
        })
    }

    /// The strategy's work is done: what is left is told, and the next start begins anew.
    pub(super) fn finished(&self, reason: &'static str) -> Result<&'static str, EngineFault> {
        let left: Vec<_> = self.shared.positions().all().cloned().collect();
        for left in left {
            let message = format!("{} of {} are left", left.held_raw, left.coin);
            let fields = json!({
                "mint": left.coin.to_string(), "pool": left.pool.to_string(),
                "held_raw": left.held_raw.to_string(), "cost_raw": left.cost_raw.to_string(),
            });
            self.shared.log.info("position_left", &message, fields);
        }
        let positions = self.shared.position_book();
        if positions.is_open() {
            let written = positions.over(reason);
            written.map_err(|error| unwritable(&self.run.config.folder, &error))?;
        }
        Ok(reason)
    }
}
