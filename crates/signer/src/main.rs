//! `tradewind-signer`: see the crate.

use std::process::ExitCode;
use std::sync::Arc;
use tradewind_signer::cli;
use tradewind_signer::signer::Unobserved;

fn main() -> ExitCode {
    cli::main(Box::new(Unobserved), |signer| Arc::new(signer))
}
