//! Solving with the Laplacian of the market: sparse Cholesky, its order and fill found once per market.
//!
//! A market is some hubs and many tokens around them. Eliminating the tokens with the fewest neighbours first
//! keeps the fill close to nothing, so a factorisation costs a few operations per pair of tokens that trade.

use std::collections::BTreeSet;

/// The least part of a diagonal entry that elimination leaves.
const LEAST_PIVOT: f64 = 1e-15;

/// The order of elimination and where each of its operations lands.
#[derive(Debug, Clone)]
pub(super) struct Elimination {
    /// Each node's step.
    step: Vec<usize>,
    /// Where each step's column begins in `rows`; one more entry than steps.
    columns: Vec<usize>,
    /// Steps that a column reaches, ascending.
    rows: Vec<usize>,
    /// For each column, for each pair of its entries `(later, earlier)`: the entry that the pair changes.
    targets: Vec<usize>,
}

/// The matrix of one iteration, and its factors after [`Elimination::solve`].
#[derive(Debug, Clone)]
pub(super) struct Matrix {
    pub(super) diagonal: Vec<f64>,
    pub(super) lower: Vec<f64>,
}

impl Elimination {
    /// The order of least degree; of equal degrees, the node with the lower number.
    pub(super) fn new(nodes: usize, edges: impl Iterator<Item = [usize; 2]>) -> Self {
        let mut neighbours = vec![BTreeSet::new(); nodes];
        for [a, b] in edges.filter(|[a, b]| a != b) {
            neighbours[a].insert(b);
            neighbours[b].insert(a);
        }
        let mut waiting: BTreeSet<(usize, usize)> = (0..nodes)
            .map(|node| (neighbours[node].len(), node))
            .collect();
        let mut step = vec![0; nodes];
        let mut reached: Vec<Vec<usize>> = Vec::with_capacity(nodes);
        while let Some((_, node)) = waiting.pop_first() {
            step[node] = reached.len();
            let around: Vec<usize> = std::mem::take(&mut neighbours[node]).into_iter().collect();
            for &a in &around {
                waiting.remove(&(neighbours[a].len(), a));
                neighbours[a].remove(&node);
                neighbours[a].extend(around.iter().copied().filter(|b| *b != a));
                waiting.insert((neighbours[a].len(), a));
            }
            reached.push(around);
        }
        Self::laid_out(step, &reached)
    }

    fn laid_out(step: Vec<usize>, reached: &[Vec<usize>]) -> Self {
        let (mut columns, mut rows) = (vec![0], Vec::new());
        for around in reached {
            let mut column: Vec<usize> = around.iter().map(|node| step[*node]).collect();
            column.sort_unstable();
            rows.append(&mut column);
            columns.push(rows.len());
        }
        let mut made = Self {
            step,
            columns,
            rows,
            targets: Vec::new(),
        };
        let mut targets = Vec::new();
        for column in made.columns.windows(2) {
            let [begin, end] = [column[0], column[1]];
            for later in begin..end {
                for earlier in begin..later {
                    targets.push(
                        made.entry(made.rows[earlier], made.rows[later])
                            .unwrap_or(0),
                    );
                }
            }
        }
        made.targets = targets;
        made
    }

    /// A matrix of nothing.
    pub(super) fn matrix(&self) -> Matrix {
        Matrix {
            diagonal: vec![0.0; self.step.len()],
            lower: vec![0.0; self.rows.len()],
        }
    }

    /// The step of a node: its place on the diagonal and in a right-hand side.
    pub(super) fn step(&self, node: usize) -> usize {
        self.step[node]
    }

    /// The nodes in the order of elimination.
    pub(super) fn order(&self) -> impl Iterator<Item = usize> {
        let mut order = vec![0; self.step.len()];
        for (node, step) in self.step.iter().enumerate() {
            order[*step] = node;
        }
        order.into_iter()
    }

    /// The place of the entry between two nodes that trade.
    pub(super) fn between(&self, a: usize, b: usize) -> Option<usize> {
        let [a, b] = [self.step[a], self.step[b]];
        self.entry(a.min(b), a.max(b))
    }

    fn entry(&self, column: usize, row: usize) -> Option<usize> {
        let range = self.columns[column]..self.columns[column + 1];
        let found = self.rows[range.clone()].binary_search(&row).ok()?;
        Some(range.start + found)
    }

    /// Factorises `matrix` in place and replaces the right-hand side, in steps, by the solution.
    pub(super) fn solve(&self, matrix: &mut Matrix, side: &mut [f64]) {
        let Matrix { diagonal, lower } = matrix;
        let least: Vec<f64> = diagonal.iter().map(|weight| weight * LEAST_PIVOT).collect();
        let mut target = 0;
        for column in 0..diagonal.len() {
            let (begin, end) = (self.columns[column], self.columns[column + 1]);
            // Where weights differ by more than their precision, what is left of a pivot may be nothing.
            diagonal[column] = diagonal[column].max(least[column]);
            let inverse = diagonal[column].recip();
            for later in begin..end {
                let value = lower[later];
                if value == 0.0 {
                    target += later - begin;
                    continue;
                }
                let factor = value * inverse;
                for earlier in begin..later {
                    lower[self.targets[target]] -= factor * lower[earlier];
                    target += 1;
                }
                diagonal[self.rows[later]] -= factor * value;
                side[self.rows[later]] -= factor * side[column];
            }
        }
        for column in (0..diagonal.len()).rev() {
            let mut value = side[column];
            for at in self.columns[column]..self.columns[column + 1] {
                value -= lower[at] * side[self.rows[at]];
            }
            side[column] = value / diagonal[column];
        }
    }
}
