"""What nobody foresaw, beside an engine that runs: it is told, and the engine, its file and its log go on."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.integration.commander.desk import FAST, Desk
from tests.unit.commander.strategy_files import DROP
from tradewind.commander.commander import BotCommander, Order
from tradewind.commander.engine_line import EngineLine
from tradewind.commander.instance_folder import InstanceFolder, InstanceName
from tradewind.commander.instance_state import InstanceState, Phase
from tradewind.commander.strategy_file.reading import StrategyFile, read_strategy_file
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.commander.wish import Wish, make_wish
from tradewind.errors import Unavailable


def failing(_: Path, *, strategy: str | None = None) -> StrategyFile:
    raise RecursionError(f"{strategy} is too deep")


async def test_a_look_at_the_file_that_fails_is_told_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path)
    supervisor = desk.supervisor()
    run = asyncio.create_task(supervisor.run())
    pid = (await desk.until(lambda state: state.phase == "running")).pid
    for part in ("supervisor", "hot_reload"):
        monkeypatch.setattr(f"tradewind.commander.{part}.read_strategy_file", failing)
    desk.rewrite(limits__max_trade_lamports=5)
    said = "the look at the file failed in a way that it should not: RecursionError: arb is too deep"
    await desk.until(lambda state: state.reload_fault == said)
    make_wish(desk.folder, Wish(action="restart", by="ana", asked_at_ns=1))
    await desk.until(lambda _: any(state.reload_fault == f"not restarted: {said}" for state in desk.states))
    assert (supervisor.state.phase, supervisor.state.pid) == (Phase.RUNNING, pid)
    assert pid
    os.kill(pid, signal.SIGKILL)
    await desk.until(lambda state: state.phase == "running" and state.pid != pid)
    make_wish(desk.folder, Wish(action="stop", by="ana", asked_at_ns=2))
    assert (await asyncio.wait_for(run, 30)).because == "asked by ana"


async def test_whoever_shows_what_happens_can_fail_and_the_engine_is_read_to_its_last_line(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    ready, changed = asyncio.Event(), asyncio.Event()

    def show(state: InstanceState) -> None:
        if state.phase is Phase.RUNNING:
            ready.set()
        raise BrokenPipeError(32, "Broken pipe")

    def hear(_: InstanceFolder, line: EngineLine) -> None:
        if line.event == "engine_ready":
            raise KeyError("odd")
        if line.event == "config_in_force":
            changed.set()

    supervisor = desk.supervisor(on_state=show, on_line=hear)
    run = asyncio.create_task(supervisor.run())
    await asyncio.wait_for(ready.wait(), 30)
    desk.rewrite(limits__max_trade_lamports=5)
    await asyncio.wait_for(changed.wait(), 30)
    supervisor.stop(by="the test")
    assert (await asyncio.wait_for(run, 30)).phase is Phase.STOPPED
    assert desk.said("engine_stopped")[0]["reason"] == "asked to stop"


async def test_a_defect_of_one_instance_does_not_end_another(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    file = read_strategy_file(desk.file)
    names = [InstanceName("arb", "one"), InstanceName("arb", "two")]
    looked: list[StrategySettings] = []

    async def look(settings: StrategySettings) -> None:
        looked.append(settings)
        if len(looked) == 1:
            raise KeyError("odd")

    commander = BotCommander([Order(name, file) for name in names], root=desk.root, parts=desk.parts(preflight=look))
    run = asyncio.create_task(commander.run())
    async with asyncio.timeout(30):
        while {state.phase for state in commander.states} != {Phase.REFUSED, Phase.RUNNING}:
            await asyncio.sleep(0.01)
    commander.stop(by="the test")
    outcomes = {outcome.state.phase: outcome.error for outcome in await run}
    assert outcomes[Phase.STOPPED] is None
    assert "the supervisor failed in a way that it should not: KeyError: 'odd'" in str(outcomes[Phase.REFUSED])


async def test_a_halt_that_fails_in_a_way_that_nobody_foresaw_is_asked_for_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path, parameters__stand_in={"fault": "crash"})
    asked: list[str] = []

    async def halt(_: StrategySettings, reason: str) -> None:
        asked.append(reason)
        if len(asked) == 1:
            raise ValueError("odd")

    state = await asyncio.wait_for(desk.supervisor(halt=halt).run(), 60)
    assert (state.phase, len(asked)) == (Phase.HALTED, 2)


async def test_an_engine_runs_although_its_log_cannot_be_opened(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.folder.make()
    desk.folder.log.mkdir()
    async with desk.running() as supervisor:
        assert supervisor.state.version_in_force == 1


@asynccontextmanager
async def alerts_into(heard: list[tuple[str, str]]) -> AsyncIterator[Callable[[EngineLine], None]]:
    yield lambda line: heard.append((line.event, line.message)) if line.event.startswith("wallet_") else None


async def test_a_wallet_that_is_not_halted_is_alerted_of_whether_the_signer_is_dead_or_none_is_named(
    tmp_path: Path,
) -> None:
    heard: list[tuple[str, str]] = []
    asked: list[str] = []

    async def halt(_: StrategySettings, reason: str) -> None:
        asked.append(reason)
        if len(asked) == 1:
            raise Unavailable("halt_not_confirmed", "The signer does not answer.")

    crashing: dict[str, Any] = {
        "parameters__stand_in": {"fault": "crash"},
        "commander__restart": {**FAST, "most_crashes": 1},
    }
    for changes in (crashing, {**crashing, "commander__wallet": DROP}):
        desk = Desk(tmp_path, **changes)
        await asyncio.wait_for(desk.supervisor(halt=halt, triaging=lambda *_: alerts_into(heard)).run(), 60)
    why = "it crashed 2 times within 60 s, the last time exit code 70: a defect"
    assert heard == [
        (
            "wallet_not_halted",
            f"{why}; the halt of {builders.SOLANA_WALLET} is not confirmed: The signer does not answer.",
        ),
        ("wallet_halted", f"{builders.SOLANA_WALLET}: {why}"),
        ("wallet_not_halted", f"{why}; it names no wallet to halt"),
    ]
