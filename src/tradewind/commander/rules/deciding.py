"""Decides whether an instance runs, by its rule and what was measured. Pure but for its memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from tradewind.commander.rules.hours import is_open
from tradewind.commander.rules.measured import Measured
from tradewind.commander.rules.settings import Condition, Conditions, Rule, shown

_NS_PER_S = 10**9


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it runs from now on, and why it runs or not."""

    run: bool
    because: str


@dataclass(slots=True)
class _Held:
    """Since when a condition has been true without a break."""

    condition: Condition
    since_ns: int | None = None

    def look(self, measured: Measured | None, now_ns: int) -> bool | None:
        """None when it is not known."""
        if measured is None or measured.value is None:
            self.since_ns = None
            return None
        floor, threshold = self.condition.is_floor, self.condition.threshold
        if not (measured.value >= threshold if floor else measured.value <= threshold):
            self.since_ns = None
            return False
        self.since_ns = now_ns if self.since_ns is None else self.since_ns
        return now_ns - self.since_ns >= self.condition.for_s * _NS_PER_S


class _Group:
    def __init__(self, conditions: Conditions | None, before: "_Group | None" = None) -> None:
        """A threshold that stood in the one `before` has held for as long as it had there."""
        held_before: list[_Held] = [] if before is None else before._held
        since = {_reached(held.condition): held.since_ns for held in held_before}
        each = conditions.each if conditions else ()
        self._held: list[_Held] = [_Held(condition, since.get(_reached(condition))) for condition in each]
        self._needs_all = bool(conditions and conditions.all)
        self.is_there = conditions is not None

    def look(self, measures: Mapping[str, Measured], now_ns: int) -> tuple[bool | None, str]:
        """Whether it is true (None: not known), and what was seen."""
        looks = [(held.look(measures.get(held.condition.measure), now_ns), held.condition) for held in self._held]
        seen = ", ".join(_seen(condition, measures) for _, condition in looks)
        truths = [truth for truth, _ in looks]
        deciding = not self._needs_all
        if deciding in truths:
            return deciding, seen
        return (None if None in truths else not deciding), seen


@dataclass(slots=True)
class Deciding:
    """Of one rule. It begins at rest."""

    rule: Rule
    _running: bool = False
    _changed_ns: int | None = None
    _start: _Group = field(init=False)
    _stop: _Group = field(init=False)
    _zone: ZoneInfo = field(init=False)

    def __post_init__(self) -> None:
        self._start = _Group(self.rule.start_when)
        self._stop = _Group(self.rule.stop_when)
        self._zone = ZoneInfo(self.rule.time_zone)

    def take(self, rule: Rule) -> None:
        """Decide by this rule from now on. What runs, runs, and has run for as long as before."""
        self.rule = rule
        self._start, self._stop = _Group(rule.start_when, self._start), _Group(rule.stop_when, self._stop)
        self._zone = ZoneInfo(rule.time_zone)

    def look(self, measures: Mapping[str, Measured], *, now_ns: int) -> Decision:
        """What is true now; times are told apart by the same clock each time."""
        # Both are always looked at: how long a condition has held must be known whatever is decided.
        start, start_seen = self._start.look(measures, now_ns)
        stop, stop_seen = self._stop.look(measures, now_ns)
        opened = is_open(self.rule.windows, self._zone, now_ns=now_ns)
        if self._running:
            wants_stop, because = self._wants_stop(stop, stop_seen, opened)
            return self._change(wants_stop, because, self.rule.run_at_least_s, "runs at least", now_ns)
        wants_start, because = self._wants_start(start, start_seen, stop, opened)
        return self._change(wants_start, because, self.rule.cooldown_s, "rests", now_ns)

    def _wants_stop(self, stop: bool | None, seen: str, opened: bool) -> tuple[bool, str]:
        if not opened:
            return True, f"outside its hours ({self._hours()})"
        if not self._stop.is_there:
            return False, f"within its hours ({self._hours()})"
        if stop:
            return True, f"{seen}: stops when {self.rule.stop_when}"
        return False, f"{seen}{'; not known, so it goes on' if stop is None else ''}: stops when {self.rule.stop_when}"

    def _wants_start(self, start: bool | None, seen: str, stop: bool | None, opened: bool) -> tuple[bool, str]:
        if not opened:
            return False, f"outside its hours ({self._hours()})"
        if stop:
            return False, f"what stops it is true ({self.rule.stop_when})"
        if not self._start.is_there:
            return stop is False, f"within its hours ({self._hours()})"
        if start and stop is False:
            return True, f"{seen}: starts when {self.rule.start_when}"
        unclear = "; not known, so it waits" if None in {start, stop} else ""
        return False, f"{seen}{unclear}: starts when {self.rule.start_when}"

    def _change(self, wants: bool, because: str, least_s: int, held: str, now_ns: int) -> Decision:
        if wants and self._changed_ns is not None:
            left_ns = self._changed_ns + least_s * _NS_PER_S - now_ns
            if left_ns > 0:
                return Decision(self._running, f"{because}; {held} {least_s} s")
        if wants:
            self._running, self._changed_ns = not self._running, now_ns
        return Decision(self._running, because)

    def _hours(self) -> str:
        return f"{'; '.join(map(str, self.rule.windows))} {self.rule.time_zone}"


def _reached(condition: Condition) -> tuple[str, bool, int]:
    """What has to hold, however long."""
    return condition.measure, condition.is_floor, condition.threshold


def _seen(condition: Condition, measures: Mapping[str, Measured]) -> str:
    measured = measures.get(condition.measure)
    if measured is None or measured.value is None:
        return f"{condition.measure} unknown ({measured.because if measured else 'not measured'})"
    return f"{condition.measure} {shown(measured.value, condition.unit)}"
