//! Lending programs: what their accounts hold, whether a loan is healthy, and what a liquidation moves.

pub mod kamino;
