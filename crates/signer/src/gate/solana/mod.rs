//! Steps on Solana: their receipts, attempts and ends, and wallets of which nothing is known yet.

mod attempts;
mod boots;
mod cold_starts;
mod evidence;
mod holds;
mod receipts;
mod reclaims;
mod settlements;
mod top_ups;
mod unlisted_mints;

pub(super) use attempts::{give_all_back, was_never_told};
pub(super) use boots::current_id as current_boot;

pub use attempts::{NewSolanaAttempt, SignedSolana, SolanaAttempt};
pub use evidence::{EarlierSignature, SolanaEvidence, Status};
pub use holds::{Hold, HoldState, find_held};
pub use reclaims::Reclaimable;
pub use settlements::{SolanaFinalized, SolanaSettlement};
pub use top_ups::TopUps;
