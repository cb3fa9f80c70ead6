//! Takes a changed configuration while the engine runs, or refuses it; says which.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use crate::config::{ConfigFault, ConfigWatch, EngineConfig, Reload};
use crate::pipeline::Shared;

/// Watches the file until the engine ends.
pub async fn reload_changes(
    shared: Arc<Shared>,
    mut watch: ConfigWatch,
    path: PathBuf,
    reload: Reload,
) {
    // The file may have changed between its reading and the beginning of the watch.
    loop {
        take_change(&shared, &path, &reload);
        if !watch.changed().await {
            return;
        }
    }
}

fn take_change(shared: &Shared, path: &std::path::Path, reload: &Reload) {
    let in_force = shared.in_force.now();
    let loaded = EngineConfig::load(path);
    let version = loaded.as_ref().ok().map(|config| config.changeable.version);
    match loaded.and_then(|config| reload.judge(config, &in_force)) {
        Ok(None) => {}
        Ok(Some(next)) => {
            let version = next.version;
            shared.in_force.put(next);
            let message = format!("version {version} of the configuration is in force");
            shared
                .log
                .info("config_in_force", &message, json!({"version": version}));
        }
        Err(fault) => refused(shared, &fault, version),
    }
}

fn refused(shared: &Shared, fault: &ConfigFault, version: Option<u64>) {
    let fields = json!({"version": version, "field": fault.field, "fault": fault.fault, "remedy": fault.remedy});
    let message = format!("the changed configuration is refused: {fault}");
    shared.log.warning("config_refused", &message, fields);
}
