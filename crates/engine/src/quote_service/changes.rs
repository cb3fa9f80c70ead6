//! `PoolChanges`: tells streams of quotes which pools have changed, and costs the pipeline next to nothing.

use tokio::sync::broadcast;
use tradewind_core::ChainAddress;

/// Changes that a stream may be behind before it takes all pools for changed.
const CHANGES: usize = 1_024;

/// One sender for all streams. Whoever reads too slowly is told so, and looks at everything again.
#[derive(Debug)]
pub struct PoolChanges {
    sender: broadcast::Sender<ChainAddress>,
}

impl Default for PoolChanges {
    fn default() -> Self {
        Self {
            sender: broadcast::Sender::new(CHANGES),
        }
    }
}

impl PoolChanges {
    /// A pool stands otherwise than before. Waits for nobody.
    pub fn tell(&self, pool: ChainAddress) {
        if self.sender.receiver_count() > 0 {
            let _nobody = self.sender.send(pool);
        }
    }

    /// From now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<ChainAddress> {
        self.sender.subscribe()
    }
}
