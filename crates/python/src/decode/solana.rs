//! Solana transactions as classes; keys in base 58, `TABLE[index]` for those behind a table not given.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use tradewind_core::decode::DecodeError;
use tradewind_core::decode::solana::{
    self, Account, AccountKey, Key, LookupTables, Meaning, SIZE_LIMIT_BYTES, Swap, Venue,
};
use tradewind_core::evm::Exact;

use super::refusal;
use crate::error::{core_error, raise};

fn named(key: AccountKey) -> String {
    match key {
        AccountKey::Known(key) => key.to_string(),
        AccountKey::Unresolved { table, index } => format!("{table}[{index}]"),
    }
}

/// One account of a transaction.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(crate) struct SolanaAccount {
    pub(crate) key: String,
    resolved: bool,
    pub(crate) signer: bool,
    pub(crate) writable: bool,
}

impl From<&Account> for SolanaAccount {
    fn from(account: &Account) -> Self {
        Self {
            key: named(account.key),
            resolved: account.key.known().is_some(),
            signer: account.signer,
            writable: account.writable,
        }
    }
}

#[pymethods]
impl SolanaAccount {
    fn __repr__(&self) -> String {
        let python = |flag| if flag { "True" } else { "False" };
        format!(
            "SolanaAccount(key='{}', signer={}, writable={})",
            self.key,
            python(self.signer),
            python(self.writable)
        )
    }
}

/// A swap on a known venue.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(PartialEq)]
pub(super) struct SolanaSwap {
    venue: &'static str,
    function: &'static str,
    exact: &'static str,
    amount_raw: u64,
    limit_raw: u64,
    sqrt_price_limits_x64: Vec<u128>,
    pools: Vec<String>,
    directions: Vec<&'static str>,
    user: String,
    mint_in: Option<String>,
    mint_out: Option<String>,
    mints: Vec<String>,
    account_in: Option<String>,
    account_out: Option<String>,
}

impl From<&Swap> for SolanaSwap {
    fn from(swap: &Swap) -> Self {
        Self {
            venue: swap.venue.name(),
            function: swap.function,
            exact: match swap.exact {
                Exact::In => "in",
                Exact::Out => "out",
            },
            amount_raw: swap.amount_raw,
            limit_raw: swap.limit_raw,
            sqrt_price_limits_x64: swap.sqrt_price_limits_x64.clone(),
            pools: swap.pools.iter().copied().map(named).collect(),
            directions: swap.directions.iter().map(|way| way.name()).collect(),
            user: named(swap.user),
            mint_in: swap.mint_in.map(named),
            mint_out: swap.mint_out.map(named),
            mints: swap.mints.iter().copied().map(named).collect(),
            account_in: swap.account_in.map(named),
            account_out: swap.account_out.map(named),
        }
    }
}

#[pymethods]
impl SolanaSwap {
    fn __repr__(&self) -> String {
        format!(
            "SolanaSwap(venue='{}', function='{}', exact='{}', amount_raw={}, limit_raw={}, pools={:?}, directions={:?})",
            self.venue,
            self.function,
            self.exact,
            self.amount_raw,
            self.limit_raw,
            self.pools,
            self.directions,
        )
    }
}

/// One instruction, with what it means.
#[pyclass(frozen, get_all, module = "tradewind._core")]
pub(crate) struct SolanaInstruction {
    pub(crate) program: String,
    pub(crate) accounts: Vec<SolanaAccount>,
    pub(crate) data: Py<PyBytes>,
    kind: &'static str,
    venue: Option<&'static str>,
    swap: Option<Py<SolanaSwap>>,
    value: Option<u64>,
    transfer_from: Option<String>,
    transfer_to: Option<String>,
    refusal: Option<Py<PyAny>>,
}

