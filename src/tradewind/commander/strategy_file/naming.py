"""What pydantic found, as mistakes: where, what, and what to write instead. Values that may be secret stay unsaid."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tradewind.commander.strategy_file.located import Located, Place
from tradewind.commander.strategy_file.mistake import Mistake
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.domain.model import Model

EXAMPLES = {
    "strategy": "strategy: arb",
    "chain": "chain: with chain_id, rpc and genesis_hash",
    "chain.chain_id": "chain_id: 101",
    "chain.rpc": 'rpc: ["http://127.0.0.1:8899"]',
    "chain.genesis_hash": "genesis_hash: what getGenesisHash answers on that network",
    "feeds": "feeds: {kind: websocket}",
    "feeds.kind": "kind: websocket",
    "mode": "mode: paper",
}
_TYPES = {
    "int": ("is not a whole number.", "Write a whole number without quotes, such as 5000."),
    "string": ("is not text.", "Write text, in quotes when it looks like a number."),
    "bool": ("is neither true nor false.", "Write true or false."),
    "tuple": ("is not a list.", "Write a list, such as [first, second]."),
    "model": ("is not a section.", "Write keys and values below it."),
    "dict": ("is not a section.", "Write keys and values below it."),
}
_KINDS = {
    "int_type": "int",
    "int_from_float": "int",
    "int_parsing": "int",
    "string_type": "string",
    "bool_type": "bool",
    "bool_parsing": "bool",
    "tuple_type": "tuple",
    "model_type": "model",
    "model_attributes_type": "model",
    "dict_type": "dict",
}
_OURS: dict[str, tuple[str, str]] = {
    "address_malformed": ("is not an address on Solana.", "Write base58 of 32 bytes, as explorers show it."),
    "socket_path_too_long": ("is too long for a Unix socket with its folder.", "Choose a shorter folder."),
    "path_unknown_home": ("names a home directory that does not exist.", "Write the path from / on."),
}
_BOUNDS = {
    "greater_than_equal": ("is too small.", "Write {ge} or more."),
    "less_than_equal": ("is too large.", "Write {le} or less."),
    "too_short": ("is empty.", "List at least {min_length}."),
    "too_long": ("is too long.", "List at most {max_length}."),
    "string_too_long": ("is too long.", "Write at most {max_length} characters."),
}
_NAME_REMEDY = "Write 1 to 64 lower-case letters, digits, - or _, a letter or digit first."
_SHORT = 32


def mistakes_of(
    error: ValidationError, file: Path, located: Located, *, model: type[Model] = StrategySettings
) -> list[Mistake]:
    """One for each thing that pydantic says; `model` is what the file was read as."""
    found = error.errors(include_url=False)
    # A list whose only item is wrong is also called empty.
    return [
        _mistake(item, file, located, model) for item in found if not (item["type"] == "too_short" and item["input"])
    ]


def at(file: Path, located: Located, place: Place, said: tuple[str, str, str]) -> Mistake:
    """A mistake at a place of the file; `said` is its code, fault and remedy."""
    code, fault, remedy = said
    return Mistake(file, located.line_of(place), shown(place), code, fault, remedy)


def shown(place: Place) -> str:
    """`chain.rpc[0]`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "(whole)"


def did_you_mean(written: str, known: list[str]) -> str:
    """The nearest of the known ones, or all of them."""
    near = difflib.get_close_matches(written, known, n=1)
    return f'Did you mean "{near[0]}"?' if near else f"Known here: {', '.join(known)}."


def _mistake(item: ErrorDetails, file: Path, located: Located, model: type[Model]) -> Mistake:
    # The place of a fault in a key ends with a word of pydantic's own.
    place: Place = tuple(part for part in item["loc"] if part != "[key]")
    return at(file, located, place, _said(item, place, model))


def _said(item: ErrorDetails, place: Place, model: type[Model]) -> tuple[str, str, str]:
    kind, context = item["type"], item.get("ctx", {})
    if "remedy" in context:
        return kind, item["msg"], str(context["remedy"])
    if kind in _KINDS:
        return "wrong_type", *_TYPES[_KINDS[kind]]
    if kind in _BOUNDS:
        fault, remedy = _BOUNDS[kind]
        return "value_out_of_range", fault, remedy.format(**context)
    return _of_its_own(item, place, context, model)


def _of_its_own(
    item: ErrorDetails, place: Place, context: Mapping[str, Any], model: type[Model]
) -> tuple[str, str, str]:
    match item["type"]:
        case "missing":
            said = "field_missing", "is missing.", f"Add {EXAMPLES.get(shown(place), str(place[-1]))}"
        case "extra_forbidden":
            said = "unknown_field", "is not a setting.", did_you_mean(str(place[-1]), _known_beside(place, model))
        case "literal_error":
            said = _not_one_of(item, context)
        case "url_malformed":
            said = "url_malformed", "is not a URL of the kind that is needed.", _url_remedy(place)
        case "string_pattern_mismatch":
            said = "name_malformed", "is not a name of the kind that is needed.", _NAME_REMEDY
        case kind:
            said = kind, *_OURS.get(kind, (f"{item['msg'].rstrip('.')}.", "Correct it there."))
    return said


def _not_one_of(item: ErrorDetails, context: Mapping[str, Any]) -> tuple[str, str, str]:
    allowed = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
    written = item["input"]
    if isinstance(written, str) and len(written) <= _SHORT and written.isprintable():
        near = difflib.get_close_matches(written, allowed, n=1)
        asked = f' Did you mean "{near[0]}"?' if near else ""
        return "value_not_allowed", f'is "{written}".', f"Write one of {', '.join(allowed)}.{asked}"
    return "value_not_allowed", "is not one of its values.", f"Write one of {', '.join(allowed)}."


def _url_remedy(place: Place) -> str:
    if "websocket" in place:
        return "Write it as ws://host:port or wss://host/path."
    return "Write it as http://host:port or https://host/path."


def _known_beside(place: Place, model: type[Model]) -> list[str]:
    inside = False
    for part in place[:-1]:
        field = model.model_fields.get(str(part))
        if field is None and inside:
            # The place in a list, or the key of a table, whose parts are of this model.
            inside = False
            continue
        found = None if field is None else _model_in(field.annotation)
        inside = True
        if found is None:
            return []
        model = found
    return sorted(model.model_fields)


def _model_in(annotation: Any) -> type[Model] | None:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
