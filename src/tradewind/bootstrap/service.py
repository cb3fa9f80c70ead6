"""The only place that wires: settings in, a running service out. Every start is a recovery."""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from importlib.metadata import version
from typing import Any
from uuid import uuid4

from tradewind.accounting.balance_watch import BalanceReader, BalanceWatch
from tradewind.accounting.configured import decimals_of, names_of, wallets_of
from tradewind.accounting.ledger import Ledger
from tradewind.accounting.portfolio import Portfolio
from tradewind.accounting.reports import Reports
from tradewind.accounting.snapshots import Snapshots
from tradewind.api.app import create_app
from tradewind.api.server import ApiServer
from tradewind.api.token import hash_token, make_or_read_token
from tradewind.api.tokens import Tokens
from tradewind.api.tokens_file import TokensFile
from tradewind.bootstrap.chains import chain_of, reference_prices, timing_of, venues_of
from tradewind.bootstrap.readiness import Readiness
from tradewind.bootstrap.solana import SolanaSide
from tradewind.bootstrap.steps import finality_watches, step_runner
from tradewind.domain.chain import SOLANA_MAINNET
from tradewind.domain.event import SystemEvent
from tradewind.domain.events import Envelope, ServiceStarted, ServiceStopped
from tradewind.errors import TradewindError
from tradewind.execution.evm_step_quotes import EvmStepQuotes
from tradewind.execution.kill_switch import KillSwitch
from tradewind.execution.orchestrator import ExecutionOrchestrator
from tradewind.execution.quotes import QuoteService, StepQuotes
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.step_runner import StepRunner
from tradewind.execution.step_stopping import StepStopping
from tradewind.intents.manager import IntentManager
from tradewind.intents.prioritizer import RulePrioritizer
from tradewind.intents.processor import IntentProcessor
from tradewind.intents.turns import WalletTurns
from tradewind.intents.validator import IntentValidator
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock, SystemClock
from tradewind.planning.endings import Endings
from tradewind.planning.evm_terms import EvmTerms
from tradewind.planning.halt_watch import HaltWatch
from tradewind.planning.planner import ExecutionPlanner
from tradewind.planning.quoting import Quoting
from tradewind.planning.slicer import Slicer
from tradewind.planning.terms import ChainTerms
from tradewind.planning.window import IntentWindow
from tradewind.settings import Settings
from tradewind.state.archive import Archive
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.intent_locks import IntentLocks
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.feed import EventFeed
from tradewind.streaming.journal import Journal
from tradewind.streaming.journal_reader import JournalReader
from tradewind.venues.adapter import VenueAdapter
from tradewind.venues.evm_adapter import EvmVenueAdapter
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.manager import VenueManager
from tradewind.venues.wallet_balances import ChainBalances

