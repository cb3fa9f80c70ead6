"""Has the events of one instance relayed for as long as it is run, and to the last line at the end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress

from tradewind.commander.event_relay import EventRelay, Publisher
from tradewind.commander.instance_folder import InstanceFolder
from tradewind.commander.supervisor_parts import SupervisorParts
from tradewind.errors import TradewindError
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff, Clock


@asynccontextmanager
async def relayed(folder: InstanceFolder, parts: SupervisorParts) -> AsyncIterator[None]:
    """Nothing is relayed where no stream is given."""
    if parts.publishing is None:
        yield
        return
    async with parts.publishing(folder) as publisher:
        async with meanwhile(_relay(folder, publisher).run(parts.clock)):
            yield
        with suppress(TradewindError):
            relay = _relay(folder, publisher)
            while await relay.catch_up():
                pass


@asynccontextmanager
async def meanwhile(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """The work runs as long as the block, and is cancelled then. One that fails before is told of at once."""
    task = asyncio.create_task(work)
    task.add_done_callback(_told)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def lasting(
    part: str, work: Callable[[], Awaitable[None]], clock: Clock, alert: Callable[[str, str], None] = lambda *_: None
) -> None:
    """The work, begun anew after a pause whenever it fails; `alert(event, message)` is told each time."""
    backoff = Backoff(clock)
    while True:
        try:
            return await work()
        except Exception as error:  # noqa: BLE001 (a defect beside an engine must neither end it nor stay unseen)
            failure = _alone(error)
            observe.part_failed(part=part, failure=failure)
            alert("commander_failed", f"{part}: {type(failure).__name__}: {failure}"[:500])
        await backoff.pause()


def _alone(error: Exception) -> Exception:
    """Of several that failed together, the first."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def _told(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (failure := task.exception()) is not None:
        observe.part_failed(part=getattr(task.get_coro(), "__qualname__", "?"), failure=failure)


def _relay(folder: InstanceFolder, publisher: Publisher) -> EventRelay:
    return EventRelay(folder.events, folder.position, publisher)
