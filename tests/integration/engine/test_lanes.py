"""The arb engine over each lane of the local Solana: it lands, dead ones stop nobody, the result names the lane."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import EngineProcess
from tests.integration.engine.trading import BOTH_VENUES, configuration, swap_by_somebody_else
from tests.integration.localnet_solana.swapping import WSOL
from tradewind.localnet.solana.faults import FaultSettings

TIP_LAMPORTS = 20_000
NOBODY = "http://127.0.0.1:1"


def jito(*regions: str) -> dict[str, Any]:
    return {"regions": list(regions), "requests_per_s": 100}


def open_the_gap(deployment: SolanaDeployment) -> None:
    """Somebody else's swap is no lane of the engine's: what is dropped of those is not dropped of it."""
    faults, first = deployment.chain.node.faults, deployment.chain.description.pool(*BOTH_VENUES[0])
    settings = faults.settings
    faults.clear()
    swap_by_somebody_else(deployment.chain, first, str(WSOL), 50_000_000_000)
    faults.set(settings)


async def traded(deployment: SolanaDeployment, tmp_path: Path, lanes: dict[str, Any], *, tip: int) -> dict[str, Any]:
    """The first result of an engine with these lanes, and what the chain says of it is as told."""
    config = configuration(deployment, BOTH_VENUES, folder=tmp_path / "arb-1", lanes=lanes)
    config["parameters"]["tip_lamports"] = str(tip)
    engine = EngineProcess(config, config_path=tmp_path / "resolved.json")
    lamports = deployment.lamports()
    await engine.start()
    await engine.until("engine_ready")
    open_the_gap(deployment)
    await engine.until("executed", status="success")
    assert await engine.terminate() == 0
    results = [result for result in engine.events("ExecutionResultEvent") if result["status"] != "timeout"]
    assert {result["status"] for result in results} == {"success"}
    left = sum(int(result["executionCost"]) + int(result["lockedLamports"]) for result in results)
    assert lamports - deployment.lamports() == left
    assert {deployment.tip_of(result["signature"]) for result in results} == {tip}
    plans = {plan["planId"]: plan for plan in engine.events("ExecutionPlanEvent")}
    return {**results[0], "planned": plans[results[0]["planId"]]}


@pytest.mark.parametrize(
    ("url", "scheme"), [("jito", "http"), ("jito_grpc", "grpc")], ids=["over JSON-RPC", "over gRPC"]
)
async def test_it_lands_by_the_block_engine_alone(
    deployment: SolanaDeployment, tmp_path: Path, url: str, scheme: str
) -> None:
    deployment.chain.node.faults.set(FaultSettings(drop_share={"*": 1.0, "jito": 0.0}))
    region = deployment.chain.description.urls[url].replace("http", scheme, 1)
    result = await traded(deployment, tmp_path, {"rpc": False, "jito": jito(NOBODY, region)}, tip=TIP_LAMPORTS)
    assert result["executionMethod"] == "jito_bundle"
    assert result["planned"]["executionMethod"] == "jito_bundle"


async def test_it_lands_by_the_leaders_alone(deployment: SolanaDeployment, tmp_path: Path) -> None:
    deployment.chain.node.faults.set(FaultSettings(drop_share={"*": 1.0, "tpu": 0.0}))
    result = await traded(deployment, tmp_path, {"rpc": False, "tpu": True}, tip=0)
    assert result["executionMethod"] == "tpu_direct"
    assert result["planned"]["executionMethod"] == "tpu_direct"


async def test_in_a_race_the_same_bytes_land_once_and_nobody_claims_what_is_not_known(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    lanes = {"tpu": True, "race": True, "jito": jito(deployment.chain.description.urls["jito"])}
    result = await traded(deployment, tmp_path, lanes, tip=TIP_LAMPORTS)
    assert result["executionMethod"] in {"auto", "jito_bundle"}
    assert result["planned"]["executionMethod"] == "auto"
    landed = [entry["signature"] for entry in await deployment.landed()]
    assert len(landed) == len(set(landed))


@pytest.mark.parametrize("race", [False, True])
async def test_a_lane_that_is_dead_stops_none_of_the_others(
    deployment: SolanaDeployment, tmp_path: Path, race: bool
) -> None:
    result = await traded(deployment, tmp_path, {"race": race, "jito": jito(NOBODY)}, tip=TIP_LAMPORTS)
    assert result["executionMethod"] == "rpc"


async def test_a_lane_that_takes_the_bytes_and_lands_nothing_is_joined_by_the_next(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    deployment.chain.node.faults.set(FaultSettings(drop_share={"tpu": 1.0}))
    result = await traded(deployment, tmp_path, {"tpu": True}, tip=0)
    # Both had it, and neither says that it landed by it.
    assert result["executionMethod"] == "auto"
    assert result["planned"]["executionMethod"] == "tpu_direct"


async def test_what_gains_more_than_the_bound_goes_by_the_private_lane_or_not_at_all(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    url = deployment.chain.description.urls["jito"]
    lanes = {"tpu": True, "race": True, "private_above_lamports": "0", "jito": jito(url)}
    config = configuration(deployment, BOTH_VENUES, folder=tmp_path / "plain", lanes=lanes)
    engine = EngineProcess(config, config_path=tmp_path / "plain.json")
    await engine.start()
    refused = await engine.until("not_sent")
    assert refused["code"] == "no_private_lane"
    assert await engine.terminate() == 0
    assert engine.said("sent") == []
    result = await traded(deployment, tmp_path, lanes, tip=TIP_LAMPORTS)
    assert result["executionMethod"] == "jito_bundle"
    assert result["planned"]["risk"] == "high"


async def test_a_tip_is_counted_by_the_engine_that_takes_over_after_a_crash(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    lanes = {"rpc": False, "jito": jito(deployment.chain.description.urls["jito"])}
    config = configuration(deployment, BOTH_VENUES, folder=tmp_path / "arb-1", lanes=lanes)
    config["parameters"]["tip_lamports"] = str(TIP_LAMPORTS)
    engine = EngineProcess(config, config_path=tmp_path / "resolved.json")
    lamports = deployment.lamports()
    await engine.start()
    sent = await engine.until("sent")
    await engine.kill()
    seen = len(engine.lines)
    await engine.start()
    await engine.until("engine_ready", after=seen)
    executed = await engine.until("executed", status="success", signature=sent["signature"])
    assert await engine.terminate() == 0
    results = {result["planId"]: result for result in engine.events("ExecutionResultEvent")}
    assert results[executed["plan_id"]]["executionMethod"] == "jito_bundle"
    assert {int(result["executionCost"]) for result in results.values()} == {5_000 + TIP_LAMPORTS}
    left = sum(int(result["executionCost"]) + int(result["lockedLamports"]) for result in results.values())
    assert lamports - deployment.lamports() == left
