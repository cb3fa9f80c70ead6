//! Pools as concave real functions: what a search steers by and an upper bound is made of.
//!
//! Real numbers steer and bound; they never decide an amount. Every curve is, at every input, at least what
//! the pool gives in integers, because contracts round against the trader.

/// `output(input)` of one pool in one direction, in raw units, the fee included.
#[derive(Debug, Clone, PartialEq)]
pub enum Curve {
    /// Consecutive pieces of constant product; one piece without an end for a constant product pool.
    Hyperbolas(Vec<Hyperbola>),
    /// Consecutive pieces of constant price, best first: the bins of an order book.
    Lines(Vec<Line>),
    /// `balance_out * (1 - (balance_in / (balance_in + gamma * x)) ** exponent)`.
    Weighted {
        /// Of the token paid in.
        balance_in: f64,
        /// Of the token that comes out.
        balance_out: f64,
        /// Weight of the input over weight of the output.
        exponent: f64,
        /// One less the fee.
        gamma: f64,
        /// The most that may be paid in.
        capacity_in: f64,
    },
    /// The curve of a stable pool: all balances and their invariant, in one scale.
    Stable {
        /// Of every token, scaled to the same decimals.
        balances: Vec<f64>,
        /// Place of the token paid in.
        input: usize,
        /// Place of the token that comes out.
        output: usize,
        /// `Ann` of Curve's formula: the contract's amplification parameter times the number of tokens.
        amplification: f64,
        /// The invariant `D`.
        invariant: f64,
        /// Scaled units of input per raw unit.
        scale_in: f64,
        /// Scaled units of output per raw unit.
        scale_out: f64,
        /// One less the fee.
        gamma: f64,
    },
    /// Nothing at any input: the pool is closed.
    Nothing,
}

/// `reserve_out * gamma * x / (reserve_in + gamma * x)`, for `x` up to `capacity_in`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hyperbola {
    /// Virtual reserve of the token paid in.
    pub reserve_in: f64,
    /// Virtual reserve of the token that comes out.
    pub reserve_out: f64,
    /// One less the fee.
    pub gamma: f64,
    /// The input, fee included, at which this piece ends; infinite when it does not.
    pub capacity_in: f64,
}

/// `price * x`, for `x` up to `capacity_in`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Units of output per unit of input, fee included.
    pub price: f64,
    /// The input, fee included, at which this piece ends.
    pub capacity_in: f64,
}
