//! Swap instructions of the Solana venues: `SwapAccounts`, `VenueOptions`, and `swap_instruction`.

use pyo3::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::{Account, AccountSet};
use tradewind_solana::Key;
use tradewind_solana::swaps::{
    self, AmmV4Form, Exact, PumpCurveForm, PumpswapForm, SwapError, SwapRequest, SwapSide,
};

use super::instruction::to_python;
use crate::address::chain_address;
use crate::decode::solana::{SolanaInstruction, key};
use crate::error::{Coded, core_error, raise};
use crate::graph::PoolGraph;
use crate::integer::{Integer, native};

impl Coded for SwapError {
    fn code(&self) -> &'static str {
        self.code()
    }
}

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// Address, owner and data of an account, as Python gives it.
pub(super) type Read = (String, String, pyo3::pybacked::PyBackedBytes);

/// An account as the core reads it.
///
/// # Errors
/// `address_malformed`.
pub(super) fn account(given: &Read) -> PyResult<Account<'_>> {
    let (address, owner, data) = given;
    Ok(Account {
        address: chain_address("accounts", address)?,
        owner: chain_address("accounts", owner)?,
        data,
    })
}

/// The addresses that a pool's instructions name and that its price does not depend on.
#[pyclass(frozen, module = "tradewind._core")]
pub(crate) struct SwapAccounts {
    accounts: swaps::SwapAccounts,
    #[pyo3(get)]
    pool: String,
    #[pyo3(get)]
    venue: &'static str,
}

#[pymethods]
impl SwapAccounts {
    #[new]
    #[allow(clippy::needless_pass_by_value, reason = "PyO3 gives a list by value")]
    fn new(py: Python<'_>, graph: &PoolGraph, pool: &str, accounts: Vec<Read>) -> PyResult<Self> {
        let address = chain_address("pool", pool)?;
        let accounts = accounts.iter().map(account);
        let set: AccountSet<'_> = accounts.collect::<PyResult<_>>()?;
        py.detach(|| {
            let graph = graph.read();
            let pool = graph.pool(address).map_err(raise)?;
            Ok(Self {
                accounts: swaps::SwapAccounts::decode(pool, &set).map_err(raise)?,
                pool: address.to_string(),
                venue: pool.venue(),
            })
        })
    }

    fn __repr__(&self) -> String {
        format!("SwapAccounts({} of {})", self.pool, self.venue)
    }
}

/// Which form of a venue's instructions is sent.
#[pyclass(frozen, module = "tradewind._core")]
pub(crate) struct VenueOptions(swaps::VenueOptions);

#[pymethods]
impl VenueOptions {
    #[new]
    #[pyo3(signature = (
        *,
        raydium_amm_v4=None,
        pumpswap=None,
        pump_curve=None,
        spare_arrays=None,
        most_arrays=None,
        fee_recipient=None,
        track_volume=false,
    ))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments")]
    fn new(
        raydium_amm_v4: Option<&str>,
        pumpswap: Option<&str>,
        pump_curve: Option<&str>,
        spare_arrays: Option<Any<'_, '_>>,
        most_arrays: Option<Any<'_, '_>>,
        fee_recipient: Option<Any<'_, '_>>,
        track_volume: bool,
    ) -> PyResult<Self> {
        let mut options = swaps::VenueOptions {
            track_volume,
            ..swaps::VenueOptions::default()
        };
        let forms = [("v1", AmmV4Form::V1), ("v2", AmmV4Form::V2)];
        set(
            &mut options.raydium_amm_v4,
            "raydium_amm_v4",
            raydium_amm_v4,
            &forms,
        )?;
        let forms = [("v1", PumpswapForm::V1), ("v2", PumpswapForm::V2)];
        set(&mut options.pumpswap, "pumpswap", pumpswap, &forms)?;
        let forms = [
            ("v1", PumpCurveForm::V1),
            ("v2", PumpCurveForm::V2),
            ("v3", PumpCurveForm::V3),
        ];
        set(&mut options.pump_curve, "pump_curve", pump_curve, &forms)?;
        let count = |field, given: Option<Any<'_, '_>>, default| {
            given.map_or(Ok(default), |given| native(field, given))
        };
        options.spare_arrays = count("spare_arrays", spare_arrays, options.spare_arrays)?;
        options.most_arrays = count("most_arrays", most_arrays, options.most_arrays)?;
        options.fee_recipient = count("fee_recipient", fee_recipient, options.fee_recipient)?;
        Ok(Self(options))
    }
}

