//! `TransactionTemplate`: compiled once, patched for each use.

use std::collections::HashMap;

use pyo3::prelude::*;
use tradewind_solana::template::{self, PatchPlace, PatchWidth, TemplateError};

use super::transaction::{TransactionBuilder, UnsignedTransaction};
use crate::decode::solana::key;
use crate::error::{Coded, core_error, raise};
use crate::integer::native;

impl Coded for TemplateError {
    fn code(&self) -> &'static str {
        self.code()
    }
}

/// A place as Python gives it: one of the budget by name, or instruction, offset and width.
#[derive(FromPyObject)]
enum Place {
    Budget(String),
    Data(usize, usize, String),
}

impl Place {
    fn read(&self, name: &str) -> PyResult<PatchPlace> {
        let place = match self {
            Self::Budget(budget) => match budget.as_str() {
                "unit_limit" => Some(PatchPlace::UnitLimit),
                "unit_price" => Some(PatchPlace::UnitPrice),
                _ => None,
            },
            Self::Data(instruction, offset, width) => {
                let width = match width.as_str() {
                    "u32" => Some(PatchWidth::U32),
                    "u64" => Some(PatchWidth::U64),
                    _ => None,
                };
                width.map(|width| PatchPlace::Data {
                    instruction: *instruction,
                    offset: *offset,
                    width,
                })
            }
        };
        place.ok_or_else(|| {
            let message = format!(
                "points[{name:?}]: must be \"unit_limit\", \"unit_price\" or (instruction, offset, \"u32\" or \"u64\")"
            );
            core_error("patch_place_malformed", &message)
        })
    }
}

/// A transaction that is compiled once.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct TransactionTemplate(template::TransactionTemplate);

#[pymethods]
impl TransactionTemplate {
    #[new]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a dictionary converted into an owned one"
    )]
    fn new(builder: &TransactionBuilder, points: HashMap<String, Place>) -> PyResult<Self> {
        let mut read = points
            .iter()
            .map(|(name, place)| Ok((name.as_str(), place.read(name)?)))
            .collect::<PyResult<Vec<_>>>()?;
        // A dictionary of Rust has no order, and a refusal should name the same point each time.
        read.sort_unstable_by_key(|(name, _)| *name);
        template::TransactionTemplate::compile(&builder.0, &read)
            .map(Self)
            .map_err(raise)
    }

    #[pyo3(signature = (recent_blockhash, amounts))]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a dictionary converted into an owned one"
    )]
    fn instantiate(
        &self,
        recent_blockhash: &str,
        amounts: HashMap<String, Bound<'_, PyAny>>,
    ) -> PyResult<UnsignedTransaction> {
        let blockhash = key("recent_blockhash", recent_blockhash)?;
        let mut patches = Vec::with_capacity(amounts.len());
        for (name, value) in &amounts {
            let point = self.0.patch_point(name).ok_or_else(|| {
                let message = format!("amounts: there is no patch point {name:?}");
                core_error("patch_point_unknown", &message)
            })?;
            patches.push((point, native(name, value)?));
        }
        self.0
            .unsigned(blockhash, &patches)
            .map(UnsignedTransaction)
            .map_err(raise)
    }

    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.names().map(str::to_owned).collect()
    }

    #[getter]
    fn size_bytes(&self) -> usize {
        self.0.size_bytes()
    }

    fn __repr__(&self) -> String {
        format!(
            "TransactionTemplate(names={:?}, size_bytes={})",
            self.names(),
            self.size_bytes()
        )
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<TransactionTemplate>()
}
