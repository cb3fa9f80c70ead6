//! `ConfigWatch`: tells that the configuration's file was written or put in place anew.

use std::path::{Path, PathBuf};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::fault::EngineFault;

/// Watches the file's folder: a file that is replaced by renaming is another file.
#[derive(Debug)]
pub struct ConfigWatch {
    changed: mpsc::Receiver<()>,
    _watcher: RecommendedWatcher,
}

impl ConfigWatch {
    /// Begins now.
    ///
    /// # Errors
    /// `config_unwatchable` when the system does not tell of changes there.
    pub fn start(file: &Path) -> Result<Self, EngineFault> {
        let unwatchable = |why: String| {
            let message = format!("config: {} cannot be watched: {why}", file.display());
            EngineFault::unavailable("config_unwatchable", message)
        };
        let file: PathBuf = std::path::absolute(file).map_err(|e| unwatchable(e.to_string()))?;
        let folder = file
            .parent()
            .ok_or_else(|| unwatchable("it has no folder".to_owned()))?
            .to_owned();
        let name = file.file_name().map(ToOwned::to_owned);
        // One place: many changes before one look are one change.
        let (sender, changed) = mpsc::channel(1);
        let tell = move |event: notify::Result<notify::Event>| {
            let concerns = event.map_or(true, |event| {
                !matches!(event.kind, EventKind::Access(_))
                    && event
                        .paths
                        .iter()
                        .any(|path| path.file_name() == name.as_deref())
            });
            if concerns {
                let _full = sender.try_send(());
            }
        };
        let mut watcher =
            notify::recommended_watcher(tell).map_err(|error| unwatchable(error.to_string()))?;
        watcher
            .watch(&folder, RecursiveMode::NonRecursive)
            .map_err(|error| unwatchable(error.to_string()))?;
        Ok(Self {
            changed,
            _watcher: watcher,
        })
    }

    /// Returns once the file may have changed; false when nothing more can be told.
    pub async fn changed(&mut self) -> bool {
        self.changed.recv().await.is_some()
    }
}