impl SolanaInstruction {
    pub(crate) fn read(py: Python<'_>, instruction: &solana::Instruction<'_>) -> PyResult<Self> {
        let mut made = Self {
            program: instruction.program.to_string(),
            accounts: instruction
                .accounts
                .iter()
                .map(SolanaAccount::from)
                .collect(),
            data: PyBytes::new(py, instruction.data).unbind(),
            kind: "not_read",
            venue: Venue::of(instruction.program).map(Venue::name),
            swap: None,
            value: None,
            transfer_from: None,
            transfer_to: None,
            refusal: None,
        };
        match instruction.meaning() {
            Ok(meaning) => made.mean(py, meaning)?,
            Err(error) => {
                made.kind = "malformed";
                made.refusal = Some(refusal(py, error).unbind());
            }
        }
        Ok(made)
    }

    fn mean(&mut self, py: Python<'_>, meaning: Meaning) -> PyResult<()> {
        (self.kind, self.value) = match meaning {
            Meaning::Swap(swap) => {
                self.swap = Some(Py::new(py, SolanaSwap::from(&*swap))?);
                ("swap", None)
            }
            Meaning::ComputeUnitLimit(units) => ("compute_unit_limit", Some(units.into())),
            Meaning::ComputeUnitPrice(price) => ("compute_unit_price", Some(price)),
            Meaning::HeapFrame(bytes) => ("heap_frame", Some(bytes.into())),
            Meaning::LoadedAccountsDataSizeLimit(bytes) => {
                ("loaded_accounts_data_size_limit", Some(bytes.into()))
            }
            Meaning::JitoTip { from, to, lamports } => {
                self.ends(from, AccountKey::Known(to));
                ("jito_tip", Some(lamports))
            }
            Meaning::Transfer { from, to, lamports } => {
                self.ends(from, to);
                ("transfer", Some(lamports))
            }
            Meaning::OtherOf(_) | Meaning::NotRead => ("not_read", None),
        };
        Ok(())
    }

    fn ends(&mut self, from: AccountKey, to: AccountKey) {
        (self.transfer_from, self.transfer_to) = (Some(named(from)), Some(named(to)));
    }
}

#[pymethods]
impl SolanaInstruction {
    #[new]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a list converted into an owned one"
    )]
    fn new(
        program: &str,
        accounts: Vec<(String, bool, bool)>,
        data: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let account = |(address, signer, writable): &(String, bool, bool)| {
            Ok(Account {
                key: AccountKey::Known(key("accounts", address)?),
                signer: *signer,
                writable: *writable,
            })
        };
        let instruction = solana::Instruction {
            program: key("program", program)?,
            accounts: accounts.iter().map(account).collect::<PyResult<_>>()?,
            data: super::bytes("data", data)?.as_bytes(),
        };
        Self::read(data.py(), &instruction)
    }

    fn __repr__(&self) -> String {
        format!(
            "SolanaInstruction(program='{}', kind='{}', accounts=[{} accounts])",
            self.program,
            self.kind,
            self.accounts.len()
        )
    }
}

/// A table's address, and the places in it of accounts that may be written and that are only read.
type Lookup = (String, Vec<u8>, Vec<u8>);

/// A Solana transaction, read from its bytes.
#[pyclass(frozen, get_all, module = "tradewind._core")]
pub(super) struct SolanaTransaction {
    raw: Py<PyBytes>,
    version: &'static str,
    signatures: Vec<Py<PyBytes>>,
    message: Py<PyBytes>,
    required_signatures: u8,
    readonly_signed: u8,
    readonly_unsigned: u8,
    recent_blockhash: String,
    accounts: Vec<SolanaAccount>,
    instructions: Vec<Py<SolanaInstruction>>,
    lookups: Vec<Lookup>,
    size_bytes: usize,
    within_size_limit: bool,
}

