"""Waits for a change of the halts in force: one look at the gate for all who wait, however many they are."""

import asyncio

from tradewind.errors import TradewindError
from tradewind.observability.clock import Clock
from tradewind.planning.gate_state import Gate, GateState

_INTERVAL_S = 0.5

Halts = tuple[bool, frozenset[tuple[str | None, str | None, str]]]


class HaltWatch:
    """Looks every half second while somebody waits. Whoever halts or resumes need not tell: the gate is asked."""

    def __init__(self, gate: Gate, clock: Clock) -> None:
        self._gate = gate
        self._clock = clock
        self._waiting = 0
        self._looking: asyncio.Task[None] | None = None
        self._from: Halts | None = None

    async def until_changed(self, seen: GateState) -> None:
        """Return when other halts may be in force than in `seen`; a gate that does not answer is asked again."""
        halts = _halts(seen)
        if self._looking is None or self._looking.done():
            self._from = halts
            self._looking = asyncio.create_task(self._look(halts))
        if halts != self._from:
            # What the others wait for is another change than this one.
            await self._clock.sleep(_INTERVAL_S)
            return
        self._waiting += 1
        try:
            await asyncio.shield(self._looking)
        finally:
            self._waiting -= 1

    async def _look(self, halts: Halts) -> None:
        while True:
            await self._clock.sleep(_INTERVAL_S)
            if not self._waiting:
                return
            try:
                if _halts(await self._gate()) != halts:
                    return
            except TradewindError:
                # Whoever waits would have been told nothing more by asking itself.
                continue


def _halts(gate: GateState) -> Halts:
    return gate.halted, frozenset((halt.wallet, halt.strategy_id, halt.reason) for halt in gate.halts)
