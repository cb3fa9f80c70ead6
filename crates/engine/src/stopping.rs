//! Why a running engine stops: a signal, or the end of its standard input, which is that of whoever started it.

use std::io::Read as _;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::fault::EngineFault;

/// Hears every reason from the moment on that it is made.
#[derive(Debug)]
pub struct StopReasons {
    terminate: Signal,
    interrupt: Signal,
    input_ended: oneshot::Receiver<()>,
}

impl StopReasons {
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// `signals_unavailable`.
    pub fn heard() -> Result<Self, EngineFault> {
        let unavailable = |error: std::io::Error| {
            let message = format!("signals cannot be heard: {error}; start it elsewhere");
            EngineFault::defect("signals_unavailable", message)
        };
        let terminate = signal(SignalKind::terminate()).map_err(unavailable)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(unavailable)?;
        let (ended, input_ended) = oneshot::channel();
        // A thread of its own: standard input can be waited for in no other way, and need not be when the process ends.
        std::thread::Builder::new()
            .name("stdin".to_owned())
            .spawn(move || {
                let mut buffer = [0; 256];
                while std::io::stdin()
                    .read(&mut buffer)
                    .is_ok_and(|read| read > 0)
                {}
                let _stopped_otherwise = ended.send(());
            })
            .map_err(unavailable)?;
        Ok(Self {
            terminate,
            interrupt,
            input_ended,
        })
    }

    /// Waits for the first.
    pub async fn first(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "sigterm",
            _ = self.interrupt.recv() => "sigint",
            _ = &mut self.input_ended => "stdin_closed",
        }
    }
}
