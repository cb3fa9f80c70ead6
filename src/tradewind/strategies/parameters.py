"""Reads a strategy's parameters into its dataclass, by the types of the fields; each mistake is told with its field."""

import dataclasses
import re
import types
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

# What the engine takes of a strategy's parameters itself.
OF_THE_ENGINE = frozenset(
    {"wallet", "strategy_id", "lookup_tables", "tip_lamports", "unit_price_micro_lamports", "mints"}
)
_WHOLE = re.compile(r"-?[0-9]{1,78}")


@dataclasses.dataclass(frozen=True, slots=True)
class Mistake:
    """`field` is as it is written in the user's file: `parameters.sizes[0]`."""

    field: str
    code: str
    fault: str
    remedy: str


class WrongParameter(ValueError):
    """For `__post_init__`: says which field cannot be taken, what is wrong with it, and what to write instead."""

    def __init__(self, field: str, fault: str, remedy: str) -> None:
        super().__init__(f"{field}: {fault} {remedy}")
        self.field = field
        self.fault = fault
        self.remedy = remedy


class MistakenParameters(Exception):
    """Every mistake that was found."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("; ".join(f"{mistake.field}: {mistake.fault}" for mistake in mistakes))
        self.mistakes = mistakes


def read_parameters(kind: type | None, given: dict[str, Any]) -> Any:
    """An instance of the dataclass; None where the strategy has none. Raises MistakenParameters."""
    mistakes: list[Mistake] = []
    if kind is None or not dataclasses.is_dataclass(kind):
        for name in given:
            fault = "is not known: the strategy has no parameters."
            mistakes.append(Mistake(f"parameters.{name}", "parameter_unknown", fault, "Remove it."))
        read = None
    else:
        for name in OF_THE_ENGINE.intersection(field.name for field in dataclasses.fields(kind)):
            fault = f"is the engine's own, and {kind.__name__} has a field of that name."
            mistakes.append(Mistake(f"parameters.{name}", "parameter_taken", fault, "Rename the field."))
        read = _dataclass(kind, given, "parameters", mistakes)
    if mistakes:
        raise MistakenParameters(mistakes)
    return read


def _dataclass(kind: type, given: Any, place: str, mistakes: list[Mistake]) -> Any:
    if not isinstance(given, dict):
        mistakes.append(Mistake(place, "parameter_type", "is not a section.", "Write keys and values below it."))
        return None
    before = len(mistakes)
    try:
        hints = get_type_hints(kind)
    except (NameError, TypeError) as error:
        fault = f"cannot be read: the types of {kind.__name__} are not known there: {error}."
        mistakes.append(Mistake(place, "parameter_untyped", fault, "Define them above it in the file."))
        return None
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in fields:
            known = f"Known here: {', '.join(fields)}." if fields else "Remove it."
            mistakes.append(Mistake(f"{place}.{name}", "parameter_unknown", "is not known.", known))
        else:
            values[name] = _value(hints[name], value, f"{place}.{name}", mistakes)
    for name, field in fields.items():
        missing = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if missing and name not in given:
            remedy = f"Write {name}: a value of type {_named(hints[name])}."
            mistakes.append(Mistake(f"{place}.{name}", "parameter_missing", "is missing.", remedy))
    if len(mistakes) > before:
        return None
    try:
        return kind(**values)
    except WrongParameter as error:
        mistakes.append(Mistake(f"{place}.{error.field}", "parameter_refused", error.fault, error.remedy))
    except (ValueError, TypeError, ArithmeticError) as error:
        fault = f"is refused by {kind.__name__}: {error}"
        mistakes.append(Mistake(place, "parameter_refused", fault, "Correct it as this says."))
    return None


def _value(kind: Any, given: Any, place: str, mistakes: list[Mistake]) -> Any:
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return _optional(kind, given, place, mistakes)
    if origin in {tuple, list}:
        return _sequence(kind, given, place, mistakes)
    if origin is Literal:
        return _word({str(word): word for word in get_args(kind)}, given, place, mistakes)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _word({str(member.value): member for member in kind}, given, place, mistakes)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _dataclass(kind, given, place, mistakes)
    return _simple(kind, given, place, mistakes)


def _optional(kind: Any, given: Any, place: str, mistakes: list[Mistake]) -> Any:
    inner = [part for part in get_args(kind) if part is not type(None)]
    if len(inner) != 1:
        return _unreadable(kind, place, mistakes)
    return None if given is None else _value(inner[0], given, place, mistakes)


def _sequence(kind: Any, given: Any, place: str, mistakes: list[Mistake]) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple and inner[1:] != (...,):
        return _unreadable(kind, place, mistakes)
    if not isinstance(given, list):
        mistakes.append(Mistake(place, "parameter_type", "is not a list.", "Write a list: [first, second]."))
        return None
    return origin(_value(inner[0], part, f"{place}[{at}]", mistakes) for at, part in enumerate(given))


def _word(words: dict[str, Any], given: Any, place: str, mistakes: list[Mistake]) -> Any:
    if isinstance(given, str | int) and str(given) in words:
        return words[str(given)]
    mistakes.append(Mistake(place, "parameter_type", "is not one of its words.", f"Write one of {', '.join(words)}."))
    return None


def _simple(kind: Any, given: Any, place: str, mistakes: list[Mistake]) -> Any:
    if kind not in _SIMPLE:
        return _unreadable(kind, place, mistakes)
    read, fault, remedy = _SIMPLE[kind]
    value = read(given)
    if value is None:
        mistakes.append(Mistake(place, "parameter_type", fault, remedy))
    return value


def _unreadable(kind: Any, place: str, mistakes: list[Mistake]) -> None:
    fault = f"has the type {_named(kind)} in the strategy's file, which no file can give."
    remedy = "Use int, bool, str, Decimal, Literal, an Enum, a dataclass, or a tuple of these."
    mistakes.append(Mistake(place, "parameter_untyped", fault, remedy))


def _named(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _int(given: Any) -> int | None:
    # Whole numbers come as decimal text, since JSON's own end at 2^53 in many readers.
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    return int(given) if isinstance(given, str) and _WHOLE.fullmatch(given) else None


def _decimal(given: Any) -> Decimal | None:
    try:
        value = Decimal(given) if isinstance(given, str) or _int(given) is not None else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() else None


def _same(kind: type) -> Callable[[Any], Any]:
    return lambda given: given if isinstance(given, kind) else None


_SIMPLE: dict[Any, tuple[Callable[[Any], Any], str, str]] = {
    int: (_int, "is not a whole number.", "Write a whole number, such as 5000."),
    bool: (_same(bool), "is neither true nor false.", "Write true or false."),
    str: (_same(str), "is not text.", "Write text, in quotes when it looks like a number."),
    Decimal: (_decimal, "is not a number.", 'Write a number in quotes, such as "0.25".'),
}
