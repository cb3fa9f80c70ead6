//! `TransactionBuilder` and what it makes.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tradewind_solana::Key;
use tradewind_solana::signature::Signature;
use tradewind_solana::transaction::{self, BuildError, LookupTable, MessageFormat};

use super::instruction::to_rust;
use crate::decode::bytes;
use crate::decode::solana::{SolanaInstruction, key};
use crate::error::{Coded, core_error, raise};
use crate::integer::native;

impl Coded for BuildError {
    fn code(&self) -> &'static str {
        self.code()
    }
}

type Any<'a, 'py> = &'a Bound<'py, PyAny>;
type Fluent<'py> = PyResult<PyRefMut<'py, TransactionBuilder>>;

fn named(keys: &[Key]) -> Vec<String> {
    keys.iter().map(Key::to_string).collect()
}

fn size(field: &str, value: Any<'_, '_>) -> PyResult<usize> {
    let value: u32 = native(field, value)?;
    usize::try_from(value).map_err(Into::into)
}

/// Makes Solana transactions from instructions.
#[pyclass(module = "tradewind._core")]
pub(crate) struct TransactionBuilder(pub(super) transaction::TransactionBuilder);

#[pymethods]
impl TransactionBuilder {
    #[new]
    fn new() -> Self {
        Self(transaction::TransactionBuilder::new())
    }

    fn add_instruction<'py>(
        mut slf: PyRefMut<'py, Self>,
        instruction: &SolanaInstruction,
    ) -> Fluent<'py> {
        let instruction = to_rust(slf.py(), instruction)?;
        slf.0.add_instruction(instruction);
        Ok(slf)
    }

    #[allow(
        clippy::needless_pass_by_value,
        reason = "a list converted into an owned one"
    )]
    fn add_instructions<'py>(
        mut slf: PyRefMut<'py, Self>,
        instructions: Vec<PyRef<'py, SolanaInstruction>>,
    ) -> Fluent<'py> {
        let py = slf.py();
        let all = instructions.iter().map(|one| to_rust(py, one));
        let all = all.collect::<PyResult<Vec<_>>>()?;
        slf.0.add_instructions(all);
        Ok(slf)
    }

    #[pyo3(signature = (*, unit_limit, micro_lamports_per_unit))]
    fn set_compute_budget<'py>(
        mut slf: PyRefMut<'py, Self>,
        unit_limit: Any<'_, 'py>,
        micro_lamports_per_unit: Any<'_, 'py>,
    ) -> Fluent<'py> {
        let unit_limit = native("unit_limit", unit_limit)?;
        let price = native("micro_lamports_per_unit", micro_lamports_per_unit)?;
        slf.0.set_compute_budget(unit_limit, price);
        Ok(slf)
    }

    fn set_fee_payer<'py>(mut slf: PyRefMut<'py, Self>, fee_payer: &str) -> Fluent<'py> {
        slf.0.set_fee_payer(key("fee_payer", fee_payer)?);
        Ok(slf)
    }

    fn set_recent_blockhash<'py>(
        mut slf: PyRefMut<'py, Self>,
        recent_blockhash: &str,
    ) -> Fluent<'py> {
        slf.0
            .set_recent_blockhash(key("recent_blockhash", recent_blockhash)?);
        Ok(slf)
    }

    #[allow(
        clippy::needless_pass_by_value,
        reason = "a list converted into an owned one"
    )]
    fn add_lookup_table<'py>(
        mut slf: PyRefMut<'py, Self>,
        address: &str,
        addresses: Vec<String>,
    ) -> Fluent<'py> {
        let keys = addresses.iter().map(|text| key("addresses", text));
        let keys = keys.collect::<PyResult<Vec<_>>>()?;
        let table = LookupTable::new(key("address", address)?, &keys).map_err(raise)?;
        slf.0.add_lookup_table(table);
        Ok(slf)
    }

    fn keep_static<'py>(mut slf: PyRefMut<'py, Self>, account: &str) -> Fluent<'py> {
        slf.0.keep_static(key("account", account)?);
        Ok(slf)
    }

    fn message_format<'py>(mut slf: PyRefMut<'py, Self>, message_format: &str) -> Fluent<'py> {
        let format = match message_format {
            "smallest" => MessageFormat::Smallest,
            "v0" => MessageFormat::V0,
            "legacy" => MessageFormat::Legacy,
            _ => {
                let message = "message_format: must be \"smallest\", \"v0\" or \"legacy\"";
                return Err(core_error("message_format_unknown", message));
            }
        };
        slf.0.message_format(format);
        Ok(slf)
    }

    fn size_limit<'py>(
        mut slf: PyRefMut<'py, Self>,
        size_limit_bytes: Any<'_, 'py>,
    ) -> Fluent<'py> {
        slf.0
            .size_limit(size("size_limit_bytes", size_limit_bytes)?);
        Ok(slf)
    }

    fn account_limit<'py>(
        mut slf: PyRefMut<'py, Self>,
        account_limit: Any<'_, 'py>,
    ) -> Fluent<'py> {
        slf.0.account_limit(size("account_limit", account_limit)?);
        Ok(slf)
    }

    fn planned_size(&self) -> PyResult<PlannedSize> {
        let planned = self.0.planned_size().map_err(raise)?;
        Ok(PlannedSize {
            fits: planned.fits(),
            size_bytes: planned.size_bytes,
            size_limit_bytes: planned.size_limit_bytes,
            required_signatures: planned.required_signatures,
            account_count: planned.account_count,
            lookup_tables: named(&planned.lookup_tables),
        })
    }

    fn build(&self) -> PyResult<UnsignedTransaction> {
        self.0.build().map(UnsignedTransaction).map_err(raise)
    }
}

