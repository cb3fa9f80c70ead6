//! Keeps key material inside the process: no core dump, no ptrace, no swap, no readable file.

use rustix::fs::Mode;
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit, umask,
};
use std::io;

/// To be called before any secret is read.
///
/// # Errors
/// When the kernel refuses; the signer does not run half protected.
pub fn forbid_dumps() -> io::Result<()> {
    umask(Mode::RWXG | Mode::RWXO);
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    Ok(setrlimit(Resource::Core, none)?)
}

/// To be called once the keys are in memory. Best effort: tells whether memory is kept out of swap.
#[must_use]
pub fn lock_memory() -> bool {
    mlockall(MlockAllFlags::CURRENT).is_ok()
}
