"""Market rules on a real local Solana: what others trade starts the real engine, and what it trades stops it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from solders.keypair import Keypair
from solders.message import MessageV0
from solders.transaction import VersionedTransaction

from tests.e2e.deployment import FAILPOINTS
from tests.e2e.solana_deployment import deployed_on_solana
from tests.fake_clock import FakeClock
from tests.integration.commander.desk import Desk
from tests.integration.commander.test_commands import command, desk, running
from tests.integration.commander.test_real_engine import LiveDesk, file_for
from tests.integration.engine.trading import BOTH_VENUES, swap_by_somebody_else
from tests.integration.localnet_solana.swapping import PUMP, WSOL, pump_create
from tests.unit.cli.terminal import tradewind
from tests.unit.commander.strategy_files import changed
from tradewind.commander.crash_report import CrashReport
from tradewind.commander.engine_line import EngineLine
from tradewind.commander.instance_state import InstanceState, RuleSeen
from tradewind.commander.relaying import meanwhile
from tradewind.commander.rules.admission import Admission
from tradewind.commander.rules.governing import Governing
from tradewind.commander.rules.launch_feed import LaunchFeed
from tradewind.commander.rules.launches import LaunchWindow
from tradewind.commander.rules.reading import read_rules_file
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.commander.supervisor import Supervisor
from tradewind.localnet.solana import NodeOptions, SolanaLocalnet
from tradewind.localnet.solana.configuration import rules_yaml
from tradewind.observability.clock import SystemClock

MAY = RuleSeen(may_run=True, because="the test says so")
MAY_NOT = RuleSeen(may_run=False, because="the test says no")


@asynccontextmanager
async def supervised(desk: Desk, admission: Admission, **changes: Any) -> AsyncIterator[Supervisor]:
    """The instance under an admission; stopped at the end."""
    parts = desk.parts(**changes)
    supervisor = Supervisor(read_strategy_file(desk.file), desk.folder, parts, admission=admission)
    run = asyncio.create_task(supervisor.run())
    try:
        yield supervisor
    finally:
        supervisor.stop(by="the test")
        await asyncio.wait_for(run, 30)


def again(phase: str, desk: Desk) -> Callable[[InstanceState], bool]:
    """A phase that comes after everything that was told until now."""
    seen = len(desk.states)
    return lambda state: state.phase == phase and len(desk.states) > seen


async def until_rule(commander: asyncio.subprocess.Process, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What the commander first tells of a rule for which it holds."""
    assert commander.stdout is not None
    async with asyncio.timeout(60):
        while True:
            rule: dict[str, Any] = json.loads(await commander.stdout.readline())["rule"]
            if holds(rule):
                return rule


async def test_a_swap_starts_the_arbitrage_and_the_calm_that_it_makes_stops_it(tmp_path: Path) -> None:
    async with deployed_on_solana(tmp_path, signer=FAILPOINTS, start=False) as deployment:
        await deployment.start_signer()
        described = deployment.chain.description
        (tmp_path / "rules.yaml").write_text(rules_yaml(described))
        # At first the two pools are 4 % apart.
        settings = read_rules_file(tmp_path / "rules.yaml").settings
        governing = Governing(settings, SystemClock())
        [(name, admission)] = governing.admissions.items()
        desk = LiveDesk(tmp_path, file_for(deployment, tmp_path))
        assert name == desk.folder.name
        tokens_raw = deployment.account_raw("SOL")
        async with supervised(desk, admission), meanwhile(governing.run()):
            await desk.until(
                lambda state: state.rule is not None and any(it.value is not None for it in state.rule.measures)
            )
            rule = desk.states[-1].rule
            assert rule is not None
            assert rule.because == "spread.wind 40,000 ppm: starts when spread.wind ≥ 100,000 ppm"
            assert (desk.states[-1].phase, deployment.account_raw("SOL")) == ("waiting", tokens_raw)
            swap_by_somebody_else(deployment.chain, described.pool(*BOTH_VENUES[0]), str(WSOL), 50_000_000_000)
            await desk.until(lambda state: state.phase == "running")
            await desk.until_said("executed")
            await desk.until(lambda state: state.phase == "waiting")
        stopped = desk.said("engine_stopped")[-1]
        assert (stopped["reason"], stopped["open"]) == ("sigterm", [])
        assert deployment.account_raw("SOL") > tokens_raw
        phases = [str(state.phase) for state in desk.states]
        assert phases.index("waiting") < phases.index("running") < phases.index("stopping")
        because = {state.because for state in desk.states if state.phase == "stopping"}
        assert because == {"its rule stops it"}
        assert desk.states[-1].restarts == 0


