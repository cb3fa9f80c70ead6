"""The supervisor over real processes: starts, ends, crash loops, hangs, floods, and a commander that is killed."""

import asyncio
import itertools
import json
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests import builders
from tests.integration.commander.desk import STAND_IN, Desk
from tradewind.commander.commander import BotCommander, Order
from tradewind.commander.engine_line import EngineLine
from tradewind.commander.instance_folder import InstanceFolder, InstanceName
from tradewind.commander.instance_state import Phase, current_state
from tradewind.commander.leftover import started_at
from tradewind.commander.strategy_file.reading import StrategyFile, read_strategy_file
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.commander.wish import Wish, make_wish, take_wish
from tradewind.errors import Conflict, InvalidInput, Refused, Unavailable


async def ended(desk: Desk, **changes: object) -> Phase:
    """The phase in which a run ends by itself."""
    state = await asyncio.wait_for(desk.supervisor(**changes).run(), 60)
    return state.phase


async def test_an_engine_is_started_in_its_folder_becomes_ready_and_stops_in_good_order(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with desk.running() as supervisor:
        assert supervisor.state.version_in_force == 1
        [pid] = desk.starts()
        assert (supervisor.state.pid, os.getpgid(pid)) == (pid, pid)
        assert current_state(desk.folder) == supervisor.state
    assert desk.states[-1].phase is Phase.STOPPED
    assert (desk.states[-1].because, desk.states[-1].last_ending) == (
        "asked by the test",
        "exit code 0: ended in good order",
    )
    assert [line["reason"] for line in desk.said("engine_stopped")] == ["asked to stop"]
    assert started_at(pid) is None


async def test_it_gets_no_key_and_nothing_that_was_not_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALLET_1", "5J")
    monkeypatch.setenv("EDITOR", "vi")
    monkeypatch.setenv("RUST_LOG", "debug")
    monkeypatch.setenv("MINE", "1")
    desk = Desk(tmp_path, commander__environment=["MINE"])
    async with desk.running():
        passed = json.loads((desk.folder.path / "environment.json").read_text())
    assert {"PATH", "RUST_LOG", "MINE"} <= set(passed)
    assert not {"WALLET_1", "EDITOR", "PYTEST_CURRENT_TEST"} & set(passed)


async def test_a_crash_loop_halts_the_wallet_and_is_not_retried_for_ever(tmp_path: Path) -> None:
    desk = Desk(tmp_path, parameters__stand_in={"fault": "crash", "in_flight": []})
    assert await ended(desk) is Phase.HALTED
    assert len(desk.starts()) == 4
    [(wallet, reason)] = desk.halts
    assert wallet == builders.SOLANA_WALLET
    assert reason == ("crash loop of arb/main: it crashed 4 times within 60 s, the last time exit code 70: a defect")


async def test_a_halt_that_is_not_confirmed_is_asked_for_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path, parameters__stand_in={"fault": "crash"})
    asked = []

    async def halt(_: StrategySettings, reason: str) -> None:
        asked.append(reason)
        if len(asked) == 1:
            raise Unavailable("halt_not_confirmed", "The signer has not confirmed the halt.")

    assert await ended(desk, halt=halt) is Phase.HALTED
    assert len(asked) == 2


async def test_a_stop_ends_the_wait_for_a_halt_that_is_never_confirmed_and_says_so(tmp_path: Path) -> None:
    async def halt(_: StrategySettings, reason: str) -> None:
        raise Unavailable("halt_not_confirmed", "The signer does not answer.")

    desk = Desk(tmp_path, parameters__stand_in={"fault": "crash"})
    supervisor = desk.supervisor(halt=halt)
    run = asyncio.create_task(supervisor.run())
    await desk.until(lambda state: "is not confirmed: The signer does not answer." in state.because)
    make_wish(desk.folder, Wish(action="restart", by="ana", asked_at_ns=1))
    supervisor.stop(by="the test")
    state = await asyncio.wait_for(run, 10)
    assert state.phase is Phase.STOPPED
    assert state.because.endswith(f"the halt of {builders.SOLANA_WALLET} was never confirmed")
    assert len(desk.starts()) == 4


