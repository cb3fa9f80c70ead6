"""A whole API on a real socket, over a real journal, for tests: everything behind it is real but chain and signer."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import aiohttp
from fastapi import FastAPI

from tests import builders
from tests.fake_clock import FakeClock
from tradewind.api.app import create_app
from tradewind.api.limits import Limits
from tradewind.api.ports import Check, Intake
from tradewind.api.server import ApiServer
from tradewind.api.token import hash_token, make_or_read_token
from tradewind.domain.chain import ChainTiming
from tradewind.domain.events import IntentEvent
from tradewind.domain.intent import Intent
from tradewind.domain.receipt import IntentReceipt
from tradewind.errors import Refused
from tradewind.intents.manager import IntentManager
from tradewind.intents.prioritizer import RulePrioritizer
from tradewind.intents.validator import IntentValidator
from tradewind.settings import Settings
from tradewind.state.coordinator import StateCoordinator
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal
from tradewind.venues.manager import VenueManager

CONFIGS = Path(str(files("tradewind").joinpath("configs")))
EXAMPLE = CONFIGS / "arbitrum.toml"


@dataclass
class SwitchInMemory:
    """The kill switch as the API knows it, without a signer behind it. `failure` makes every call raise."""

    kill_epoch: int = 0
    halted: bool = False
    halt_reason: str | None = None
    calls: list[tuple[str, str]] = field(default_factory=list)
    failure: Exception | None = None

    async def halt(self, *, reason: str, by: str) -> int:
        self._note("halt", by)
        self.kill_epoch += 1
        self.halted, self.halt_reason = True, reason
        return self.kill_epoch

    async def resume(self, *, kill_epoch: int, by: str) -> int:
        self._note("resume", by)
        if kill_epoch != self.kill_epoch:
            # As the signer answers: a rule says no.
            raise Refused("kill_epoch", f"The kill epoch is {self.kill_epoch}, not {kill_epoch}.")
        if not self.halted:
            raise Refused("not_halted", "Signing is not halted.")
        self.halted, self.halt_reason = False, None
        return self.kill_epoch

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

    inner: Intake
    failure: Exception | None = None
    wait: Any = None

    async def submit(self, intent: Intent) -> IntentReceipt:
        if self.wait is not None:
            await self.wait()
        if self.failure is not None:
            raise self.failure
        return await self.inner.submit(intent)


class ListedVenues(VenueManager):
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

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    async def publish(self, events: Sequence[IntentEvent], *, every_ns: int = 0) -> None:
        """Record events, each `every_ns` after the one before."""
        for index, event in enumerate(events):
            await self.stream.publish(builders.envelope(event, at_ns=builders.START_NS + index * every_ns))

    async def call(
        self, method: str, path: str, *, body: object = None, **options: Any
    ) -> tuple[aiohttp.ClientResponse, Any]:
        """Send a request with the token; the answer, and its JSON when it has any."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        data = options.pop("data", None)
        if body is not None:
            data = json.dumps(body)
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        async with self.client.request(method, self.url + path, headers=headers, data=data, **options) as response:
            text = await response.text()
            return response, json.loads(text) if text else None


def settings_in(folder: Path, *, max_body_bytes: int = 65_536) -> Settings:
    """The example configuration on a free port, with its data in `folder`."""
    text = EXAMPLE.read_text().replace("port = 8420", "port = 0")
    text = text.replace("max_body_bytes = 65536", f"max_body_bytes = {max_body_bytes}")
    path = folder / "arbitrum.toml"
    path.write_text(text)
    return Settings.load(path)


@asynccontextmanager
async def open_house(folder: Path, limits: Limits | None = None) -> AsyncIterator[House]:
    """Everything started, and stopped again."""
    limits = limits or Limits()
    settings = settings_in(folder)
    token = make_or_read_token(settings.token_file)
    clock = FakeClock()
    journal = Journal.open(settings.journal_file)
    stream = EmbeddedEventStream(journal, clock)
    state = StateCoordinator(journal)
    state.recover()
    stream.tap(state.apply)
    door = Door(_manager(settings, stream, state, clock))
    switch, checks = SwitchInMemory(), [Check(name="signer", ok=True, detail="answers")]

    async def readiness() -> Sequence[Check]:
        return checks

    app = create_app(
        manager=door,
        state=state,
        switch=switch,
        readiness=readiness,
        token_hash=hash_token(token),
        settings=settings,
        clock=clock,
        limits=limits,
    )
    async with (
        ApiServer(app, host=settings.api.host, port=settings.api.port, limits=limits) as server,
        aiohttp.ClientSession() as client,
    ):
        yield House(settings, clock, stream, journal, state, door, switch, checks, token, app, server, client)
    await stream.close()
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
        chains={},
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
