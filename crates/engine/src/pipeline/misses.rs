//! `Misses`: who is told at once that pools missed something, before they have been read.

use std::sync::OnceLock;

use tradewind_core::ChainAddress;

type Heard = Box<dyn Fn(Option<&[ChainAddress]>) + Send + Sync>;

/// One listener, or none.
#[derive(Default)]
pub struct Misses(OnceLock<Heard>);

impl std::fmt::Debug for Misses {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let is_heard = self.0.get().is_some();
        formatter
            .debug_struct("Misses")
            .field("is_heard", &is_heard)
            .finish()
    }
}

impl Misses {
    /// Has it heard which pools are stale from now on; None is all of them. The first listener stays.
    pub fn listen(&self, heard: impl Fn(Option<&[ChainAddress]>) + Send + Sync + 'static) {
        let _first_stays = self.0.set(Box::new(heard));
    }

    /// These pools are stale, and nobody holds the inventory.
    pub fn tell(&self, pools: Option<&[ChainAddress]>) {
        if let Some(heard) = self.0.get() {
            heard(pools);
        }
    }
}
