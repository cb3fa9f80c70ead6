"""What a user may write in the file of the market rules: measures, and a rule for each instance.

Thresholds carry their unit in the name: parts per million, or per minute. Times are seconds or milliseconds.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from tradewind.commander.instance_folder import InstanceName
from tradewind.commander.strategy_file.settings import Chain, Once, wrong
from tradewind.domain.address import SolanaAddress
from tradewind.domain.model import Model
from tradewind.errors import InvalidInput

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = {"volatility": "ppm", "spread": "ppm", "launches": "per_min"}
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_MEASURE = re.compile(r"(volatility|spread|launches)\.[a-z][a-z0-9_]{0,63}")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong("zone_unknown", "is no time zone.", "Write an IANA name, such as Europe/Berlin or UTC.") from None
    return value


def _time(value: str) -> str:
    if not _TIME.fullmatch(value):
        raise wrong("time_malformed", "is not a time of day.", 'Write hours and minutes, such as "09:30".')
    return value


def _measure_name(value: str) -> str:
    if not _MEASURE.fullmatch(value):
        raise wrong("measure_malformed", "names no measure.", "Write its kind and its name, such as spread.wind.")
    return value


def _instance(value: str) -> str:
    try:
        return str(InstanceName.parse(value))
    except InvalidInput:
        raise wrong(
            "instance_malformed", "is no instance.", "Write STRATEGY or STRATEGY/INSTANCE, such as arb/main."
        ) from None


Seconds = Annotated[int, Field(ge=1, le=86_400)]
Threshold = Annotated[int, Field(ge=0, le=10**12)]
Zone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]
TimeOfDay = Annotated[str, AfterValidator(_time)]
MeasureKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
MeasureName = Annotated[str, AfterValidator(_measure_name)]


class VolatilityOf(Model):
    """How much a pool's price moves within the window."""

    pool: SolanaAddress
    window_s: Seconds = 300


class SpreadOf(Model):
    """How far the prices of two pools of one pair are apart."""

    pools: Annotated[tuple[SolanaAddress, SolanaAddress], Once]


class LaunchesOf(Model):
    """How many pools or curves a program makes in a minute, over the window.

    `instructions` are those that make one, as the program's logs name them; known for the usual programs.
    """

    program: SolanaAddress
    window_s: Seconds = 60
    instructions: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=16), Once] = ()


class Measures(Model):
    """By name, each kind by itself: a condition says `spread.wind`."""

    volatility: Annotated[dict[MeasureKey, VolatilityOf], Field(max_length=256)] = Field(default_factory=dict)
    spread: Annotated[dict[MeasureKey, SpreadOf], Field(max_length=256)] = Field(default_factory=dict)
    launches: Annotated[dict[MeasureKey, LaunchesOf], Field(max_length=32)] = Field(default_factory=dict)

    def names(self) -> list[str]:
        """Every one, as conditions name it."""
        return [f"{kind}.{name}" for kind in UNITS for name in getattr(self, kind)]

    def pools(self) -> list[str]:
        """Every pool whose price is needed, once."""
        volatile = [each.pool for each in self.volatility.values()]
        return list(dict.fromkeys([*volatile, *(pool for each in self.spread.values() for pool in each.pools)]))


class Condition(Model):
    """One threshold of one measure, reached for so long without a break."""

    measure: MeasureName
    at_least_ppm: Threshold | None = None
    at_most_ppm: Threshold | None = None
    at_least_per_min: Threshold | None = None
    at_most_per_min: Threshold | None = None
    for_s: Annotated[int, Field(ge=0, le=86_400)] = 0

    @property
    def thresholds(self) -> list[tuple[str, int]]:
        """Those that are written, by the name of their field; a right condition has one."""
        names = ("at_least_ppm", "at_most_ppm", "at_least_per_min", "at_most_per_min")
        return [(name, value) for name in names if (value := getattr(self, name)) is not None]

    @property
    def unit(self) -> str:
        """Of the measure."""
        return UNITS[self.measure.partition(".")[0]]

    @property
    def is_floor(self) -> bool:
        """Whether the measure must be at least the threshold."""
        return self.thresholds[0][0].startswith("at_least")

    @property
    def threshold(self) -> int:
        """In the unit of the measure."""
        return self.thresholds[0][1]

    def __str__(self) -> str:
        held = f" for {self.for_s} s" if self.for_s else ""
        return f"{self.measure} {'≥' if self.is_floor else '≤'} {shown(self.threshold, self.unit)}{held}"


class Conditions(Model):
    """All of them, or any of them."""

    all: Annotated[tuple[Condition, ...], Field(max_length=16)] = ()
    any: Annotated[tuple[Condition, ...], Field(max_length=16)] = ()

    @property
    def each(self) -> tuple[Condition, ...]:
        """As written."""
        return self.all or self.any

    def __str__(self) -> str:
        return (" and " if self.all else " or ").join(map(str, self.each))


class Window(Model):
    """Hours of these days, in the rule's time zone; one that closes before it opens closes on the next day."""

    days: Annotated[tuple[Day, ...], Field(min_length=1, max_length=7), Once] = DAYS
    opens: TimeOfDay
    closes: TimeOfDay

    def __str__(self) -> str:
        return f"{'' if self.days == DAYS else ', '.join(self.days) + ' '}{self.opens}–{self.closes}"


class Rule(Model):
    """When one instance is started and stopped. Both its rests and its runs last for a while, whatever happens."""

    instance: Annotated[str, AfterValidator(_instance)]
    config: Annotated[str, Field(min_length=1, max_length=4_096)] | None = None
    start_when: Conditions | None = None
    stop_when: Conditions | None = None
    windows: Annotated[tuple[Window, ...], Field(max_length=32)] = ()
    time_zone: Zone = "UTC"
    run_at_least_s: Seconds = 60
    cooldown_s: Seconds = 60

    @property
    def name(self) -> InstanceName:
        """Of the instance."""
        return InstanceName.parse(self.instance)

    def conditions(self) -> Iterator[Condition]:
        """Every one."""
        for group in (self.start_when, self.stop_when):
            yield from group.each if group is not None else ()


class RulesSettings(Model):
    """The whole file. A measure older than `fresh_within_ms` is unknown, and neither starts nor stops anything."""

    chain: Chain
    look_every_ms: Annotated[int, Field(ge=50, le=60_000)] = 1_000
    fresh_within_ms: Annotated[int, Field(ge=100, le=3_600_000)] = 10_000
    measures: Measures = Measures()
    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=64)]


def shown(value: int, unit: str) -> str:
    """A number of a measure for people."""
    return f"{value:,} {unit.replace('per_min', 'a minute')}"
