"""The only place that wires: settings in, a running service out. Every start is a recovery."""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from importlib.metadata import version
from typing import Any
from uuid import uuid4

from tradewind.api.app import create_app
from tradewind.api.ports import Check
from tradewind.api.server import ApiServer
from tradewind.api.token import hash_token, make_or_read_token
from tradewind.domain.chain import ChainTiming
from tradewind.domain.events import Envelope, ServiceStarted, ServiceStopped, SystemEvent
from tradewind.errors import TradewindError
from tradewind.execution.kill_switch import KillSwitch
from tradewind.execution.orchestrator import ExecutionOrchestrator
from tradewind.execution.overdue import GRACE_S, NS_PER_S
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.step_landing import StepLanding
from tradewind.execution.step_runner import StepRunner
from tradewind.execution.step_signing import StepSigning
from tradewind.intents.manager import IntentManager
from tradewind.intents.prioritizer import RulePrioritizer
from tradewind.intents.processor import IntentProcessor
from tradewind.intents.turns import WalletTurns
from tradewind.intents.validator import IntentValidator
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock, SystemClock
from tradewind.planning.planner import ExecutionPlanner
from tradewind.planning.quoting import Quoting
from tradewind.settings import Settings
from tradewind.state.coordinator import StateCoordinator
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal
from tradewind.venues.adapter import VenueAdapter
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_gas import GasPolicy
from tradewind.venues.manager import VenueManager
from tradewind.venues.rpc import RpcClient
from tradewind.venues.uniswap_v3.adapter import UniswapV3Adapter
from tradewind.venues.uniswap_v3.deployment import UniswapV3Deployment

# Which executor carries out the plans of this service.
EXECUTOR = "service"

SERVICE = "tradewind"
# Venues are read at the start and then at least this often, so that an intent never waits for a whole reading.
REFRESH_S = 30


async def serve(
    settings: Settings,
    *,
    on_ready: Callable[[str], None] | None = None,
    stop: asyncio.Event | None = None,
    clock: Clock | None = None,
) -> None:
    """Run the whole service until `stop` is set; `on_ready` gets the URL of the API once it answers.

    Raises Misconfigured or Damaged when it must not start. An endpoint or a signer that does not answer is no reason
    not to: intents are accepted, and wait.
    """
    async with AsyncExitStack() as stack:
        service = Service(settings, clock or SystemClock())
        await service.start(stack)
        _spare_the_collector()
        await service.serve(on_ready or (lambda _: None), stop or asyncio.Event())


