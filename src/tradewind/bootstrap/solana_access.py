"""Wires what executors need of one Solana cluster: what reads it, signs for it and sends to it, over one pool."""

from collections.abc import Callable, Coroutine, Iterator, Sequence

from tradewind import core
from tradewind.domain.chain import SOLANA_MAINNET
from tradewind.execution.executors.base import BaseExecutor
from tradewind.execution.executors.execution import ExecutorConfig, ExecutorParts
from tradewind.execution.executors.jito import JitoExecutor
from tradewind.execution.executors.rpc import RPCExecutor
from tradewind.execution.executors.tpu import TPUExecutor
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.solana.blockhashes import SolanaBlockhashes
from tradewind.execution.solana.builder import SolanaBuilder
from tradewind.execution.solana.confirmations import SolanaConfirmations
from tradewind.execution.solana.feeds import SolanaFeeds
from tradewind.execution.solana.gate import SolanaGate
from tradewind.execution.solana.lanes import JitoTips, LeadersLane, SolanaLane
from tradewind.execution.solana.wallets import SolanaWalletPool
from tradewind.observability.clock import Clock
from tradewind.settings import redact_url
from tradewind.venues.solana.cluster import SolanaCluster
from tradewind.venues.solana.lookup_tables import LookupTables
from tradewind.venues.solana.wallets import SolanaWallets

# What a wallet has to hold beside what a trade takes: its fees and the rents of what it may make.
FEES_LAMPORTS = 10_000_000


class SolanaAccess:
    """Lives as long as its executors; `close` lets go of every connection."""

    def __init__(
        self,
        pool: core.RPCConnectionPool,
        *,
        urls: Sequence[str],
        websocket_urls: Sequence[str],
        tip_stream_url: str | None,
        mints: Sequence[str],
        clock: Clock,
    ) -> None:
        cache = core.BlockhashCache(pool)
        self._pool = pool
        self._websocket_urls = websocket_urls
        self._mints = mints
        self._clock = clock
        self._feeds = SolanaFeeds(websocket_urls=websocket_urls, tip_stream_url=tip_stream_url)
        self._news: JitoTips | None = None
        self._closing: list[Callable[[], None]] = [pool.close, cache.close, self._feeds.close]
        self.endpoints = tuple(map(redact_url, urls))
        self.cluster = SolanaCluster(pool, chain_id=SOLANA_MAINNET)
        self.reader = SolanaWallets(self.cluster, mints)
        self.blockhashes = SolanaBlockhashes(cache, self._feeds.slots)

    def close(self) -> None:
        """The pool last: the others ask through it."""
        for close in reversed(self._closing):
            close()

    def parts(
        self,
        config: ExecutorConfig,
        signer: SignerClient,
        watch: core.ConfirmationWatch,
        *,
        options: core.VenueOptions,
        lookup_tables: Sequence[str],
    ) -> ExecutorParts:
        """Who does the work of every executor."""
        return ExecutorParts(
            builder=SolanaBuilder(
                self.cluster,
                self.reader,
                options=options,
                tables=LookupTables(self.cluster, lookup_tables),
                size_limit_bytes=config.max_transaction_bytes,
            ),
            gate=SolanaGate(signer, self.cluster, endpoints=self.endpoints),
            blockhashes=self.blockhashes,
            confirmations=SolanaConfirmations(watch, self.cluster, commitment=config.confirmation_commitment),
            clock=self._clock,
        )

    def leaders(self, tpu: core.TpuLane) -> LeadersLane:
        """The lane to the leaders themselves, closed with the rest."""
        self._closing.append(tpu.close)
        return LeadersLane(tpu, self._clock, self._feeds.slots)

    def tips(self, lane: core.JitoLane, policy: core.TipPolicy, *, regions: Sequence[str]) -> JitoTips:
        """The lane to Jito with its tips; regions over gRPC also say what became of a bundle."""
        tips = JitoTips(lane, policy, self._clock, self._feeds.tips)
        if any(region.startswith("grpc") for region in regions):
            self._news = tips
        return tips

    def executors(
        self, config: ExecutorConfig, parts: ExecutorParts, *, leaders: LeadersLane | None, jito: JitoTips | None
    ) -> Iterator[BaseExecutor]:
        """One a lane: there is always an RPC, the others are configured."""
        yield RPCExecutor(config, parts, SolanaLane(core.RpcLane(self._pool), self._clock))
        if leaders is not None:
            yield TPUExecutor(config, parts, leaders)
        if jito is not None:
            yield JitoExecutor(config, parts, jito)

    def wallet_pool(self, manager: core.WalletManager, wallets: Sequence[str], *, every_s: float) -> SolanaWalletPool:
        """The wallets, read so often."""
        return SolanaWalletPool(
            manager,
            self.reader,
            wallets,
            self._mints,
            fee_lamports=FEES_LAMPORTS,
            clock=self._clock,
            every_s=every_s,
            websocket_urls=self._websocket_urls,
        )

    def loops(self) -> tuple[Coroutine[None, None, None], ...]:
        """What runs for as long as the executors do: the feeds, and the news of bundles."""
        return *self._feeds.loops(), *(() if self._news is None else (self._news.follow_news(),))
