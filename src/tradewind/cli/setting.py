"""One setting of a file: its key, what may stand there, its default, its variable, and what it is for."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

Schema = Mapping[str, Any]

# What a name ends with, the longest first.
_UNITS = {
    "micro_lamports": "micro-lamports",
    "lamports": "lamports",
    "percent": "%",
    "per_s": "a second",
    "bytes": "bytes",
    "blocks": "blocks",
    "slots": "slots",
    "pips": "hundredths of a basis point",
    "usd": "USD",
    "bps": "basis points",
    "ms": "milliseconds",
    "s": "seconds",
}

_KINDS = {"integer": "integer", "string": "text", "boolean": "true | false", "object": "table"}


@dataclass(frozen=True, slots=True)
class Setting:
    """`default` is text as it stands in the file, empty where there is none; `needed` says that one must be given."""

    key: str
    kind: str
    unit: str
    default: str
    needed: bool
    variable: str
    meaning: str


def settings_of(model: type[BaseModel], *, variables: bool = False) -> Iterator[Setting]:
    """Those of a model and of all its parts, in the order of the code. `variables`: each is a variable as well."""
    schema = model.model_json_schema(by_alias=False)
    yield from _below(model, schema, schema, prefix="", variables=variables)


def _below(model: type[BaseModel], schema: Schema, root: Schema, *, prefix: str, variables: bool) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        key, shape = f"{prefix}{name}", schema["properties"][name]
        inner = _model_of(field.annotation)
        if inner is not None:
            part, suffix = inner
            yield from _below(part, root["$defs"][part.__name__], root, prefix=f"{key}{suffix}.", variables=variables)
            continue
        yield Setting(
            key=key,
            kind=_kind(shape, root),
            unit=_unit(name),
            default=_default(field),
            needed=field.is_required(),
            variable=name.upper() if variables else "",
            meaning=field.description or "",
        )


def _model_of(annotation: Any) -> tuple[type[BaseModel], str] | None:
    """The model that stands in a field, and how its keys are reached: each of a list, or each by its name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    arguments = getattr(annotation, "__args__", ())
    found = next((inner for inner in map(_model_of, arguments) if inner is not None), None)
    if found is None:
        # `Annotated` and the mappings of `typing` hide what they hold one deeper.
        origin = getattr(annotation, "__origin__", None)
        return _model_of(origin) if origin is not None and origin is not annotation else None
    if _holds_many(annotation):
        return found[0], "[]" if _is_list(annotation) else ".<name>"
    return found


def _holds_many(annotation: Any) -> bool:
    origin = getattr(annotation, "__origin__", None)
    return isinstance(origin, type) and issubclass(origin, tuple | list | Mapping)


def _is_list(annotation: Any) -> bool:
    return issubclass(annotation.__origin__, tuple | list)


def _unit(name: str) -> str:
    return next((unit for end, unit in _UNITS.items() if re.search(rf"(^|_){end}(_|$)", name)), "")


def _kind(shape: Schema, root: Schema) -> str:
    """A JSON schema in the words of a person."""
    if "$ref" in shape:
        return _kind(root["$defs"][shape["$ref"].rpartition("/")[2]], root)
    if "anyOf" in shape:
        return next(_kind(one, root) for one in shape["anyOf"] if one.get("type") != "null")
    if "enum" in shape:
        return " | ".join(f'"{value}"' for value in shape["enum"])
    if shape.get("type") == "array":
        return f"list of {_kind(shape.get('items', {}), root)}"
    if shape.get("format") == "path":
        return "path"
    return _KINDS.get(shape.get("type", ""), "any") + _range(shape)


def _range(shape: Schema) -> str:
    low, high = shape.get("minimum"), shape.get("maximum")
    if "exclusiveMinimum" in shape:
        low = shape["exclusiveMinimum"] + 1
    if "exclusiveMaximum" in shape:
        high = shape["exclusiveMaximum"] - 1
    return "" if low is None or high is None else f", {low:,} to {high:,}"


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined or value is None:
        return ""
    return _text(value)


def _text(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case tuple() | list():
            return f"[{', '.join(map(_text, value))}]"
        case str() | Path():
            return f'"{value}"'
    return str(value)
