//! Router calls as classes: names for the special values, integers and addresses as everywhere.

use std::collections::HashMap;

use alloy_primitives::U256;
use pyo3::prelude::*;
use tradewind_core::decode::evm::router::{
    self, Action, Amount, Recipient, Router, Routers, Step, Swap, What,
};
use tradewind_core::evm::Exact;

use crate::address::{address, text};
use crate::error::{core_error, raise};
use crate::integer::{Integer, python, unsigned};

type Int = Integer<256, 4>;

/// An integer, or the name of what stands in its place.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Value {
    Integer(U256),
    Name(&'static str),
}

impl From<Amount> for Value {
    fn from(amount: Amount) -> Self {
        match amount {
            Amount::Exactly(raw) => Self::Integer(raw),
            Amount::ContractBalance => Self::Name("contract_balance"),
            Amount::MessageValue => Self::Name("message_value"),
            Amount::AlreadyPaid => Self::Name("already_paid"),
        }
    }
}

impl<'py> IntoPyObject<'py> for Value {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        match self {
            Self::Integer(value) => python(py, &value),
            Self::Name(name) => Ok(name.into_pyobject(py)?.into_any()),
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(value) => write!(formatter, "{value}"),
            Self::Name(name) => write!(formatter, "'{name}'"),
        }
    }
}

fn recipient(recipient: Recipient) -> String {
    match recipient {
        Recipient::Address(address) => text(&address),
        Recipient::MsgSender => "msg_sender".to_owned(),
        Recipient::AddressThis => "address_this".to_owned(),
    }
}

/// Routers by address from their Python names.
pub(super) fn routers(table: &HashMap<String, String>) -> PyResult<Routers> {
    let entries = table.iter();
    entries
        .map(|(at, name)| Ok((address("routers", at)?, router(name)?)))
        .collect()
}

fn router(name: &str) -> PyResult<Router> {
    let mut all = Router::ALL.into_iter();
    all.find(|router| router.name() == name).ok_or_else(|| {
        let known = Router::ALL.map(Router::name).join(", ");
        let message = format!("routers: must be one of {known}, not {name:?}");
        core_error("router_unknown", &message)
    })
}

/// A swap that a router call asks for.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(PartialEq)]
pub(super) struct DecodedSwap {
    router: &'static str,
    venue: &'static str,
    exact: &'static str,
    path: Vec<String>,
    fees_pips: Vec<u32>,
    amount_raw: Value,
    limit_raw: Value,
    recipient: String,
    deadline_s: Option<Int>,
    sqrt_price_limit_x96: Option<Int>,
    fee_on_transfer: bool,
    native_in: bool,
    native_out: bool,
    payer_is_user: Option<bool>,
    min_hop_prices_x36: Vec<Int>,
}

impl From<&Swap> for DecodedSwap {
    fn from(swap: &Swap) -> Self {
        Self {
            router: swap.router.name(),
            venue: swap.venue.name(),
            exact: match swap.exact {
                Exact::In => "in",
                Exact::Out => "out",
            },
            path: swap.path.iter().map(text).collect(),
            fees_pips: swap.fees_pips.clone(),
            amount_raw: swap.amount_raw.into(),
            limit_raw: swap.limit_raw.into(),
            recipient: recipient(swap.recipient),
            deadline_s: swap.deadline_s.map(Integer),
            sqrt_price_limit_x96: swap.sqrt_price_limit_x96.map(Integer),
            fee_on_transfer: swap.fee_on_transfer,
            native_in: swap.native_in,
            native_out: swap.native_out,
            payer_is_user: swap.payer_is_user,
            min_hop_prices_x36: swap
                .min_hop_prices_x36
                .iter()
                .copied()
                .map(Integer)
                .collect(),
        }
    }
}

#[pymethods]
impl DecodedSwap {
    fn __repr__(&self) -> String {
        format!(
            "DecodedSwap(router='{}', venue='{}', exact='{}', path={:?}, fees_pips={:?}, amount_raw={}, limit_raw={}, recipient='{}')",
            self.router,
            self.venue,
            self.exact,
            self.path,
            self.fees_pips,
            self.amount_raw,
            self.limit_raw,
            self.recipient,
        )
    }
}

/// A payment or permit that a router call asks for.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(PartialEq)]
pub(super) struct RouterAction {
    kind: &'static str,
    token: Option<String>,
    recipient: Option<String>,
    amount_raw: Option<Value>,
    share_bips: Option<Int>,
}

