"""A file of rules that changes while they run: taken whole, or refused with the rules before it in force."""

import asyncio
import json
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.fake_clock import FakeClock
from tests.unit.commander.rules.rule_files import PUMP, changed, written
from tests.unit.commander.strategy_files import PUMPSWAP, RAYDIUM_AMM_V4
from tradewind.commander.instance_folder import InstanceName
from tradewind.commander.instance_state import RuleSeen
from tradewind.commander.rules.governing import Governing
from tradewind.commander.rules.market import Market
from tradewind.commander.rules.measured import Measured
from tradewind.commander.rules.reading import read_rules_file
from tradewind.commander.rules.reloading import RulesReload
from tradewind.commander.rules.settings import RulesSettings
from tradewind.errors import Misconfigured
from tradewind.observability import events as observe

ARB = InstanceName("arb")
WHOLE_DAYS = {"instance": "arb", "windows": [{"opens": "00:00", "closes": "24:00"}]}
START, STOP = "rules__0__start_when", "rules__0__stop_when"


class Ruled:
    """Rules of a file that is looked at; the measures are what a test says."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.folder = folder
        self.file = written(folder, changed(**changes))
        self.clock = FakeClock()
        self.governing = Governing(read_rules_file(self.file).settings, self.clock)
        self.reload = RulesReload(self.file, self.governing, self.clock)

    @property
    def seen(self) -> RuleSeen:
        """What the instance was told."""
        return self.governing.admissions[ARB].seen

    async def rewrite(self, **changes: Any) -> None:
        """Save the file, and have it looked at until it is known to be whole."""
        written(self.folder, changed(**changes))
        await self.reload.look()
        await self.reload.look()

    async def at(self, ppm: int, *, after_s: float = 0) -> bool:
        """Whether it may run at this spread."""
        await self.clock.advance(after_s)
        await self.governing.decide({"spread.wind": Measured(ppm)})
        return self.seen.may_run


async def test_a_changed_threshold_decides_from_then_on_and_the_version_grows(tmp_path: Path) -> None:
    ruled = Ruled(tmp_path)
    assert not await ruled.at(3_000)
    await ruled.rewrite(**{f"{START}__any__0__at_least_ppm": 3_000})
    assert await ruled.at(3_000)
    assert (ruled.seen.version, ruled.seen.fault) == (2, None)
    assert ruled.seen.because == "spread.wind 3,000 ppm: starts when spread.wind ≥ 3,000 ppm"


async def test_what_runs_goes_on_and_has_run_for_as_long_as_before(tmp_path: Path) -> None:
    ruled = Ruled(tmp_path, rules__0__run_at_least_s=60)
    assert await ruled.at(9_000)
    assert await ruled.at(500, after_s=25)
    # It has held 20 s of the 30 s, which count; a longer rest is asked for, which does not restart the run's time.
    assert await ruled.at(500, after_s=20)
    await ruled.rewrite(rules__0__run_at_least_s=50, rules__0__cooldown_s=600)
    assert await ruled.at(500, after_s=4)
    assert not await ruled.at(500, after_s=6)
    assert not await ruled.at(9_000, after_s=599)
    assert await ruled.at(9_000, after_s=1)


async def test_a_file_with_mistakes_is_refused_with_line_and_remedy_and_the_rules_go_on(tmp_path: Path) -> None:
    ruled = Ruled(tmp_path)
    await ruled.rewrite(**{f"{START}__any__0__at_least_ppm": 900})
    line = 1 + next(n for n, text in enumerate(ruled.file.read_text().splitlines()) if '"at_most_ppm"' in text)
    assert ruled.seen.fault is not None
    assert ruled.seen.fault.startswith("the changed file is refused, and version 1 of the rules goes on: ")
    assert f"line {line - 2}" in ruled.seen.fault
    assert "stops at values of spread.wind that start it, too. Leave a gap between" in ruled.seen.fault
    assert not await ruled.at(4_999)
    assert await ruled.at(5_000)
    # It is told until the file is right again.
    assert ruled.seen.fault is not None
    await ruled.rewrite()
    in_force = ruled.seen
    assert (in_force.fault, in_force.version) == (None, 1)


@pytest.mark.parametrize(
    ("changes", "place", "fault"),
    [
        ({"chain__rpc": ["http://127.0.0.1:1"]}, "chain", "is another one than the rules that run look at."),
        ({"rules__0__instance": "arb/two"}, "rules[0].instance", "is arb/two, which this commander does not run"),
        ({"rules__0__config": "other"}, "rules[0].config", "is another file than the one that arb/main runs by."),
    ],
)
async def test_what_cannot_change_under_rules_that_run_is_refused(
    tmp_path: Path, changes: dict[str, Any], place: str, fault: str
) -> None:
    ruled = Ruled(tmp_path)
    await ruled.rewrite(**changes)
    assert ruled.seen.fault is not None
    assert f"{place}: {fault}" in ruled.seen.fault


async def test_an_instance_whose_rule_is_taken_out_is_named(tmp_path: Path) -> None:
    rule = changed()["rules"][0]
    ruled = Ruled(tmp_path, rules=[rule, {**rule, "instance": "sniper/new"}])
    await ruled.rewrite()
    assert "rules: has no rule for sniper/new any more, which this commander runs." in str(ruled.seen.fault)


async def test_half_a_file_is_not_taken(tmp_path: Path) -> None:
    ruled = Ruled(tmp_path)
    written(tmp_path, changed(**{f"{START}__any__0__at_least_ppm": 2_000}))
    await ruled.reload.look()
    # The editor goes on: what it had written until now is right, and not what is meant.
    written(tmp_path, changed(**{f"{START}__any__0__at_least_ppm": 20_000}))
    await ruled.reload.look()
    assert ruled.seen.version == 1
    await ruled.reload.look()
    assert ruled.seen.version == 2
    assert not await ruled.at(19_999)


async def test_a_file_that_is_touched_or_gone_changes_nothing(tmp_path: Path) -> None:
    ruled = Ruled(tmp_path)
    os.utime(ruled.file, ns=(1, 1))
    await ruled.reload.look()
    ruled.file.unlink()
    await ruled.reload.look()
    await ruled.reload.look()
    assert (ruled.seen.version, ruled.seen.fault) == (1, None)


async def test_a_change_is_in_the_log_as_a_refusal_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ruled = Ruled(tmp_path)
    await ruled.rewrite(rules__0__cooldown_s=5)
    await ruled.rewrite(rules__0__cooldown_s=0)
    told = [(record.getMessage(), vars(record)["fields"]) for record in caplog.records]
    assert [event for event, _ in told] == ["rules_taken", "rules_refused"]
    assert told[0][1] == {"file": str(ruled.file), "version": 2}
    assert "rules[0].cooldown_s: is too small. Write 1 or more." in told[1][1]["message"]


async def test_a_measure_that_stays_keeps_what_was_seen_of_it() -> None:
    def rules(**changes: Any) -> RulesSettings:
        return RulesSettings.model_validate_json(json.dumps(changed(**changes)))

    clock = FakeClock()
    market = Market(rules(), clock)
    market.launches["pump"].connected(now_ns=clock.now_ns())
    for _ in range(13):
        market.saw({RAYDIUM_AMM_V4: Fraction(3), PUMPSWAP: Fraction(3)})
        market.launches["pump"].heard(now_ns=clock.now_ns())
        await clock.advance(5)
    assert market.measures()["volatility.wind"].value == 0
    market.take(rules(measures__spread={}, fresh_within_ms=20_000, rules=changed()["rules"]))
    measures = market.measures()
    assert (measures["volatility.wind"].value, measures["launches.pump"].value) == (0, 0)
    assert "spread.wind" not in measures
    market.take(rules(measures__volatility__wind__window_s=61, measures__launches__pump__window_s=59))
    measures = market.measures()
    assert measures["volatility.wind"].because == "no price was seen yet"
    assert measures["launches.pump"].because == "the logs of its program are not heard"
    market.close()


async def test_rules_that_fail_are_loud_stop_nothing_and_begin_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ruled = Ruled(tmp_path, measures={"launches": {"pump": {"program": PUMP}}}, rules=[WHOLE_DAYS])
    told: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr(observe, "_listeners", [lambda name, fields: told.append((name, fields))])
    decide, failures = ruled.governing.decide, iter([ZeroDivisionError("by a pool")])

    async def failing_once(measures: Any) -> None:
        if (failure := next(failures, None)) is not None:
            raise failure
        await decide(measures)

    monkeypatch.setattr(ruled.governing, "decide", failing_once)
    run = asyncio.create_task(ruled.governing.run())
    heard: list[RuleSeen] = []
    again = asyncio.Event()

    def hear(seen: RuleSeen) -> None:
        heard.append(seen)
        if seen.may_run:
            again.set()

    ruled.governing.admissions[ARB].on_seen(hear)
    await ruled.clock.until_asleep()
    await ruled.clock.advance(0.1)
    await asyncio.wait_for(again.wait(), 30)
    run.cancel()
    assert ("part_failed", {"part": "rules"}) in told
    assert heard[1].fault == "the rules have failed (ZeroDivisionError: by a pool); it stays as it is"
    assert (heard[1].may_run, heard[-1].may_run, heard[-1].fault) == (False, True, None)


def test_a_file_of_rules_that_does_not_exist_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"There is no file of rules at .*none\.yaml") as raised:
        read_rules_file(tmp_path / "none.yaml")
    assert (raised.value.code, "tradewind rules check" in str(raised.value.remedy)) == ("config_missing", True)
    with pytest.raises(Misconfigured, match="permissions") as raised:
        read_rules_file(tmp_path)
    assert raised.value.code == "config_unreadable"
