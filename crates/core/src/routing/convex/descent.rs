//! The descent to the least dual: Newton's method, told about the walls that it runs into.
//!
//! Scaled by the prices, the second derivative of the dual is the Laplacian of the market, weighted by how much trade
//! a change of price moves. But a pool rests as long as prices stay within its fee, and deep pools stand behind that
//! edge like walls. A step that runs into some is taken anew with what it found, until it leads down.

use super::dual::{Point, Prices, Question};
use super::market::{Market, Venue};
use super::start::start;

/// A change of a logarithm that one step may make at most.
const LONGEST_STEP: f64 = 3.0;
const MOST_STEPS: usize = 60;
/// Corrections of one step before it is made shorter instead.
const MOST_CORRECTIONS: usize = 12;
const MOST_HALVINGS: usize = 30;
/// Value of all imbalances, relative to the value of the amount, at which prices are good enough.
const BALANCED: f64 = 1e-6;
/// Part of the promised fall that a step has to keep.
const KEPT: f64 = 1e-4;
/// Change of the dual, relative to it, that is no more than rounding.
const FLAT: f64 = 1e-13;

/// Finds prices at which every token balances.
pub(super) fn clear(market: &Market, venues: &[usize], question: Question) -> Prices {
    let mut place = Place::new(market, venues, question, start(market, venues, question));
    for _ in 0..MOST_STEPS {
        let scale = (question.amount * place.prices[question.source]).abs();
        if place.point.imbalance(question.ground) <= BALANCED * scale {
            break;
        }
        let Some(next) = place.descend(scale) else {
            break;
        };
        place = next;
    }
    place.prices
}

/// Prices, and the dual there.
struct Place<'a> {
    market: &'a Market<'a>,
    venues: &'a [usize],
    question: Question,
    prices: Prices,
    point: Point,
}

impl<'a> Place<'a> {
    fn new(
        market: &'a Market<'a>,
        venues: &'a [usize],
        question: Question,
        prices: Prices,
    ) -> Self {
        let point = Point::at(market, venues, question, &prices);
        Self {
            market,
            venues,
            question,
            prices,
            point,
        }
    }

    /// One step down; `None` where the dual does not fall any more.
    fn descend(&self, scale: f64) -> Option<Self> {
        let mut model = Model::new(&self.point);
        let newton = model.step(self, scale);
        let mut step = newton.clone();
        for _ in 0..MOST_CORRECTIONS {
            let next = self.walk(&step, 1.0);
            if self.accepts(&next, self.slope(&step)) {
                return Some(next);
            }
            model.correct(self, &step, &next.point);
            step = model.step(self, scale);
        }
        self.shorten(&step).or_else(|| self.shorten(&newton))
    }

    fn shorten(&self, step: &[f64]) -> Option<Self> {
        let slope = self.slope(step);
        (1..=MOST_HALVINGS)
            .map(|halvings| (0..halvings).fold(1.0, |length, _| length * 0.5))
            .map(|length| (length, self.walk(step, length)))
            .find(|(length, next)| self.accepts(next, length * slope))
            .map(|(_, next)| next)
    }

    fn walk(&self, step: &[f64], length: f64) -> Self {
        let prices = self
            .prices
            .iter()
            .zip(step)
            .map(|(price, change)| price * (length * change).exp())
            .collect();
        Self::new(self.market, self.venues, self.question, prices)
    }

    fn slope(&self, step: &[f64]) -> f64 {
        let products = step.iter().zip(&self.point.gradient).map(|(a, b)| a * b);
        products.sum()
    }

    fn accepts(&self, next: &Self, promised: f64) -> bool {
        let change = next.point.value - self.point.value;
        if change.abs() <= FLAT * self.point.value.abs() {
            // The dual does not tell any more, but the imbalance still does.
            let ground = self.question.ground;
            return next.point.imbalance(ground) < 0.9 * self.point.imbalance(ground);
        }
        promised < 0.0 && change <= KEPT * promised
    }
}

/// What the next step believes that each venue's flow does when the ratio of its prices changes: a line each.
struct Model {
    gradient: Vec<f64>,
    flows: Vec<f64>,
    weights: Vec<f64>,
}

impl Model {
    fn new(point: &Point) -> Self {
        Self {
            gradient: point.gradient.clone(),
            flows: point.flows.clone(),
            weights: point.weights.clone(),
        }
    }

    /// Newton's step in the logarithms of the prices.
    fn step(&self, place: &Place, scale: f64) -> Vec<f64> {
        let Place { market, venues, .. } = place;
        let elimination = &market.elimination;
        let mut matrix = elimination.matrix();
        let mut side = vec![0.0; self.gradient.len()];
        for (node, gradient) in self.gradient.iter().enumerate() {
            let at = elimination.step(node);
            side[at] = -gradient;
            // Where no pool trades yet there is no curvature: the gradient itself then limits the step.
            matrix.diagonal[at] = 0.05 * gradient.abs() + 1e-13 * scale;
        }
        for (venue, weight) in venues.iter().zip(&self.weights) {
            let Venue { ends, entry, .. } = &market.venues[*venue];
            matrix.diagonal[elimination.step(ends[0])] += weight;
            matrix.diagonal[elimination.step(ends[1])] += weight;
            matrix.lower[*entry] -= weight;
        }
        let ground = elimination.step(place.question.ground);
        side[ground] = 0.0;
        matrix.diagonal[ground] = f64::MAX;
        elimination.solve(&mut matrix, &mut side);
        // Whatever rounding does to a system of very different weights, the ground token's price stays one.
        side[ground] = 0.0;
        (0..side.len())
            .map(|node| side[elimination.step(node)])
            .map(|step| {
                if step.is_nan() {
                    0.0
                } else {
                    step.clamp(-LONGEST_STEP, LONGEST_STEP)
                }
            })
            .collect()
    }

    /// Corrects the belief about every venue that a trial of the step proved wrong.
    fn correct(&mut self, place: &Place, step: &[f64], trial: &Point) {
        for (number, venue) in place.venues.iter().enumerate() {
            let venue = &place.market.venues[*venue];
            let [a, b] = venue.ends;
            let change = step[b] - step[a];
            if place.point.flows[number] == 0.0 {
                let (flow, weight) = wall(venue, &place.prices, change);
                let shift = flow - self.flows[number];
                self.gradient[a] -= shift;
                self.gradient[b] += shift;
                self.flows[number] = flow;
                self.weights[number] = weight;
            } else if change != 0.0 {
                let chord = (trial.flows[number] - self.flows[number]) / change;
                self.weights[number] = self.weights[number].max(chord);
            }
        }
    }
}

/// A resting pool as it is just behind the edge that a change passes: the line of its flow, back at no change.
fn wall(venue: &Venue, prices: &[f64], change: f64) -> (f64, f64) {
    let side = usize::from(change < 0.0);
    let (input, output) = (prices[venue.ends[side]], prices[venue.ends[1 - side]]);
    let distance = (input / (output * venue.best[side])).ln();
    match &venue.curves[side] {
        Some(curve) if distance < change.abs() => {
            let behind = curve.trade_at(venue.best[side] * (1.0 - 1e-9));
            let weight = behind.slack * input;
            (-weight * distance * change.signum(), weight)
        }
        _ => (0.0, 0.0),
    }
}