/// What a transaction will weigh.
#[pyclass(frozen, get_all, module = "tradewind._core")]
pub(super) struct PlannedSize {
    size_bytes: usize,
    size_limit_bytes: usize,
    fits: bool,
    required_signatures: usize,
    account_count: usize,
    lookup_tables: Vec<String>,
}

#[pymethods]
impl PlannedSize {
    fn __repr__(&self) -> String {
        format!(
            "PlannedSize(size_bytes={}, size_limit_bytes={}, required_signatures={}, account_count={})",
            self.size_bytes, self.size_limit_bytes, self.required_signatures, self.account_count
        )
    }
}

/// A transaction that waits for its signatures.
#[pyclass(frozen, eq, module = "tradewind._core")]
#[derive(PartialEq)]
pub(crate) struct UnsignedTransaction(pub(super) transaction::UnsignedTransaction);

#[pymethods]
impl UnsignedTransaction {
    #[getter]
    fn message<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.message())
    }

    #[getter]
    fn version(&self) -> &'static str {
        self.0.version().name()
    }

    #[getter]
    fn signers(&self) -> Vec<String> {
        named(self.0.signers())
    }

    #[getter]
    fn lookup_tables(&self) -> Vec<String> {
        named(self.0.lookup_tables())
    }

    #[getter]
    fn recent_blockhash(&self) -> String {
        self.0.recent_blockhash().to_string()
    }

    #[getter]
    fn size_bytes(&self) -> usize {
        self.0.size_bytes()
    }

    #[allow(
        clippy::needless_pass_by_value,
        reason = "a list converted into an owned one"
    )]
    fn to_wire<'py>(
        &self,
        py: Python<'py>,
        signatures: Vec<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let read = signatures.iter().map(signature);
        let read = read.collect::<PyResult<Vec<_>>>()?;
        let wire = self.0.to_wire(&read).map_err(raise)?;
        Ok(PyBytes::new(py, &wire))
    }

    fn __repr__(&self) -> String {
        format!(
            "UnsignedTransaction(version='{}', signers={:?}, size_bytes={})",
            self.version(),
            self.signers(),
            self.size_bytes()
        )
    }
}

fn signature(value: &Bound<'_, PyAny>) -> PyResult<Signature> {
    let given = bytes("signatures", value)?.as_bytes();
    given.try_into().map(Signature).map_err(|_| {
        let length = given.len();
        let message = format!("signatures: each must be 64 bytes, not {length}");
        core_error("signature_malformed", &message)
    })
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<TransactionBuilder>()?;
    module.add_class::<PlannedSize>()?;
    module.add_class::<UnsignedTransaction>()
}
