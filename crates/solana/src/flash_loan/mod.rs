//! Flash loans: tokens that a transaction borrows and gives back before it ends.
//!
//! - `kamino`: both instructions of Kamino's lending program, what a loan costs, and a transaction around them;
//! - `reserve`: the account that lends, strictly decoded;
//! - `error`: why a loan is refused.

mod error;
pub mod kamino;
mod reserve;

pub use error::FlashLoanError;
pub use reserve::KaminoReserve;
pub(crate) use reserve::market_authority;
