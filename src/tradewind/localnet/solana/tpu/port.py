"""The transaction port: who may connect, how fast transactions are taken, and handing them to the node."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable

from solders.pubkey import Pubkey

from tradewind.localnet.solana.tpu.connection import Closing, TpuConnection
from tradewind.localnet.solana.tpu.options import TpuOptions

Submit = Callable[[bytes], object]

_MINUTE_S = 60.0


class TransactionPort:
    """All connections of one port. `counted` says what happened: `received`, `submitted`, `overflowed`, `throttled`,
    `ignored`, `refused_too_many`, `dropped_oldest`.

    `unreachable` makes it deaf, as a leader is that is down: packets are swallowed until it is set back.
    """

    def __init__(
        self, submit: Submit, options: TpuOptions, *, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self.options = options
        self.unreachable = False
        self.counted: Counter[str] = Counter()
        self._submit = submit
        self._monotonic_s = monotonic_s
        self._connections: dict[TpuConnection, None] = {}
        self._arrivals: dict[str, deque[float]] = {}
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(options.max_waiting_transactions)
        self._delayed = 0
        self._worker = asyncio.create_task(self._hand_over(), name="tpu-hand-over")

    def identities(self) -> list[Pubkey | None]:
        """Who is connected, in the order in which they came; None for each that showed no certificate."""
        return [connection.identity for connection in self._connections]

    async def drained(self) -> None:
        """Return once everything received so far is with the node."""
        await self._waiting.join()

    async def close(self) -> None:
        """Stop handing over."""
        self._worker.cancel()
        await asyncio.gather(self._worker, return_exceptions=True)

    # What a connection asks of its port

    def lets_in(self, address: str) -> bool:
        """Whether a new connection from this address is looked at, by how often it came in the last minute."""
        most = self.options.max_new_connections_per_minute
        if most is None:
            return True
        now = self._monotonic_s()
        self._forget_arrivals(now)
        arrivals = self._arrivals.setdefault(address, deque())
        if len(arrivals) >= most:
            self.counted["ignored"] += 1
            return False
        arrivals.append(now)
        return True

    def connected(self, connection: TpuConnection) -> Closing | None:
        """Take the connection into the table, or say why not. A full table loses its oldest connection."""
        peers = sum(_peer(other) == _peer(connection) for other in self._connections)
        if peers >= self.options.max_connections_per_peer:
            self.counted["refused_too_many"] += 1
            return Closing.TOO_MANY
        if len(self._connections) >= self.options.max_connections:
            oldest = next(iter(self._connections))
            del self._connections[oldest]
            self.counted["dropped_oldest"] += 1
            oldest.shut(Closing.DROPPED)
        self._connections[connection] = None
        return None

    def received(self, connection: TpuConnection, wire: bytes) -> None:
        """A whole transaction; a connection that is too fast has it handed over later."""
        self.counted["received"] += 1
        if (rate := self.options.max_transactions_per_second) is None:
            self._enqueue(wire)
            return
        now = self._monotonic_s()
        # A second's worth may come at once; beyond that, one after another.
        earliest = max(connection.not_before_s, now - 1.0)
        connection.not_before_s = earliest + 1.0 / rate
        if connection.not_before_s <= now:
            self._enqueue(wire)
        elif self._delayed + self._waiting.qsize() >= self.options.max_waiting_transactions:
            self.counted["overflowed"] += 1
        else:
            self.counted["throttled"] += 1
            self._delayed += 1
            asyncio.get_running_loop().call_later(connection.not_before_s - now, self._after_delay, wire)

    def gone(self, connection: TpuConnection) -> None:
        """The connection has ended."""
        self._connections.pop(connection, None)

    # Inside

    def _after_delay(self, wire: bytes) -> None:
        self._delayed -= 1
        self._enqueue(wire)

    def _enqueue(self, wire: bytes) -> None:
        try:
            self._waiting.put_nowait(wire)
        except asyncio.QueueFull:
            self.counted["overflowed"] += 1

    async def _hand_over(self) -> None:
        while True:
            wire = await self._waiting.get()
            # The node answers a bad transaction with a refusal; over QUIC nobody hears of it.
            self._submit(wire)
            self.counted["submitted"] += 1
            self._waiting.task_done()
            await asyncio.sleep(0)

    def _forget_arrivals(self, now: float) -> None:
        for address, arrivals in list(self._arrivals.items()):
            while arrivals and arrivals[0] <= now - _MINUTE_S:
                arrivals.popleft()
            if not arrivals:
                del self._arrivals[address]


def _peer(connection: TpuConnection) -> str:
    return str(connection.identity) if connection.identity is not None else connection.address