/// Takes the form of this name, where one is given.
fn set<F: Copy>(
    form: &mut F,
    field: &str,
    given: Option<&str>,
    forms: &[(&str, F)],
) -> PyResult<()> {
    let Some(given) = given else {
        return Ok(());
    };
    let known = forms.iter().find(|(name, _)| *name == given);
    let (_, found) = known.ok_or_else(|| {
        let names: Vec<&str> = forms.iter().map(|(name, _)| *name).collect();
        let message = format!("{field}: must be one of {}, not {given}", names.join(", "));
        core_error("form_unknown", &message)
    })?;
    *form = *found;
    Ok(())
}

/// One swap, ready to stand in a transaction.
#[pyclass(frozen, get_all, module = "tradewind._core")]
pub(crate) struct SwapInstructions {
    instructions: Vec<Py<SolanaInstruction>>,
    must_exist: Vec<String>,
    may_create: Vec<(String, u64)>,
    rent_lamports: u64,
    moves_native_sol: bool,
    compute_units: u32,
    quoted_in_raw: Integer<256, 4>,
    quoted_out_raw: Integer<256, 4>,
}

impl SwapInstructions {
    fn new(py: Python<'_>, built: &swaps::SwapInstructions) -> PyResult<Self> {
        let instructions = built.instructions.iter();
        let instructions = instructions.map(|one| Py::new(py, to_python(py, one)?));
        let created = built.may_create.iter();
        Ok(Self {
            instructions: instructions.collect::<PyResult<_>>()?,
            must_exist: built.must_exist.iter().map(Key::to_string).collect(),
            may_create: created
                .map(|account| (account.key.to_string(), account.rent_lamports))
                .collect(),
            rent_lamports: built.rent_lamports(),
            moves_native_sol: built.moves_native_sol,
            compute_units: built.compute_units,
            quoted_in_raw: Integer(built.quoted.amount_in_raw),
            quoted_out_raw: Integer(built.quoted.amount_out_raw),
        })
    }
}

/// The instructions of one swap through a pool of the graph.
#[pyfunction]
#[pyo3(signature = (
    graph, pool, accounts, *, trader, source, destination, exact, amount_raw, limit_raw, options=None
))]
#[allow(
    clippy::too_many_arguments,
    clippy::needless_pass_by_value,
    reason = "keyword arguments, named as the contract names them; PyO3 gives tuples by value"
)]
fn swap_instruction(
    py: Python<'_>,
    graph: &PoolGraph,
    pool: &str,
    accounts: &SwapAccounts,
    trader: &str,
    source: (String, String, String),
    destination: (String, String, String),
    exact: &str,
    amount_raw: Any<'_, '_>,
    limit_raw: Any<'_, '_>,
    options: Option<&VenueOptions>,
) -> PyResult<SwapInstructions> {
    let address = chain_address("pool", pool)?;
    if address.to_string() != accounts.pool {
        let pool = address.solana().map_or(Key([0; 32]), Key);
        return Err(raise(SwapError::AccountsMismatch { pool }));
    }
    let request = SwapRequest {
        trader: key("trader", trader)?,
        source: side("source", &source)?,
        destination: side("destination", &destination)?,
        exact: read_exact(exact)?,
        amount_raw: native("amount_raw", amount_raw)?,
        limit_raw: native("limit_raw", limit_raw)?,
    };
    let options = options.map_or_else(swaps::VenueOptions::default, |options| options.0);
    let built = py.detach(|| build(graph, address, accounts, &request, options));
    SwapInstructions::new(py, &built.map_err(raise)?)
}

fn build(
    graph: &PoolGraph,
    pool: ChainAddress,
    accounts: &SwapAccounts,
    request: &SwapRequest,
    options: swaps::VenueOptions,
) -> Result<swaps::SwapInstructions, SwapError> {
    // Quoted from a copy, so that the graph is free meanwhile.
    let pool = graph.read().pool(pool)?.clone();
    swaps::swap_instruction(&pool, &accounts.accounts, request, &options)
}

/// Mint, token account and token program.
fn side(field: &'static str, given: &(String, String, String)) -> PyResult<SwapSide> {
    Ok(SwapSide {
        mint: key(field, &given.0)?,
        token_account: key(field, &given.1)?,
        token_program: key(field, &given.2)?,
    })
}

fn read_exact(given: &str) -> PyResult<Exact> {
    match given {
        "in" => Ok(Exact::In),
        "out" => Ok(Exact::Out),
        _ => {
            let message = format!("exact: must be \"in\" or \"out\", not {given:?}");
            Err(core_error("exact_malformed", &message))
        }
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<SwapAccounts>()?;
    module.add_class::<VenueOptions>()?;
    module.add_class::<SwapInstructions>()?;
    module.add_function(wrap_pyfunction!(swap_instruction, module)?)
}
