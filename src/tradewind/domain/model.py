"""The base of every domain model, and the one place where validation failures become named faults."""

from collections.abc import Callable
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from tradewind.errors import Fault, InvalidInput

# Pydantic's own names for a fault, in our words; codes raised by our validators pass through unchanged.
_CODES = {
    "extra_forbidden": "unknown_field",
    "missing": "field_missing",
    "json_invalid": "json_malformed",
    "uuid_parsing": "uuid_malformed",
    "uuid_type": "uuid_malformed",
    "int_parsing": "wrong_type",
    "int_from_float": "wrong_type",
    "bool_parsing": "wrong_type",
    "enum": "value_not_allowed",
    "literal_error": "value_not_allowed",
    "greater_than": "value_out_of_range",
    "greater_than_equal": "value_out_of_range",
    "less_than": "value_out_of_range",
    "less_than_equal": "value_out_of_range",
    "string_too_long": "value_out_of_range",
    "too_long": "value_out_of_range",
    "too_short": "value_out_of_range",
}
_REMEDIES = {
    "unknown_field": "Remove it, or check its spelling.",
    "field_missing": "Add it.",
}


class Model(BaseModel):
    """Frozen, strict, and refusing unknown fields."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


def old_names(**names: str) -> Callable[[Any], Any]:
    """A validator that reads fields by the names that they have in older journals: `old="new"`."""

    def read(data: Any) -> Any:
        if not isinstance(data, dict) or not names.keys() & data.keys():
            return data
        return {names.get(name, name): value for name, value in data.items()}

    return read


def invalid_input(error: ValidationError, *, what: str) -> InvalidInput:
    """Translate pydantic's error into ours: one fault a field, each with a stable code and a remedy."""
    return InvalidInput([_fault(dict(item)) for item in error.errors(include_url=False)], what=what)


def _fault(item: dict[str, object]) -> Fault:
    raw_code = str(item["type"])
    code = _CODES.get(raw_code, "wrong_type" if raw_code.endswith("_type") else raw_code)
    field = ".".join(str(part) for part in cast("tuple[object, ...]", item["loc"])) or "(whole)"
    message = str(item["msg"])
    if message and message[-1] not in ".!?":
        message += "."
    remedy = _REMEDIES.get(code)
    return Fault(field, code, f"{message} {remedy}" if remedy else message)
