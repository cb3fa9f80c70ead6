"""Wires an executor that runs by itself: its parts on Solana, its journal, the bus, its metrics; and runs it."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import UUID, uuid4

from tradewind import core
from tradewind.bootstrap.solana_access import SolanaAccess
from tradewind.errors import TradewindError
from tradewind.execution.executor_bus import BusPlace, ExecutorBus
from tradewind.execution.executor_service import ExecutorService, ServiceLimits
from tradewind.execution.executor_settings import ExecutorSettings
from tradewind.execution.executors.base import BaseExecutor
from tradewind.execution.executors.execution import ExecutorConfig
from tradewind.execution.executors.ports import Gate, Wallets
from tradewind.execution.executors.selector import ExecutorSelector, SelectorRules
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.solana.lanes import JitoTips, LeadersLane
from tradewind.execution.wallet_leases import WalletLeases
from tradewind.observability import tracing
from tradewind.observability.clock import Clock, SystemClock
from tradewind.observability.executor_metrics import ExecutorMetrics
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.ending_tasks import end_tasks
from tradewind.streaming.journal import Journal

_WALLETS_EVERY_S = 10.0
_PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class ExecutorWorld:
    """What an executor works with; `closing` is called at its end, `following` runs for as long as it lives."""

    gate: Gate
    wallets: Wallets
    executors: tuple[BaseExecutor, ...]
    following: Callable[[], Coroutine[None, None, None]] | None = None
    closing: tuple[Callable[[], None], ...] = ()


async def run_executor(
    settings: ExecutorSettings,
    *,
    stop: asyncio.Event,
    on_ready: Callable[[dict[str, object]], None],
    world: ExecutorWorld | None = None,
    clock: Clock | None = None,
) -> str:
    """Run until `stop` is set, the bus asks for a stop, or everything is halted. The answer says which.

    Raises Misconfigured when wallets are in use elsewhere, or when the bus has other streams or another gate's work.
    """
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        leases = WalletLeases.take(settings.signer_socket.parent, settings.wallets, holder=settings.executor_name)
        stack.callback(leases.close)
        if settings.traces_file is not None:
            stack.callback(tracing.export_spans(settings.traces_file, service=settings.executor_name).shutdown)
        world = world or solana_world(settings, clock)
        for close in world.closing:
            stack.callback(close)
        return await _run(settings, world, clock=clock, stack=stack, stop=stop, on_ready=on_ready)


async def _run(
    settings: ExecutorSettings,
    world: ExecutorWorld,
    *,
    clock: Clock,
    stack: AsyncExitStack,
    stop: asyncio.Event,
    on_ready: Callable[[dict[str, object]], None],
) -> str:
    run_id: UUID = uuid4()
    journal = Journal.open(settings.data_dir / "journal.db")
    stack.callback(journal.close)
    stream = EmbeddedEventStream(journal, clock)
    stack.push_async_callback(stream.close)
    metrics = ExecutorMetrics(settings.executor_name)
    port = metrics.serve(settings.metrics_port) if settings.metrics_enabled else None
    stack.callback(metrics.close)
    service = ExecutorService(
        name=settings.executor_name,
        stream=stream,
        journal=journal,
        selector=ExecutorSelector(
            {one.method: one for one in world.executors}, SelectorRules(race_critical=settings.race_critical)
        ),
        gate=world.gate,
        wallets=world.wallets,
        metrics=metrics,
        clock=clock,
        run_id=run_id,
        limits=ServiceLimits(settings.max_open_plans, settings.stop_within_ms),
    )
    place = BusPlace(
        settings.executor_name, settings.executor_group, await world.gate.gate_id(), settings.data_dir / "relay.db"
    )
    bus = ExecutorBus(
        settings.nats(), place, service=service, stream=stream, journal=journal, clock=clock, run_id=run_id
    )
    stack.push_async_callback(bus.close)
    await service.start()
    on_ready({"executor": settings.executor_name, "wallets": list(settings.wallets), "metrics_port": port})
    return await _until_stopped(service, bus, world, stop)


async def _until_stopped(service: ExecutorService, bus: ExecutorBus, world: ExecutorWorld, stop: asyncio.Event) -> str:
    joined = asyncio.create_task(bus.run(), name="executor-bus")
    asked = asyncio.create_task(_wait(stop))
    ended = asyncio.create_task(_wait(service.stopped))
    following = [] if world.following is None else [asyncio.create_task(_follow(world))]
    try:
        await asyncio.wait({joined, asked, ended, *following}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            await service.stop("signal" if stop.is_set() else "failure")
        for failed in (joined, *following):
            if failed.done() and not failed.cancelled() and (error := failed.exception()) is not None:
                raise error
        return service.stopped_because
    finally:
        await end_tasks(joined, asked, ended, *following)


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def _follow(world: ExecutorWorld) -> None:
    if world.following is not None:
        await world.following()


def solana_world(settings: ExecutorSettings, clock: Clock) -> ExecutorWorld:
    """The real one: RPC endpoints, lanes, signer and wallets as they are configured."""
    try:
        return _Solana(settings, clock).world()
    except core.CoreError as error:
        raise TradewindError(error.code, f"The executor cannot be set up: {error}") from None


class _Solana:
    def __init__(self, settings: ExecutorSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._endpoints = (settings.rpc_endpoint, *settings.rpc_backups)
        urls = (settings.rpc_endpoint, *settings.rpc_backups)
        self._pool = core.RPCConnectionPool(list(urls), genesis_hash=settings.genesis_hash)
        self._access = SolanaAccess(
            self._pool,
            urls=urls,
            websocket_urls=settings.rpc_websockets,
            tip_stream_url=settings.jito_tip_stream_url,
            mints=settings.mints,
            clock=clock,
        )

    def world(self) -> ExecutorWorld:
        settings, access = self._settings, self._access
        config = ExecutorConfig(
            name=settings.executor_name,
            compute_unit_limit=settings.compute_unit_limit,
            compute_unit_price_micro_lamports=settings.compute_unit_price,
            confirmation_timeout_ms=settings.confirmation_timeout,
            confirmation_commitment=settings.confirmation_commitment,
            max_attempts=settings.max_retries,
            retry_delay_ms=settings.retry_delay_ms,
        )
        parts = access.parts(
            config,
            SignerClient(settings.signer_socket),
            core.ConfirmationWatch(self._pool, websocket_urls=list(settings.rpc_websockets)),
            options=core.VenueOptions(),
            lookup_tables=settings.lookup_tables,
        )
        executors = tuple(access.executors(config, parts, leaders=self._leaders(), jito=self._jito()))
        wallets = access.wallet_pool(core.WalletManager(settings.wallets), settings.wallets, every_s=_WALLETS_EVERY_S)

        async def following() -> None:
            await asyncio.gather(wallets.run(), *access.loops())

        return ExecutorWorld(parts.gate, wallets, executors, following, (access.close,))

    def _leaders(self) -> LeadersLane | None:
        settings = self._settings
        if not settings.tpu_enabled:
            return None
        return self._access.leaders(
            core.TpuLane(self._pool, fanout_slots=settings.tpu_fanout_slots, connect_timeout_ms=settings.tpu_timeout)
        )

    def _jito(self) -> JitoTips | None:
        settings = self._settings
        if not settings.jito_block_engine_url:
            return None
        policy = core.TipPolicy(
            floor_lamports=settings.jito_tip_base,
            cap_lamports=settings.jito_tip_cap,
            # A step is configured in lamports, and the policy takes it as a share of the base.
            retry_step_ppm=settings.jito_tip_step * _PPM // settings.jito_tip_base,
        )
        regions = settings.jito_block_engine_url
        lane = core.JitoLane(list(regions), uuid=settings.jito_uuid, tip_floor_url=settings.jito_tip_floor_url)
        return self._access.tips(lane, policy, regions=regions)