class Service:
    """The rooms, wired. Closing the stack that `start` was given undoes it in reverse order."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._run_id = uuid4()
        self._tokens = settings.token_list()
        self._timing = {
            chain_id: ChainTiming(
                chain.min_landing_ms, chain.max_validity_s, chain.poll_interval_ms, chain.confirmations
            )
            for chain_id, chain in settings.chains.items()
        }
        self._signer = SignerClient(settings.signer_socket)
        self._stream: EmbeddedEventStream
        self._state: StateCoordinator
        self._chains: dict[int, EvmChain]
        self._switch: KillSwitch
        self._manager: IntentManager

    async def start(self, stack: AsyncExitStack) -> None:
        """Open the journal, recover from it, and connect everything."""
        self._token_hash = hash_token(make_or_read_token(self._settings.token_file))
        # Connections are closed last: the handlers of the stream use them until they are gone.
        self._chains = {chain_id: self._chain(chain_id, stack) for chain_id in self._settings.chains}
        journal = Journal.open(self._settings.journal_file)
        stack.callback(journal.close)
        self._state = StateCoordinator(journal)
        self._state.recover()
        self._stream = EmbeddedEventStream(journal, self._clock)
        stack.push_async_callback(self._stream.close)
        self._switch = KillSwitch(self._signer, self._stream, self._clock, self._run_id)
        self._connect()
        await self._record(
            ServiceStarted(
                software=f"{SERVICE} {version(SERVICE)}",
                open_intents=self._state.open_count(),
                config_digest=self._settings.digest(),
            )
        )

    async def serve(self, on_ready: Callable[[str], None], stop: asyncio.Event) -> None:
        """Answer HTTP until `stop`; then say that the service stopped in good order."""
        app = create_app(
            manager=self._manager,
            state=self._state,
            switch=self._switch,
            readiness=self._readiness,
            token_hash=self._token_hash,
            settings=self._settings,
            clock=self._clock,
        )

        async with ApiServer(app, host=self._settings.api.host, port=self._settings.api.port) as server:
            observe.service_started(url=server.url, open_intents=self._state.open_count())
            on_ready(server.url)
            await _first_of(server.wait(), stop.wait(), *(self._keep_fresh(venue) for venue in self._adapters))
        await self._stream.close()
        await self._record(ServiceStopped(open_intents=self._state.open_count()))
        observe.service_stopped(open_intents=self._state.open_count())

    def _chain(self, chain_id: int, stack: AsyncExitStack) -> EvmChain:
        chain = self._settings.chains[chain_id]
        rpc = RpcClient(chain.rpc_urls, chain_id=chain_id, timeout_s=chain.rpc_timeout_ms / 1000, clock=self._clock)
        stack.push_async_callback(rpc.close)
        return EvmChain(rpc, chain_id=chain_id, multicall=chain.multicall)

    def _connect(self) -> None:
        """Make the rooms, have the taps follow the journal, and subscribe the handlers."""
        self._adapters = list(self._venues())
        venues = VenueManager(self._adapters)
        quoting = Quoting(venues, self._chains, self._tokens)
        validator = IntentValidator(
            tokens=self._tokens,
            strategies={strategy.id: strategy for strategy in self._settings.strategies.values()},
            venues=venues,
            quoting=quoting,
            chains=self._chains,
            timing=self._timing,
            clock=self._clock,
        )
        turns = WalletTurns()
        for view in self._state.open_intents():
            if view.slices:
                turns.restore((view.intent.chain_id, view.wallet), view.intent.id)
        for tap in (self._state.apply, turns.on_recorded):
            self._stream.tap(tap)
        self._subscribe(validator, quoting, venues, turns)
        self._manager = IntentManager(
            stream=self._stream,
            state=self._state,
            validator=validator,
            prioritizer=RulePrioritizer(),
            clock=self._clock,
            max_open_intents=self._settings.api.max_open_intents,
        )

    def _subscribe(
        self, validator: IntentValidator, quoting: Quoting, venues: VenueManager, turns: WalletTurns
    ) -> None:
        processor = IntentProcessor(
            stream=self._stream,
            state=self._state,
            validator=validator,
            turns=turns,
            gate=self._switch.state,
            clock=self._clock,
        )
        planner = ExecutionPlanner(
            stream=self._stream,
            state=self._state,
            quoting=quoting,
            timing=self._timing,
            clock=self._clock,
            executor=EXECUTOR,
        )
        runner = self._runner(venues)
        orchestrator = ExecutionOrchestrator(
            stream=self._stream, state=self._state, runner=runner, clock=self._clock, executor=EXECUTOR
        )
        after_seq = self._state.recovery_position()
        # Every open intent may be waiting in a handler for its wallet's turn, so none may be kept out by the others.
        concurrency = self._settings.api.max_open_intents
        for pattern, handler, name in (
            ("intent.submitted.>", processor.on_submitted, "processor"),
            ("intent.processed.>", planner.on_processed, "planner"),
            ("execution.planned.>", orchestrator.on_plan_created, "orchestrator"),
        ):
            self._stream.subscribe(pattern, handler, name=name, after_seq=after_seq, concurrency=concurrency)

    def _runner(self, venues: VenueManager) -> StepRunner:
        signing = StepSigning(
            venues=venues, signer=self._signer, clock=self._clock, chains=self._chains, timing=self._timing
        )
        landing = StepLanding(
            stream=self._stream, venues=venues, clock=self._clock, chains=self._chains, timing=self._timing
        )
        return StepRunner(signing=signing, landing=landing, signer=self._signer, clock=self._clock)

    def _venues(self) -> Iterator[VenueAdapter]:
        for chain_id, chain in self._settings.chains.items():
            if (uniswap := chain.venues.uniswap_v3) is not None:
                wrapped = self._tokens.named(chain_id, chain.wrapped_native)
                yield UniswapV3Adapter(
                    self._chains[chain_id],
                    UniswapV3Deployment(
                        factory=uniswap.factory,
                        router=uniswap.router,
                        fees_pips=uniswap.fees_pips,
                        max_hops=uniswap.max_hops,
                    ),
                    tokens=self._tokens.on_chain(chain_id),
                    wrapped_native=wrapped.address if wrapped else "",
                    gas_policy=GasPolicy(
                        base_fee_multiplier_percent=chain.gas.base_fee_multiplier_percent,
                        padding_percent=chain.gas.gas_padding_percent,
                        limit_max=chain.gas.gas_limit_max,
                    ),
                )

    async def _keep_fresh(self, venue: VenueAdapter) -> None:
        while True:
            # An endpoint that fails has been reported by the client; whoever needs the venue will ask it again.
            with contextlib.suppress(TradewindError):
                await venue.sync()
            await self._clock.sleep(REFRESH_S)

    async def _readiness(self) -> list[Check]:
        """What must work before intents can be carried out."""
        chains = [await _chain_check(chain) for chain in self._chains.values()]
        return [await self._signer_check(), *chains, self._overdue_check()]

    def _overdue_check(self) -> Check:
        """An intent that is open long after its window waits for something that only an operator can mend."""
        latest_ns = self._clock.now_ns() - GRACE_S * NS_PER_S
        late = [str(view.intent.id) for view in self._state.open_intents() if view.valid_until_ns < latest_ns]
        detail = f"open long after their window: {', '.join(late[:5])}" if late else "no intent is overdue"
        return Check(name="overdue", ok=not late, detail=detail)

    async def _signer_check(self) -> Check:
        try:
            state = await self._signer.hello()
        except TradewindError as error:
            return Check(name="signer", ok=False, detail=str(error))
        if state.halted:
            return Check(name="signer", ok=False, detail=f"halted: {state.halt_reason}")
        held = {wallet.address for wallet in state.wallets}
        missing = [s.name for s in self._settings.strategies.values() if s.wallet not in held]
        if missing:
            return Check(name="signer", ok=False, detail=f"holds no key for the wallet of: {', '.join(missing)}")
        return Check(name="signer", ok=True, detail=f"version {state.version}, {len(held)} wallet(s)")

    async def _record(self, body: SystemEvent) -> None:
        at_ns = self._clock.now_ns()
        await self._stream.publish(Envelope.about_system(body, event_id=uuid4(), run_id=self._run_id, at_ns=at_ns))


def _spare_the_collector() -> None:
    """Open intents live long and in great numbers, and hold no cycles: walking them again and again is wasted time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


async def _first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when one of them does; raise what it raises."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()


async def _chain_check(chain: EvmChain) -> Check:
    name = f"chain {chain.chain_id}"
    try:
        head = await chain.head()
    except TradewindError as error:
        return Check(name=name, ok=False, detail=str(error))
    return Check(name=name, ok=True, detail=f"block {head.number}")
