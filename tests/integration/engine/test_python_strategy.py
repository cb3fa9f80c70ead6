"""Strategies in Python on the real engine: they trade, they are told what they gained, and they harm nothing else."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.cuttable import cuttable
from tests.integration.engine.engine_process import EngineProcess
from tests.integration.engine.trading import BOTH_VENUES, configuration, snapshot, swap_by_somebody_else
from tests.integration.localnet_solana.swapping import WSOL
from tradewind import core
from tradewind.localnet.solana.configuration import STRATEGY_ID

GAP = Path(__file__).with_name("gap.py")


def engine_of(
    deployment: SolanaDeployment,
    tmp_path: Path,
    file: Path = GAP,
    *,
    parameters: dict[str, Any] | None = None,
    python: dict[str, Any] | None = None,
    **changes: Any,
) -> EngineProcess:
    own = {"strategy_id": str(STRATEGY_ID), "lookup_tables": [deployment.chain.description.lookup_table]}
    named = {
        "strategy": "mine",
        "instance": "mine-1",
        "python": {
            "file": str(file),
            "interpreter": sys.executable,
            "start_within_ms": 120_000,
            "answer_within_ms": 60_000,
        }
        | (python or {}),
        "parameters": own | (parameters or {}),
    }
    config = configuration(deployment, BOTH_VENUES, folder=tmp_path / "mine-1", **(named | changes))
    return EngineProcess(config, config_path=tmp_path / "resolved.json")


def written(tmp_path: Path, on_update: str, *, head: str = "", more: str = "") -> Path:
    """A file with this body of on_update."""
    file = tmp_path / "mine.py"
    body = "\n        ".join(on_update.splitlines())
    file.write_text(
        "import os, sys, time\n"
        "from tradewind.strategies import *\n"
        f"{head}\n"
        "class Mine(Strategy[None]):\n"
        "    def on_update(self, update):\n"
        f"        {body}\n"
        f"{more}"
    )
    return file


def open_the_gap(deployment: SolanaDeployment, amount_raw: int = 50_000_000_000) -> None:
    swap_by_somebody_else(deployment.chain, deployment.chain.description.pool(*BOTH_VENUES[0]), str(WSOL), amount_raw)


async def test_a_strategy_lands_a_trade_and_is_told_just_what_the_wallet_gained(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    tokens, lamports = deployment.account_raw("SOL"), deployment.lamports()
    engine = engine_of(deployment, tmp_path)
    await engine.start()
    await engine.until("engine_ready", version=1)
    open_the_gap(deployment)
    await engine.until("executed", status="success")
    await engine.until("strategy_log")
    assert await engine.terminate() == 0
    state = json.loads((tmp_path / "mine-1" / "strategy_state.json").read_text())
    assert state["gained_raw"] > 0
    assert deployment.account_raw("SOL") - tokens == state["gained_raw"]
    assert lamports - deployment.lamports() == state["left_lamports"]
    assert {line["message"].split(":")[0] for line in engine.said("strategy_log")} == {"gap"}
    assert {plan["strategy"] for plan in engine.events("ExecutionPlanEvent")} == {"custom"}


async def test_a_swap_takes_the_best_way_and_is_told_what_left_and_what_came(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    wind = deployment.chain.description.mint("WIND")
    file = written(
        tmp_path,
        "if self.state or not all(pool.tradeable for pool in update.pools.values()):\n"
        "    return []\n"
        "self.state['asked'] = update.held_raw[WRAPPED_SOL]\n"
        f"return [Swap(WRAPPED_SOL, '{wind}', 1_000_000_000, 1, tag='first')]",
        more="    def on_fill(self, fill):\n"
        "        self.state |= {'paid': fill.paid_raw, 'got': fill.got_raw, 'cost': fill.cost_lamports}\n"
        "        self.state |= {'locked': fill.locked_lamports, 'pool': fill.hops[0].pool, 'gained': fill.gained_raw}\n"
        "        self.context.log(fill.tag)\n",
    )
    before = [deployment.account_raw(name) for name in ("SOL", "WIND")]
    lamports = deployment.lamports()
    engine = engine_of(deployment, tmp_path, file)
    await engine.start()
    await engine.until("strategy_log", message="first")
    assert await engine.terminate() == 0
    state = json.loads((tmp_path / "mine-1" / "strategy_state.json").read_text())
    after = [deployment.account_raw(name) for name in ("SOL", "WIND")]
    assert (state["asked"], state["paid"], state["gained"]) == (before[0], 1_000_000_000, None)
    assert [then - now for then, now in zip(before, after, strict=True)] == [state["paid"], -state["got"]]
    assert lamports - deployment.lamports() == state["cost"] + state["locked"]
    # Raydium's pool is the dearer one for SOL: it gives less of WIND for it.
    assert state["pool"] == deployment.chain.description.pool(*BOTH_VENUES[1]).pool


async def test_a_replayed_recording_gives_the_same_decisions_byte_for_byte(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    engine = engine_of(deployment, tmp_path, mode="paper")
    recording = tmp_path / "feed.jsonl"
    await engine.start("--record", str(recording))
    await engine.until("planned")
    assert await engine.terminate() == 0
    told = []
    for name in ("first", "second"):
        parameters = engine.config["parameters"] | {"wallet": deployment.wallet.address}
        changes = {"mode": "replay", "folder": str(tmp_path / name), "parameters": parameters}
        replayed = EngineProcess(engine.config | changes, config_path=tmp_path / f"{name}.json")
        await replayed.start("--recording", str(recording))
        assert await replayed.exit_code() == 0
        told.append((tmp_path / name / "events.jsonl").read_bytes())
        assert replayed.events("ExecutionPlanEvent")
        assert not (tmp_path / name / "strategy_state.json").exists()
    assert told[0] == told[1]


async def test_a_slow_strategy_is_told_what_is_newest_and_nothing_between(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    go, pool = tmp_path / "go", deployment.chain.description.pool(*BOTH_VENUES[0])
    file = written(
        tmp_path,
        f"pool = update.pools.get('{pool.pool}')\n"
        "if not all(each.tradeable for each in update.pools.values()) or pool is None:\n"
        "    return\n"
        "self.context.log(str(pool.quote_exact_in(WRAPPED_SOL, 1_000_000).amount_out_raw))\n"
        f"while not os.path.exists('{go}'):\n"
        "    time.sleep(0.005)",
    )
    engine = engine_of(deployment, tmp_path, file, mode="paper", python={"answer_within_ms": 120_000})
    await engine.start()
    await engine.until("engine_ready")
    for number in range(6):
        seen = deployment.chain.node.slot
        open_the_gap(deployment, 1_000_000_000 + number)
        async with asyncio.timeout(30):
            while deployment.chain.node.slot < seen + 2:
                await asyncio.sleep(0.01)
    go.touch()
    expected = str(_quoted(deployment, pool.pool))
    await engine.until("strategy_log", message=expected)
    assert await engine.terminate() == 0
    # The one that it was slow with, the changes of the swaps at once, and what the feed had still under way. Six swaps,
    # each with a state of its own, would be seven.
    assert len(engine.said("strategy_log")) < 7


async def test_pools_that_miss_something_are_told_at_once_and_again_when_they_are_read(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    file = written(
        tmp_path,
        "known = sum(pool.tradeable for pool in update.pools.values())\n"
        "self.context.log(f'{known} of {len(update.pools)} known')",
    )
    async with cuttable(deployment.chain.description.urls["websocket"]) as feed:
        engine = engine_of(deployment, tmp_path, file, mode="paper")
        engine.config["chain"]["websocket"] = feed.url
        engine.config["limits"] |= {"max_feed_silence_ms": "300"}
        await engine.start()
        await engine.until("strategy_log", message="2 of 2 known")
        feed.cut()
        await engine.until("strategy_log", message="0 of 2 known")
        seen = len(engine.lines)
        feed.mend()
        await engine.until("strategy_log", after=seen, message="2 of 2 known")
        assert await engine.terminate() == 0


def _quoted(deployment: SolanaDeployment, pool: str) -> int:
    graph = core.PoolGraph()
    graph.add(snapshot(deployment.chain, [deployment.chain.description.pool(*BOTH_VENUES[0])]))
    return graph.quote_exact_in(pool, str(WSOL), 1_000_000).amount_out_raw


MISBEHAVING: dict[str, tuple[str, str, dict[str, Any]]] = {
    "raises": ("raise ValueError('broken')", "strategy_raised", {"error": "ValueError: broken"}),
    "prints": ("print('hello')\nsys.stdout.flush()", "strategy_printed", {"message": "hello"}),
    "exits": ("os._exit(3)", "strategy_ended", {"message": "the strategy's process ended by itself: exit status: 3"}),
    "leaves": ("sys.exit(4)", "strategy_ended", {"message": "the strategy's process ended by itself: exit status: 4"}),
    "hangs": ("while True: pass", "strategy_hung", {}),
    "talks rubbish": (
        "for number in range(3, 12):\n    try: os.write(number, b'rubbish\\n')\n    except OSError: pass",
        "strategy_garbled",
        {},
    ),
    "gives no wish": ("return [7]", "strategy_raised", {"during": "on_update"}),
    "wishes a fraction": (
        "return [Swap(WRAPPED_SOL, WRAPPED_SOL, 0.5, 1)]",
        "strategy_raised",
        {"error": "TypeError: amount_in_raw is 0.5, and amounts are whole numbers. Use raw_of for a Decimal."},
    ),
    "asks for an unknown pool": (
        "return [Swap(WRAPPED_SOL, update.changed[0].other(WRAPPED_SOL), 1, 1, [update.changed[0].hop(WRAPPED_SOL)],"
        " tag='x'), Circle([Hop(WRAPPED_SOL, WRAPPED_SOL, WRAPPED_SOL)], 1, 1)]",
        "wish_refused",
        {"code": "pool_unknown"},
    ),
    "wishes nothing": (
        "return [Circle([], 1, 1, tag='empty')]",
        "wish_refused",
        {"code": "wish_disconnected", "tag": "empty"},
    ),
    "wishes too much at once": (
        "return [Circle([], 1, 1) for _ in range(40)]",
        "wish_refused",
        {"code": "too_many_wishes"},
    ),
    "keeps what JSON has not": ("self.state['x'] = object()", "strategy_raised", {"during": "on_update"}),
}


@pytest.mark.parametrize("how", MISBEHAVING)
async def test_a_strategy_that_misbehaves_is_named_and_the_engine_goes_on(
    deployment: SolanaDeployment, tmp_path: Path, how: str
) -> None:
    body, event, fields = MISBEHAVING[how]
    # The second child behaves.
    once = tmp_path / "once"
    file = written(tmp_path, f"if os.path.exists('{once}'):\n    return\nopen('{once}', 'w').close()\n{body}")
    engine = engine_of(deployment, tmp_path, file, mode="paper", python={"answer_within_ms": 3_000})
    await engine.start()
    await engine.until(event, **fields)
    if event in {"strategy_ended", "strategy_hung", "strategy_garbled"}:
        await engine.until("strategy_started", after=engine.lines.index(await engine.until(event)))
    assert await engine.terminate() == 0
    assert engine.said("engine_failed") == []


async def test_a_strategy_that_fails_again_and_again_ends_its_engine_with_a_name(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    file = written(tmp_path, "os._exit(3)")
    engine = engine_of(deployment, tmp_path, file, mode="paper", python={"most_restarts": 2})
    await engine.start()
    assert await engine.exit_code() == 70
    assert len(engine.said("strategy_started")) == 3
    assert engine.lines[-1]["code"] == "strategy_failed"
    assert "exit status: 3" in engine.lines[-1]["message"]


@pytest.mark.parametrize(
    ("head", "parameters", "field"),
    [
        ("import nothing_of_that_name", {}, "python.file"),
        ("def (", {}, "python.file"),
        ("class Second(Strategy[None]):\n    def on_update(self, update): ...", {}, "python.file"),
        ("", {"speed": "5"}, "parameters.speed"),
        ("", {"tip_lamports": "-5"}, "parameters.tip_lamports"),
        ("", {"mints": ["x"]}, "parameters.mints[0]"),
    ],
    ids=["import", "syntax", "two classes", "unknown parameter", "parameter of the engine", "mint"],
)
async def test_what_cannot_be_taken_ends_the_start_with_64_and_its_field(
    deployment: SolanaDeployment, tmp_path: Path, head: str, parameters: dict[str, Any], field: str
) -> None:
    engine = engine_of(deployment, tmp_path, written(tmp_path, "return", head=head), parameters=parameters)
    await engine.start()
    assert await engine.exit_code() == 64
    refused = engine.said("config_refused")
    assert [line["field"] for line in refused] == [field]
    assert all(line["fault"] and line["remedy"] for line in refused)


REFUSED = {
    "blacklisted": ("update.circles(WRAPPED_SOL, tag='t')", "t blacklisted 2"),
    "pays too little": ("[replace(update.circles(WRAPPED_SOL)[0], min_profit_raw=10**15)]", "None not_paying 2"),
    "gives too little": ("[Swap(WRAPPED_SOL, '{wind}', 10**9, 10**18)]", "None below_least_out 0"),
    "more than is held": ("[Swap(WRAPPED_SOL, '{wind}', 10**15, 1)]", "None nothing_held 0"),
    "no way": ("[Swap(WRAPPED_SOL, '{nothing}', 10**9, 1, tag='t')]", "t no_route 0"),
}


@pytest.mark.parametrize("how", REFUSED)
async def test_a_refused_wish_is_told_to_the_strategy(deployment: SolanaDeployment, tmp_path: Path, how: str) -> None:
    wishes, told = REFUSED[how]
    described = deployment.chain.description
    wind, nothing = described.mint("WIND"), described.programs["PumpSwap"]
    file = written(
        tmp_path,
        "if len(update.pools) < 2 or not all(pool.tradeable for pool in update.pools.values()):\n"
        "    return []\n"
        f"return {wishes.format(wind=wind, nothing=nothing)}",
        head="from dataclasses import replace",
        more="    def on_refusal(self, refusal):\n"
        "        self.context.log(f'{refusal.tag} {refusal.code} {len(refusal.hops)}')\n",
    )
    blacklist = [wind] if how == "blacklisted" else []
    engine = engine_of(deployment, tmp_path, file, mode="paper", blacklist=blacklist)
    await engine.start()
    said = await engine.until("strategy_log")
    assert said["message"].replace(" 1", " 0") == told
    assert await engine.terminate() == 0
    assert engine.said("planned") == []


async def test_a_swap_that_was_sent_before_a_crash_is_told_with_its_amounts_after_it(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    wind = deployment.chain.description.mint("WIND")
    file = written(
        tmp_path,
        "if self.state or not all(pool.tradeable for pool in update.pools.values()):\n"
        "    return []\n"
        "self.state['asked'] = True\n"
        f"return [Swap(WRAPPED_SOL, '{wind}', 1_000_000_000, 1)]",
        more="    def on_fill(self, fill):\n"
        "        self.context.log(f'{fill.paid_raw} {fill.got_raw} {fill.gained_raw}')\n",
    )
    had_raw = deployment.account_raw("WIND")
    engine = engine_of(deployment, tmp_path, file)
    await engine.start()
    await engine.until("sent")
    await engine.kill()
    seen = len(engine.lines)
    await engine.start()
    said = await engine.until("strategy_log", after=seen)
    # What was under way may end before the engine hears signals.
    await engine.until("engine_ready", after=seen)
    assert await engine.terminate() == 0
    assert said["message"] == f"1000000000 {deployment.account_raw('WIND') - had_raw} None"


async def test_parameters_that_change_reach_the_strategy_and_wrong_ones_leave_the_former(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    engine = engine_of(deployment, tmp_path, mode="paper", parameters={"min_profit_raw": str(10**15)})
    await engine.start()
    await engine.until("engine_ready")
    own = dict(engine.config["parameters"])
    engine.config |= {"version": 2, "parameters": own | {"min_profit_raw": "many"}}
    engine.write()
    await engine.until("config_in_force", version=2)
    open_the_gap(deployment)
    refused = await engine.until("strategy_parameters_refused", version=2)
    assert refused["field"] == "parameters.min_profit_raw"
    assert engine.said("planned") == []
    engine.config |= {"version": 3, "parameters": own | {"min_profit_raw": "100000"}}
    engine.write()
    await engine.until("config_in_force", version=3)
    open_the_gap(deployment, 1_000_000_000)
    await engine.until("planned")
    assert await engine.terminate() == 0


async def test_a_strategy_that_hangs_does_not_outlive_its_killed_engine(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    file = written(tmp_path, "self.context.log('never told')\nopen('hangs', 'w').close()\nwhile True: pass")
    engine = engine_of(deployment, tmp_path, file, mode="paper", python={"answer_within_ms": 120_000})
    await engine.start()
    started = await engine.until("strategy_started")
    async with asyncio.timeout(60):
        while not (tmp_path / "mine-1" / "hangs").exists():
            await asyncio.sleep(0.01)
    await engine.kill()
    async with asyncio.timeout(60):
        while _runs(started["pid"]):
            await asyncio.sleep(0.01)


async def test_a_signal_to_the_group_leaves_the_ending_to_the_engine(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    file = written(tmp_path, "return", more="    def on_stop(self):\n        self.context.log('stopped')\n")
    engine = engine_of(deployment, tmp_path, file, mode="paper")
    await engine.start()
    started = await engine.until("strategy_started")
    await engine.until("engine_ready")
    os.kill(started["pid"], signal.SIGTERM)
    assert await engine.terminate() == 0
    assert [line["message"] for line in engine.said("strategy_log")] == ["stopped"]
    assert engine.said("strategy_ended") == []


def _runs(pid: int) -> bool:
    """Whether it is there and no mere entry of one that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
