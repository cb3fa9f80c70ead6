"""The arb engine on the real programs: it finds what others leave, and tells just what it gained."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import EngineProcess
from tests.integration.engine.trading import BOTH_VENUES, TRIANGLE, configuration, swap_by_somebody_else
from tests.integration.localnet_solana.swapping import WSOL


def engine_of(deployment: SolanaDeployment, tmp_path: Path, names: Any, **changes: Any) -> EngineProcess:
    config = configuration(deployment, names, folder=tmp_path / "arb-1", **changes)
    return EngineProcess(config, config_path=tmp_path / "resolved.json")


@pytest.mark.parametrize("names", [BOTH_VENUES, TRIANGLE], ids=["two venues", "triangle"])
async def test_a_swap_by_somebody_else_is_arbitraged_and_the_told_profit_is_the_wallets(
    deployment: SolanaDeployment, tmp_path: Path, names: Any
) -> None:
    engine = engine_of(deployment, tmp_path, names)
    first = deployment.chain.description.pool(*names[0])
    tokens, lamports = deployment.account_raw("SOL"), deployment.lamports()
    await engine.start()
    await engine.until("engine_ready", version=1)
    swap_by_somebody_else(deployment.chain, first, str(WSOL), 50_000_000_000)
    executed = await engine.until("executed", status="success")
    assert await engine.terminate() == 0
    results = engine.events("ExecutionResultEvent")
    assert results[0]["signature"] == executed["signature"]
    assert {result["status"] for result in results} == {"success"}
    gained = sum(int(result["actualProfit"]) for result in results)
    assert gained > 0
    assert deployment.account_raw("SOL") - tokens == gained
    left = sum(int(result["executionCost"]) + int(result["lockedLamports"]) for result in results)
    assert lamports - deployment.lamports() == left
    landed = [entry["signature"] for entry in await deployment.landed() if entry["err"] is None]
    assert landed == [result["signature"] for result in results]
    for plan in engine.events("ExecutionPlanEvent"):
        said = [line["event"] for line in engine.lines if line.get("plan_id") == plan["planId"]]
        # How long it took is told by another thread than what is sent.
        assert [event for event in said if event != "timed"] == ["planned", "sent", "executed"]
        assert said.count("timed") == 1
