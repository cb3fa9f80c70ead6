"""Recent blockhashes from the cache that follows the cluster."""

from tradewind import core
from tradewind.errors import Unavailable
from tradewind.execution.executors.ports import Blockhash


class SolanaBlockhashes:
    """Implements `Blockhashes`. With a feed of slots it is refreshed at each of them."""

    def __init__(self, cache: core.BlockhashCache, slots: core.SlotFeed | None = None) -> None:
        self._cache = cache
        self._slots = slots
        self._started = False

    async def latest(self) -> Blockhash:
        """One of a safe age; the first call waits for the first answer."""
        try:
            if not self._started:
                await self._cache.start(self._slots)
                self._started = True
            recent = self._cache.current()
        except core.CoreError as error:
            raise Unavailable("blockhash_unavailable", f"No recent blockhash is at hand: {error}") from None
        return Blockhash(recent.blockhash, recent.last_valid_block_height, recent.slot)
