"""Wires Solana: its cluster and pools first, then what carries steps to their end there."""

from collections.abc import Coroutine
from typing import NoReturn
from uuid import UUID

from tradewind import core
from tradewind.bootstrap.solana_access import FEES_LAMPORTS, SolanaAccess
from tradewind.domain.chain import SOLANA_MAINNET
from tradewind.domain.execution_plan_event import ExecutionMethod
from tradewind.domain.token_list import TokenList
from tradewind.execution.executor_answers import ExecutorAnswers
from tradewind.execution.executor_service import ExecutorService, ServiceLimits
from tradewind.execution.executors.execution import ExecutorConfig
from tradewind.execution.executors.selector import ExecutorSelector
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.solana.confirmations import SolanaConfirmations
from tradewind.execution.solana.lanes import JitoTips, LeadersLane, SolanaLane
from tradewind.execution.solana.receipt_reclaim import ReceiptReclaim, ReclaimLimits
from tradewind.execution.solana.top_ups import TopUpLimits, WalletTopUps
from tradewind.execution.solana.upkeep import Upkeep
from tradewind.execution.solana.wallets import SolanaWalletPool
from tradewind.execution.solana_finality import SolanaFinality
from tradewind.execution.solana_orders import SolanaOrders
from tradewind.execution.solana_step_quotes import SolanaStepQuotes
from tradewind.execution.solana_step_runner import SolanaStepRunner
from tradewind.observability.clock import Clock
from tradewind.observability.executor_metrics import ExecutorMetrics
from tradewind.planning.solana_terms import SolanaTerms
from tradewind.settings import JitoSettings, Settings, SolanaSettings
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.intent_locks import IntentLocks
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.journal import Journal
from tradewind.venues.solana.adapter import SolanaAdapter
from tradewind.venues.solana.fees import RECEIPT_RENT_LAMPORTS, SIGNATURE_FEE_LAMPORTS, FeePolicy
from tradewind.venues.solana.pool_book import PoolBook
from tradewind.venues.solana.unit_prices import UnitPrices
from tradewind.venues.solana.wallets import SolanaBalances

_EXECUTOR = "service"
_METHODS = {
    "auto": ExecutionMethod.AUTO,
    "rpc": ExecutionMethod.RPC,
    "tpu": ExecutionMethod.TPU_DIRECT,
    "jito": ExecutionMethod.JITO_BUNDLE,
}
_WALLETS_EVERY_S = 30.0