async def test_launches_are_counted_as_the_real_program_says_them() -> None:
    async with SolanaLocalnet(options=NodeOptions(slot_ms=50)) as chain:
        clock = FakeClock()
        window = LaunchWindow(str(PUMP), (), window_s=60, fresh_within_ms=10_000)

        async def until_rate(value: int) -> None:
            async with asyncio.timeout(30):
                while window.rate(now_ns=clock.now_ns()).value != value:
                    await asyncio.sleep(0.02)

        feed = LaunchFeed(chain.ws_url, {"pump": str(PUMP)}, {"pump": window}, clock)
        async with meanwhile(feed.run()):
            async with asyncio.timeout(30):
                while "has heard" not in window.rate(now_ns=clock.now_ns()).because:
                    await asyncio.sleep(0.02)
            await clock.advance(60)
            await until_rate(0)
            trader = chain.wallets["trader"]
            for _ in range(3):
                coin = Keypair()
                message = MessageV0.try_compile(
                    trader.pubkey(),
                    [pump_create(trader.pubkey(), coin.pubkey(), chain.node)],
                    [],
                    chain.node.latest_blockhash().blockhash,
                )
                wire = bytes(VersionedTransaction(message, [trader, coin]))
                submission = chain.node.submit(wire, lane="rpc")
                assert submission.meta is not None
                assert submission.meta.err is None
            await until_rate(3)


async def test_an_instance_waits_for_its_rule_and_rests_and_runs_again_as_that_says(tmp_path: Path) -> None:
    desk, admission = Desk(tmp_path), Admission()
    async with supervised(desk, admission) as supervisor:
        await desk.until(lambda state: state.phase == "waiting")
        assert desk.starts() == []
        for life in (1, 2):
            await admission.tell(MAY)
            state = await desk.until(lambda state: state.phase == "running")
            assert state.rule == MAY
            waiting = again("waiting", desk)
            await admission.tell(MAY_NOT)
            await desk.until(waiting)
            assert (len(desk.starts()), supervisor.state.pid, supervisor.state.restarts) == (life, None, 0)
            assert [line["reason"] for line in desk.said("engine_stopped")] == ["asked to stop"] * life
    assert desk.states[-1].phase == "stopped"


async def test_a_rule_that_stops_an_engine_before_it_is_ready_reports_no_crash(tmp_path: Path) -> None:
    desk, admission = Desk(tmp_path, parameters__stand_in={"fault": "loading"}), Admission()
    reports: list[CrashReport] = []
    loading = asyncio.Event()
    async with supervised(desk, admission, on_crash=reports.append, on_line=lambda *_: loading.set()):
        await admission.tell(MAY)
        await asyncio.wait_for(loading.wait(), 30)
        waiting = again("waiting", desk)
        await admission.tell(MAY_NOT)
        await desk.until(waiting)
    assert (reports, desk.states[-1].last_ending, desk.states[-1].crashes) == ([], "killed by SIGTERM", 0)


async def test_a_fault_of_the_rules_is_in_the_state_and_alerted_once(tmp_path: Path) -> None:
    desk, admission = Desk(tmp_path), Admission()
    heard: list[EngineLine] = []

    @asynccontextmanager
    async def hear(*_: object) -> AsyncIterator[Callable[[EngineLine], None]]:
        yield heard.append

    async with supervised(desk, admission, triaging=hear):
        await desk.until(lambda state: state.phase == "waiting")
        for because in ("spread 1 ppm", "spread 2 ppm"):
            await admission.tell(RuleSeen(may_run=False, because=because, fault="line 3: is odd."))
        await desk.until(lambda state: state.rule is not None and state.rule.fault == "line 3: is odd.")
    assert [(line.event, line.level, line.message) for line in heard] == [("rules_fault", "error", "line 3: is odd.")]


