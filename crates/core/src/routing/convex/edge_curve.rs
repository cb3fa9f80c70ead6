//! One way through one pool as a concave real function, ready for many evaluations.
//!
//! A curve is asked at a ratio of prices (how much does the best trade take and give?), at an input and at an
//! output. Everything else about a pool stays with the pool.

use super::stable_curve::StableCurve;
use crate::pools::{Curve, Hyperbola, Line};

/// Half the width, relative to its price, of the slope that stands in for a line's kinks during the descent.
const LINE_SLOPE: f64 = 1e-6;

/// `give * x / (take + x)` for `x` up to `room`, after `before` of the pieces in front of it.
#[derive(Debug, Clone, Copy)]
pub(in crate::routing) struct Piece {
    /// Marginal output at the start of the piece: `give / take`.
    price: f64,
    /// Virtual reserve of the input, over one less the fee.
    take: f64,
    /// Virtual reserve of the output.
    give: f64,
    /// Input that the piece holds.
    room: f64,
    /// Output at `room`.
    full: f64,
    /// Input of the pieces in front.
    before_in: f64,
    /// Output of the pieces in front.
    before_out: f64,
}

/// The best trade at a ratio of prices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::routing) struct Trade {
    /// Paid in, in raw units.
    pub(in crate::routing) input: f64,
    /// Got, in raw units.
    pub(in crate::routing) output: f64,
    /// `-ratio * d input / d ratio`, in raw units of the input.
    pub(in crate::routing) slack: f64,
}

impl Trade {
    const NONE: Self = Self {
        input: 0.0,
        output: 0.0,
        slack: 0.0,
    };
}

/// A curve of `pools::Curve`, with the sums that a search in it needs.
#[derive(Debug, Clone)]
pub(in crate::routing) enum EdgeCurve {
    /// Pieces of constant product, the best price first.
    Pieces(Vec<Piece>),
    /// Bins of constant price: as pieces with a slight slope, and as they are.
    Bins(Vec<Piece>, Vec<Line>),
    /// See [`Curve::Weighted`].
    Weighted(WeightedCurve),
    /// See [`Curve::Stable`].
    Stable(Box<StableCurve>),
}

/// `give * (1 - (take / (take + gamma * x)) ** exponent)`.
#[derive(Debug, Clone, Copy)]
pub(in crate::routing) struct WeightedCurve {
    take: f64,
    give: f64,
    exponent: f64,
    gamma: f64,
    room: f64,
}

impl EdgeCurve {
    /// `None` for a pool that is closed in this direction.
    pub(super) fn new(curve: &Curve) -> Option<Self> {
        let made = match curve {
            Curve::Hyperbolas(hyperbolas) => Self::Pieces(pieces(hyperbolas.iter().map(hyperbola))),
            Curve::Lines(lines) => {
                let lines: Vec<Line> = lines.iter().copied().filter(usable).collect();
                Self::Bins(pieces(lines.iter().map(slope)), lines)
            }
            Curve::Weighted {
                balance_in,
                balance_out,
                exponent,
                gamma,
                capacity_in,
            } => Self::Weighted(WeightedCurve {
                take: *balance_in,
                give: *balance_out,
                exponent: *exponent,
                gamma: *gamma,
                room: *capacity_in,
            }),
            Curve::Stable { .. } => Self::Stable(Box::new(StableCurve::new(curve)?)),
            Curve::Nothing => return None,
        };
        let price = made.best_price();
        (price > 0.0 && price.is_finite()).then_some(made)
    }

    /// Marginal output of the first unit.
    pub(in crate::routing) fn best_price(&self) -> f64 {
        match self {
            Self::Pieces(pieces) | Self::Bins(pieces, _) => {
                pieces.first().map_or(0.0, |piece| piece.price)
            }
            Self::Weighted(curve) => curve.best_price(),
            Self::Stable(curve) => curve.best_price(),
        }
    }

    /// The input's virtual reserve: how deep the pool is at its price.
    pub(super) fn depth(&self) -> f64 {
        match self {
            Self::Pieces(pieces) => pieces.first().map_or(0.0, |piece| piece.take),
            Self::Bins(_, lines) => lines.iter().map(|line| line.capacity_in).sum(),
            Self::Weighted(curve) => curve.take,
            Self::Stable(curve) => curve.depth(),
        }
    }

    /// The trade whose last unit still pays `ratio` of output per input.
    pub(in crate::routing) fn trade_at(&self, ratio: f64) -> Trade {
        match self {
            Self::Pieces(pieces) | Self::Bins(pieces, _) => trade_in(pieces, ratio),
            Self::Weighted(curve) => curve.trade_at(ratio),
            Self::Stable(curve) => curve.trade_at(ratio),
        }
    }

    /// As [`Self::trade_at`], for the curve itself and not what stands in for it.
    pub(super) fn exact_trade_at(&self, ratio: f64) -> Trade {
        let Self::Bins(_, lines) = self else {
            return self.trade_at(ratio);
        };
        let mut trade = Trade::NONE;
        for line in lines.iter().take_while(|line| line.price > ratio) {
            trade.input += line.capacity_in;
            trade.output += line.price * line.capacity_in;
        }
        trade
    }

    /// The output for an input; more than the pool takes gives no more.
    pub(in crate::routing) fn output(&self, input: f64) -> f64 {
        match self {
            Self::Pieces(pieces) | Self::Bins(pieces, _) => {
                let at = pieces.partition_point(|piece| piece.before_in < input);
                at.checked_sub(1).map_or(0.0, |at| {
                    let piece = &pieces[at];
                    piece.before_out + piece.output((input - piece.before_in).min(piece.room))
                })
            }
            Self::Weighted(curve) => curve.output(input.min(curve.room)),
            Self::Stable(curve) => curve.output(input),
        }
    }

