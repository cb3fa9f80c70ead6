//! Integers across the boundary: any Python `int` that fits in, exact Python `int` out.
//!
//! Only `int` is taken: a `bool`, a `float` or a string is refused by name of the argument, because each
//! of them is a mistake where an amount is meant.

use alloy_primitives::Uint;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBool, PyBytes, PyInt};

use crate::error::core_error;

/// Reads an unsigned integer of `BITS` bits.
///
/// # Errors
/// `integer_required` or `integer_out_of_range`; both name `field`.
pub(crate) fn unsigned<const BITS: usize, const LIMBS: usize>(
    field: &str,
    value: &Bound<'_, PyAny>,
) -> PyResult<Uint<BITS, LIMBS>> {
    let integer = int_only(field, value)?;
    let parsed = match integer.extract::<u64>() {
        Ok(small) => Uint::try_from(small).ok(),
        Err(_) => little_endian(integer, BITS.div_ceil(8), false)
            .and_then(|bytes| Uint::try_from_le_slice(bytes.as_bytes())),
    };
    parsed.ok_or_else(|| {
        let message = format!(
            "{field}: must be from 0 to 2**{BITS} - 1, not {}",
            excerpt(value)
        );
        core_error("integer_out_of_range", &message)
    })
}

/// Reads a native integer.
///
/// # Errors
/// `integer_required` or `integer_out_of_range`; both name `field`.
pub(crate) fn native<T: Native>(field: &str, value: &Bound<'_, PyAny>) -> PyResult<T> {
    T::read(int_only(field, value)?).ok_or_else(|| {
        let message = format!("{field}: must be from {}, not {}", T::RANGE, excerpt(value));
        core_error("integer_out_of_range", &message)
    })
}

/// The native integers that [`native`] reads.
pub(crate) trait Native: Sized {
    /// The lowest and the highest value, as the user reads them.
    const RANGE: &'static str;
    /// The value, if it fits.
    fn read(integer: &Bound<'_, PyInt>) -> Option<Self>;
}

macro_rules! native {
    ($($kind:ty, $signed:literal, $range:literal;)*) => {$(
        impl Native for $kind {
            const RANGE: &'static str = $range;
            fn read(integer: &Bound<'_, PyInt>) -> Option<Self> {
                let bytes = little_endian(integer, size_of::<Self>(), $signed)?;
                Some(Self::from_le_bytes(bytes.as_bytes().try_into().ok()?))
            }
        }
    )*};
}

native! {
    u8, false, "0 to 255";
    u32, false, "0 to 2**32 - 1";
    u64, false, "0 to 2**64 - 1";
    u128, false, "0 to 2**128 - 1";
    i64, true, "-2**63 to 2**63 - 1";
    i32, true, "-2**31 to 2**31 - 1";
    i128, true, "-2**127 to 2**127 - 1";
}

/// The exact Python `int` of an unsigned integer of any width.
pub(crate) fn python<'py, const BITS: usize, const LIMBS: usize>(
    py: Python<'py>,
    value: &Uint<BITS, LIMBS>,
) -> PyResult<Bound<'py, PyAny>> {
    if let Ok(small) = u64::try_from(value) {
        return Ok(small.into_pyobject(py)?.into_any());
    }
    py.get_type::<PyInt>().call_method1(
        "from_bytes",
        (PyBytes::new(py, &value.to_le_bytes_vec()), "little"),
    )
}

/// An unsigned integer that becomes a Python `int` as the field of a class.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Integer<const BITS: usize, const LIMBS: usize>(pub(crate) Uint<BITS, LIMBS>);

impl<'py, const BITS: usize, const LIMBS: usize> IntoPyObject<'py> for Integer<BITS, LIMBS> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        python(py, &self.0)
    }
}

fn int_only<'a, 'py>(field: &str, value: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyInt>> {
    match value.cast::<PyInt>() {
        Ok(integer) if !value.is_instance_of::<PyBool>() => Ok(integer),
        _ => {
            let message = format!("{field}: must be an int, not {}", excerpt(value));
            Err(core_error("integer_required", &message))
        }
    }
}

fn little_endian<'py>(
    integer: &Bound<'py, PyInt>,
    length: usize,
    signed: bool,
) -> Option<Bound<'py, PyBytes>> {
    let options = [("signed", signed)].into_py_dict(integer.py()).ok()?;
    let bytes = integer
        .call_method("to_bytes", (length, "little"), Some(&options))
        .ok()?;
    bytes.cast_into().ok()
}

fn excerpt(value: &Bound<'_, PyAny>) -> String {
    let text = value
        .repr()
        .map_or_else(|_| "?".to_owned(), |repr| repr.to_string());
    if text.chars().count() <= 80 {
        return text;
    }
    let head: String = text.chars().take(77).collect();
    format!("{head}...")
}
