"""Pydantic's word on a configuration, in ours: the key as it is written, and the name that was probably meant."""

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from pydantic import ValidationError

from tradewind.domain.model import Model, invalid_input
from tradewind.errors import Fault

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def faults_of(error: ValidationError, sections: Mapping[str, type[Model]]) -> list[Fault]:
    named = invalid_input(error, what="").faults
    locations = [item["loc"] for item in error.errors(include_url=False, include_input=False)]
    return [
        _unknown_key(loc, sections) if fault.code == "unknown_field" else fault
        for fault, loc in zip(named, locations, strict=True)
    ]


def _unknown_key(loc: Sequence[int | str], sections: Mapping[str, type[Model]]) -> Fault:
    *section, key = map(str, loc)
    model = next(model for pattern, model in sections.items() if fnmatchcase("/".join(section), pattern))
    known = sorted(model.model_fields)
    near = difflib.get_close_matches(key, known, n=1)
    remedy = f'Did you mean "{near[0]}"?' if near else f"Known here: {', '.join(known)}."
    return Fault(".".join(map(_as_written, [*section, key])), "unknown_field", f"is not a setting. {remedy}")


def _as_written(key: str) -> str:
    """A key as it stands in TOML: in quotes when it could not be seen, or read, without."""
    return key if _BARE_KEY.fullmatch(key) else json.dumps(key)