    /// The input for an output; infinite for more than the pool gives.
    pub(in crate::routing) fn input(&self, output: f64) -> f64 {
        match self {
            Self::Pieces(pieces) | Self::Bins(pieces, _) => {
                let at = pieces.partition_point(|piece| piece.before_out < output);
                at.checked_sub(1).map_or(0.0, |at| {
                    let piece = &pieces[at];
                    piece.before_in + piece.input(output - piece.before_out)
                })
            }
            Self::Weighted(curve) => curve.input(output),
            Self::Stable(curve) => curve.input(output),
        }
    }

    /// What the pool gives at most.
    pub(in crate::routing) fn most(&self) -> f64 {
        match self {
            Self::Pieces(pieces) | Self::Bins(pieces, _) => pieces
                .last()
                .map_or(0.0, |piece| piece.before_out + piece.full),
            Self::Weighted(curve) => curve.output(curve.room),
            Self::Stable(curve) => curve.most(),
        }
    }

    /// Raw units of output that the sums of the curve may hide, beyond what is relative to the trade.
    pub(super) fn grain(&self) -> f64 {
        match self {
            Self::Stable(curve) => curve.grain(),
            Self::Pieces(_) | Self::Bins(..) | Self::Weighted(_) => 0.0,
        }
    }

    /// What the pool takes at most; infinite when there is no end.
    pub(in crate::routing) fn room(&self) -> f64 {
        match self {
            Self::Pieces(pieces) | Self::Bins(pieces, _) => pieces
                .last()
                .map_or(0.0, |piece| piece.before_in + piece.room),
            Self::Weighted(curve) => curve.room,
            Self::Stable(_) => f64::INFINITY,
        }
    }
}

impl Piece {
    fn output(&self, input: f64) -> f64 {
        self.give * (input / (self.take + input))
    }

    fn input(&self, output: f64) -> f64 {
        if output <= self.full {
            self.take * (output / (self.give - output))
        } else {
            f64::INFINITY
        }
    }
}

fn trade_in(pieces: &[Piece], ratio: f64) -> Trade {
    let at = pieces.partition_point(|piece| piece.price > ratio);
    let Some(piece) = at.checked_sub(1).map(|at| &pieces[at]) else {
        return Trade::NONE;
    };
    let growth = (piece.price / ratio).sqrt();
    let input = piece.take * (growth - 1.0);
    if input >= piece.room {
        return Trade {
            input: piece.before_in + piece.room,
            output: piece.before_out + piece.full,
            slack: 0.0,
        };
    }
    Trade {
        input: piece.before_in + input,
        output: piece.before_out + piece.give * ((growth - 1.0) / growth),
        slack: 0.5 * piece.take * growth,
    }
}

impl WeightedCurve {
    fn best_price(&self) -> f64 {
        self.gamma * self.exponent * self.give / self.take
    }

    /// The capacity of one swap does not end the curve: several swaps may pass it.
    fn trade_at(&self, ratio: f64) -> Trade {
        let best = self.best_price();
        if ratio >= best {
            return Trade::NONE;
        }
        let log_growth = (best / ratio).ln() / (self.exponent + 1.0);
        let scale = self.take / self.gamma;
        Trade {
            input: scale * log_growth.exp_m1(),
            output: -self.give * (-self.exponent * log_growth).exp_m1(),
            slack: scale * log_growth.exp() / (self.exponent + 1.0),
        }
    }

    fn output(&self, input: f64) -> f64 {
        let log_growth = (self.gamma * input / self.take).ln_1p();
        -self.give * (-self.exponent * log_growth).exp_m1()
    }

    fn input(&self, output: f64) -> f64 {
        if output >= self.give {
            return f64::INFINITY;
        }
        let log_growth = -(-output / self.give).ln_1p() / self.exponent;
        let input = self.take / self.gamma * log_growth.exp_m1();
        if input <= self.room {
            input
        } else {
            f64::INFINITY
        }
    }
}

/// `take`, `give` and room of one piece.
type Shape = [f64; 3];

fn hyperbola(piece: &Hyperbola) -> Shape {
    [
        piece.reserve_in / piece.gamma,
        piece.reserve_out,
        piece.capacity_in,
    ]
}

fn usable(line: &Line) -> bool {
    line.price > 0.0 && line.price.is_finite() && line.capacity_in > 0.0
}

/// A piece that holds what the line holds, at prices that fall from a little above its price to a little below.
fn slope(line: &Line) -> Shape {
    let take = line.capacity_in / LINE_SLOPE;
    [
        take,
        line.price * (1.0 + LINE_SLOPE) * take,
        line.capacity_in,
    ]
}

/// The pieces with their sums; those without room or price are left out.
fn pieces(shapes: impl Iterator<Item = Shape>) -> Vec<Piece> {
    let (mut before_in, mut before_out) = (0.0, 0.0);
    let mut made: Vec<Piece> = Vec::new();
    for [take, give, room] in shapes {
        let usable = take > 0.0 && give > 0.0 && room > 0.0 && (give / take).is_finite();
        if !usable {
            continue;
        }
        let full = if room.is_finite() {
            give * (room / (take + room))
        } else {
            give
        };
        let ceiling = made.last().map_or(f64::INFINITY, |piece| piece.price);
        made.push(Piece {
            // Rounding may lift a price above the one in front; the order of a search must hold.
            price: (give / take).min(ceiling),
            take,
            give,
            room,
            full,
            before_in,
            before_out,
        });
        before_in += room;
        before_out += full;
    }
    made
}
