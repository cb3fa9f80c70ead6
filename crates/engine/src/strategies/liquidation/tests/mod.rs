//! The strategy on dumps of mainnet.

mod desk;
mod finding;
mod planning;
mod wrong_parameters;
