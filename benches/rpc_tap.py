"""Stands between the service and its RPC endpoint on loopback, passes every byte on at once, and notes the times."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

SEND = "eth_sendRawTransaction"
_CHUNK_BYTES = 256 * 1024


@dataclass(slots=True)
class Exchange:
    """One HTTP request with its JSON-RPC calls. Times are nanoseconds UTC; `answered_ns` is that of the last byte."""

    calls: tuple[dict[str, Any], ...]
    asked_ns: int
    answered_ns: int

    @property
    def sent_transactions(self) -> list[bytes]:
        """The raw transactions that it hands to the chain."""
        return [bytes.fromhex(call["params"][0].removeprefix("0x")) for call in self.calls if call["method"] == SEND]


@dataclass(slots=True)
class RequestReader:
    """Cuts a client's bytes into HTTP/1.1 requests by their Content-Length, and gives the JSON of each."""

    _bytes: bytearray = field(default_factory=bytearray)

    def take(self, data: bytes) -> list[Any]:
        """The bodies that `data` completes."""
        self._bytes += data
        bodies = []
        while (body := self._next()) is not None:
            bodies.append(json.loads(body))
        return bodies

    def _next(self) -> bytes | None:
        head, blank, rest = bytes(self._bytes).partition(b"\r\n\r\n")
        if not blank:
            return None
        lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
        length = next(int(value) for name, _, value in lines if name.strip().lower() == b"content-length")
        if len(rest) < length:
            return None
        del self._bytes[: len(head) + len(blank) + length]
        return rest[:length]


class RpcTap:
    """`async with RpcTap(port) as tap:` listens at `tap.url` and speaks to the endpoint on `port`."""

    def __init__(self, port: int) -> None:
        self._upstream_port = port
        self._server: asyncio.Server
        self._relays: set[asyncio.Task[None]] = set()
        self.exchanges: list[Exchange] = []
        self._changed = asyncio.Event()

    @property
    def url(self) -> str:
        """What the service is given as its endpoint."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        for relay in self._relays:
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._relays.add(task)
            task.add_done_callback(self._relays.discard)
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        of_connection: list[Exchange] = []
        requests = RequestReader()

        def asked(data: bytes) -> None:
            now_ns = time.time_ns()
            for body in requests.take(data):
                exchange = Exchange(tuple(body) if isinstance(body, list) else (body,), now_ns, now_ns)
                of_connection.append(exchange)
                self.exchanges.append(exchange)
            self._changed.set()

        def answered(_data: bytes) -> None:
            # Nobody pipelines: what comes belongs to the last request of the connection.
            if of_connection:
                of_connection[-1].answered_ns = time.time_ns()

        with contextlib.closing(up_writer), contextlib.closing(writer), contextlib.suppress(ConnectionError):
            await asyncio.gather(_relay(reader, up_writer, asked), _relay(up_reader, writer, answered))

    async def until_sent(self, since_ns: int) -> None:
        """Return once a transaction has been handed to the chain after `since_ns`: asking the service disturbs it."""
        while not any(one.asked_ns >= since_ns and one.sent_transactions for one in reversed(self.exchanges)):
            self._changed.clear()
            await self._changed.wait()

    def between(self, start_ns: int, end_ns: int) -> list[Exchange]:
        """The exchanges that were under way at some time from `start_ns` to `end_ns`."""
        return [one for one in self.exchanges if one.asked_ns < end_ns and one.answered_ns > start_ns]


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: Callable[[bytes], None]) -> None:
    while data := await reader.read(_CHUNK_BYTES):
        writer.write(data)
        note(data)
    writer.close()


def waited_ns(exchanges: Sequence[Exchange], start_ns: int, end_ns: int) -> int:
    """How long at least one exchange was under way from `start_ns` to `end_ns`; overlaps count once."""
    total, covered_to = 0, start_ns
    for one in sorted(exchanges, key=lambda exchange: exchange.asked_ns):
        begin, end = max(one.asked_ns, covered_to), min(one.answered_ns, end_ns)
        if end > begin:
            total += end - begin
            covered_to = end
    return total
