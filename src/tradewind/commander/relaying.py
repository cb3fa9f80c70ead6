"""Has the events of one instance relayed for as long as it is run, and to the last line at the end."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress

from tradewind.commander.event_relay import EventRelay, Publisher
from tradewind.commander.instance_folder import InstanceFolder
from tradewind.commander.supervisor_parts import SupervisorParts
from tradewind.errors import TradewindError


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
    """The work runs as long as the block, and is cancelled then."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _relay(folder: InstanceFolder, publisher: Publisher) -> EventRelay:
    return EventRelay(folder.events, folder.position, publisher)
