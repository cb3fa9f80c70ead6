"""Starts a Shredstream proxy in front of a node: entries as they are told, one message for each."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from tradewind.localnet.solana.entries import Entry, bincode, entry_of, last_entry_of
from tradewind.localnet.solana.events import EntryEvent, SlotEvent
from tradewind.localnet.solana.grpc_port import GRACE_S, one_to_many, open_grpc_port
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.outbox import Audience
from tradewind.localnet.solana.protocol import shredstream_pb2 as messages
from tradewind.localnet.solana.served import Served
from tradewind.localnet.solana.shredstream.options import ShredstreamOptions

SERVICE = "shredstream.ShredstreamProxy"
_EVENTS_WAITING = 100_000


class EntryStream:
    """The entries of a node, for everybody who listens. Nothing is filtered and nobody is asked who they are."""

    def __init__(self, node: SolanaNode, options: ShredstreamOptions) -> None:
        self.audience: Audience[messages.Entry] = Audience(options.max_subscribers, options.max_queued_batches)
        self._events = node.subscribe(_EVENTS_WAITING)
        self._task = asyncio.create_task(self._follow(), name="shredstream-follow")

    def methods(self) -> dict[str, Any]:
        """The table of methods."""
        return {"SubscribeEntries": one_to_many(self._subscribe, messages.SubscribeEntriesRequest, messages.Entry)}

    async def close(self) -> None:
        """End every stream."""
        self._events.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self.audience.close()

    async def _subscribe(self, _: Any, __: Any) -> AsyncIterator[messages.Entry]:
        outbox = self.audience.join()
        try:
            async for message in outbox:
                yield message
        finally:
            outbox.close()

    async def _follow(self) -> None:
        async for event in self._events:
            if isinstance(event, EntryEvent):
                self._tell(entry_of(event))
            elif isinstance(event, SlotEvent) and event.status == "completed":
                self._tell(last_entry_of(event))

    def _tell(self, entry: Entry) -> None:
        self.audience.tell(messages.Entry(slot=entry.slot, entries=bincode([entry])))


class ServedShredstream(Served):
    """A running proxy; `url` is `http://host:port`."""

    stream: EntryStream


async def serve_shredstream(node: SolanaNode, options: ShredstreamOptions | None = None) -> ServedShredstream:
    """Start it. Raises LocalnetError `port_in_use`."""
    options = options or ShredstreamOptions()
    stream = EntryStream(node, options)
    try:
        server, address = await open_grpc_port([(SERVICE, stream.methods())], options.port)
    except BaseException:
        await stream.close()
        raise

    async def close() -> None:
        await stream.close()
        await server.stop(GRACE_S)

    served = ServedShredstream(f"http://{address}", close)
    served.stream = stream
    return served
