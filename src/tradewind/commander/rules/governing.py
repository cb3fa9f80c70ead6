"""Governs instances by the rules of a file: looks at the market, decides, and tells each one whether it may run."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from tradewind.commander.instance_folder import InstanceName
from tradewind.commander.instance_state import MeasureSeen, RuleSeen
from tradewind.commander.relaying import lasting, meanwhile
from tradewind.commander.rules.admission import Admission
from tradewind.commander.rules.deciding import Deciding
from tradewind.commander.rules.launch_feed import LaunchFeed
from tradewind.commander.rules.market import Market
from tradewind.commander.rules.measured import Measured
from tradewind.commander.rules.settings import UNITS, Rule, RulesSettings
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff, Clock


class Governing:
    """`admissions` is what the supervisors of the instances ask; `run` keeps it true."""

    def __init__(self, settings: RulesSettings, clock: Clock) -> None:
        """Raises Misconfigured where the endpoints of the chain cannot be used."""
        self.settings = settings
        self._clock = clock
        self._version = 1
        self._refused: str | None = None
        self._market = Market(settings, clock)
        self._deciding = {rule.name: Deciding(rule) for rule in settings.rules}
        self._taken = asyncio.Event()
        self.admissions: dict[InstanceName, Admission] = {name: Admission() for name in self._deciding}

    def files(self) -> dict[InstanceName, str]:
        """The file of each instance, by name or path as it is looked for."""
        return {rule.name: rule.config or rule.name.strategy for rule in self.settings.rules}

    async def take(self, file: Path, settings: RulesSettings) -> None:
        """Decide by these from now on; they are right, and of the same instances."""
        if settings != self.settings:
            self.settings = settings
            self._version += 1
            self._market.take(settings)
            for rule in settings.rules:
                self._deciding[rule.name].take(rule)
            self._taken.set()
            observe.rules_taken(file=str(file), version=self._version)
        self._refused = None
        await self._tell_all(fault=None)

    async def refuse(self, file: Path, fault: str) -> None:
        """The changed file is not in force, and why; the rules go on as they are."""
        observe.rules_refused(file=str(file), message=fault)
        self._refused = f"the changed file is refused, and version {self._version} of the rules goes on: {fault}"
        await self._tell_all(fault=self._refused)

    async def run(self) -> NoReturn:
        """Until cancelled. Where it fails itself, every instance stays as it is, is told so, and it begins anew."""
        backoff = Backoff(self._clock)
        try:
            while True:
                try:
                    async with meanwhile(self._hear()):
                        await self._keep_deciding()
                except Exception as error:  # noqa: BLE001 (a defect must not leave engines without their rules)
                    observe.part_failed(part="rules", failure=error)
                    said = f"the rules have failed ({type(error).__name__}: {error}); it stays as it is"
                    await self._tell_all(fault=said[:500])
                await backoff.pause()
        finally:
            self._market.close()

    async def _hear(self) -> NoReturn:
        """Launches of the programs that the measures name now."""
        while True:
            self._taken.clear()
            chain, launches = self.settings.chain, self.settings.measures.launches
            if chain.websocket is None or not launches:
                await self._taken.wait()
                continue
            programs = {name: each.program for name, each in launches.items()}
            feed = LaunchFeed(str(chain.websocket), programs, self._market.launches, self._clock)
            async with meanwhile(lasting("launches", feed.run, self._clock)):
                while self.settings.measures.launches == launches:
                    self._taken.clear()
                    await self._taken.wait()

    async def _keep_deciding(self) -> NoReturn:
        while True:
            try:
                await self._market.look()
            except Exception as error:  # noqa: BLE001 (what is not fresh becomes unknown by itself; hours go on)
                observe.part_failed(part="prices", failure=error)
            await self.decide(self._market.measures())
            await self._clock.sleep(self.settings.look_every_ms / 1_000)

    async def decide(self, measures: Mapping[str, Measured]) -> None:
        """Tell every instance what its rule says of these measures."""
        now_ns = self._clock.now_ns()
        for name, deciding in self._deciding.items():
            decision = deciding.look(measures, now_ns=now_ns)
            seen = RuleSeen(
                may_run=decision.run,
                because=decision.because,
                measures=_needed(deciding.rule, measures),
                version=self._version,
                fault=self._refused,
            )
            await self.admissions[name].tell(seen)

    async def _tell_all(self, *, fault: str | None) -> None:
        for admission in self.admissions.values():
            await admission.tell(admission.seen.model_copy(update={"fault": fault, "version": self._version}))


def _needed(rule: Rule, measures: Mapping[str, Measured]) -> list[MeasureSeen]:
    names = dict.fromkeys(condition.measure for condition in rule.conditions())
    return [
        MeasureSeen(name=name, value=found.value, unit=UNITS[name.partition(".")[0]], because=found.because)
        for name in names
        if (found := measures.get(name)) is not None
    ]
