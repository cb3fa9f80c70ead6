"""An executor's wallets are read when something was written to them, and not asked again for each trade."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests import builders
from tests.fake_clock import FakeClock
from tests.integration.lanes.endpoint import Endpoint, before
from tests.integration.lanes.rig import PATIENCE_S, Rig, pool_of
from tests.integration.lanes.test_feeds import node
from tradewind import core
from tradewind.domain.chain import SOLANA_MAINNET
from tradewind.execution.solana.wallets import SolanaWalletPool
from tradewind.observability import events as observe
from tradewind.venues.solana.cluster import SolanaCluster
from tradewind.venues.solana.wallets import SolanaWallets


class Followed:
    """A pool of one wallet, its manager, and the endpoint that it asks."""

    def __init__(self, rig: Rig, endpoint: Endpoint, websocket_url: str) -> None:
        self.wallet = str(rig.payer.pubkey())
        mint = rig.chain.description.mint("USDC")
        self.manager = core.WalletManager([self.wallet])
        self.endpoint = endpoint
        self.clock = FakeClock()
        self.connections = pool_of(rig.chain, endpoint.url)
        reader = SolanaWallets(SolanaCluster(self.connections, chain_id=SOLANA_MAINNET), [mint])
        self.pool = SolanaWalletPool(
            self.manager,
            reader,
            [self.wallet],
            [mint],
            fee_lamports=0,
            clock=self.clock,
            every_s=1_000_000,
            websocket_urls=[websocket_url],
        )

    @property
    def lamports(self) -> int | None:
        (state,) = self.manager.states()
        return state.lamports

    @property
    def reads(self) -> int:
        return self.endpoint.asked.get("getMultipleAccounts", 0)


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not done():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def followed(rig: Rig, websocket_url: str) -> AsyncIterator[Followed]:
    """Read once, and followed."""
    said: list[object] = []
    listener = lambda name, fields: said.append(fields["state"]) if name == "feed_changed" else None  # noqa: E731
    observe.listen(listener)
    async with before(rig.chain.rpc_url) as endpoint:
        the = Followed(rig, endpoint, websocket_url)
        running = asyncio.create_task(the.pool.run())
        try:
            await until(lambda: the.lamports is not None)
            # The accounts are known now: one turn of the clock later they are followed.
            await the.clock.advance(1)
            await until(lambda: "live" in said)
            await until(lambda: the.wallet in the.pool._current)
            yield the
        finally:
            observe._listeners.remove(listener)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            the.connections.close()


async def test_a_write_is_read_at_once_and_a_trade_asks_nothing_again(rig: Rig) -> None:
    async with followed(rig, rig.chain.description.urls["websocket"]) as the:
        reads, lamports = the.reads, the.lamports
        requirement = core.WalletRequirement(lamports=1)
        assert the.manager.reserve(requirement).wallet == the.wallet
        payment = rig.payment()
        rig.chain.node.submit(payment.wire, lane="rpc")
        rig.chain.node.advance(5)
        await until(lambda: the.lamports == rig.balance(rig.payer.pubkey()) != lamports)
        await until(lambda: the.wallet in the.pool._current)
        assert the.reads > reads


async def test_what_was_written_while_nothing_was_told_is_read_once_it_is_told_again(rig: Rig) -> None:
    async with node() as feed, followed(rig, feed.url) as the:
        rig.chain.node.submit(rig.payment().wire, lane="rpc")
        rig.chain.node.advance(5)
        # This node tells nothing by itself.
        stale = the.lamports
        assert stale != rig.balance(rig.payer.pubkey())
        await feed.sockets[0].close()
        await until(lambda: the.lamports == rig.balance(rig.payer.pubkey()))


async def test_a_wallet_that_is_not_followed_any_more_is_read_for_each_trade(rig: Rig) -> None:
    async with node() as feed, followed(rig, feed.url) as the:
        plan = builders.execution_plan(wallet=the.wallet)
        before_it = the.reads
        await the.pool.reserve(plan)
        assert the.reads == before_it
        feed.refusal = "Method not found"
        await feed.sockets[0].close()
        await until(lambda: the.wallet not in the.pool._current)
        asked = the.reads
        await the.pool.reserve(plan)
        assert the.reads == asked + 1


async def test_a_wallet_that_traded_is_read_before_it_trades_again(rig: Rig) -> None:
    async with node() as feed, followed(rig, feed.url) as the:
        plan = builders.execution_plan(wallet=the.wallet)
        reservation = await the.pool.reserve(plan)
        rig.chain.node.advance(1)
        await the.pool.settle(reservation, slot=rig.chain.node.slot, succeeded=True)
        asked = the.reads
        await the.pool.reserve(plan)
        assert the.reads == asked + 1


async def test_a_wallet_that_was_read_behind_its_trade_is_not_read_again(rig: Rig) -> None:
    async with node() as feed, followed(rig, feed.url) as the:
        plan = builders.execution_plan(wallet=the.wallet)
        reservation = await the.pool.reserve(plan)
        asked = the.reads
        await the.pool.settle(reservation, slot=rig.chain.node.slot - 1, succeeded=True)
        await the.pool.reserve(plan)
        assert the.reads == asked
