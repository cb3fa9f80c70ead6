//! The basic instructions: compute budget, lamports, token accounts, receipts and tips.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use tradewind_solana::instruction::Instruction;
use tradewind_solana::receipt::{self, RECEIPT_LAMPORTS, ReceiptSeed, ReceiptSeedError};
use tradewind_solana::system::{self, SeedError, SeededAccount};
use tradewind_solana::tip::{self, TIP_ACCOUNTS, TipError};
use tradewind_solana::token_accounts::{self, TokenProgram};
use tradewind_solana::{Key, compute_budget};

use super::instruction::to_python;
use crate::decode::solana::{SolanaInstruction, key};
use crate::error::{Coded, core_error, raise};
use crate::integer::native;

impl Coded for SeedError {
    fn code(&self) -> &'static str {
        self.code()
    }
}

impl Coded for ReceiptSeedError {
    fn code(&self) -> &'static str {
        self.code()
    }
}

impl Coded for TipError {
    fn code(&self) -> &'static str {
        self.code()
    }
}

type Any<'a, 'py> = &'a Bound<'py, PyAny>;
type Made = PyResult<SolanaInstruction>;

fn token_program(text: &str) -> PyResult<TokenProgram> {
    let address = key("token_program", text)?;
    TokenProgram::of(address).ok_or_else(|| {
        let message =
            format!("token_program: {address} is neither the SPL Token program nor Token-2022");
        core_error("token_program_unknown", &message)
    })
}

/// A wallet and a mint have no address with a chance of one in `2**255`; then there is nothing to give.
fn derived<T>(address: Option<T>) -> PyResult<T> {
    address.ok_or_else(|| {
        let message = "owner: has no token account address for this mint; use another wallet";
        core_error("token_account_underivable", message)
    })
}

fn seed(text: &str) -> PyResult<ReceiptSeed> {
    ReceiptSeed::parse(text).map_err(raise)
}

fn seeded(made: Result<Instruction, SeedError>, py: Python<'_>) -> Made {
    to_python(py, &made.map_err(raise)?)
}

/// Most compute units that a transaction may use.
#[pyfunction]
fn set_compute_unit_limit(py: Python<'_>, units: Any<'_, '_>) -> Made {
    let units = native("units", units)?;
    to_python(py, &compute_budget::set_unit_limit(units))
}

/// The priority fee in micro-lamports per compute unit.
#[pyfunction]
fn set_compute_unit_price(py: Python<'_>, micro_lamports_per_unit: Any<'_, '_>) -> Made {
    let price = native("micro_lamports_per_unit", micro_lamports_per_unit)?;
    to_python(py, &compute_budget::set_unit_price(price))
}

/// Bytes of heap for each program.
#[pyfunction]
fn request_heap_frame(py: Python<'_>, heap_bytes: Any<'_, '_>) -> Made {
    let heap_bytes = native("heap_bytes", heap_bytes)?;
    to_python(py, &compute_budget::request_heap_frame(heap_bytes))
}

/// Most bytes of account data that a transaction may load.
#[pyfunction]
fn set_loaded_accounts_data_size_limit(py: Python<'_>, limit_bytes: Any<'_, '_>) -> Made {
    let limit_bytes = native("limit_bytes", limit_bytes)?;
    to_python(
        py,
        &compute_budget::set_loaded_accounts_data_size_limit(limit_bytes),
    )
}

/// Lamports from a wallet that signs.
#[pyfunction]
fn solana_transfer(py: Python<'_>, source: &str, to: &str, lamports: Any<'_, '_>) -> Made {
    let (from, to) = (key("source", source)?, key("to", to)?);
    to_python(
        py,
        &system::transfer(from, to, native("lamports", lamports)?),
    )
}

/// The address of a seed under a base.
#[pyfunction]
fn address_with_seed(base: &str, seed: &str, owner: &str) -> PyResult<String> {
    let (base, owner) = (key("base", base)?, key("owner", owner)?);
    let address = system::address_with_seed(base, seed, owner).map_err(raise)?;
    Ok(address.to_string())
}

