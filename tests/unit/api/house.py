"""A whole API on a real socket, over a real journal, for tests: everything behind it is real but chain and signer."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import aiohttp
from fastapi import FastAPI

from tests import builders
from tests.fake_clock import FakeClock
from tests.unit.api.doubles import AccountsInMemory, PolicyInMemory, QuotesInMemory
from tradewind.accounting.configured import decimals_of, names_of
from tradewind.accounting.reports import Reports
from tradewind.api.app import create_app
from tradewind.api.check import Check
from tradewind.api.limits import Limits
from tradewind.api.ports import Desk
from tradewind.api.scopes import Scope
from tradewind.api.server import ApiServer
from tradewind.api.token import hash_token, make_or_read_token, token_text
from tradewind.api.tokens import Tokens
from tradewind.api.tokens_file import TokensFile
from tradewind.domain.chain import ChainTiming
from tradewind.domain.events import IntentEvent, RequestAccepted
from tradewind.domain.intent import Intent
from tradewind.domain.receipt import CancelOutcome, IntentReceipt
from tradewind.errors import Refused
from tradewind.execution.signer_answers import HaltInForce
from tradewind.intents.manager import IntentManager
from tradewind.intents.prioritizer import RulePrioritizer
from tradewind.intents.validator import IntentValidator
from tradewind.settings import Settings
from tradewind.state.archive import Archive
from tradewind.state.coordinator import StateCoordinator
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.feed import EventFeed
from tradewind.streaming.journal import Journal
from tradewind.streaming.journal_reader import JournalReader
from tradewind.venues.adapter import VenueAdapter
from tradewind.venues.manager import VenueManager

CONFIGS = Path(str(files("tradewind").joinpath("configs")))
EXAMPLE = CONFIGS / "arbitrum.toml"


@dataclass
class SwitchInMemory:
    """The kill switch as the API knows it, without a signer behind it. `failure` makes every call raise."""

    kill_epoch: int = 0
    halted: bool = False
    halt_reason: str | None = None
    halts: tuple[HaltInForce, ...] = ()
    calls: list[tuple[str, str]] = field(default_factory=list)
    failure: Exception | None = None

    async def halt(self, *, reason: str, by: str, wallet: str | None = None, strategy_id: str | None = None) -> int:
        self._note("halt", by)
        self.kill_epoch += 1
        halt = HaltInForce(
            kill_epoch=self.kill_epoch, wallet=wallet, strategy_id=strategy_id, reason=reason, by=by, at_ms=0
        )
        self.halts = (*self.halts, halt)
        if wallet is None and strategy_id is None:
            self.halted, self.halt_reason = True, reason
        return self.kill_epoch

    async def resume(self, *, kill_epoch: int, by: str) -> int:
        self._note("resume", by)
        if not self.halts:
            raise Refused("not_halted", "Signing is not halted.")
        if kill_epoch not in {halt.kill_epoch for halt in self.halts}:
            # As the signer answers: a rule says no.
            raise Refused("kill_epoch", f"No halt of the epoch {kill_epoch} is in force.")
        self.halts = tuple(halt for halt in self.halts if halt.kill_epoch != kill_epoch)
        everything = [halt for halt in self.halts if halt.wallet is None and halt.strategy_id is None]
        self.halted, self.halt_reason = bool(everything), everything[-1].reason if everything else None
        return kill_epoch

    async def state(self) -> "SwitchInMemory":
        self._note("state", "")
        return replace(self, calls=[])

    def _note(self, call: str, by: str) -> None:
        self.calls.append((call, by))
        if self.failure is not None:
            raise self.failure


@dataclass
class Door:
    """The real intake, until a test puts a failure or a wait in front of it."""

    inner: Desk
    failure: Exception | None = None
    wait: Any = None

    async def submit(self, intent: Intent, *, by: str, accepted: RequestAccepted | None) -> IntentReceipt:
        if self.wait is not None:
            await self.wait()
        if self.failure is not None:
            raise self.failure
        return await self.inner.submit(intent, by=by, accepted=accepted)

    async def cancel(self, intent_id: UUID, *, by: str, reason: str, accepted: RequestAccepted | None) -> CancelOutcome:
        return await self.inner.cancel(intent_id, by=by, reason=reason, accepted=accepted)


class ListedVenues(VenueManager[VenueAdapter]):
    """Knows which venues there are; none can be reached."""

    def __init__(self) -> None:
        super().__init__([])

    def names(self, chain_id: int) -> list[str]:
        return ["uniswap_v3"] if chain_id == builders.ARBITRUM else []

    def chains(self) -> list[int]:
        return [builders.ARBITRUM]


@dataclass
class House:
    """What a test may look at and change."""

    settings: Settings
    clock: FakeClock
    stream: EmbeddedEventStream
    journal: Journal
    state: StateCoordinator
    door: Door
    switch: SwitchInMemory
    checks: list[Check]
    token: str
    app: FastAPI
    server: ApiServer
    client: aiohttp.ClientSession
    feed: EventFeed
    quotes: QuotesInMemory
    policy: PolicyInMemory

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def tokens_file(self) -> TokensFile:
        return TokensFile(self.settings.tokens_file)

    def new_token(self, name: str, *scopes: Scope, strategies: Sequence[UUID] | None = None) -> tuple[str, str]:
        """A token for others: its name and its text."""
        bound = None if strategies is None else tuple(strategies)
        made, secret = self.tokens_file.add(
            name, scopes=scopes, strategies=bound, now_ns=self.clock.now_ns(), expires_at_ns=None
        )
        return name, token_text(made.id, secret)

    async def publish(self, events: Sequence[IntentEvent], *, every_ns: int = 0) -> None:
        """Record events, each `every_ns` after the one before."""
        for index, event in enumerate(events):
            await self.stream.publish(builders.envelope(event, at_ns=builders.START_NS + index * every_ns))

    async def call(
        self, method: str, path: str, *, body: object = None, **options: Any
    ) -> tuple[aiohttp.ClientResponse, Any]:
        """Send a request with the token and a new key; the answer, and its JSON when it has any."""
        own = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid4())}
        headers = {name: value for name, value in {**own, **options.pop("headers", {})}.items() if value is not None}
        data = options.pop("data", None)
        if body is not None:
            data = json.dumps(body)
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        async with self.client.request(method, self.url + path, headers=headers, data=data, **options) as response:
            text = await response.text()
            return response, json.loads(text) if text else None


# The clock of a house stands still, and so would the buckets.
ROOMY = {
    "port = 8420": "port = 0",
    "writes_burst = 100": "writes_burst = 1000000",
    "reads_burst = 400": "reads_burst = 1000000",
}


def settings_in(folder: Path, replacements: Mapping[str, str] | None = None) -> Settings:
    """The example configuration on a free port, with its data in `folder`."""
    text = EXAMPLE.read_text()
    for old, new in {**ROOMY, **(replacements or {})}.items():
        text = text.replace(old, new)
    path = folder / "arbitrum.toml"
    path.write_text(text)
    return Settings.load(path)


@asynccontextmanager
async def open_house(
    folder: Path, limits: Limits | None = None, replacements: Mapping[str, str] | None = None
) -> AsyncIterator[House]:
    """Everything started, and stopped again; `replacements` are texts of the configuration, and what stands there."""
    limits = limits or Limits()
    settings = settings_in(folder, replacements)
    token = make_or_read_token(settings.token_file)
    clock = FakeClock()
    journal = Journal.open(settings.journal_file)
    stream = EmbeddedEventStream(journal, clock)
    state = StateCoordinator(journal)
    state.recover()
    feed = EventFeed(journal.head()[0])
    reader = JournalReader(settings.journal_file)
    for tap in (state.apply, feed.on_recorded):
        stream.tap(tap)
    door = Door(_manager(settings, stream, state, clock))
    switch, checks = SwitchInMemory(), [Check(name="signer", ok=True, detail="answers")]

    async def readiness() -> Sequence[Check]:
        return checks

    app = create_app(
        manager=door,
        records=Archive(reader, state, head=lambda: feed.head),
        feed=feed,
        quotes=(quotes := QuotesInMemory()),
        accounts=AccountsInMemory(),
        reports=Reports(log=reader, readers={}, wallets=(), names=names_of(settings), decimals=decimals_of(settings)),
        policy=(policy := PolicyInMemory()),
        switch=switch,
        readiness=readiness,
        tokens=Tokens(TokensFile(settings.tokens_file), owner_hash=hash_token(token), clock=clock),
        requests=state,
        settings=settings,
        clock=clock,
        limits=limits,
    )
    async with (
        ApiServer(app, host=settings.api.host, port=settings.api.port, limits=limits) as server,
        aiohttp.ClientSession() as client,
    ):
        yield House(
            settings,
            clock,
            stream,
            journal,
            state,
            door,
            switch,
            checks,
            token,
            app,
            server,
            client,
            feed,
            quotes,
            policy,
        )
        feed.close()
    await stream.close()
    reader.close()
    journal.close()


def _manager(
    settings: Settings, stream: EmbeddedEventStream, state: StateCoordinator, clock: FakeClock
) -> IntentManager:
    timing = {
        chain_id: ChainTiming(
            min_landing_ms=chain.min_landing_ms,
            max_validity_s=chain.max_validity_s,
            poll_interval_ms=chain.poll_interval_ms,
            confirmations=chain.confirmations,
        )
        for chain_id, chain in settings.chains.items()
    }
    validator = IntentValidator(
        tokens=settings.token_list(),
        strategies={strategy.id: strategy for strategy in settings.strategies.values()},
        venues=ListedVenues(),
        quoting=cast("Any", None),
        slicer=cast("Any", None),
        timing=timing,
        clock=clock,
    )
    return IntentManager(
        stream=stream,
        state=state,
        validator=validator,
        prioritizer=RulePrioritizer(),
        clock=clock,
        max_open_intents=settings.api.max_open_intents,
    )
