"""One intent of a wallet at a time, the most urgent first.

A wallet's transactions share a nonce sequence and a balance. While one intent is between validation and its end,
what the next one would be judged by is not known yet; so it waits.
"""

import asyncio
import heapq
from collections.abc import Hashable
from uuid import UUID

from tradewind.domain.events import IntentEvent
from tradewind.streaming.recorded import Recorded

Wallet = Hashable


class WalletTurns:
    """Hands out the turn of each wallet. Lives in one event loop; nothing here awaits but `take`."""

    def __init__(self) -> None:
        self._holder: dict[Wallet, UUID] = {}
        self._waiting: dict[Wallet, list[tuple[int, int, UUID, asyncio.Future[None]]]] = {}

    def restore(self, wallet: Wallet, intent_id: UUID) -> None:
        """Give the turn back to an intent that held it before a restart."""
        self._holder[wallet] = intent_id

    async def take(self, wallet: Wallet, intent_id: UUID, *, priority: int, seq: int) -> None:
        """Return when it is this intent's turn: by priority, then by arrival."""
        holder = self._holder.setdefault(wallet, intent_id)
        if holder == intent_id:
            return
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting.setdefault(wallet, []), (-priority, seq, intent_id, granted))
        await granted

    def on_recorded(self, recorded: Recorded) -> None:
        """Pass the turn on when its holder has ended."""
        body = recorded.envelope.body
        if isinstance(body, IntentEvent) and body.status is not None and body.status.is_final:
            for wallet in [wallet for wallet, holder in self._holder.items() if holder == body.intent_id]:
                self._pass_on(wallet)

    def _pass_on(self, wallet: Wallet) -> None:
        queue = self._waiting.get(wallet, [])
        while queue:
            _, _, intent_id, granted = heapq.heappop(queue)
            if not granted.done():
                self._holder[wallet] = intent_id
                granted.set_result(None)
                return
        self._holder.pop(wallet, None)
        self._waiting.pop(wallet, None)
