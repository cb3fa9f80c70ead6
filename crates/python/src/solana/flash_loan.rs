//! Flash loans of Kamino: `KaminoReserve` and `wrap_in_flash_loan`.

use pyo3::prelude::*;
use tradewind_solana::Key;
use tradewind_solana::flash_loan::kamino::{self, FlashLoan, Room};
use tradewind_solana::flash_loan::{self, FlashLoanError};
use tradewind_solana::transaction::LookupTable;

use super::instruction::{to_python, to_rust};
use super::swaps::{Read, account};
use crate::decode::solana::{SolanaInstruction, key};
use crate::error::{Coded, raise};
use crate::integer::native;

impl Coded for FlashLoanError {
    fn code(&self) -> &'static str {
        self.code()
    }
}

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// An account of Kamino that lends one token.
#[pyclass(frozen, module = "tradewind._core")]
pub(crate) struct KaminoReserve(flash_loan::KaminoReserve);

#[pymethods]
impl KaminoReserve {
    #[new]
    fn new(address: String, owner: String, data: pyo3::pybacked::PyBackedBytes) -> PyResult<Self> {
        let given: Read = (address, owner, data);
        flash_loan::KaminoReserve::decode(&account(&given)?)
            .map(Self)
            .map_err(raise)
    }

    #[getter]
    fn address(&self) -> String {
        self.0.address.to_string()
    }

    #[getter]
    fn liquidity_mint(&self) -> String {
        self.0.liquidity_mint.to_string()
    }

    #[getter]
    fn token_program(&self) -> String {
        self.0.token_program.to_string()
    }

    #[getter]
    fn available_raw(&self) -> u64 {
        self.0.available_raw
    }

    fn fee_raw(&self, amount_raw: Any<'_, '_>) -> PyResult<u64> {
        self.0
            .fee_raw(native("amount_raw", amount_raw)?)
            .map_err(raise)
    }
}

/// A transaction's instructions around which a loan stands.
#[pyclass(frozen, get_all, module = "tradewind._core")]
pub(crate) struct FlashLoanInstructions {
    instructions: Vec<Py<SolanaInstruction>>,
    borrow_index: u8,
    fee_raw: u64,
    size_bytes: usize,
}

/// Puts a loan around the instructions of a whole transaction.
#[pyfunction]
#[pyo3(signature = (
    instructions, reserve, *, borrower, token_account, amount_raw, fee_payer, lookup_tables=Vec::new(),
    size_limit_bytes=None
))]
#[allow(
    clippy::too_many_arguments,
    clippy::needless_pass_by_value,
    reason = "keyword arguments; PyO3 gives a list by value"
)]
fn wrap_in_flash_loan(
    py: Python<'_>,
    instructions: Vec<PyRef<'_, SolanaInstruction>>,
    reserve: &KaminoReserve,
    borrower: &str,
    token_account: &str,
    amount_raw: Any<'_, '_>,
    fee_payer: &str,
    lookup_tables: Vec<(String, Vec<String>)>,
    size_limit_bytes: Option<Any<'_, '_>>,
) -> PyResult<FlashLoanInstructions> {
    let given = instructions.iter().map(|one| to_rust(py, one));
    let given = given.collect::<PyResult<Vec<_>>>()?;
    let tables = lookup_tables.iter().map(table);
    let tables = tables.collect::<PyResult<Vec<_>>>()?;
    let loan = FlashLoan {
        reserve: reserve.0,
        borrower: key("borrower", borrower)?,
        token_account: key("token_account", token_account)?,
        amount_raw: native("amount_raw", amount_raw)?,
    };
    let limit: u32 =
        size_limit_bytes.map_or(Ok(1_232), |given| native("size_limit_bytes", given))?;
    let room = Room {
        fee_payer: key("fee_payer", fee_payer)?,
        lookup_tables: &tables,
        size_limit_bytes: usize::try_from(limit)?,
    };
    let wrapped = kamino::wrap(&given, &loan, &room).map_err(raise)?;
    let instructions = wrapped.instructions.iter();
    let instructions = instructions.map(|one| Py::new(py, to_python(py, one)?));
    Ok(FlashLoanInstructions {
        instructions: instructions.collect::<PyResult<_>>()?,
        borrow_index: wrapped.borrow_index,
        fee_raw: wrapped.fee_raw,
        size_bytes: wrapped.size_bytes,
    })
}

fn table((address, addresses): &(String, Vec<String>)) -> PyResult<LookupTable> {
    let keys = addresses.iter().map(|text| key("lookup_tables", text));
    let keys = keys.collect::<PyResult<Vec<Key>>>()?;
    LookupTable::new(key("lookup_tables", address)?, &keys).map_err(raise)
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<KaminoReserve>()?;
    module.add_class::<FlashLoanInstructions>()?;
    module.add_function(wrap_pyfunction!(wrap_in_flash_loan, module)?)
}
