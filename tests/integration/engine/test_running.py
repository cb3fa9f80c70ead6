"""The engine as its starter sees it: configuration, reload, stops, crashes, and what it tells."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.cuttable import cuttable
from tests.integration.engine.engine_process import EngineProcess
from tests.integration.engine.trading import BOTH_VENUES, TRIANGLE, configuration, slots_pass, swap_by_somebody_else
from tests.integration.localnet_solana.swapping import WSOL
from tradewind.domain.execution_plan_event import ExecutionPlanEvent, PlanExecutor
from tradewind.domain.execution_result_event import ExecutionResultEvent
from tradewind.domain.opportunity_event import OpportunityFound


def engine_of(deployment: SolanaDeployment, tmp_path: Path, names: Any = TRIANGLE, **changes: Any) -> EngineProcess:
    config = configuration(deployment, names, folder=tmp_path / "arb-1", **changes)
    return EngineProcess(config, config_path=tmp_path / "resolved.json")


def open_the_triangle(deployment: SolanaDeployment, amount_raw: int = 50_000_000_000) -> None:
    swap_by_somebody_else(deployment.chain, deployment.chain.description.pool(*TRIANGLE[0]), str(WSOL), amount_raw)


async def landed(deployment: SolanaDeployment) -> list[str]:
    return [entry["signature"] for entry in await deployment.landed() if entry["err"] is None]


async def test_a_blacklisted_token_is_traded_no_more_and_the_change_is_acknowledged_at_once(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    engine = engine_of(deployment, tmp_path)
    await engine.start()
    await engine.until("engine_ready")
    tide = deployment.chain.description.mint("TIDE")
    took_s = []
    for version in range(2, 7):
        engine.config |= {"version": version, "blacklist": [tide] if version % 2 == 0 else []}
        began = time.monotonic()
        engine.write()
        await engine.until("config_in_force", version=version)
        took_s.append(time.monotonic() - began)
    # Who polls would not be there so soon even once; a busy machine may be late at times.
    assert min(took_s) < 0.1
    open_the_triangle(deployment)
    await slots_pass(deployment, 10)
    assert engine.said("planned") == []
    assert await landed(deployment) == []
    engine.config |= {"version": 7, "blacklist": []}
    engine.write()
    await engine.until("config_in_force", version=7)
    open_the_triangle(deployment, 10_000_000_000)
    await engine.until("executed", status="success")
    assert await engine.terminate() == 0


async def test_a_change_that_cannot_be_taken_is_refused_by_its_field_and_the_old_one_stays(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    engine = engine_of(deployment, tmp_path)
    await engine.start()
    await engine.until("engine_ready")
    right = dict(engine.config)
    for version, change, field in (
        (2, {"mode": "paper"}, "mode"),
        (3, {"limits": {"max_tip_lamports": 5}}, "limits.max_tip_lamports"),
        (4, {"parameters": {"bases": []}}, "parameters.bases"),
        (1, {"blacklist": [str(WSOL)]}, "version"),
    ):
        seen = len(engine.lines)
        engine.config = right | {"version": version} | change
        engine.write()
        refused = await engine.until("config_refused", after=seen, field=field)
        assert refused["fault"]
        assert refused["remedy"]
    engine.config = right
    engine.write()
    open_the_triangle(deployment)
    await engine.until("executed", status="success")
    assert await engine.terminate() == 0


async def test_the_end_of_its_input_ends_the_engine(deployment: SolanaDeployment, tmp_path: Path) -> None:
    engine = engine_of(deployment, tmp_path)
    await engine.start()
    await engine.until("engine_ready")
    engine.close_input()
    assert await engine.exit_code() == 0
    assert engine.lines[-1]["event"] == "engine_stopped"
    assert engine.lines[-1]["reason"] == "stdin_closed"


@pytest.mark.parametrize("kills", [1, 4])
async def test_a_killed_engine_comes_back_and_every_trade_has_one_result(
    deployment: SolanaDeployment, tmp_path: Path, kills: int
) -> None:
    tokens = deployment.account_raw("SOL")
    engine = engine_of(deployment, tmp_path)
    for number in range(kills):
        await engine.start()
        await engine.until("engine_ready", after=len(engine.lines))
        seen = len(engine.lines)
        # Never the same bytes: a blockhash may outlive a start.
        open_the_triangle(deployment, 20_000_000_000 + number)
        await engine.until("sent", after=seen)
        await engine.kill()
    seen = len(engine.lines)
    await engine.start()
    await engine.until("engine_ready", after=seen)
    signed = {line["signature"] for line in engine.said("sent")}
    async with asyncio.timeout(30):
        while {result["signature"] for result in engine.events("ExecutionResultEvent")} < signed:
            await asyncio.sleep(0.02)
    assert await engine.terminate() == 0
    results = {result["planId"]: result for result in engine.events("ExecutionResultEvent")}
    assert set(await landed(deployment)) == {result["signature"] for result in results.values()}
    assert {result["status"] for result in results.values()} == {"success"}
    assert deployment.account_raw("SOL") - tokens == sum(int(result["actualProfit"]) for result in results.values())


async def test_what_changed_while_the_feed_was_cut_is_read_from_the_chain(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    async with cuttable(deployment.chain.description.urls["websocket"]) as feed:
        engine = engine_of(deployment, tmp_path)
        engine.config["chain"] |= {"websocket": feed.url}
        await engine.start()
        await engine.until("engine_ready")
        seen = len(engine.lines)
        feed.cut()
        open_the_triangle(deployment)
        feed.mend()
        await engine.until("pools_read", after=seen)
        await engine.until("executed", status="success")
        assert await engine.terminate() == 0


async def test_one_folder_has_one_engine(deployment: SolanaDeployment, tmp_path: Path) -> None:
    engine = engine_of(deployment, tmp_path)
    await engine.start()
    await engine.until("engine_ready")
    second = EngineProcess(engine.config, config_path=tmp_path / "resolved.json")
    await second.start()
    assert await second.exit_code() == 75
    assert second.lines[-1]["code"] == "instance_running"
    assert await engine.terminate() == 0


async def test_bad_configurations_end_with_64_and_say_what_to_do(deployment: SolanaDeployment, tmp_path: Path) -> None:
    right = engine_of(deployment, tmp_path).config
    for change, field in (
        ({"mode": "fast"}, "mode"),
        ({"limits": {"max_in_flight_count": "0"}}, "limits.max_in_flight_count"),
        ({"parameters": {}}, "parameters.bases"),
        ({"surprise": 1}, "surprise"),
    ):
        engine = EngineProcess(right | change, config_path=tmp_path / "bad.json")
        await engine.start("--check")
        assert await engine.exit_code() == 64
        assert [line["field"] for line in engine.said("config_refused")] == [field]
    engine = EngineProcess(right, config_path=tmp_path / "good.json")
    await engine.start("--check")
    assert await engine.exit_code() == 0


async def test_without_its_signer_the_engine_is_unavailable(deployment: SolanaDeployment, tmp_path: Path) -> None:
    await deployment.kill(deployment.signer)
    engine = engine_of(deployment, tmp_path)
    await engine.start()
    assert await engine.exit_code() == 69
    assert engine.lines[-1]["code"] == "signer_unavailable"


async def test_what_it_tells_is_what_the_stream_reads(deployment: SolanaDeployment, tmp_path: Path) -> None:
    engine = engine_of(deployment, tmp_path, BOTH_VENUES)
    await engine.start()
    await engine.until("executed", status="success")
    assert await engine.terminate() == 0
    plans = [ExecutionPlanEvent.model_validate_json(json.dumps(body)) for body in engine.events("ExecutionPlanEvent")]
    results = [
        ExecutionResultEvent.model_validate_json(json.dumps(body)) for body in engine.events("ExecutionResultEvent")
    ]
    assert {plan.executor for plan in plans} == {PlanExecutor.ENGINE}
    assert {result.plan_id for result in results} <= {plan.plan_id for plan in plans}
    ids = {envelope["id"]: envelope for envelope in engine.envelopes()}
    found = [OpportunityFound.model_validate_json(json.dumps(body)) for body in engine.events("OpportunityFound")]
    assert {plan.opportunity_id for plan in plans} <= {one.opportunity_id for one in found if one.not_planned is None}
    assert {str(one.event_id()) for one in found} <= set(ids)
    assert {str(plan.event_id()) for plan in plans} <= set(ids)
    assert {str(result.event_id()) for result in results} <= set(ids)
    for result, expected in zip(results, plans, strict=False):
        assert result.actual_profit is not None
        assert result.actual_profit >= 0 < expected.expected_profit


async def test_a_plan_for_the_service_is_told_and_not_signed(deployment: SolanaDeployment, tmp_path: Path) -> None:
    engine = engine_of(deployment, tmp_path, executes="service")
    await engine.start()
    await engine.until("engine_ready")
    open_the_triangle(deployment)
    planned = await engine.until("planned")
    assert planned["executor"] == "service"
    assert await engine.terminate() == 0
    assert engine.said("sent") == []
    assert await landed(deployment) == []


async def test_a_replayed_recording_gives_the_same_decisions_byte_for_byte(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    engine = engine_of(deployment, tmp_path, mode="paper")
    recording = tmp_path / "feed.jsonl"
    await engine.start("--record", str(recording))
    await engine.until("engine_ready")
    open_the_triangle(deployment)
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
    assert told[0] == told[1]
