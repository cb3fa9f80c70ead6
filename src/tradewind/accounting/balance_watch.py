"""Reads each wallet when the service first sees it, and from time to time after: what the sums are held against."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID, uuid4

from tradewind.accounting.ledger import Ledger
from tradewind.domain.address import is_evm_address
from tradewind.domain.balances import WalletBalances
from tradewind.domain.chain import is_evm
from tradewind.domain.events import BalancesObserved, Envelope
from tradewind.domain.plan import BlockRef
from tradewind.errors import TradewindError
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff, Clock
from tradewind.streaming.event_stream import EventStream

# A difference is then known to within an hour.
CHECKPOINT_EVERY_S = 3_600


class BalanceReader(Protocol):
    """What is asked of a chain."""

    async def read(self, wallet: str) -> WalletBalances:
        """Everything that the wallet holds, as of one block."""
        ...

    async def holds(self, block: BlockRef) -> bool | None:
        """Whether the block is part of the chain; None while there is none of its number."""
        ...


class BalanceWatch:
    """Publishes BalancesObserved: a wallet's opening once, then checkpoints."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        readers: Mapping[int, BalanceReader],
        wallets: Sequence[str],
        stream: EventStream,
        clock: Clock,
        run_id: UUID,
    ) -> None:
        self._ledger = ledger
        self._readers = readers
        self._wallets = tuple(dict.fromkeys(wallets))
        self._stream = stream
        self._clock = clock
        self._run_id = run_id

    async def run(self) -> None:
        """Read every wallet now, then again and again; a chain that does not answer is asked until it does."""
        await asyncio.gather(*map(self._watch_chain, self._readers))

    async def _watch_chain(self, chain_id: int) -> None:
        """No chain waits for another."""
        while True:
            for wallet in self._wallets:
                if is_evm_address(wallet) is is_evm(chain_id):
                    await self._until_observed(chain_id, wallet)
            await self._clock.sleep(CHECKPOINT_EVERY_S)

    async def _until_observed(self, chain_id: int, wallet: str) -> None:
        backoff = Backoff(self._clock, most_s=30.0)
        while True:
            try:
                if await self.observe(chain_id, wallet):
                    return
            except TradewindError as error:
                observe.balances_not_read(chain_id=chain_id, wallet=wallet, code=error.code, message=str(error))
            await backoff.pause()

    async def observe(self, chain_id: int, wallet: str) -> bool:
        """Read one wallet and record it; False while it cannot be said whether its opening still stands."""
        reader, before = self._readers[chain_id], self._ledger.opening(chain_id, wallet)
        stands = None if before is None else await reader.holds(before)
        if before is not None and stands is None:
            return False
        body = BalancesObserved(opening=not stands, balances=await reader.read(wallet))
        envelope = Envelope.about_system(body, event_id=uuid4(), run_id=self._run_id, at_ns=self._clock.now_ns())
        await self._stream.publish(envelope)
        return True