async def test_a_crash_leaves_a_report_with_its_last_words_and_what_was_in_flight(tmp_path: Path) -> None:
    attempts = [{"id": "a1", "signature": "3xy"}]
    desk = Desk(
        tmp_path,
        parameters__stand_in={"fault": "crash_later", "in_flight": attempts},
        commander__restart={"policy": "never"},
    )
    assert await ended(desk) is Phase.REFUSED
    [path] = desk.folder.crashes.iterdir()
    report = json.loads(path.read_text())
    assert (report["exit_code"], report["signal"], report["ending"]) == (70, None, "exit code 70: a defect")
    assert report["in_flight"] == attempts
    assert report["last_errors"] == ["thread 'main' panicked at 'no such pool'"]
    assert "the last words" in report["last_lines"][-1]
    assert "hunter2" not in path.read_text()


async def test_an_engine_that_a_signal_ended_is_reported_with_the_signal(tmp_path: Path) -> None:
    desk = Desk(tmp_path, parameters__stand_in={"fault": "panic"}, commander__restart={"policy": "never"})
    await ended(desk)
    [path] = desk.folder.crashes.iterdir()
    report = json.loads(path.read_text())
    assert (report["exit_code"], report["signal"], report["ending"]) == (None, 6, "killed by SIGABRT")


async def test_an_engine_that_is_killed_is_started_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with desk.running():
        [first] = desk.starts()
        os.kill(first, signal.SIGKILL)
        state = await desk.until(lambda state: state.phase == "running" and state.pid not in {None, first})
        assert (state.restarts, state.last_ending) == (1, "killed by SIGKILL")
    assert desk.halts == []


async def test_an_engine_that_refuses_its_configuration_is_not_started_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path, parameters__stand_in={"fault": "refuse"})
    assert await ended(desk) is Phase.REFUSED
    assert len(desk.starts()) == 1
    assert "parameters.fault: is refuse. Take it out." in str(desk.states[-1].reload_fault)


async def test_an_engine_that_misses_something_is_started_again_and_again_without_a_halt(tmp_path: Path) -> None:
    desk = Desk(tmp_path, parameters__stand_in={"fault": "unavailable"})
    supervisor = desk.supervisor()
    run = asyncio.create_task(supervisor.run())
    await desk.until(lambda state: state.restarts >= 6)
    supervisor.stop(by="the test")
    assert (await run).phase is Phase.STOPPED
    assert (desk.halts, desk.folder.crashes.exists()) == ([], False)


async def test_an_engine_that_finishes_is_left_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path, parameters__stand_in={"fault": "finish"})
    assert await ended(desk) is Phase.FINISHED
    assert len(desk.starts()) == 1


async def test_an_engine_that_hangs_is_killed_after_the_bound(tmp_path: Path) -> None:
    desk = Desk(tmp_path, parameters__stand_in={"fault": "hang"}, commander__stop_within_ms=300)
    async with desk.running():
        [pid] = desk.starts()
    assert desk.states[-1].last_ending == "killed by SIGKILL"
    assert started_at(pid) is None


async def test_an_engine_that_never_calls_itself_ready_has_crashed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, parameters__stand_in={"fault": "silent"}, commander__ready_within_ms=400)
    assert await ended(desk) is Phase.HALTED
    assert desk.states[-1].last_ending == "it was not ready in time"


async def test_a_flood_of_lines_is_kept_whole_and_does_not_keep_it_from_stopping(tmp_path: Path) -> None:
    desk = Desk(tmp_path, parameters__stand_in={"fault": "flood"})
    async with desk.running() as supervisor:
        async with asyncio.timeout(60):
            while supervisor.state.lines < 200_002:
                await asyncio.sleep(0.01)
    assert len(desk.said("flood")) == 200_000