impl SolanaTransaction {
    fn new(
        raw: &Bound<'_, PyBytes>,
        tables: Option<&LookupTables>,
        size_limit_bytes: usize,
    ) -> PyResult<Result<Self, DecodeError>> {
        let py = raw.py();
        let read = solana::decode_transaction(raw.as_bytes());
        let both = read.and_then(|decoded| {
            let accounts = match tables {
                Some(tables) => decoded.accounts(tables)?,
                None => decoded.accounts_as_named()?,
            };
            Ok((decoded, accounts))
        });
        let (decoded, accounts) = match both {
            Ok(both) => both,
            Err(error) => return Ok(Err(error)),
        };
        let copied = |bytes: &[u8]| PyBytes::new(py, bytes).unbind();
        let lookups = decoded.lookups().iter();
        Ok(Ok(Self {
            raw: raw.clone().unbind(),
            version: decoded.version().name(),
            signatures: decoded.signatures().map(copied).collect(),
            message: copied(decoded.message()),
            required_signatures: decoded.required_signatures(),
            readonly_signed: decoded.readonly_signed(),
            readonly_unsigned: decoded.readonly_unsigned(),
            recent_blockhash: decoded.recent_blockhash().to_string(),
            accounts: accounts.iter().map(SolanaAccount::from).collect(),
            instructions: decoded
                .instructions(&accounts)
                .map(|instruction| Py::new(py, SolanaInstruction::read(py, &instruction)?))
                .collect::<PyResult<_>>()?,
            lookups: lookups
                .map(|one| {
                    (
                        one.table.to_string(),
                        one.writable.to_vec(),
                        one.readonly.to_vec(),
                    )
                })
                .collect(),
            size_bytes: decoded.raw().len(),
            within_size_limit: decoded.raw().len() <= size_limit_bytes,
        }))
    }
}

#[pymethods]
impl SolanaTransaction {
    fn __repr__(&self) -> String {
        format!(
            "SolanaTransaction(version='{}', accounts=[{} accounts], instructions=[{} instructions], size_bytes={})",
            self.version,
            self.accounts.len(),
            self.instructions.len(),
            self.size_bytes
        )
    }
}

type Tables = HashMap<String, Vec<String>>;

fn lookup_tables(tables: Option<&Tables>) -> PyResult<Option<LookupTables>> {
    let Some(tables) = tables else {
        return Ok(None);
    };
    let mut parsed = LookupTables::with_capacity(tables.len());
    for (table, keys) in tables {
        let keys = keys.iter().map(|text| key("lookup_tables", text));
        parsed.insert(key("lookup_tables", table)?, keys.collect::<PyResult<_>>()?);
    }
    Ok(Some(parsed))
}

/// A key in base 58; `field` is what the error names.
pub(crate) fn key(field: &str, text: &str) -> PyResult<Key> {
    Key::parse(text).ok_or_else(|| {
        let head: String = text.chars().take(64).collect();
        let message = format!("{field}: a key is 32 bytes in base 58, not {head:?}");
        core_error("key_malformed", &message)
    })
}

/// Reads one Solana transaction.
#[pyfunction]
#[pyo3(signature = (raw, *, lookup_tables=None, size_limit_bytes=SIZE_LIMIT_BYTES))]
#[allow(
    clippy::needless_pass_by_value,
    reason = "a dictionary converted into an owned one"
)]
pub(super) fn decode_solana_transaction(
    raw: &Bound<'_, PyAny>,
    lookup_tables: Option<Tables>,
    size_limit_bytes: usize,
) -> PyResult<SolanaTransaction> {
    let tables = self::lookup_tables(lookup_tables.as_ref())?;
    let raw = super::bytes("raw", raw)?;
    SolanaTransaction::new(raw, tables.as_ref(), size_limit_bytes)?.map_err(raise)
}

/// Reads many Solana transactions.
#[pyfunction]
#[pyo3(signature = (raws, *, lookup_tables=None, size_limit_bytes=SIZE_LIMIT_BYTES))]
#[allow(
    clippy::needless_pass_by_value,
    reason = "a dictionary converted into an owned one"
)]
pub(super) fn decode_solana_transactions<'py>(
    py: Python<'py>,
    raws: Vec<Bound<'py, PyAny>>,
    lookup_tables: Option<Tables>,
    size_limit_bytes: usize,
) -> PyResult<Bound<'py, PyList>> {
    let tables = self::lookup_tables(lookup_tables.as_ref())?;
    let list = PyList::empty(py);
    for (index, raw) in raws.iter().enumerate() {
        let raw = super::bytes(&format!("raws[{index}]"), raw)?;
        match SolanaTransaction::new(raw, tables.as_ref(), size_limit_bytes)? {
            Ok(transaction) => list.append(transaction)?,
            Err(error) => list.append(refusal(py, error))?,
        }
    }
    Ok(list)
}
