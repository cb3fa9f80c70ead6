//! A path in a market, and what paths give when they are executed one after the other, in real numbers.

use crate::pools::Exact;
use crate::routing::convex::{EdgeCurve, Market};

/// Part of a pool's capacity up to which its curve is followed.
const USABLE: f64 = 1.0 - 1e-9;

/// One venue, entered at one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hop {
    pub(super) venue: usize,
    pub(super) side: usize,
}

impl Hop {
    fn place(self) -> usize {
        2 * self.venue + self.side
    }
}

/// Hops in trade order; no token and no pool twice.
pub(super) type Path = Vec<Hop>;

/// What the venues have traded so far, so that a later leg finds them as earlier ones left them.
#[derive(Debug, Clone)]
pub(super) struct Traded {
    /// Input and output of each venue and side.
    sums: Vec<[f64; 2]>,
    touched: Vec<usize>,
}

impl Traded {
    pub(super) fn new(market: &Market) -> Self {
        Self {
            sums: vec![[0.0; 2]; 2 * market.venues.len()],
            touched: Vec::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        for at in self.touched.drain(..) {
            self.sums[at] = [0.0; 2];
        }
    }

    fn add(&mut self, hop: Hop, input: f64, output: f64) {
        let at = hop.place();
        self.touched.push(at);
        self.sums[at][0] += input;
        self.sums[at][1] += output;
    }

    /// The output for an input, or the input for an output, after what was traded.
    pub(super) fn next(&self, market: &Market, hop: Hop, exact: Exact, amount: f64) -> f64 {
        let Some(curve) = &market.venues[hop.venue].curves[hop.side] else {
            return match exact {
                Exact::In => 0.0,
                Exact::Out => f64::INFINITY,
            };
        };
        let [input, output] = self.sums[hop.place()];
        match exact {
            Exact::In => output_for(curve, input + amount) - output,
            Exact::Out => input_for(curve, output + amount) - input,
        }
    }

    /// Executes a path for an amount at its near end, and gives the amount at its far end.
    pub(super) fn execute(
        &mut self,
        market: &Market,
        path: &[Hop],
        exact: Exact,
        near: f64,
    ) -> f64 {
        let mut amount = near;
        for at in 0..path.len() {
            let hop = match exact {
                Exact::In => path[at],
                Exact::Out => path[path.len() - 1 - at],
            };
            let far = self.next(market, hop, exact, amount);
            match exact {
                Exact::In => self.add(hop, amount, far),
                Exact::Out => self.add(hop, far, amount),
            }
            amount = far;
        }
        amount
    }
}

/// The output for an input. Beyond what the pool takes it falls, so that shares move away from there.
fn output_for(curve: &EdgeCurve, input: f64) -> f64 {
    let room = curve.room() * USABLE;
    if input <= room {
        curve.output(input)
    } else {
        curve.output(room) - (input - room) * curve.best_price()
    }
}

/// The input for an output. Close to all that the pool gives, and beyond, it grows along the slope of that place.
fn input_for(curve: &EdgeCurve, output: f64) -> f64 {
    let most = curve.most();
    let usable = most * USABLE;
    if output <= usable {
        curve.input(output)
    } else {
        let last = curve.input(usable);
        last + (output - usable) * (last / (most - usable))
    }
}

/// Paths that share an amount at the near end: what is paid for an exact input, what is got for an exact output.
#[derive(Debug, Clone)]
pub(super) struct Shares {
    pub(super) paths: Vec<Path>,
    pub(super) near: Vec<f64>,
}

impl Shares {
    /// The sum at the far end.
    pub(super) fn far(&self, market: &Market, exact: Exact, traded: &mut Traded) -> f64 {
        traded.clear();
        let legs = self.paths.iter().zip(&self.near);
        legs.filter(|(_, near)| **near > 0.0)
            .map(|(path, near)| traded.execute(market, path, exact, *near))
            .sum()
    }
}
