//! Cycles that gain, as `tradewind._core` gives them: `CycleIndex`, and what it finds.
//!
//! The index and the graph are each locked without the GIL, the graph first. What a scan found is made into Python's
//! objects once; a scan that finds the same gives the same objects in a new list.

use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use alloy_primitives::U256;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use tradewind_core::routing;

use crate::address::chain_address;
use crate::error::{core_error, raise};
use crate::graph::PoolGraph;
use crate::integer::{Integer, native, unsigned};

/// A token in which gain is counted, and what a cycle costs in it.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct BaseToken {
    token: String,
    hop_cost_raw: Integer<256, 4>,
    cycle_cost_raw: Integer<256, 4>,
}

#[pymethods]
impl BaseToken {
    #[new]
    #[pyo3(signature = (token, *, hop_cost_raw=None, cycle_cost_raw=None))]
    fn new(
        token: &str,
        hop_cost_raw: Option<&Bound<'_, PyAny>>,
        cycle_cost_raw: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        Ok(Self {
            token: chain_address("token", token)?.to_string(),
            hop_cost_raw: Integer(cost("hop_cost_raw", hop_cost_raw)?),
            cycle_cost_raw: Integer(cost("cycle_cost_raw", cycle_cost_raw)?),
        })
    }

    fn __repr__(&self) -> String {
        format!(
            "BaseToken(token='{}', hop_cost_raw={}, cycle_cost_raw={})",
            self.token, self.hop_cost_raw.0, self.cycle_cost_raw.0,
        )
    }
}

fn cost(field: &str, given: Option<&Bound<'_, PyAny>>) -> PyResult<U256> {
    given.map_or(Ok(U256::ZERO), |cost| unsigned(field, cost))
}

/// A `BaseToken`, or its token, hop cost and cycle cost.
fn read_base(base: &Bound<'_, PyAny>) -> PyResult<routing::BaseToken> {
    if let Ok(base) = base.cast::<BaseToken>() {
        let base = base.get();
        return Ok(routing::BaseToken {
            token: chain_address("bases", &base.token)?,
            hop_cost_raw: base.hop_cost_raw.0,
            cycle_cost_raw: base.cycle_cost_raw.0,
        });
    }
    let Ok((token, hop_cost, cycle_cost)) =
        base.extract::<(String, Bound<'_, PyAny>, Bound<'_, PyAny>)>()
    else {
        let message = format!(
            "bases: each is a BaseToken or (token, hop_cost_raw, cycle_cost_raw), not {base}"
        );
        return Err(core_error("base_malformed", &message));
    };
    Ok(routing::BaseToken {
        token: chain_address("bases", &token)?,
        hop_cost_raw: unsigned("bases: hop_cost_raw", &hop_cost)?,
        cycle_cost_raw: unsigned("bases: cycle_cost_raw", &cycle_cost)?,
    })
}

/// One pool of a cycle.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct CycleHop {
    pool: String,
    token_in: String,
    token_out: String,
    amount_in_raw: Integer<256, 4>,
    amount_out_raw: Integer<256, 4>,
}

impl From<&routing::CycleHop> for CycleHop {
    fn from(hop: &routing::CycleHop) -> Self {
        Self {
            pool: hop.pool.to_string(),
            token_in: hop.token_in.to_string(),
            token_out: hop.token_out.to_string(),
            amount_in_raw: Integer(hop.amount_in_raw),
            amount_out_raw: Integer(hop.amount_out_raw),
        }
    }
}

#[pymethods]
impl CycleHop {
    fn __repr__(&self) -> String {
        format!(
            "CycleHop(pool='{}', token_in='{}', token_out='{}', amount_in_raw={}, amount_out_raw={})",
            self.pool, self.token_in, self.token_out, self.amount_in_raw.0, self.amount_out_raw.0,
        )
    }
}

/// A cycle that gains, at the input that gains most.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct Cycle {
    base: String,
    amount_in_raw: Integer<256, 4>,
    amount_out_raw: Integer<256, 4>,
    cost_raw: Integer<256, 4>,
    profit_raw: Integer<256, 4>,
    hops: Vec<CycleHop>,
}