/// Makes an account at `address_with_seed`.
#[pyfunction]
#[pyo3(signature = (*, payer, base, seed, lamports, space_bytes, owner))]
fn create_account_with_seed(
    py: Python<'_>,
    payer: &str,
    base: &str,
    seed: &str,
    lamports: Any<'_, '_>,
    space_bytes: Any<'_, '_>,
    owner: &str,
) -> Made {
    let account = SeededAccount {
        payer: key("payer", payer)?,
        base: key("base", base)?,
        seed,
        lamports: native("lamports", lamports)?,
        space: native("space_bytes", space_bytes)?,
        owner: key("owner", owner)?,
    };
    seeded(system::create_account_with_seed(&account), py)
}

/// Moves lamports of the account at `address_with_seed`.
#[pyfunction]
#[pyo3(signature = (*, base, seed, owner, to, lamports))]
fn transfer_with_seed(
    py: Python<'_>,
    base: &str,
    seed: &str,
    owner: &str,
    to: &str,
    lamports: Any<'_, '_>,
) -> Made {
    let (base, owner, to) = (key("base", base)?, key("owner", owner)?, key("to", to)?);
    let lamports = native("lamports", lamports)?;
    seeded(
        system::transfer_with_seed(base, seed, owner, to, lamports),
        py,
    )
}

const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";

/// The account of a wallet for a mint.
#[pyfunction]
#[pyo3(signature = (owner, mint, token_program=TOKEN))]
fn token_account_address(owner: &str, mint: &str, token_program: &str) -> PyResult<String> {
    let program = self::token_program(token_program)?;
    let (owner, mint) = (key("owner", owner)?, key("mint", mint)?);
    let address = token_accounts::token_account_address(owner, mint, program);
    derived(address).map(|address| address.to_string())
}

/// Makes the account of a wallet for a mint unless it is there.
#[pyfunction]
#[pyo3(signature = (*, payer, owner, mint, token_program=TOKEN))]
fn create_token_account(
    py: Python<'_>,
    payer: &str,
    owner: &str,
    mint: &str,
    token_program: &str,
) -> Made {
    let program = self::token_program(token_program)?;
    let (payer, owner) = (key("payer", payer)?, key("owner", owner)?);
    let mint = key("mint", mint)?;
    let made = token_accounts::create_token_account(payer, owner, mint, program);
    to_python(py, &derived(made)?)
}

/// Counts the lamports of a wrapped SOL account as its balance.
#[pyfunction]
#[pyo3(signature = (account, token_program=TOKEN))]
fn sync_native(py: Python<'_>, account: &str, token_program: &str) -> Made {
    let program = self::token_program(token_program)?;
    to_python(
        py,
        &token_accounts::sync_native(key("account", account)?, program),
    )
}

/// Puts lamports of a wallet into its wrapped SOL account.
#[pyfunction]
#[pyo3(signature = (owner, lamports, token_program=TOKEN))]
fn wrap_sol(
    py: Python<'_>,
    owner: &str,
    lamports: Any<'_, '_>,
    token_program: &str,
) -> PyResult<Vec<SolanaInstruction>> {
    let program = self::token_program(token_program)?;
    let lamports = native("lamports", lamports)?;
    let made = derived(token_accounts::wrap_sol(
        key("owner", owner)?,
        lamports,
        program,
    ))?;
    made.iter().map(|one| to_python(py, one)).collect()
}

/// Closes an account; its lamports go to the destination.
#[pyfunction]
#[pyo3(signature = (*, account, destination, owner, token_program=TOKEN))]
fn close_token_account(
    py: Python<'_>,
    account: &str,
    destination: &str,
    owner: &str,
    token_program: &str,
) -> Made {
    let program = self::token_program(token_program)?;
    let (account, owner) = (key("account", account)?, key("owner", owner)?);
    let destination = key("destination", destination)?;
    to_python(
        py,
        &token_accounts::close_token_account(account, destination, owner, program),
    )
}

