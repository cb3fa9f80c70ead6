"""The pools of a Solana cluster in one graph: read whole once, then brought forward by whatever accounts changed."""

from collections.abc import Sequence

from tradewind import core
from tradewind.domain.plan import BlockRef
from tradewind.errors import Refused, Unavailable
from tradewind.observability import events as observe
from tradewind.venues.solana.cluster import CLOCK, Account, Accounts, SolanaCluster, block_of

# A pool names what it needs one account after the other.
_MOST_ACCOUNTS = 512


class PoolBook:
    """Keeps the listed pools equal to the chain. One that cannot be read is left out, and is tried again."""

    def __init__(self, cluster: SolanaCluster, pools: Sequence[str], mints: Sequence[str]) -> None:
        """`mints` are the listed tokens: a bonding curve does not name its own."""
        self._cluster = cluster
        self._pools = tuple(pools)
        self._mints = tuple(mints)
        self._graph = core.PoolGraph()
        self._seen: dict[str, Account | None] = {}
        self._block: BlockRef | None = None
        self._refused: dict[str, str] = {}

    @property
    def graph(self) -> core.PoolGraph:
        """The pools as of `block`."""
        return self._graph

    @property
    def pools(self) -> list[str]:
        """Those that could be read, in the order of the configuration."""
        return [pool for pool in self._pools if pool in self._graph]

    @property
    def block(self) -> BlockRef:
        """The slot that the pools are of; Unavailable (pools_not_loaded) before the first `sync`."""
        if self._block is None:
            raise Unavailable("pools_not_loaded", "The pools have not been read from the chain yet.")
        return self._block

    def account(self, address: str) -> Account | None:
        """An account of a pool as of `block`."""
        return self._seen.get(address)

    def accounts_of(self, pool: str) -> dict[str, str]:
        """The accounts that the pool is read from, by number in its own order; none of a pool that is not there."""
        if pool not in self._graph:
            return {}
        return {str(place): address for place, address in enumerate(self._graph.accounts(pool))}

    async def sync(self) -> BlockRef:
        """Bring every pool to the newest confirmed slot."""
        for pool in self._pools:
            if pool not in self._graph:
                await self._load(pool)
        known = [address for pool in self.pools for address in self._graph.accounts(pool)]
        read = await self._cluster.accounts([CLOCK, *known])
        clock = read.clock
        updates = [self._graph.apply_clock(slot=clock.slot, epoch=clock.epoch, unix_timestamp=clock.unix_timestamp)]
        for address in dict.fromkeys(known):
            account = read.by_address[address]
            if account != self._seen.get(address) and account is not None:
                updates.append(self._graph.apply_account(address, account.owner, account.data))
            self._seen[address] = account
        for update in updates:
            for pool, error in update.refused:
                self._refuse(pool, error)
        self._block = block_of(clock)
        return self._block

    async def _load(self, pool: str) -> None:
        """Read a pool from the beginning, asking for whatever it turns out to need."""
        wanted = [CLOCK, pool, *self._mints]
        for _ in range(_MOST_ACCOUNTS):
            read = await self._cluster.accounts(wanted)
            try:
                state = _decoded(pool, read)
            except core.CoreError as error:
                needed = getattr(error, "account", None)
                if needed is None or needed in wanted:
                    self._refuse(pool, error)
                    return
                wanted.append(needed)
            else:
                self._graph.add(state)
                self._seen.update(read.by_address)
                self._refused.pop(pool, None)
                return

    def _refuse(self, pool: str, error: core.CoreError) -> None:
        """Leave a pool out, and say so once for each reason."""
        if pool in self._graph:
            self._graph.remove(pool)
        if self._refused.get(pool) != str(error):
            self._refused[pool] = str(error)
            observe.pool_left_out(chain_id=self._cluster.chain_id, pool=pool, code=error.code, message=str(error))

    def require(self, pool: str) -> None:
        """Refused (pool_left_out), with the reason, for a pool that could not be read."""
        if pool not in self._graph:
            raise Refused("pool_left_out", self._refused.get(pool, f"{pool} is not among the configured pools."))


def _decoded(pool: str, read: Accounts) -> str:
    clock = read.clock
    held = read.by_address.items()
    return core.pool_from_accounts(
        pool,
        [(address, account.owner, account.data) for address, account in held if account is not None],
        slot=clock.slot,
        epoch=clock.epoch,
        unix_timestamp=clock.unix_timestamp,
    )
