"""Opens the journal of an instance, which others can follow, for as long as it is run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tradewind.commander.event_relay import Publisher
from tradewind.commander.instance_folder import InstanceFolder
from tradewind.observability.clock import SystemClock
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal


@asynccontextmanager
async def into_journal(folder: InstanceFolder) -> AsyncIterator[Publisher]:
    """Each instance has one of its own."""
    journal = await asyncio.to_thread(Journal.open, folder.path / "journal.db")
    stream = EmbeddedEventStream(journal, SystemClock())
    try:
        yield stream
    finally:
        await stream.close()
        journal.close()