impl From<&routing::Cycle> for Cycle {
    fn from(cycle: &routing::Cycle) -> Self {
        Self {
            base: cycle.base.to_string(),
            amount_in_raw: Integer(cycle.amount_in_raw),
            amount_out_raw: Integer(cycle.amount_out_raw),
            cost_raw: Integer(cycle.cost_raw),
            profit_raw: Integer(cycle.profit_raw),
            hops: cycle.hops.iter().map(CycleHop::from).collect(),
        }
    }
}

#[pymethods]
impl Cycle {
    fn __repr__(&self) -> String {
        let pools: Vec<&str> = self.hops.iter().map(|hop| hop.pool.as_str()).collect();
        format!(
            "Cycle(base='{}', amount_in_raw={}, amount_out_raw={}, cost_raw={}, profit_raw={}, pools={pools:?})",
            self.base,
            self.amount_in_raw.0,
            self.amount_out_raw.0,
            self.cost_raw.0,
            self.profit_raw.0,
        )
    }
}

/// The cycles of a graph. Safe to share between threads.
#[pyclass(frozen, module = "tradewind._core")]
pub(crate) struct CycleIndex {
    index: RwLock<routing::CycleIndex>,
    /// What the last scan found, and its objects.
    shown: Mutex<Option<(Found, Py<PyTuple>)>>,
}

type Found = Arc<[Arc<routing::Cycle>]>;

impl CycleIndex {
    // Each change replaces numbers one by one; a poisoned index answers by quotes all the same.
    fn read(&self) -> RwLockReadGuard<'_, routing::CycleIndex> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, routing::CycleIndex> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CycleIndex {
    /// The objects of what a scan found: those of the last one, if it found the same. No lock is held while Python
    /// makes objects.
    fn objects<'py>(&self, py: Python<'py>, found: &Found) -> PyResult<Bound<'py, PyTuple>> {
        let shown = || self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((last, objects)) = &*shown()
            && Arc::ptr_eq(last, found)
        {
            return Ok(objects.bind(py).clone());
        }
        let objects = PyTuple::new(py, found.iter().map(|cycle| Cycle::from(&**cycle)))?;
        *shown() = Some((Arc::clone(found), objects.clone().unbind()));
        Ok(objects)
    }
}

#[pymethods]
impl CycleIndex {
    #[new]
    #[allow(clippy::needless_pass_by_value, reason = "PyO3 gives a list by value")]
    #[pyo3(signature = (graph, bases, max_hops=None))]
    fn new(
        py: Python<'_>,
        graph: &Bound<'_, PoolGraph>,
        bases: Vec<Bound<'_, PyAny>>,
        max_hops: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let bases: Vec<_> = bases.iter().map(read_base).collect::<PyResult<_>>()?;
        let max_hops = max_hops.map_or(Ok(3), |hops| native("max_hops", &hops))?;
        let graph = graph.get();
        py.detach(|| routing::CycleIndex::new(&graph.read(), &bases, max_hops))
            .map(|index| Self {
                index: RwLock::new(index),
                shown: Mutex::new(None),
            })
            .map_err(raise)
    }

    fn scan<'py>(
        &self,
        py: Python<'py>,
        graph: &Bound<'py, PoolGraph>,
    ) -> PyResult<Bound<'py, PyList>> {
        let graph = graph.get();
        let found = py.detach(|| {
            let graph = graph.read();
            self.write().scan(&graph)
        });
        Ok(self.objects(py, &found)?.to_list())
    }

    fn update(
        &self,
        py: Python<'_>,
        graph: &Bound<'_, PoolGraph>,
        pool: &str,
    ) -> PyResult<Vec<Cycle>> {
        let pool = chain_address("pool", pool)?;
        let graph = graph.get();
        Ok(py.detach(|| {
            let graph = graph.read();
            let mut index = self.write();
            index.update(&graph, pool).iter().map(Cycle::from).collect()
        }))
    }

    fn promising(&self, py: Python<'_>) -> usize {
        py.detach(|| self.read().promising())
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        py.detach(|| self.read().len())
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("CycleIndex({} cycles)", self.__len__(py))
    }
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<BaseToken>()?;
    module.add_class::<CycleIndex>()?;
    module.add_class::<Cycle>()?;
    module.add_class::<CycleHop>()
}
