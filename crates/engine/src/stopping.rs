//! Why a running engine stops: a signal, or the end of its standard input, which is that of whoever started it.

use std::io::Read as _;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::fault::EngineFault;

/// Waits for the first reason.
///
/// # Errors
/// `signals_unavailable`.
pub async fn told_to_stop() -> Result<&'static str, EngineFault> {
    let unavailable = |error: std::io::Error| {
        let message = format!("signals cannot be heard: {error}; start it elsewhere");
        EngineFault::defect("signals_unavailable", message)
    };
    let mut terminate = signal(SignalKind::terminate()).map_err(unavailable)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(unavailable)?;
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
    Ok(tokio::select! {
        _ = terminate.recv() => "sigterm",
        _ = interrupt.recv() => "sigint",
        _ = input_ended => "stdin_closed",
    })
}
