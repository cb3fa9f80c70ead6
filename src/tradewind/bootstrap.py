"""The only place that wires: settings in, a running service out. Every start is a recovery."""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from importlib.metadata import version
from typing import Any
from uuid import uuid4

from tradewind.accounting.balance_watch import BalanceWatch
from tradewind.accounting.configured import decimals_of, names_of, wallets_of
from tradewind.accounting.ledger import Ledger
from tradewind.accounting.portfolio import Portfolio
from tradewind.accounting.reference_price import PricedChain, ReferencePrices
from tradewind.accounting.reports import Reports
from tradewind.accounting.snapshots import Snapshots
from tradewind.api.app import create_app
from tradewind.api.check import Check
from tradewind.api.server import ApiServer
from tradewind.api.token import hash_token, make_or_read_token
from tradewind.api.tokens import Tokens
from tradewind.api.tokens_file import TokensFile
from tradewind.domain.chain import ChainTiming
from tradewind.domain.events import Envelope, ServiceStarted, ServiceStopped, SystemEvent
from tradewind.errors import TradewindError
from tradewind.execution.finality_watch import FinalityWatch
from tradewind.execution.kill_switch import KillSwitch
from tradewind.execution.later_attempts import LaterAttempts
from tradewind.execution.orchestrator import ExecutionOrchestrator
from tradewind.execution.overdue import is_overdue
from tradewind.execution.quotes import QuoteService
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.step_landing import StepLanding
from tradewind.execution.step_runner import StepRunner
from tradewind.execution.step_signing import StepSigning
from tradewind.execution.step_stopping import StepStopping
from tradewind.execution.superseding import Superseding
from tradewind.execution.wallet_nonces import WalletNonces
from tradewind.intents.manager import IntentManager
from tradewind.intents.prioritizer import RulePrioritizer
from tradewind.intents.processor import IntentProcessor
from tradewind.intents.turns import WalletTurns
from tradewind.intents.validator import IntentValidator
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock, SystemClock
from tradewind.planning.endings import Endings
from tradewind.planning.planner import ExecutionPlanner
from tradewind.planning.quoting import Quoting
from tradewind.planning.slicer import Slicer
from tradewind.planning.window import IntentWindow
from tradewind.settings import ChainSettings, Settings
from tradewind.state.archive import Archive
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.intent_locks import IntentLocks
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.feed import EventFeed
from tradewind.streaming.journal import Journal
from tradewind.streaming.journal_reader import JournalReader
from tradewind.venues.adapter import VenueAdapter
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_gas import GasPolicy
from tradewind.venues.manager import VenueManager
from tradewind.venues.rpc import RpcClient
from tradewind.venues.rpc_identity import ChainIdentity
from tradewind.venues.uniswap_v3.adapter import UniswapV3Adapter
from tradewind.venues.uniswap_v3.deployment import UniswapV3Deployment
from tradewind.venues.wallet_balances import ChainBalances

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
                chain.min_landing_ms,
                chain.max_validity_s,
                chain.poll_interval_ms,
                chain.confirmations,
                recovery_half_life_ms=chain.recovery_half_life_ms,
            )
            for chain_id, chain in settings.chains.items()
        }
        self._signer = SignerClient(settings.signer_socket)
        self._locks = IntentLocks()
        self._stream: EmbeddedEventStream
        self._state: StateCoordinator
        self._chains: dict[int, EvmChain]
        self._switch: KillSwitch
        self._manager: IntentManager

    async def start(self, stack: AsyncExitStack) -> None:
        """Open the journal, recover from it, and connect everything."""
        owner_hash = hash_token(make_or_read_token(self._settings.token_file))
        self._api_tokens = Tokens(TokensFile(self._settings.tokens_file), owner_hash=owner_hash, clock=self._clock)
        # Connections are closed last: the handlers of the stream use them until they are gone.
        self._chains = {chain_id: self._chain(chain_id, stack) for chain_id in self._settings.chains}
        journal = Journal.open(self._settings.journal_file)
        stack.callback(journal.close)
        self._state = StateCoordinator(journal)
        self._ledger = Ledger(decimals_of(self._settings))
        self._snapshots = Snapshots(self._ledger)
        self._state.recover(self._ledger.apply, self._snapshots.apply)
        self._stream = EmbeddedEventStream(journal, self._clock)
        stack.push_async_callback(self._stream.close)
        self._feed = EventFeed(journal.head()[0])
        self._stream.tap(self._feed.on_recorded)
        reader = JournalReader(self._settings.journal_file)
        stack.callback(reader.close)
        # A report reads the whole journal, and must not keep other readers waiting.
        self._report_reader = JournalReader(self._settings.journal_file)
        stack.callback(self._report_reader.close)
        self._archive = Archive(reader, self._state, head=lambda: self._feed.head)
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
            records=self._archive,
            feed=self._feed,
            quotes=self._quotes,
            accounts=self._portfolio,
            reports=self._reports,
            policy=self._signer,
            switch=self._switch,
            readiness=self._readiness,
            tokens=self._api_tokens,
            requests=self._state,
            settings=self._settings,
            clock=self._clock,
        )

        async with ApiServer(app, host=self._settings.api.host, port=self._settings.api.port) as server:
            observe.service_started(url=server.url, open_intents=self._state.open_count())
            on_ready(server.url)
            try:
                await _first_of(
                    server.wait(),
                    stop.wait(),
                    *(self._keep_fresh(venue) for venue in self._adapters),
                    self._balance_watch.run(),
                    *(watch.run() for watch in self._watches),
                    *(chain.rpc.watch() for chain in self._chains.values()),
                )
            finally:
                # Streams of events never end by themselves, and a stop waits for what is being answered.
                self._feed.close()
        await self._stream.close()
        await self._record(ServiceStopped(open_intents=self._state.open_count()))
        observe.service_stopped(open_intents=self._state.open_count())

    def _chain(self, chain_id: int, stack: AsyncExitStack) -> EvmChain:
        chain = self._settings.chains[chain_id]
        rpc = RpcClient(
            chain.rpc_urls,
            chain_id=chain_id,
            timeout_s=chain.rpc_timeout_ms / 1000,
            clock=self._clock,
            identity=ChainIdentity(chain_id, genesis_hash=chain.genesis_hash, file=self._settings.chain_file(chain_id)),
            quorum_size=chain.quorum,
            max_lag_blocks=chain.max_lag_blocks,
            requests_per_s=chain.requests_per_s,
        )
        stack.push_async_callback(rpc.close)
        return EvmChain(rpc, chain_id=chain_id, multicall=chain.multicall)

    def _connect(self) -> None:
        """Make the rooms, have the taps follow the journal, and subscribe the handlers."""
        self._adapters = list(self._venues())
        self._prices = self._reference_prices()
        venues = VenueManager(self._adapters)
        quoting = Quoting(venues, self._chains, self._tokens)
        validator = IntentValidator(
            tokens=self._tokens,
            strategies={strategy.id: strategy for strategy in self._settings.strategies.values()},
            venues=venues,
            quoting=quoting,
            slicer=Slicer(quoting=quoting, timing=self._timing, clock=self._clock),
            chains=self._chains,
            timing=self._timing,
            clock=self._clock,
        )
        turns = WalletTurns()
        for view in self._state.open_intents():
            turns.restore(view)
        self._watches = self._finality_watches()
        for tap in (self._state.apply, self._ledger.apply, self._snapshots.apply, turns.on_recorded):
            self._stream.tap(tap)
        for watch in self._watches:
            self._stream.tap(watch.on_recorded)
        self._open_accounts()
        self._subscribe(validator, quoting, venues, turns)
        self._quotes = QuoteService(
            previews=validator,
            prioritizer=RulePrioritizer(),
            venues=venues,
            chains=self._chains,
            signer=self._signer,
        )
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
            window=(window := IntentWindow(self._state, self._clock)),
            clock=self._clock,
        )
        endings = Endings(self._stream, self._state, self._clock, self._locks)
        planner = ExecutionPlanner(
            stream=self._stream,
            state=self._state,
            quoting=quoting,
            turns=turns,
            gate=self._switch.state,
            window=window,
            endings=endings,
            timing=self._timing,
            prices=self._prices,
            clock=self._clock,
            executor=EXECUTOR,
        )
        runner = self._runner(venues)
        orchestrator = ExecutionOrchestrator(
            stream=self._stream,
            state=self._state,
            runner=runner,
            stopping=StepStopping(state=self._state, signer=self._signer, clock=self._clock),
            endings=endings,
            clock=self._clock,
            executor=EXECUTOR,
        )
        after_seq = self._state.recovery_position()
        # Every open intent may be waiting in a handler for its wallet's turn, so none may be kept out by the others.
        concurrency = self._settings.api.max_open_intents
        for pattern, handler, name in (
            ("intent.submitted.>", processor.on_submitted, "processor"),
            ("intent.processed.>", planner.on_processed, "planner"),
            ("execution.planned.>", orchestrator.on_plan_created, "orchestrator"),
            ("executed.reorganised.>", orchestrator.on_reorganised, "reorganised"),
        ):
            self._stream.subscribe(pattern, handler, name=name, after_seq=after_seq, concurrency=concurrency)

    def _reference_prices(self) -> ReferencePrices:
        """Prices from the venues of each chain, against the tokens that its configuration calls stable."""
        chains = {}
        for chain_id, chain in self._settings.chains.items():
            by_symbol = {token.symbol: token.address for token in self._tokens.on_chain(chain_id)}
            chains[chain_id] = PricedChain(
                venues=[venue for venue in self._adapters if venue.chain_id == chain_id],
                stables=frozenset(by_symbol[symbol] for symbol in chain.stable_symbols),
                wrapped_native=by_symbol[chain.wrapped_native],
                probe_usd=chain.reference_probe_usd,
            )
        return ReferencePrices(chains, self._tokens)

    def _open_accounts(self) -> None:
        """The rooms that say what there is, besides the ledger, which listens from the start."""
        strategies = list(self._settings.strategies.values())
        readers = {
            chain_id: ChainBalances(chain, [token.address for token in self._tokens.on_chain(chain_id)])
            for chain_id, chain in self._chains.items()
        }
        self._balance_watch = BalanceWatch(
            ledger=self._ledger,
            readers=readers,
            wallets=wallets_of(self._settings),
            stream=self._stream,
            clock=self._clock,
            run_id=self._run_id,
        )
        self._reports = Reports(
            log=self._report_reader,
            readers=readers,
            wallets=wallets_of(self._settings),
            names=names_of(self._settings),
            decimals=decimals_of(self._settings),
            starts=self._snapshots,
        )
        self._portfolio = Portfolio(
            state=self._state,
            ledger=self._ledger,
            prices=self._prices,
            readers=readers,
            names=names_of(self._settings),
            strategies=strategies,
            clock=self._clock,
        )

    def _runner(self, venues: VenueManager) -> StepRunner:
        gas_policies = {chain_id: _gas_policy(chain) for chain_id, chain in self._settings.chains.items()}
        later = LaterAttempts(signer=self._signer, chains=self._chains, gas_policies=gas_policies)
        nonces = WalletNonces(signer=self._signer, chains=self._chains, state=self._state, later=later)
        signing = StepSigning(
            venues=venues,
            signer=self._signer,
            clock=self._clock,
            chains=self._chains,
            timing=self._timing,
            state=self._state,
            switch=self._switch,
            later=later,
            nonces=nonces,
        )
        landing = StepLanding(
            stream=self._stream,
            venues=venues,
            clock=self._clock,
            chains=self._chains,
            timing=self._timing,
            state=self._state,
            switch=self._switch,
            later=later,
            nonces=nonces,
            locks=self._locks,
            rules={
                chain_id: Superseding(has_mempool=chain.has_mempool)
                for chain_id, chain in self._settings.chains.items()
            },
        )
        return StepRunner(signing=signing, landing=landing)

    def _finality_watches(self) -> list[FinalityWatch]:
        """One for each chain; whatever is confirmed and not final yet is watched again."""
        watches = [
            FinalityWatch(
                chain=chain,
                stream=self._stream,
                state=self._state,
                locks=self._locks,
                signer=self._signer,
                clock=self._clock,
                poll_interval_ms=self._settings.chains[chain_id].poll_interval_ms,
            )
            for chain_id, chain in self._chains.items()
        ]
        for watch in watches:
            watch.recover()
        return watches

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
                    gas_policy=_gas_policy(chain),
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
        now_ns = self._clock.now_ns()
        late = [str(view.intent.id) for view in self._state.open_intents() if is_overdue(view, now_ns)]
        detail = f"open long after their window: {', '.join(late[:5])}" if late else "no intent is overdue"
        return Check(name="overdue", ok=not late, detail=detail)

    async def _signer_check(self) -> Check:
        try:
            state = await self._signer.hello()
        except TradewindError as error:
            return Check(name="signer", ok=False, detail=str(error))
        if state.halted:
            return Check(name="signer", ok=False, detail=f"halted: {state.halt_reason}")
        if scoped := [f"{halt.wallet or halt.strategy_id} ({halt.reason})" for halt in state.halts]:
            return Check(name="signer", ok=False, detail=f"halted: {'; '.join(scoped)}")
        held = {wallet.address for wallet in state.wallets}
        missing = [s.name for s in self._settings.strategies.values() if s.wallet not in held]
        if missing:
            return Check(name="signer", ok=False, detail=f"holds no key for the wallet of: {', '.join(missing)}")
        return Check(name="signer", ok=True, detail=f"version {state.version}, {len(held)} wallet(s)")

    async def _record(self, body: SystemEvent) -> None:
        at_ns = self._clock.now_ns()
        await self._stream.publish(Envelope.about_system(body, event_id=uuid4(), run_id=self._run_id, at_ns=at_ns))


def _gas_policy(chain: ChainSettings) -> GasPolicy:
    return GasPolicy(
        base_fee_multiplier_percent=chain.gas.base_fee_multiplier_percent,
        padding_percent=chain.gas.gas_padding_percent,
        limit_max=chain.gas.gas_limit_max,
    )


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
