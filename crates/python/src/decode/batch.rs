//! Many Ethereum transactions in one call: checked without the GIL, made into objects when asked for.

use std::collections::HashMap;

use alloy_primitives::Address;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PySequence, PyTuple};
use tradewind_core::decode::DecodeError;
use tradewind_core::decode::evm::Layout;

use super::refusal;
use super::router::{RouterCall, routers};
use super::transaction::DecodedTransaction;
use crate::address::text;
use crate::error::core_error;

/// The answers of a batch, in its order.
#[pyclass(frozen, sequence, module = "tradewind._core")]
pub(super) struct TransactionBatch {
    raws: Py<PyTuple>,
    answers: Vec<Result<Layout, DecodeError>>,
}

impl TransactionBatch {
    fn read(raws: &Bound<'_, PyAny>) -> PyResult<Self> {
        let raws = raws.cast::<PySequence>()?.to_tuple()?;
        let items = items(&raws)?;
        let slices = slices(&items);
        let read = || slices.iter().map(|raw| Layout::read(raw)).collect();
        let answers = raws.py().detach(read);
        drop(items);
        Ok(Self {
            raws: raws.unbind(),
            answers,
        })
    }

    /// One answer for each transaction, made without the GIL; refusals stay where they are.
    fn each<T: Send>(
        &self,
        py: Python<'_>,
        answer: impl Fn(Layout, &[u8]) -> Result<T, DecodeError> + Sync,
    ) -> PyResult<Vec<Result<T, DecodeError>>> {
        let items = items(self.raws.bind(py))?;
        let slices = slices(&items);
        Ok(py.detach(|| {
            let both = self.answers.iter().zip(&slices);
            both.map(|(layout, raw)| layout.and_then(|layout| answer(layout, raw)))
                .collect()
        }))
    }

    fn senders<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let recover = |layout: Layout, raw: &[u8]| layout.view(raw).recover_sender();
        let senders = self.each(py, |layout, raw| {
            recover(layout, raw).map(|sender: Address| text(&sender))
        })?;
        let list = PyList::empty(py);
        for sender in senders {
            match sender {
                Ok(sender) => list.append(sender)?,
                Err(error) => list.append(refusal(py, error))?,
            }
        }
        Ok(list)
    }
}

type Item<'a, 'py> = Borrowed<'a, 'py, PyBytes>;

/// The items of the tuple, which keeps them; `bytes` do not change, so their content may be read
/// without the GIL.
fn items<'a, 'py>(raws: &'a Bound<'py, PyTuple>) -> PyResult<Vec<Item<'a, 'py>>> {
    let mut items = Vec::with_capacity(raws.len());
    for (index, raw) in raws.iter_borrowed().enumerate() {
        let Ok(item) = raw.cast::<PyBytes>() else {
            let kind = raw.get_type();
            let message = format!("raws[{index}]: must be bytes, not {kind}");
            return Err(core_error("bytes_required", &message));
        };
        items.push(item);
    }
    Ok(items)
}

fn slices<'a>(items: &'a [Item<'_, '_>]) -> Vec<&'a [u8]> {
    items.iter().map(|item| item.as_bytes()).collect()
}

#[pymethods]
impl TransactionBatch {
    fn __len__(&self) -> usize {
        self.answers.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: isize) -> PyResult<Bound<'py, PyAny>> {
        let place = if index < 0 {
            self.answers.len().checked_add_signed(index)
        } else {
            usize::try_from(index).ok()
        };
        let outside = || PyIndexError::new_err("batch index out of range");
        let place = place.ok_or_else(outside)?;
        match self.answers.get(place).ok_or_else(outside)? {
            Ok(layout) => {
                let raw = self.raws.bind(py).get_item(place)?.cast_into::<PyBytes>()?;
                let made = DecodedTransaction::new(raw.unbind(), *layout);
                Ok(Bound::new(py, made)?.into_any())
            }
            Err(error) => Ok(refusal(py, *error)),
        }
    }

    #[getter]
    fn refused(&self) -> usize {
        self.answers.iter().filter(|answer| answer.is_err()).count()
    }

    fn recover_senders<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.senders(py)
    }

    #[pyo3(signature = (routers=None))]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a dictionary converted into an owned one"
    )]
    fn router_calls<'py>(
        &self,
        py: Python<'py>,
        routers: Option<HashMap<String, String>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let table = routers.as_ref().map(self::routers).transpose()?;
        let calls = self.each(py, |layout, raw| {
            layout.view(raw).router_call(table.as_ref())
        })?;
        let list = PyList::empty(py);
        for call in calls {
            match call {
                Ok(Some(call)) => list.append(RouterCall::new(py, &call)?)?,
                Ok(None) => list.append(py.None())?,
                Err(error) => list.append(refusal(py, error))?,
            }
        }
        Ok(list)
    }

    fn __repr__(&self) -> String {
        format!(
            "TransactionBatch({} transactions, {} refused)",
            self.answers.len(),
            self.refused()
        )
    }
}

/// Reads many transactions of any Ethereum type.
#[pyfunction]
pub(super) fn decode_transactions(raws: &Bound<'_, PyAny>) -> PyResult<TransactionBatch> {
    TransactionBatch::read(raws)
}

/// The senders of many transactions.
#[pyfunction]
pub(super) fn recover_senders<'py>(raws: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    TransactionBatch::read(raws)?.senders(raws.py())
}
