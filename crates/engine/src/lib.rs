//! The execution plane: a feed of account changes in, priced and planned, and signed transactions out.

pub mod arguments;
pub mod config;
pub mod fault;
pub mod feed;
pub mod inventory;