class SolanaSide:
    """Everything of Solana that lives as long as the service. `connect` once the journal is there."""

    def __init__(self, settings: Settings, solana: SolanaSettings, tokens: TokenList, clock: Clock) -> None:
        self._settings = settings
        self._solana = solana
        self._clock = clock
        self._pool = core.RPCConnectionPool(
            list(solana.rpc_urls),
            genesis_hash=solana.genesis_hash,
            quorum=solana.quorum,
            request_timeout_ms=solana.rpc_timeout_ms,
            requests_per_second=solana.requests_per_s,
            burst=solana.requests_per_s,
        )
        listed = tokens.on_chain(SOLANA_MAINNET)
        wrapped = tokens.named(SOLANA_MAINNET, solana.wrapped_native)
        native = wrapped.address if wrapped else ""
        mints = [token.address for token in listed]
        self._access = SolanaAccess(
            self._pool,
            urls=solana.rpc_urls,
            websocket_urls=solana.websocket_urls,
            tip_stream_url=solana.jito.tip_stream_url if solana.jito else None,
            mints=mints,
            clock=clock,
        )
        self.cluster = self._access.cluster
        self._book = PoolBook(self.cluster, solana.pools, mints)
        fees = FeePolicy(
            micro_lamports_per_unit=solana.compute_unit_price_micro_lamports,
            # Only a bundle pays a tip; what is left of the most is not taken.
            tip_lamports=solana.jito.tip_max_lamports if solana.lane == "jito" and solana.jito else 0,
        )
        self.adapter = SolanaAdapter(
            self.cluster,
            self._book,
            tokens=listed,
            wrapped_native=native,
            fees=fees,
            max_hops=solana.max_hops,
            max_paths=solana.max_paths,
        )
        prices = UnitPrices(
            self._pool,
            least_micro_lamports=solana.compute_unit_price_micro_lamports,
            most_micro_lamports=solana.max_compute_unit_price_micro_lamports,
        )
        self.terms = SolanaTerms(self._access.reader, wrapped_native=native, fees=fees, prices=prices)
        self.balances = SolanaBalances(self._access.reader, self.cluster)
        self.answers = ExecutorAnswers()
        self._orders = SolanaOrders(self._book, lookup_tables=solana.lookup_tables, method=_METHODS[solana.lane])
        self._leaders: LeadersLane | None = None

    def close(self) -> None:
        """Let go of every connection."""
        self._access.close()

    def connect(
        self,
        *,
        stream: EventStream,
        journal: Journal,
        state: StateCoordinator,
        signer: SignerClient,
        locks: IntentLocks,
        run_id: UUID,
    ) -> None:
        """Make what signs and sends; `executor.start()` is left to the caller."""
        solana = self._solana
        config = ExecutorConfig(
            name=_EXECUTOR, max_attempts=solana.max_attempts, max_transaction_bytes=solana.max_transaction_bytes
        )
        watch = core.ConfirmationWatch(self._pool, websocket_urls=list(solana.websocket_urls), quorum=solana.quorum)
        parts = self._access.parts(
            config,
            signer,
            watch,
            options=core.VenueOptions(
                raydium_amm_v4=solana.raydium_amm_v4_form,
                pumpswap=solana.pumpswap_form,
                pump_curve=solana.pump_curve_form,
            ),
            lookup_tables=solana.lookup_tables,
        )
        self._leaders = self._access.leaders(core.TpuLane(self._pool)) if solana.tpu else None
        jito = None if solana.jito is None else self._jito(solana.jito)
        executors = self._access.executors(config, parts, leaders=self._leaders, jito=jito)
        self._wallets = self._wallet_pool()
        self.executor = ExecutorService(
            name=_EXECUTOR,
            stream=stream,
            journal=journal,
            selector=ExecutorSelector({one.method: one for one in executors}),
            gate=parts.gate,
            wallets=self._wallets,
            metrics=ExecutorMetrics(_EXECUTOR),
            clock=self._clock,
            run_id=run_id,
            limits=ServiceLimits(stop_on_halt=False),
        )
        self.runner = SolanaStepRunner(stream=stream, answers=self.answers, orders=self._orders, clock=self._clock)
        self.step_quotes = SolanaStepQuotes(
            orders=self._orders, builder=parts.builder, blockhashes=parts.blockhashes, signer=signer
        )
        self.finality = SolanaFinality(
            cluster=self.cluster,
            stream=stream,
            state=state,
            locks=locks,
            signer=signer,
            clock=self._clock,
            poll_interval_ms=solana.poll_interval_ms,
        )
        self.finality.recover()
        upkeep = Upkeep(
            cluster=self.cluster,
            signer=signer,
            confirmations=SolanaConfirmations(watch, self.cluster, commitment="finalized"),
            lanes=self._tipless_lanes(),
            clock=self._clock,
        )
        self._reclaim = ReceiptReclaim(
            upkeep,
            blockhashes=self._access.blockhashes,
            stream=stream,
            run_id=run_id,
            limits=ReclaimLimits(
                at_least=solana.reclaim_at_least,
                every_s=solana.reclaim_every_s,
                micro_lamports_per_unit=solana.compute_unit_price_micro_lamports,
                size_limit_bytes=solana.max_transaction_bytes,
            ),
        )
        self._top_ups = WalletTopUps(
            upkeep,
            low=self._wallets.low,
            blockhashes=self._access.blockhashes,
            stream=stream,
            run_id=run_id,
            limits=TopUpLimits(
                to_lamports=solana.top_up_to_lamports,
                every_s=solana.top_up_every_s,
                micro_lamports_per_unit=solana.compute_unit_price_micro_lamports,
            ),
        )

    def loops(self) -> tuple[Coroutine[None, None, None], ...]:
        """What runs for as long as the service: following the wallets, keeping them in order, and steps until they are
        final."""
        return (
            self._wallets.run(),
            self.finality.run(),
            *self._access.loops(),
            *(() if self._leaders is None else (self._warm_up(),)),
            self._top_ups.run(),
            self._reclaim.run(self.wallets),
        )

    def _tipless_lanes(self) -> tuple[SolanaLane, ...]:
        """The lanes that take a transaction which tips nobody."""
        rpc = SolanaLane(core.RpcLane(self._pool), self._clock)
        return (rpc,) if self._leaders is None else (rpc, self._leaders)

    async def _warm_up(self) -> NoReturn:
        """No trade waits for a handshake."""
        while True:
            if self._leaders is not None:
                await self._leaders.warm_up()
            await self._clock.sleep(_WALLETS_EVERY_S)

    def _jito(self, jito: JitoSettings) -> JitoTips:
        lane = core.JitoLane(
            list(jito.regions),
            requests_per_second=jito.requests_per_s,
            burst=jito.requests_per_s,
            tip_floor_url=jito.tip_floor_url,
        )
        policy = core.TipPolicy(floor_lamports=jito.tip_min_lamports, cap_lamports=jito.tip_max_lamports)
        return self._access.tips(lane, policy, regions=jito.regions)

    def _wallet_pool(self) -> SolanaWalletPool:
        low = FEES_LAMPORTS + RECEIPT_RENT_LAMPORTS + SIGNATURE_FEE_LAMPORTS
        manager = core.WalletManager(self.wallets, low_balance_lamports=low)
        return self._access.wallet_pool(manager, self.wallets, every_s=_WALLETS_EVERY_S)

    @property
    def wallets(self) -> list[str]:
        """The wallets of the strategies that trade here, each once."""
        strategies = self._settings.strategies.values()
        return list(dict.fromkeys(one.wallet for one in strategies if not one.wallet.startswith("0x")))
