//! The `PyO3` module `tradewind._core`. Converts and re-exports; holds no logic of its own.

use pyo3::prelude::*;

mod accounts;
mod address;
mod answers;
mod batch;
mod books;
mod cow_auction;
mod cycles;
mod decode;
mod error;
mod evm;
mod graph;
mod integer;
mod movement;
mod route;
mod solana;
mod split;

/// How the module was compiled; the time that a debug build takes means nothing.
const BUILD_PROFILE: &str = if cfg!(debug_assertions) {
    "debug"
} else {
    "release"
};

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("build_profile", BUILD_PROFILE)?;
    error::register(module)?;
    graph::register(module)?;
    movement::register(module)?;
    route::register(module)?;
    split::register(module)?;
    cycles::register(module)?;
    cow_auction::register(module)?;
    accounts::register(module)?;
    batch::register(module)?;
    evm::register(module)?;
    decode::register(module)?;
    books::register(module)?;
    solana::register(module)
}
