"""One slice of a wallet at a time, that of the most urgent intent first.

A wallet's transactions share a nonce sequence and a balance. While one slice is between its quote and its end, what the
next one would be judged by is not known yet; so it waits. Between two slices of an intent others may go.
"""

import asyncio
import heapq
import itertools
from collections.abc import Hashable
from uuid import UUID

from tradewind.domain.events import IntentEvent, SliceEnded
from tradewind.state.view import IntentView
from tradewind.streaming.recorded import Recorded

Wallet = Hashable
# The intent and the index of its slice.
Holder = tuple[UUID, int]


class WalletTurns:
    """Hands out the turn of each wallet. Lives in one event loop; nothing here awaits but `take`."""

    def __init__(self) -> None:
        self._holder: dict[Wallet, Holder] = {}
        self._waiting: dict[Wallet, list[tuple[int, int, int, Holder, asyncio.Future[None]]]] = {}
        # Whoever gave up waiting stays in the queue until its turn comes, and may wait again meanwhile.
        self._tickets = itertools.count()

    def restore(self, view: IntentView) -> None:
        """Give the turn back to the slice that held it before a restart: one that was planned, or about to be."""
        ended = {slice_end.slice_index for slice_end in view.ended_slices}
        in_flight = [plan.slice_index for plan in view.plans if plan.slice_index not in ended]
        if view.slices and not view.plans and not ended:
            in_flight = [0]
        for slice_index in in_flight:
            self._holder[view.intent.chain_id, view.wallet] = (view.intent.id, slice_index)

    async def take(self, wallet: Wallet, holder: Holder, *, priority: int, seq: int) -> None:
        """Return when it is this slice's turn: by priority, then by arrival of the intent."""
        if self._holder.setdefault(wallet, holder) == holder:
            return
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = (-priority, seq, next(self._tickets), holder, granted)
        heapq.heappush(self._waiting.setdefault(wallet, []), place)
        await granted

    def give_back(self, holder: Holder) -> None:
        """Let the others go first, if this slice has the turn of its wallet."""
        for wallet in [wallet for wallet, current in self._holder.items() if current == holder]:
            self._pass_on(wallet)

    def on_recorded(self, recorded: Recorded) -> None:
        """Pass the turn on when the slice that has it has ended, alone or with its intent."""
        body = recorded.envelope.body
        if isinstance(body, SliceEnded):
            self.give_back((body.intent_id, body.slice_index))
        elif isinstance(body, IntentEvent) and body.status is not None and body.status.is_final:
            for wallet in [wallet for wallet, (holder, _) in self._holder.items() if holder == body.intent_id]:
                self._pass_on(wallet)

    def _pass_on(self, wallet: Wallet) -> None:
        queue = self._waiting.get(wallet, [])
        while queue:
            *_, holder, granted = heapq.heappop(queue)
            if not granted.done():
                self._holder[wallet] = holder
                granted.set_result(None)
                return
        self._holder.pop(wallet, None)
        self._waiting.pop(wallet, None)
