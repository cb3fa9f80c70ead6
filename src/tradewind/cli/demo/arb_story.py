"""The story of the arbitrage demo, as it is heard: who moved the market, what the engine did about it, the prices."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tradewind.commander.engine_line import EngineLine
from tradewind.commander.rules.prices import spread_ppm
from tradewind.domain.events import Envelope
from tradewind.domain.execution_result_event import ExecutionResultEvent

_KEPT_SPREADS = 600


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody else's swap: how much of what, and when it was in the chain."""

    amount_raw: int
    symbol: str
    decimals: int
    at_ns: int
    spread_ppm: int


@dataclass(slots=True)
class ArbTrade:
    """One plan, from the opportunity to its result. Times are nanoseconds UTC; amounts are of the base, SOL.

    What ends with `_after_ns` is the engine's own measure, from when the feed's message was there; so is `gate_ns`,
    which the sign-gate took to record the transaction and to sign it.
    """

    plan_id: str
    opportunity_id: str
    amount_in_raw: int
    expected_raw: int
    planned_ns: int
    move: Move | None
    found_after_ns: int | None = None
    planned_after_ns: int | None = None
    gate_ns: int | None = None
    sent_after_ns: int | None = None
    sent_ns: int | None = None
    ended_ns: int | None = None
    signature: str | None = None
    status: str | None = None
    profit_raw: int | None = None
    result: ExecutionResultEvent | None = None

    @property
    def is_under_way(self) -> bool:
        """It has no result yet."""
        return self.status is None

    @property
    def told_ns(self) -> int | None:
        """When the feed told of what it takes."""
        return None if self.planned_after_ns is None else self.planned_ns - self.planned_after_ns


@dataclass(slots=True)
class ArbStory:
    """Told by the engine's lines and events, by the mover and by who looks at the pools."""

    pools: tuple[str, str]
    wallet: str
    engine: str = ""
    phase: str = ""
    because: str = ""
    prices: dict[str, Fraction] = field(default_factory=dict)
    spreads_ppm: deque[int] = field(default_factory=lambda: deque(maxlen=_KEPT_SPREADS))
    moves: list[Move] = field(default_factory=list)
    trades: dict[str, ArbTrade] = field(default_factory=dict)
    stages: dict[str, dict[str, int]] = field(default_factory=dict)
    open_at_end: list[str] | None = None
    changed_raw: int | None = None
    said: list[str] = field(default_factory=list)
    _sent: dict[str, tuple[int, str]] = field(default_factory=dict)

    @property
    def spread_ppm(self) -> int | None:
        """How far the two pools are apart now."""
        return self.spreads_ppm[-1] if self.spreads_ppm else None

    @property
    def under_way(self) -> int:
        """Plans without a result."""
        return sum(trade.is_under_way for trade in self.trades.values())

    def priced(self, prices: dict[str, Fraction]) -> None:
        """What the pools ask now."""
        self.prices = prices
        one, other = (prices.get(pool) for pool in self.pools)
        if one is not None and other is not None:
            self.spreads_ppm.append(spread_ppm(one, other))

    def moved(self, move: Move) -> None:
        """Somebody traded."""
        self.moves.append(move)
        # It may be over before anybody looks.
        self.spreads_ppm.append(move.spread_ppm)

    def event(self, envelope: Envelope) -> None:
        """One event of the engine, as the journal has it."""
        body = envelope.body
        if isinstance(body, ExecutionResultEvent) and (trade := self.trades.get(str(body.plan_id))) is not None:
            trade.result = body

    def line(self, line: EngineLine) -> None:
        """One line of the engine."""
        fields = line.fields
        match line.event:
            case "planned":
                self._planned(line)
            case "sent":
                plan_id = str(fields.get("plan_id"))
                self._sent[plan_id] = line.at_ns, str(fields.get("signature"))
                self._was_sent(plan_id)
            case "timed" if (trade := self.trades.get(str(fields.get("plan_id")))) is not None:
                trade.gate_ns, trade.sent_after_ns = _whole(fields, "gate_ns"), _whole(fields, "sent_after_ns")
            case "executed" if (trade := self.trades.get(str(fields.get("plan_id")))) is not None:
                trade.ended_ns, trade.status = line.at_ns, str(fields.get("status"))
                profit = fields.get("actual_profit_raw")
                trade.profit_raw = None if profit is None else int(profit)
            case "status":
                self.stages = _stages(fields.get("stages"))
            case "engine_stopped":
                self.open_at_end = [str(one) for one in fields.get("open", [])]
            case _ if line.level in {"warning", "error"}:
                self.said.append(f"{line.event}: {line.message}")

    def _planned(self, line: EngineLine) -> None:
        fields = line.fields
        opportunity_id = str(fields.get("opportunity_id"))
        self.trades[str(fields.get("plan_id"))] = ArbTrade(
            plan_id=str(fields.get("plan_id")),
            opportunity_id=opportunity_id,
            amount_in_raw=int(fields.get("input_amount_raw", 0)),
            expected_raw=int(fields.get("expected_profit_raw", 0)),
            planned_ns=line.at_ns,
            move=self.moves[-1] if self.moves else None,
            found_after_ns=_whole(fields, "found_after_ns"),
            planned_after_ns=_whole(fields, "planned_after_ns"),
        )
        self._was_sent(str(fields.get("plan_id")))

    def _was_sent(self, plan_id: str) -> None:
        """Its two lines may be heard in either order: they come from two threads of the engine."""
        if (trade := self.trades.get(plan_id)) is not None and plan_id in self._sent:
            trade.sent_ns, trade.signature = self._sent[plan_id]


def _whole(fields: Mapping[str, Any], name: str) -> int | None:
    value = fields.get(name)
    return value if type(value) is int else None


def _stages(told: Any) -> dict[str, dict[str, int]]:
    """Per stage: samples, and below how many nanoseconds half, 99 % and all of them lie."""
    if not isinstance(told, dict):
        return {}
    return {
        str(name): {key: value for key, value in found.items() if isinstance(value, int)}
        for name, found in told.items()
        if isinstance(found, dict) and found.get("count")
    }