impl From<&Action> for RouterAction {
    fn from(action: &Action) -> Self {
        Self {
            kind: action.kind.name(),
            token: action.token.as_ref().map(text),
            recipient: action.recipient.map(recipient),
            amount_raw: action.amount_raw.map(Value::from),
            share_bips: action.share_bips.map(Integer),
        }
    }
}

#[pymethods]
impl RouterAction {
    fn __repr__(&self) -> String {
        let named = |value: &Option<String>| {
            value
                .as_ref()
                .map_or_else(|| "None".to_owned(), |text| format!("'{text}'"))
        };
        format!(
            "RouterAction(kind='{}', token={}, recipient={}, amount_raw={})",
            self.kind,
            named(&self.token),
            named(&self.recipient),
            self.amount_raw
                .map_or_else(|| "None".to_owned(), |amount| amount.to_string()),
        )
    }
}

/// One step of a router call.
#[pyclass(frozen, get_all, module = "tradewind._core")]
pub(super) struct RouterStep {
    function: &'static str,
    depth: u8,
    allow_revert: bool,
    swap: Option<Py<DecodedSwap>>,
    action: Option<Py<RouterAction>>,
    not_decoded: Option<String>,
}

impl RouterStep {
    fn new(py: Python<'_>, step: &Step) -> PyResult<Self> {
        let mut made = Self {
            function: step.function,
            depth: step.depth,
            allow_revert: step.allow_revert,
            swap: None,
            action: None,
            not_decoded: None,
        };
        match &step.what {
            What::Swap(swap) => made.swap = Some(Py::new(py, DecodedSwap::from(swap))?),
            What::Action(action) => made.action = Some(Py::new(py, RouterAction::from(action))?),
            What::UnknownFunction(None) => made.not_decoded = Some("no selector".to_owned()),
            What::UnknownFunction(Some(selector)) => {
                made.not_decoded = Some(format!("selector 0x{selector:08x}"));
            }
            What::UnknownCommand { command, name } => {
                made.not_decoded = Some(format!("{name} (0x{command:02x})"));
            }
        }
        Ok(made)
    }
}

#[pymethods]
impl RouterStep {
    fn __repr__(&self) -> String {
        let what = match (&self.swap, &self.action, &self.not_decoded) {
            (Some(_), _, _) => "swap",
            (_, Some(_), _) => "action",
            (_, _, Some(name)) => name,
            _ => "nothing",
        };
        format!(
            "RouterStep(function='{}', depth={}, what='{what}')",
            self.function, self.depth
        )
    }
}

/// A router call with everything inside its multicalls in one row.
#[pyclass(frozen, get_all, module = "tradewind._core")]
pub(super) struct RouterCall {
    function: &'static str,
    router: Option<&'static str>,
    deadline_s: Option<Int>,
    steps: Vec<Py<RouterStep>>,
    swaps: Vec<Py<DecodedSwap>>,
}

impl RouterCall {
    pub(super) fn new(py: Python<'_>, call: &router::RouterCall) -> PyResult<Self> {
        let steps = call.steps.iter();
        let steps: Vec<RouterStep> = steps
            .map(|step| RouterStep::new(py, step))
            .collect::<PyResult<_>>()?;
        let swaps = steps.iter().filter_map(|step| step.swap.as_ref());
        Ok(Self {
            function: call.function,
            router: call.router.map(Router::name),
            deadline_s: call.deadline_s.map(Integer),
            swaps: swaps.map(|swap| swap.clone_ref(py)).collect(),
            steps: steps
                .into_iter()
                .map(|step| Py::new(py, step))
                .collect::<PyResult<_>>()?,
        })
    }
}

#[pymethods]
impl RouterCall {
    fn __repr__(&self) -> String {
        format!(
            "RouterCall(function='{}', router={}, steps=[{} steps], swaps=[{} swaps])",
            self.function,
            self.router
                .map_or_else(|| "None".to_owned(), |name| format!("'{name}'")),
            self.steps.len(),
            self.swaps.len(),
        )
    }
}

/// Reads calldata alone.
#[pyfunction]
#[pyo3(signature = (data, *, value_wei=None, router=None))]
pub(super) fn decode_router_call(
    py: Python<'_>,
    data: &[u8],
    value_wei: Option<&Bound<'_, PyAny>>,
    router: Option<&str>,
) -> PyResult<Option<RouterCall>> {
    let value = value_wei
        .map(|value| unsigned::<256, 4>("value_wei", value))
        .transpose()?;
    let known = router.map(self::router).transpose()?;
    let call = router::decode_call(data, value, known).map_err(raise)?;
    call.map(|call| RouterCall::new(py, &call)).transpose()
}