async def test_one_instance_has_one_commander(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with desk.running():
        with pytest.raises(Conflict, match=r"arb/main is run by another commander") as raised:
            await Desk(tmp_path).supervisor().run()
    assert raised.value.code == "instance_running"


async def test_a_wish_stops_or_restarts_it_from_another_process(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    run = asyncio.create_task(desk.supervisor().run())
    first = (await desk.until(lambda state: state.phase == "running")).pid
    make_wish(desk.folder, Wish(action="restart", by="ana", asked_at_ns=1))
    await desk.until(lambda state: state.phase == "running" and state.pid not in {None, first})
    make_wish(desk.folder, Wish(action="stop", by="ana", asked_at_ns=2))
    state = await asyncio.wait_for(run, 30)
    assert (state.phase, state.because, len(desk.starts())) == (Phase.STOPPED, "asked by ana", 2)


async def test_a_restart_with_a_file_that_has_mistakes_leaves_the_engine_running(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with desk.running() as supervisor:
        pid = supervisor.state.pid
        desk.rewrite(mode="livee")
        make_wish(desk.folder, Wish(action="restart", by="ana", asked_at_ns=1))
        # The same mistake is told by the look at the file, too, before or after.
        await desk.until(lambda _: any("not restarted" in str(state.reload_fault) for state in desk.states))
        assert (supervisor.state.phase, supervisor.state.pid) == (Phase.RUNNING, pid)


async def test_a_stop_does_not_wait_for_the_look_at_the_file_that_a_restart_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path)
    looking, let_go = threading.Event(), threading.Event()
    run = asyncio.create_task(desk.supervisor().run())
    await desk.until(lambda state: state.phase == "running")

    def slow(path: Path, *, strategy: str | None = None) -> StrategyFile:
        looking.set()
        assert let_go.wait(30)
        return read_strategy_file(path, strategy=strategy)

    monkeypatch.setattr("tradewind.commander.supervisor.read_strategy_file", slow)
    try:
        make_wish(desk.folder, Wish(action="restart", by="ana", asked_at_ns=1))
        assert await asyncio.to_thread(looking.wait, 30)
        make_wish(desk.folder, Wish(action="stop", by="ben", asked_at_ns=2))
        assert (await asyncio.wait_for(run, 30)).because == "asked by ben"
    finally:
        let_go.set()


async def test_while_it_waits_for_what_is_red_the_state_says_what_is(tmp_path: Path) -> None:
    looks = itertools.count()

    async def red_after_the_first(_: StrategySettings) -> None:
        if next(looks):
            raise Refused("preflight_red", "rpc does not answer.")

    desk = Desk(tmp_path)
    async with desk.running(preflight=red_after_the_first) as supervisor:
        os.kill(supervisor.state.pid, signal.SIGKILL)
        state = await desk.until(lambda state: state.phase == "pausing" and "rpc" in state.because)
        assert state.because == "starts again in 2 ms; rpc does not answer."


async def test_a_part_beside_the_engine_that_fails_is_told_of_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([MemoryError("no room"), KeyError("odd")])
    heard: list[tuple[str, str]] = []

    def failing_at_first(folder: InstanceFolder) -> Wish | None:
        if (failure := next(failures, None)) is not None:
            raise failure
        return take_wish(folder)

    @asynccontextmanager
    async def hear(*_: object) -> AsyncIterator[Callable[[EngineLine], None]]:
        yield lambda line: heard.append((line.event, line.message)) if line.level == "error" else None

    desk = Desk(tmp_path)
    run = asyncio.create_task(desk.supervisor(triaging=hear).run())
    await desk.until(lambda state: state.phase == "running")
    monkeypatch.setattr("tradewind.commander.supervisor.take_wish", failing_at_first)
    make_wish(desk.folder, Wish(action="stop", by="ana", asked_at_ns=1))
    assert (await asyncio.wait_for(run, 30)).because == "asked by ana"
    assert heard == [
        ("commander_failed", "wishes: MemoryError: no room"),
        ("commander_failed", "wishes: KeyError: 'odd'"),
    ]


async def test_what_is_red_keeps_it_from_starting(tmp_path: Path) -> None:
    async def red(_: StrategySettings) -> None:
        raise Refused("preflight_red", "rpc does not answer.")

    desk = Desk(tmp_path)
    with pytest.raises(Refused, match="rpc does not answer"):
        await desk.supervisor(preflight=red).run()
    assert (desk.states[-1].phase, desk.starts()) == (Phase.REFUSED, [])


async def test_nothing_is_left_when_the_commander_is_killed_and_the_next_one_starts_anew(tmp_path: Path) -> None:
    desk = Desk(tmp_path, parameters__stand_in={"fault": "hang"})
    program = (
        "import asyncio, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "from tests.integration.commander.desk import Desk\n"
        "async def main():\n"
        "    desk = Desk(Path(sys.argv[1]), parameters__stand_in={'fault': 'hang'})\n"
        "    async with desk.running() as supervisor:\n"
        "        print(supervisor.state.pid, flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    root = str(STAND_IN.parents[3])
    commander = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), root, stdout=asyncio.subprocess.PIPE
    )
    assert commander.stdout is not None
    pid = int(await asyncio.wait_for(commander.stdout.readline(), 60))
    assert started_at(pid) is not None
    commander.kill()
    await commander.wait()
    state = current_state(desk.folder)
    assert state is not None
    assert state.phase is Phase.ABANDONED
    async with asyncio.timeout(10):
        while started_at(pid) is not None:
            await asyncio.sleep(0.01)
    desk = Desk(tmp_path)
    async with desk.running():
        assert len(desk.starts()) == 2


async def test_without_a_leash_the_engine_ends_by_itself_when_its_input_ends(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    folder = desk.folder
    async with desk.running(leash=()):
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(STAND_IN), "--strategy", "arb", "--config", str(folder.path / "resolved.json"),
            cwd=tmp_path, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert b"engine_ready" in await process.stdout.readline()
        process.stdin.close()
        assert b"stdin ended" in await process.stdout.readline()
        assert await process.wait() == 0


async def test_a_leftover_of_a_dead_commander_is_ended_before_the_next_start(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    left = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import signal; print('here', flush=True); signal.pause()",
        stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert left.stdout is not None
    await left.stdout.readline()
    async with desk.running() as supervisor:
        state = supervisor.state
    pretended = state.model_copy(update={"pid": left.pid, "pid_started": started_at(left.pid)})
    desk.folder.state.write_text(pretended.model_dump_json())
    async with desk.running():
        assert await asyncio.wait_for(left.wait(), 10) == -signal.SIGTERM


async def test_a_stranger_with_a_recorded_process_id_is_left_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with desk.running() as supervisor:
        state = supervisor.state
    pretended = state.model_copy(update={"pid": os.getppid(), "pid_started": 1})
    desk.folder.state.write_text(pretended.model_dump_json())
    before = started_at(os.getppid())
    async with desk.running():
        assert started_at(os.getppid()) == before


async def test_several_instances_run_at_once_and_end_together(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    file = read_strategy_file(desk.file)
    names = [InstanceName("arb", "one"), InstanceName("arb", "two"), InstanceName("arb", "three")]
    commander = BotCommander([Order(name, file) for name in names], root=desk.root, parts=desk.parts())
    run = asyncio.create_task(commander.run())
    async with asyncio.timeout(30):
        while not all(state.phase is Phase.RUNNING for state in commander.states):
            await asyncio.sleep(0.01)
    assert len({state.pid for state in commander.states}) == 3
    commander.stop(by="the test")
    outcomes = await run
    assert [(outcome.name, outcome.state.phase, outcome.error) for outcome in outcomes] == [
        (name, Phase.STOPPED, None) for name in names
    ]


async def test_one_instance_that_cannot_start_does_not_stop_another(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    file = read_strategy_file(desk.file)
    names = [InstanceName("arb", "one"), InstanceName("arb", "two")]
    with InstanceFolder(desk.root, names[0]).locked():
        commander = BotCommander([Order(name, file) for name in names], root=desk.root, parts=desk.parts())
        run = asyncio.create_task(commander.run())
        async with asyncio.timeout(30):
            while commander.states[1].phase is not Phase.RUNNING:
                await asyncio.sleep(0.01)
        commander.stop(by="the test")
        first, second = await run
    assert (first.error and first.error.code, second.state.phase) == ("instance_running", Phase.STOPPED)


async def test_an_instance_that_is_asked_for_twice_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    order = Order(InstanceName("arb"), read_strategy_file(desk.file))
    with pytest.raises(InvalidInput, match="asked for twice"):
        BotCommander([order, order], root=desk.root, parts=desk.parts())