# Of the 64 that the signer serves, for all who ask.
KEPT_SIGNER_CONNECTIONS = 4
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
        self._timing = timing_of(settings)
        self._signer = SignerClient(settings.signer_socket, kept_connections=KEPT_SIGNER_CONNECTIONS)
        self._locks = IntentLocks()
        self._stream: EmbeddedEventStream
        self._state: StateCoordinator
        self._chains: dict[int, EvmChain]
        self._switch: KillSwitch
        self._manager: IntentManager
        self._solana: SolanaSide | None = None

    async def start(self, stack: AsyncExitStack) -> None:
        """Open the journal, recover from it, and connect everything."""
        owner_hash = hash_token(make_or_read_token(self._settings.token_file))
        self._api_tokens = Tokens(TokensFile(self._settings.tokens_file), owner_hash=owner_hash, clock=self._clock)
        # Connections are closed last: the handlers of the stream use them until they are gone.
        stack.callback(self._signer.disconnect)
        self._chains = {number: chain_of(self._settings, number, self._clock) for number in self._settings.chains}
        for chain in self._chains.values():
            stack.push_async_callback(chain.rpc.close)
        if (solana := self._settings.solana) is not None:
            self._solana = SolanaSide(self._settings, solana, self._tokens, self._clock)
            stack.callback(self._solana.close)
        journal = Journal.open(self._settings.journal_file)
        stack.callback(journal.close)
        self._state = StateCoordinator(journal)
        self._ledger = Ledger(decimals_of(self._settings))
        self._snapshots = Snapshots(self._ledger)
        answers = [] if self._solana is None else [self._solana.answers.on_recorded]
        self._state.recover(self._ledger.apply, self._snapshots.apply, *answers)
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
        if self._solana is not None:
            self._solana.connect(
                stream=self._stream,
                journal=journal,
                state=self._state,
                signer=self._signer,
                locks=self._locks,
                run_id=self._run_id,
            )
        self._connect()
        if self._solana is not None:
            await self._solana.executor.start()
        await self._record(
            ServiceStarted(
                software=f"{SERVICE} {version(SERVICE)}",
                open_intents=self._state.open_count(),
                config_digest=self._settings.digest(),
            )
        )

    async def serve(self, on_ready: Callable[[str], None], stop: asyncio.Event) -> None:
        """Answer HTTP until `stop`; then say that the service stopped in good order."""
        readiness = Readiness(
            settings=self._settings,
            signer=self._signer,
            chains=[*self._chains.values(), *([self._solana.cluster] if self._solana else [])],
            state=self._state,
            clock=self._clock,
        )
        app = create_app(
            manager=self._manager,
            records=self._archive,
            feed=self._feed,
            quotes=self._quotes,
            accounts=self._portfolio,
            reports=self._reports,
            policy=self._signer,
            switch=self._switch,
            readiness=readiness.check,
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
                    *(() if self._solana is None else self._solana.loops()),
                )
            finally:
                # Streams of events never end by themselves, and a stop waits for what is being answered.
                self._feed.close()
        await self._stream.close()
        await self._record(ServiceStopped(open_intents=self._state.open_count()))
        observe.service_stopped(open_intents=self._state.open_count())

    def _connect(self) -> None:
        """Make the rooms, have the taps follow the journal, and subscribe the handlers."""
        of_evm = list(venues_of(self._settings, self._chains, self._tokens))
        self._adapters: list[VenueAdapter] = [*of_evm, *([self._solana.adapter] if self._solana else [])]
        self._prices = reference_prices(self._settings, self._adapters, self._tokens)
        evm_venues, venues = VenueManager(of_evm), VenueManager(self._adapters)
        terms: dict[int, ChainTerms] = {
            chain_id: EvmTerms(chain, self._tokens) for chain_id, chain in self._chains.items()
        }
        if self._solana is not None:
            terms[SOLANA_MAINNET] = self._solana.terms
        quoting = Quoting(venues, terms, timing=self._timing, clock=self._clock)
        validator = IntentValidator(
            tokens=self._tokens,
            strategies={strategy.id: strategy for strategy in self._settings.strategies.values()},
            venues=venues,
            quoting=quoting,
            slicer=Slicer(quoting=quoting, timing=self._timing, clock=self._clock),
            timing=self._timing,
            clock=self._clock,
        )
        turns = WalletTurns()
        for view in self._state.open_intents():
            turns.restore(view)
        self._watches = finality_watches(
            self._settings,
            stream=self._stream,
            state=self._state,
            signer=self._signer,
            chains=self._chains,
            locks=self._locks,
            clock=self._clock,
        )
        for tap in (self._state.apply, self._ledger.apply, self._snapshots.apply, turns.on_recorded):
            self._stream.tap(tap)
        for watch in self._watches:
            self._stream.tap(watch.on_recorded)
        if self._solana is not None:
            self._stream.tap(self._solana.answers.on_recorded)
            self._stream.tap(self._solana.finality.on_recorded)
        self._open_accounts()
        self._subscribe(validator, quoting, evm_venues, turns)
        step_quotes: dict[int, StepQuotes] = {
            chain_id: EvmStepQuotes(venues=evm_venues, chain=chain, signer=self._signer)
            for chain_id, chain in self._chains.items()
        }
        if self._solana is not None:
            step_quotes[SOLANA_MAINNET] = self._solana.step_quotes
        self._quotes = QuoteService(
            previews=validator,
            prioritizer=RulePrioritizer(),
            steps=step_quotes,
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
        self, validator: IntentValidator, quoting: Quoting, venues: VenueManager[EvmVenueAdapter], turns: WalletTurns
    ) -> None:
        processor = IntentProcessor(
            stream=self._stream,
            state=self._state,
            validator=validator,
            turns=turns,
            gate=self._switch.recent_state,
            halts=HaltWatch(self._switch.recent_state, self._clock),
            window=(window := IntentWindow(self._state, self._clock)),
            clock=self._clock,
        )
        endings = Endings(self._stream, self._state, self._clock, self._locks)
        planner = ExecutionPlanner(
            stream=self._stream,
            state=self._state,
            quoting=quoting,
            turns=turns,
            gate=self._switch.recent_state,
            window=window,
            endings=endings,
            timing=self._timing,
            prices=self._prices,
            clock=self._clock,
            executor=EXECUTOR,
        )
        runner = step_runner(
            self._settings,
            venues,
            stream=self._stream,
            state=self._state,
            signer=self._signer,
            chains=self._chains,
            switch=self._switch,
            locks=self._locks,
            clock=self._clock,
        )
        runners: dict[int, StepRunner] = dict.fromkeys(self._chains, runner)
        if self._solana is not None:
            runners[SOLANA_MAINNET] = self._solana.runner
        orchestrator = ExecutionOrchestrator(
            stream=self._stream,
            state=self._state,
            runners=runners,
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

    def _open_accounts(self) -> None:
        """The rooms that say what there is, besides the ledger, which listens from the start."""
        strategies = list(self._settings.strategies.values())
        readers: dict[int, BalanceReader] = {
            chain_id: ChainBalances(chain, [token.address for token in self._tokens.on_chain(chain_id)])
            for chain_id, chain in self._chains.items()
        }
        if self._solana is not None:
            readers[SOLANA_MAINNET] = self._solana.balances
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

    async def _keep_fresh(self, venue: VenueAdapter) -> None:
        while True:
            # An endpoint that fails has been reported by the client; whoever needs the venue will ask it again.
            with contextlib.suppress(TradewindError):
                await venue.sync()
            await self._clock.sleep(REFRESH_S)

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