/// Where the receipt of a payer stands.
#[pyfunction]
fn receipt_address(payer: &str, seed: &str) -> PyResult<String> {
    let (payer, seed) = (key("payer", payer)?, self::seed(seed)?);
    let address = receipt::receipt_address(payer, &seed).map_err(raise)?;
    Ok(address.to_string())
}

/// Makes the receipt of an intent's step; fails on chain when it is there.
#[pyfunction]
#[pyo3(signature = (payer, seed, lamports=None))]
fn receipt_instruction(
    py: Python<'_>,
    payer: &str,
    seed: &str,
    lamports: Option<Any<'_, '_>>,
) -> Made {
    let (payer, seed) = (key("payer", payer)?, self::seed(seed)?);
    let lamports = lamports.map_or(Ok(RECEIPT_LAMPORTS), |value| native("lamports", value))?;
    seeded(receipt::receipt_instruction(payer, &seed, lamports), py)
}

/// Takes the lamports of a receipt back.
#[pyfunction]
#[pyo3(signature = (payer, seed, to, lamports=None))]
fn reclaim_receipt(
    py: Python<'_>,
    payer: &str,
    seed: &str,
    to: &str,
    lamports: Option<Any<'_, '_>>,
) -> Made {
    let (payer, seed) = (key("payer", payer)?, self::seed(seed)?);
    let to = key("to", to)?;
    let lamports = lamports.map_or(Ok(RECEIPT_LAMPORTS), |value| native("lamports", value))?;
    seeded(receipt::reclaim_receipt(payer, &seed, to, lamports), py)
}

/// A tip to Jito's block engine.
#[pyfunction]
fn jito_tip(py: Python<'_>, source: &str, tip_account: &str, tip_lamports: Any<'_, '_>) -> Made {
    let (from, account) = (key("source", source)?, key("tip_account", tip_account)?);
    let lamports = native("tip_lamports", tip_lamports)?;
    to_python(py, &tip::tip(from, account, lamports).map_err(raise)?)
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let tips = TIP_ACCOUNTS.iter().map(Key::to_string);
    let tips = PyTuple::new(module.py(), tips.collect::<Vec<_>>())?;
    module.add("JITO_TIP_ACCOUNTS", tips)?;
    module.add("RECEIPT_LAMPORTS", RECEIPT_LAMPORTS)?;
    module.add_function(wrap_pyfunction!(set_compute_unit_limit, module)?)?;
    module.add_function(wrap_pyfunction!(set_compute_unit_price, module)?)?;
    module.add_function(wrap_pyfunction!(request_heap_frame, module)?)?;
    module.add_function(wrap_pyfunction!(
        set_loaded_accounts_data_size_limit,
        module
    )?)?;
    module.add_function(wrap_pyfunction!(solana_transfer, module)?)?;
    module.add_function(wrap_pyfunction!(address_with_seed, module)?)?;
    module.add_function(wrap_pyfunction!(create_account_with_seed, module)?)?;
    module.add_function(wrap_pyfunction!(transfer_with_seed, module)?)?;
    module.add_function(wrap_pyfunction!(token_account_address, module)?)?;
    module.add_function(wrap_pyfunction!(create_token_account, module)?)?;
    module.add_function(wrap_pyfunction!(sync_native, module)?)?;
    module.add_function(wrap_pyfunction!(wrap_sol, module)?)?;
    module.add_function(wrap_pyfunction!(close_token_account, module)?)?;
    module.add_function(wrap_pyfunction!(receipt_address, module)?)?;
    module.add_function(wrap_pyfunction!(receipt_instruction, module)?)?;
    module.add_function(wrap_pyfunction!(reclaim_receipt, module)?)?;
    module.add_function(wrap_pyfunction!(jito_tip, module)?)
}
