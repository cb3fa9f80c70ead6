//! Instructions of lending programs: what a liquidation needs around its loan.

pub mod kamino;
