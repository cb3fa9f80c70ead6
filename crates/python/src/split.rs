//! The answers of `optimize_split`: frozen classes, integers exact, addresses in their canonical text.

use pyo3::prelude::*;
use tradewind_core::routing::split;

use crate::answers::PoolQuote;
use crate::integer::Integer;
use crate::route::exact_text;

/// One path and its share of the amount.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct Leg {
    amount_in_raw: Integer<256, 4>,
    amount_out_raw: Integer<256, 4>,
    hops: Vec<PoolQuote>,
}

impl From<&split::Leg> for Leg {
    fn from(leg: &split::Leg) -> Self {
        Self {
            amount_in_raw: Integer(leg.amount_in_raw),
            amount_out_raw: Integer(leg.amount_out_raw),
            hops: leg.hops.iter().map(PoolQuote::from).collect(),
        }
    }
}

#[pymethods]
impl Leg {
    fn __repr__(&self) -> String {
        format!(
            "Leg(amount_in_raw={}, amount_out_raw={}, hops=[{} hops])",
            self.amount_in_raw.0,
            self.amount_out_raw.0,
            self.hops.len(),
        )
    }
}

/// The best single path, in short.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct Single {
    amount_raw: Integer<256, 4>,
    cost_raw: Integer<320, 5>,
}

#[pymethods]
impl Single {
    fn __repr__(&self) -> String {
        format!(
            "Single(amount_raw={}, cost_raw={})",
            self.amount_raw.0, self.cost_raw.0,
        )
    }
}

/// A proven limit, and how close the route comes.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
#[allow(clippy::struct_field_names, reason = "the unit is in the name")]
pub(crate) struct Bound {
    bound_raw: Integer<256, 4>,
    share_ppm: u32,
    proven: bool,
}

impl From<split::Bound> for Bound {
    fn from(bound: split::Bound) -> Self {
        Self {
            bound_raw: Integer(bound.bound_raw),
            share_ppm: bound.share_ppm,
            proven: bound.proven,
        }
    }
}

#[pymethods]
impl Bound {
    fn __repr__(&self) -> String {
        format!(
            "Bound(bound_raw={}, share_ppm={}, proven={})",
            self.bound_raw.0,
            self.share_ppm,
            if self.proven { "True" } else { "False" },
        )
    }
}

/// Paths that are executed one after the other.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct SplitRoute {
    token_in: String,
    token_out: String,
    exact: &'static str,
    amount_in_raw: Integer<256, 4>,
    amount_out_raw: Integer<256, 4>,
    cost_raw: Integer<320, 5>,
    legs: Vec<Leg>,
    single: Option<Single>,
    within_hops: Bound,
    uncapped: Option<Bound>,
}

impl From<&split::SplitRoute> for SplitRoute {
    fn from(route: &split::SplitRoute) -> Self {
        Self {
            token_in: route.token_in.to_string(),
            token_out: route.token_out.to_string(),
            exact: exact_text(route.exact),
            amount_in_raw: Integer(route.amount_in_raw),
            amount_out_raw: Integer(route.amount_out_raw),
            cost_raw: Integer(route.cost_raw),
            legs: route.legs.iter().map(Leg::from).collect(),
            single: route.single.map(|single| Single {
                amount_raw: Integer(single.amount_raw),
                cost_raw: Integer(single.cost_raw),
            }),
            within_hops: Bound::from(route.within_hops),
            uncapped: route.uncapped.map(Bound::from),
        }
    }
}

#[pymethods]
impl SplitRoute {
    fn __repr__(&self) -> String {
        format!(
            "SplitRoute(token_in='{}', token_out='{}', exact='{}', amount_in_raw={}, amount_out_raw={}, cost_raw={}, legs=[{} legs], share_ppm={})",
            self.token_in,
            self.token_out,
            self.exact,
            self.amount_in_raw.0,
            self.amount_out_raw.0,
            self.cost_raw.0,
            self.legs.len(),
            self.within_hops.share_ppm,
        )
    }
}

pub(crate) fn register(module: &pyo3::Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<SplitRoute>()?;
    module.add_class::<Leg>()?;
    module.add_class::<Single>()?;
    module.add_class::<Bound>()
}
