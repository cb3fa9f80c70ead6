"""Carries a spool to its receiver, in order, for as long as that takes."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NoReturn

from tradewind.commander.triage.spool import Spool
from tradewind.errors import TooMany, TradewindError, Unavailable
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock

Send = Callable[[Sequence[Any]], Awaitable[None]]
LOOK_EVERY_S = 0.1
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0


class Shipping:
    """`send` raises Unavailable when it is to be tried again; whatever else it raises is given up and told."""

    def __init__(
        self,
        spool: Spool,
        send: Send,
        clock: Clock,
        *,
        name: str,
        at_once: int,
        fitting: Callable[[Sequence[Any]], int] = len,
    ) -> None:
        """`fitting` says how many of the first ones are sent together, at least one."""
        self._spool = spool
        self._send = send
        self._clock = clock
        self._name = name
        self._at_once = at_once
        self._fitting = fitting
        self._pause_s = FIRST_PAUSE_S

    async def run(self) -> NoReturn:
        """Until cancelled."""
        while True:
            await self._clock.sleep(await self.ship())

    async def ship(self) -> float:
        """Send what there is; the answer is how long to wait before the next time, in seconds."""
        while batch := self._spool.take(self._at_once):
            batch = batch[: self._fitting(batch)]
            # What is dropped meanwhile, because the spool is full, was the oldest: it is part of this batch.
            dropped = self._spool.dropped
            try:
                await self._send(batch)
            except Unavailable as error:
                return self._later(error)
            except TradewindError as error:
                observe.record_lost(what=self._name, code=error.code, message=str(error))
            except Exception as error:  # noqa: BLE001 (an entry that cannot be sent does not hold up the others)
                observe.part_failed(part=self._name, failure=error)
            self._spool.done(len(batch) - (self._spool.dropped - dropped))
            self._pause_s = FIRST_PAUSE_S
        return LOOK_EVERY_S

    def _later(self, error: Unavailable) -> float:
        pause_s = max(self._pause_s, error.retry_after_s) if isinstance(error, TooMany) else self._pause_s
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        observe.relay_waits(subject=self._name, code=error.code, message=str(error), retry_in_s=pause_s)
        return pause_s
