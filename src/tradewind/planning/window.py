"""Work on an intent that ends early: when its time window closes, or when somebody asks for its end.

Time is the injected clock's. A cancel is seen in the read model, so that one from before a restart counts.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from tradewind.observability.clock import Clock
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.view import IntentView

T = TypeVar("T")


class WindowClosed(Exception):
    """The time was up before the work was done."""


class CancelRequested(Exception):
    """Somebody asked for the end of the intent before the work was done."""


class IntentWindow:
    """Bounds every wait for an intent. What it interrupts is cancelled, so nothing durable belongs inside."""

    def __init__(self, state: StateCoordinator, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    async def run(self, view: IntentView, work: Coroutine[Any, Any, T], *, until_ns: int) -> T:
        """The result of `work`; raises what it raises, WindowClosed at `until_ns`, or CancelRequested."""
        doing = asyncio.create_task(work)
        closing = asyncio.create_task(self._close(until_ns))
        cancelled = asyncio.create_task(self._state.wait_for(view.intent.id, _is_cancelled))
        tasks = (doing, closing, cancelled)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            # A cancel comes first: work that is only just done has not been acted on yet.
            if cancelled.done():
                raise CancelRequested
            if doing.done():
                return doing.result()
            raise WindowClosed
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self, until_ns: int) -> None:
        left_ns = until_ns - self._clock.now_ns()
        if left_ns > 0:
            await self._clock.sleep(left_ns / 1e9)


def _is_cancelled(view: IntentView) -> bool:
    return view.cancel_requested is not None
