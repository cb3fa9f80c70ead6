"""The sign-gate's answer is lost on its way: the engine asks again what is on record, and goes on."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import EngineProcess
from tests.integration.engine.forgetful_gate import forgetful_gate
from tests.integration.engine.lying_endpoint import lying_endpoint
from tests.integration.engine.trading import TRIANGLE, configuration, slots_pass, swap_by_somebody_else
from tests.integration.localnet_solana.swapping import WSOL
from tradewind.execution.signer_client import SignerClient


def engine_behind(deployment: SolanaDeployment, tmp_path: Path, socket: Path) -> EngineProcess:
    config = configuration(deployment, TRIANGLE, folder=tmp_path / "arb-1", signer={"socket": str(socket)})
    return EngineProcess(config, config_path=tmp_path / "resolved.json")


def open_the_triangle(deployment: SolanaDeployment, amount_raw: int) -> None:
    swap_by_somebody_else(deployment.chain, deployment.chain.description.pool(*TRIANGLE[0]), str(WSOL), amount_raw)


async def open_until(deployment: SolanaDeployment, is_said: Callable[[], bool]) -> None:
    """Move the triangle's first pool on: a gate that refused a receipt is left alone for a while, and trades are."""
    async with asyncio.timeout(30):
        while not is_said():
            open_the_triangle(deployment, 100_000_000 + deployment.chain.node.slot % 1_000)
            await slots_pass(deployment, 1)


@pytest.mark.parametrize("lost", ["answers_to_lose", "requests_to_lose"])
async def test_a_plan_whose_answer_was_lost_comes_to_its_end_and_its_pools_are_traded_again(
    deployment: SolanaDeployment, tmp_path: Path, lost: str
) -> None:
    async with forgetful_gate(deployment.folder / "signer.sock", tmp_path / "gate.sock") as gate:
        engine = engine_behind(deployment, tmp_path, gate.path)
        await engine.start()
        await engine.until("engine_ready")
        # A connection that was open may have been closed while idle, so the same request is sent once more.
        setattr(gate, lost, 2)
        open_the_triangle(deployment, 50_000_000_000)
        await engine.until("not_signed")
        signed = lost == "answers_to_lose"
        if signed:
            resolved = await engine.until("resolved")
            first = await engine.until("executed", status="success", signature=resolved["signature"])
        else:
            first = await engine.until("executed", status="failed", code="answer_lost")
        assert {first["plan_id"]} == set(gate.lost)
        seen = len(engine.lines)
        open_the_triangle(deployment, 40_000_000_000)
        await engine.until("executed", status="success", after=seen)
        assert await engine.terminate() == 0
    results = {result["planId"]: result for result in engine.events("ExecutionResultEvent")}
    landed = {entry["signature"] for entry in await deployment.landed() if entry["err"] is None}
    assert landed == {result["signature"] for result in results.values() if result["status"] == "success"}
    assert (results[first["plan_id"]]["signature"] in landed) is signed
    plans: list[dict[str, Any]] = engine.events("ExecutionPlanEvent")
    assert set(results) == {plan["planId"] for plan in plans}


async def test_a_step_that_was_recorded_and_never_signed_is_closed_and_its_pools_are_traded_again(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    assert deployment.signer is not None
    signer = SignerClient(deployment.folder / "signer.sock")
    async with lying_endpoint(deployment.chain.description.urls["rpc"]) as second:
        engine = engine_behind(deployment, tmp_path, deployment.folder / "signer.sock")
        engine.config["chain"]["rpc"].append(second.url)
        await engine.start()
        await engine.until("engine_ready")
        deployment.signer.kill()
        await deployment.signer.wait()
        await deployment.start_signer({"TRADEWIND_SIGNER_KILL_AT": "gate_committed"})
        open_the_triangle(deployment, 50_000_000_000)
        await open_until(deployment, lambda: bool(engine.said("not_signed")))
        plan_id = engine.said("not_signed")[0]["plan_id"]
        await deployment.signer.wait()
        await deployment.run_signer("halt", "--config", "signer.toml", "--reason", "a test")
        await deployment.start_signer()
        await engine.until("executed", plan_id=plan_id, status="failed", code="answer_lost")
        step = await signer.solana_step(plan_id, 0)
        assert (step.attempts, step.pending, step.closed) == ((), (), True)
        await signer.resume(kill_epoch=(await signer.hello()).kill_epoch, by="a test")
        await open_until(deployment, lambda: any(line["status"] == "success" for line in engine.said("executed")))
        assert await engine.terminate() == 0
    assert engine.said("flight_unfinished") == []
    assert f"-{plan_id}" in (tmp_path / "arb-1" / "steps").read_text().splitlines()
