//! Asyncio over tokio: a Rust future becomes an `asyncio.Future` of the loop that asks, and the runtime ends with Python.
//!
//! Cancelling the asyncio future drops the Rust one. Nothing here waits for Python while Python waits for it: results are
//! handed to the loop by `call_soon_threadsafe`, and the threads are joined without the GIL.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::AbortHandle;
use tradewind_solana::fault::Fault;
use tradewind_solana::rpc_pool::PoolFault;

use crate::error::{Coded, core_error, raise};

const WORKERS: usize = 2;
const LONGEST_FAREWELL: Duration = Duration::from_secs(2);

enum State {
    Unused,
    Running(Runtime),
    Ended,
}

static STATE: Mutex<State> = Mutex::new(State::Unused);

impl Coded for Fault {
    fn code(&self) -> &'static str {
        self.code()
    }
}

impl Coded for PoolFault {
    fn code(&self) -> &'static str {
        self.code()
    }
}

/// A refusal of a Rust future, as Python will see it.
pub(super) enum Refusal {
    Own(Fault),
    Pool(PoolFault),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Own(fault)
    }
}

impl From<PoolFault> for Refusal {
    fn from(fault: PoolFault) -> Self {
        Self::Pool(fault)
    }
}

impl Refusal {
    /// A node's own refusal carries its number and its data along.
    fn raise(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Own(fault) => raise(fault),
            Self::Pool(PoolFault::Rpc(error)) => {
                let raised = core_error("rpc_error", &error.to_string());
                let value = raised.value(py);
                let noted = value
                    .setattr("rpc_code", error.code)
                    .and_then(|()| value.setattr("rpc_data", error.data.to_string()));
                noted.err().unwrap_or(raised)
            }
            Self::Pool(fault) => raise(fault),
        }
    }
}

/// The one runtime, started by the first who needs it.
///
/// # Errors
/// `runtime_ended` while Python exits; `runtime_unusable` when the system gives no threads.
pub(super) fn handle(py: Python<'_>) -> PyResult<Handle> {
    let mut state = state();
    match &*state {
        State::Running(runtime) => return Ok(runtime.handle().clone()),
        State::Ended => {
            return Err(core_error(
                "runtime_ended",
                "Python is exiting: nothing new is begun",
            ));
        }
        State::Unused => {}
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("tradewind-lanes")
        .enable_all()
        .build();
    let runtime = runtime.map_err(|fault| {
        core_error(
            "runtime_unusable",
            &format!("the threads of the lanes cannot start: {fault}"),
        )
    })?;
    let handle = runtime.handle().clone();
    py.import("atexit")?
        .call_method1("register", (wrap_pyfunction!(end, py)?,))?;
    *state = State::Running(runtime);
    Ok(handle)
}

/// Called by `atexit`, with the interpreter still whole.
#[pyfunction]
fn end(py: Python<'_>) {
    let ended = std::mem::replace(&mut *state(), State::Ended);
    if let State::Running(runtime) = ended {
        py.detach(|| runtime.shutdown_timeout(LONGEST_FAREWELL));
    }
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The `asyncio.Future` of this work, in the loop that runs.
pub(super) fn future<'py, T, F>(py: Python<'py>, work: F) -> PyResult<Bound<'py, PyAny>>
where
    F: Future<Output = Result<T, Refusal>> + Send + 'static,
    T: for<'any> IntoPyObject<'any> + Send + 'static,
{
    let event_loop = py.import("asyncio")?.call_method0("get_running_loop")?;
    let future = event_loop.call_method0("create_future")?;
    let (the_loop, the_future) = (event_loop.unbind(), future.clone().unbind());
    let task = handle(py)?.spawn(async move {
        let answer = work.await;
        // Nobody is left to tell when the interpreter is going.
        let _told = Python::try_attach(|py| {
            let answer = match answer {
                Ok(value) => value.into_py_any(py),
                Err(refusal) => Err(refusal.raise(py)),
            };
            let settle = Settle {
                future: the_future,
                answer: Mutex::new(Some(answer)),
            };
            // A loop that was closed in the meantime has nobody who waits.
            let _closed = the_loop.call_method1(py, "call_soon_threadsafe", (settle,));
        });
    });
    future.call_method1(
        "add_done_callback",
        (Abandon {
            task: task.abort_handle(),
        },),
    )?;
    Ok(future)
}

/// Runs in the loop's own thread.
#[pyclass(frozen)]
struct Settle {
    future: Py<PyAny>,
    answer: Mutex<Option<PyResult<Py<PyAny>>>>,
}

#[pymethods]
impl Settle {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        let answer = self
            .answer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let future = self.future.bind(py);
        // It may have been cancelled between the answer and this call.
        if future.call_method0("done")?.is_truthy()? {
            return Ok(());
        }
        match answer {
            Some(Ok(value)) => future.call_method1("set_result", (value,))?,
            Some(Err(error)) => future.call_method1("set_exception", (error.into_value(py),))?,
            None => return Ok(()),
        };
        Ok(())
    }
}

/// Drops the Rust future when the asyncio one is cancelled; when it is settled there is nothing to drop.
#[pyclass(frozen)]
struct Abandon {
    task: AbortHandle,
}

#[pymethods]
impl Abandon {
    fn __call__(&self, _future: &Bound<'_, PyAny>) {
        self.task.abort();
    }
}

/// The value of an optional keyword argument that is a whole number, or its default.
macro_rules! whole {
    ($name:ident, $default:expr) => {
        match &$name {
            Some(given) => $crate::integer::native(stringify!($name), given)?,
            None => $default,
        }
    };
}
pub(super) use whole;
