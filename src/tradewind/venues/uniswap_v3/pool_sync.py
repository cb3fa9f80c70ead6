"""Keeps a pool graph equal to the chain: read whole at one block, then brought forward by logs.

The graph is read anew at a reorganisation, after a long pause, and whenever the self-check finds that a pool's price
or active liquidity on chain is not the graph's.
"""

import asyncio
from collections.abc import Sequence

from tradewind import core
from tradewind.domain.plan import BlockRef
from tradewind.errors import Unavailable
from tradewind.observability import events
from tradewind.venues.evm_block import BlockHeader
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_receipt import Log
from tradewind.venues.rpc_error import RpcError
from tradewind.venues.uniswap_v3.deployment import UniswapV3Deployment
from tradewind.venues.uniswap_v3.discovery import discover_pools
from tradewind.venues.uniswap_v3.pool_key import PoolKey
from tradewind.venues.uniswap_v3.pool_log import (
    TOPICS,
    Created,
    Initialised,
    LiquidityChanged,
    Swapped,
    parse_pool_log,
)
from tradewind.venues.uniswap_v3.pool_snapshot import (
    MAX_TOGETHER,
    PoolPrice,
    PoolSnapshot,
    prices_reading,
    read_prices,
    read_snapshots,
)

_RELOAD_ATTEMPTS = 3


