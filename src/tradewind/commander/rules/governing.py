"""Governs instances by the rules of a file: looks at the market, decides, and tells each one whether it may run."""

from collections.abc import Mapping
from typing import NoReturn

from tradewind.commander.instance_folder import InstanceName
from tradewind.commander.instance_state import MeasureSeen, RuleSeen
from tradewind.commander.relaying import meanwhile
from tradewind.commander.rules.admission import Admission
from tradewind.commander.rules.deciding import Deciding
from tradewind.commander.rules.launch_feed import LaunchFeed
from tradewind.commander.rules.market import Market
from tradewind.commander.rules.measured import Measured
from tradewind.commander.rules.settings import UNITS, Rule, RulesSettings
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock


class Governing:
    """`admissions` is what the supervisors of the instances ask; `run` keeps it true."""

    def __init__(self, settings: RulesSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._deciding = {rule.name: Deciding(rule) for rule in settings.rules}
        self.admissions: dict[InstanceName, Admission] = {name: Admission() for name in self._deciding}

    def files(self) -> dict[InstanceName, str]:
        """The file of each instance, by name or path as it is looked for."""
        return {rule.name: rule.config or rule.name.strategy for rule in self._settings.rules}

    async def run(self) -> NoReturn:
        """Until cancelled."""
        market = Market(self._settings, self._clock)
        try:
            chain, launches = self._settings.chain, self._settings.measures.launches
            if chain.websocket is None or not launches:
                await self._keep_deciding(market)
            programs = {name: each.program for name, each in launches.items()}
            feed = LaunchFeed(str(chain.websocket), programs, market.launches, self._clock)
            async with meanwhile(feed.run()):
                await self._keep_deciding(market)
        finally:
            market.close()
        raise AssertionError("it decides until it is cancelled")

    async def _keep_deciding(self, market: Market) -> NoReturn:
        while True:
            try:
                await market.look()
            except Exception as error:  # noqa: BLE001 (whatever failed, what is not fresh becomes unknown by itself)
                code = getattr(error, "code", "look_failed")
                observe.relay_waits(subject="rules", code=code, message=str(error)[:200], retry_in_s=1.0)
            await self.decide(market.measures())
            await self._clock.sleep(self._settings.look_every_ms / 1_000)

    async def decide(self, measures: Mapping[str, Measured]) -> None:
        """Tell every instance what its rule says of these measures."""
        now_ns = self._clock.now_ns()
        for name, deciding in self._deciding.items():
            decision = deciding.look(measures, now_ns=now_ns)
            seen = RuleSeen(may_run=decision.run, because=decision.because, measures=_needed(deciding.rule, measures))
            await self.admissions[name].tell(seen)


def _needed(rule: Rule, measures: Mapping[str, Measured]) -> list[MeasureSeen]:
    names = dict.fromkeys(condition.measure for condition in rule.conditions())
    return [
        MeasureSeen(name=name, value=found.value, unit=UNITS[name.partition(".")[0]], because=found.because)
        for name in names
        if (found := measures.get(name)) is not None
    ]
