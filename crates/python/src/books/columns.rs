//! Columns through the buffer protocol: any contiguous buffer of the right type, in one copy.

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;

use crate::error::core_error;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

pub(super) fn integers(field: &'static str, column: Any<'_, '_>) -> PyResult<Vec<i64>> {
    copied::<i64>(field, column, "signed 64-bit integers")
}

pub(super) fn copied<T: Element + Copy>(
    field: &'static str,
    column: Any<'_, '_>,
    what: &str,
) -> PyResult<Vec<T>> {
    let refused = |_| {
        let message = format!(
            "{field}: must be a contiguous buffer of {what}, such as an array or a NumPy array, not {}",
            column.get_type()
        );
        core_error("column_malformed", &message)
    };
    let buffer = PyBuffer::<T>::get(column).map_err(refused)?;
    buffer.to_vec(column.py()).map_err(refused)
}
