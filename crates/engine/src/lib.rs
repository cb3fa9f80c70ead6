//! The execution plane: a feed of account changes in, priced and planned, and signed transactions out.

pub mod arguments;
pub mod chain_reader;
pub mod clock;
pub mod config;
pub mod events;
pub mod fault;
pub mod feed;
pub mod flight;
pub mod following;
pub mod gate;
pub mod identifier;
pub mod intake;
pub mod inventory;
pub mod lanes;
pub mod log;
pub mod pipeline;
pub mod positions;
pub mod reloading;
pub mod replay;
pub mod run;
pub mod shreds;
pub mod simulation;
pub mod steps;
pub mod stopping;
pub mod strategies;
