"""One line of an engine's output, understood as far as it can be; never an error."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")
MOST_BYTES = 65_536
_OWN = frozenset({"at_ns", "level", "event", "message"})


@dataclass(frozen=True, slots=True)
class EngineLine:
    """`event` is "text" for a line that is no JSON object of the contract; its text is then the message."""

    at_ns: int
    level: Level
    event: str
    message: str
    fields: dict[str, Any] = field(default_factory=dict)


def parse_line(raw: bytes, *, now_ns: int, level: Level = "info") -> EngineLine:
    """`now_ns` and `level` are for lines that do not say."""
    text = raw[:MOST_BYTES].decode(errors="replace").rstrip("\r\n")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("event"), str):
        return EngineLine(now_ns, level, "text", text)
    at_ns, said = found.get("at_ns"), found.get("level")
    return EngineLine(
        at_ns=at_ns if type(at_ns) is int and 0 <= at_ns < 2**63 else now_ns,
        level=said if said in LEVELS else level,
        event=found["event"],
        message=str(found.get("message", "")),
        fields={name: value for name, value in found.items() if name not in _OWN},
    )
