"""Takes repetitions out: of lines that differ in their numbers alone the first is passed on, the others are counted."""

import re
from collections import OrderedDict
from dataclasses import dataclass, replace

from tradewind.commander.engine_line import EngineLine

_VARIES = re.compile(r"0x[0-9a-fA-F]+|[1-9A-HJ-NP-Za-km-z]{32,88}|\d+")
MOST_KINDS = 4_096


@dataclass(slots=True)
class _Kind:
    since_ns: int
    line: EngineLine
    again: int = 0


class Repetitions:
    """Of one instance. A kind of line is new again `window_ms` after its first one."""

    def __init__(self, *, window_ms: int, most_kinds: int = MOST_KINDS) -> None:
        self._window_ns = window_ms * 1_000_000
        self._most_kinds = most_kinds
        self._kinds: OrderedDict[tuple[str, str, str], _Kind] = OrderedDict()

    def hear(self, line: EngineLine, *, now_ns: int) -> list[EngineLine]:
        """What is to be passed on now: counts of kinds whose window is over, and the line when it is new."""
        passed = self.over(now_ns=now_ns)
        key = (line.level, line.event, _VARIES.sub("#", line.message))
        if (kind := self._kinds.get(key)) is not None:
            kind.again += 1
            kind.line = line
            return passed
        self._kinds[key] = _Kind(now_ns, line)
        if len(self._kinds) > self._most_kinds:
            passed += _counted(self._kinds.popitem(last=False)[1])
        return [*passed, line]

    def over(self, *, now_ns: int) -> list[EngineLine]:
        """The last line of each kind that came again, with how often, once its window is over."""
        passed = []
        while self._kinds:
            key, kind = next(iter(self._kinds.items()))
            if now_ns - kind.since_ns < self._window_ns:
                break
            del self._kinds[key]
            passed += _counted(kind)
        return passed


def _counted(kind: _Kind) -> list[EngineLine]:
    return [replace(kind.line, fields={**kind.line.fields, "repeated": kind.again})] if kind.again else []
