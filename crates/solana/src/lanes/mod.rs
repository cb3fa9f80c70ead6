//! Lanes: ways to hand a signed transaction over. None of them says that it landed; `confirmation` does.

pub mod jito;
mod jito_region;
pub mod jito_status;
mod outcome;
mod race;
pub mod rebroadcast;
pub mod rpc;
mod rpc_answer;
mod searcher;
pub mod tip;
pub mod tpu;

use std::pin::Pin;

pub use outcome::{SendAnswer, SendOutcome, SendReport};
pub use searcher::{BundleNews, BundleNewsKind};

use crate::signed_transaction::SignedTransaction;

/// How one transaction is sent. What a lane cannot do, it ignores.
#[derive(Debug, Clone, Copy, Default)]
pub struct SendOptions {
    /// Whether the node simulates first; None: as the lane was made.
    pub preflight: Option<bool>,
    /// The node must have seen this slot.
    pub min_context_slot: Option<u64>,
}

/// The report to come.
pub type Sending<'a> = Pin<Box<dyn Future<Output = SendReport> + Send + 'a>>;

/// A way to hand a signed transaction over.
pub trait Lane: Send + Sync {
    /// `rpc`, `jito` or `tpu`.
    fn name(&self) -> &'static str;

    /// Hands it over. Dropping the future does not take back what has left.
    fn send<'a>(
        &'a self,
        transaction: &'a SignedTransaction,
        options: &'a SendOptions,
    ) -> Sending<'a>;
}