class PoolSync:
    """The pools of listed tokens, as of `block`. Between two calls of `sync` nothing changes in `graph`."""

    def __init__(
        self,
        chain: EvmChain,
        deployment: UniswapV3Deployment,
        tokens: Sequence[str],
        *,
        venue: str,
        max_log_blocks: int,
    ) -> None:
        self.graph = core.PoolGraph()
        self.keys: dict[str, PoolKey] = {}
        self._chain = chain
        self._deployment = deployment
        self._tokens = frozenset(tokens)
        self._venue = venue
        self._max_log_blocks = max_log_blocks
        self._header: BlockHeader | None = None
        self._lock = asyncio.Lock()

    @property
    def block(self) -> BlockRef:
        """The block that the graph equals; Unavailable (pools_not_loaded) before the first `sync`."""
        return self.header.ref

    @property
    def header(self) -> BlockHeader:
        """The header of `block`."""
        if self._header is None:
            raise Unavailable("pools_not_loaded", "the pools have not been read from the chain yet.")
        return self._header

    def require_loaded(self) -> None:
        """Raise Unavailable (pools_not_loaded) while the graph equals no block."""
        _ = self.block

    async def sync(self) -> BlockRef:
        """Bring the graph to the newest block and return that block.

        Errors: Unavailable when the chain cannot be read; the graph then stays at its block, or is read anew by
        the next call.
        """
        async with self._lock:
            newest = await self._chain.head_header()
            if self._header is None:
                return await self._reload(newest, "start")
            if newest.ref.hash == self._header.ref.hash:
                return newest.ref
            because = await self._follow(self._header.ref, newest)
            return newest.ref if because is None else await self._reload(newest, because)

    async def _follow(self, last: BlockRef, newest: BlockHeader) -> str | None:
        """Apply the logs after `last`; otherwise say why the graph must be read anew."""
        head = newest.ref
        if head.number <= last.number:
            return "reorganisation"
        if head.number - last.number > self._max_log_blocks:
            return "long pause"
        live = self.graph.pools()
        logs, prices = await self._changes(last, head, live)
        if logs is None:
            return "reorganisation"
        self._header = None
        try:
            fresh = self._apply(logs)
        except core.CoreError as error:
            return f"log contradicts the graph: {error.code}"
        if not self._agrees(live, prices):
            return "self-check"
        self._add(await read_snapshots(self._chain, fresh, head))
        self._header = newest
        return None

    async def _changes(
        self, last: BlockRef, head: BlockRef, live: Sequence[str]
    ) -> tuple[Sequence[Log] | None, Sequence[PoolPrice]]:
        """The logs since `last`, None after a reorganisation, and the prices at `head` that they must lead to."""
        addresses = [self._deployment.factory, *self.keys]
        logs = self._chain.logs_reading(last, head, addresses=addresses, topics=TOPICS)
        if len(live) <= MAX_TOGETHER:
            return await self._chain.read_both(logs, prices_reading(self._chain, live, head))
        return await asyncio.gather(self._chain.read(logs), read_prices(self._chain, live, head))

    def _apply(self, logs: Sequence[Log]) -> list[PoolKey]:
        """Change the graph; pools that are new in it are returned, to be read whole at the end."""
        fresh: dict[str, PoolKey] = {}
        for log in logs:
            match parse_pool_log(log):
                case Created() as made if self._is_ours(made, log):
                    key = PoolKey(made.pool, made.token0, made.token1, made.fee_pips, made.tick_spacing)
                    self.keys[made.pool] = fresh[made.pool] = key
                case Initialised(pool) if pool in self.keys:
                    fresh[pool] = self.keys[pool]
                case Swapped(pool) as swap if pool in self.graph:
                    self.graph.apply_swap(
                        pool, sqrt_price_x96=swap.sqrt_price_x96, liquidity=swap.liquidity, tick=swap.tick
                    )
                case LiquidityChanged(pool) as change if pool in self.graph and change.liquidity_delta:
                    self.graph.apply_liquidity(
                        pool,
                        tick_lower=change.tick_lower,
                        tick_upper=change.tick_upper,
                        liquidity_delta=change.liquidity_delta,
                    )
                case _:
                    pass
        return list(fresh.values())

    def _is_ours(self, made: Created, log: Log) -> bool:
        return (
            log.address == self._deployment.factory
            and {made.token0, made.token1} <= self._tokens
            and made.fee_pips in self._deployment.fees_pips
        )

    def _agrees(self, pools: Sequence[str], prices: Sequence[PoolPrice]) -> bool:
        for pool, price in zip(pools, prices, strict=True):
            state = self.graph.uniswap_v3_state(pool)
            if (state.sqrt_price_x96, state.tick, state.liquidity) != (
                price.sqrt_price_x96,
                price.tick,
                price.liquidity,
            ):
                return False
        return True

    async def _reload(self, newest: BlockHeader, because: str) -> BlockRef:
        """Read everything at the newest block; when that goes away meanwhile, at a newer one."""
        self._header = None
        for attempts_left in reversed(range(_RELOAD_ATTEMPTS)):
            try:
                await self._read_whole(newest.ref)
                break
            except RpcError:
                if not attempts_left:
                    raise
                newest = await self._chain.head_header()
        self._header = newest
        events.pools_reloaded(
            chain_id=self._chain.chain_id,
            venue=self._venue,
            pools=len(self.graph),
            block=newest.ref.number,
            because=because,
        )
        return newest.ref

    async def _read_whole(self, block: BlockRef) -> None:
        keys = await discover_pools(self._chain, self._deployment, sorted(self._tokens), block)
        snapshots = await read_snapshots(self._chain, keys, block)
        self.graph = core.PoolGraph()
        self.keys = {key.address: key for key in keys}
        self._add(snapshots)

    def _add(self, snapshots: Sequence[PoolSnapshot]) -> None:
        for snapshot in snapshots:
            key, price = snapshot.key, snapshot.price
            try:
                self.graph.upsert_uniswap_v3(
                    pool=key.address,
                    token0=key.token0,
                    token1=key.token1,
                    fee_pips=key.fee_pips,
                    tick_spacing=key.tick_spacing,
                    sqrt_price_x96=price.sqrt_price_x96,
                    tick=price.tick,
                    liquidity=price.liquidity,
                    ticks=snapshot.ticks,
                )
            except core.CoreError as error:
                raise Unavailable(
                    "rpc_malformed", f"the endpoint's answer is not usable: pool {key.address}: {error}"
                ) from None
