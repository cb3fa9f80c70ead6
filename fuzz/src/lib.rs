//! The fuzz targets of the core, by name: their bodies are in the core's tests, which run their seeds.

#[path = "../../crates/core/tests/fuzzed/mod.rs"]
mod fuzzed;

use std::path::Path;

/// Runs one target on one input.
///
/// # Panics
/// When the core breaks a promise.
pub fn run(target: &str, data: &[u8]) {
    (fuzzed::target(target).run)(data);
}

/// Writes a target's seeds into the folder that the environment names as `SEEDS_INTO`, if it does.
///
/// # Panics
/// When they cannot be written.
pub fn write_seeds(target: &str) {
    let Some(folder) = std::env::var_os("SEEDS_INTO") else {
        return;
    };
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).expect("a folder for the seeds");
    for (place, seed) in (fuzzed::target(target).seeds)().into_iter().enumerate() {
        let file = folder.join(format!("seed_{place:03}"));
        std::fs::write(file, seed).expect("room for a seed");
    }
}
