"""Bounded waiting for work that must not be cut in half: the wait ends, the work goes on."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from tradewind.errors import Unavailable
from tradewind.observability import events as observe

T = TypeVar("T")
_running: set[asyncio.Task[Any]] = set()


async def answer_within(seconds: float, work: Coroutine[Any, Any, T], *, request_id: str, path: str) -> T:
    """The result of `work`; raises Unavailable when it takes longer, without cancelling it.

    Cancelling could stop between a commit and what follows from it. A client that is told "not yet" must look
    before it asks again, and is told so.
    """
    task = asyncio.ensure_future(work)
    _running.add(task)
    task.add_done_callback(_running.discard)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if done:
        return task.result()

    def tell(late: asyncio.Task[T]) -> None:
        if not late.cancelled() and (failure := late.exception()) is not None:
            observe.request_failed(request_id=request_id, path=path, failure=failure)

    task.add_done_callback(tell)
    raise Unavailable(
        "answer_too_slow",
        f"There was no answer within {seconds:g} s; what was asked for may still happen.",
        remedy="Look whether it did before asking again. An intent sent again with the same id is never done twice.",
    )