async def test_what_is_changed_while_it_waits_is_what_it_starts_with(tmp_path: Path) -> None:
    desk, admission = Desk(tmp_path), Admission()
    async with supervised(desk, admission):
        await desk.until(lambda state: state.phase == "waiting")
        # This cannot change under an engine that runs.
        desk.rewrite(chain__rpc=["http://127.0.0.1:7777"])
        await admission.tell(MAY)
        await desk.until(lambda state: state.phase == "running")
        assert desk.states[-1].reload_fault is None
        resolved = json.loads((desk.folder.path / "resolved.json").read_text())
        assert resolved["chain"]["rpc"] == ["http://127.0.0.1:7777"]


async def test_a_restart_of_one_that_waits_is_refused_with_the_reason(tmp_path: Path) -> None:
    desk, admission = Desk(tmp_path), Admission()
    async with supervised(desk, admission):
        await desk.until(lambda state: state.phase == "waiting")
        said = await asyncio.to_thread(tradewind, "restart", "arb", "--data", desk.root, "--json")
        assert (said.exit_code, said.error["code"]) == (1, "instance_waiting")


async def test_who_stops_an_instance_by_hand_wins_over_its_rule(tmp_path: Path) -> None:
    desk, admission = Desk(tmp_path), Admission()
    async with supervised(desk, admission) as supervisor:
        await admission.tell(MAY)
        await desk.until(lambda state: state.phase == "running")
        supervisor.stop(by="a person")
        await desk.until(lambda state: state.phase == "stopped")
        await admission.tell(MAY_NOT)
        await admission.tell(MAY)
    assert (len(desk.starts()), desk.states[-1].because) == (1, "asked by a person")
    # Until somebody says run again.
    async with supervised(desk, admission):
        await desk.until(lambda state: state.phase == "running" and len(desk.starts()) == 2)


async def test_the_command_line_runs_what_the_rules_name_says_why_and_takes_their_change(tmp_path: Path) -> None:
    environment = desk(tmp_path)
    now = time.gmtime()
    hours = [{"opens": f"{now.tm_hour:02}:{now.tm_min:02}", "closes": f"{(now.tm_hour + 12) % 24:02}:{now.tm_min:02}"}]
    rules = {
        "chain": changed()["chain"],
        "rules": [{"instance": "arb", "windows": hours}],
    }
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    async with running(tmp_path, environment, "--rules", "rules.json") as commander:
        told = await command(tmp_path, "rules", "show")
        assert told["instances"] == [
            {
                "instance": "arb/main",
                "phase": "running",
                "may_run": True,
                "because": f"within its hours ({hours[0]['opens']}–{hours[0]['closes']} UTC)",
                "version": 1,
                "fault": None,
            }
        ]
        rules["rules"] = [{"instance": "arb", "windows": hours, "time_zone": "Utc-"}]
        (tmp_path / "rules.json").write_text(json.dumps(rules))
        refused = await until_rule(commander, lambda rule: rule["fault"] is not None)
        assert "rules[0].time_zone: is no time zone. Write an IANA name" in refused["fault"]
        assert (refused["may_run"], refused["version"]) == (True, 1)
        rules["rules"] = [{"instance": "arb", "windows": hours, "time_zone": "Etc/UTC"}]
        (tmp_path / "rules.json").write_text(json.dumps(rules))
        taken = await until_rule(commander, lambda rule: rule["version"] == 2)
        assert (taken["may_run"], taken["fault"]) == (True, None)
        await command(tmp_path, "stop", "arb")
        # Its hours are not over, and it is not started again.
        assert await asyncio.wait_for(commander.wait(), 30) == 0
    [state] = (await command(tmp_path, "ps"))["instances"]
    assert state["phase"] == "stopped"
