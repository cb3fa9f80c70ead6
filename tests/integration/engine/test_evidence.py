"""What the engine shows the sign-gate of the chain is what a quorum of its endpoints tells, and who told it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import EngineProcess
from tests.integration.engine.forgetful_gate import ForgetfulGate, forgetful_gate
from tests.integration.engine.lying_endpoint import lying_endpoint
from tests.integration.engine.trading import TRIANGLE, configuration, swap_by_somebody_else
from tests.integration.localnet_solana.swapping import WSOL
from tradewind.localnet.solana.faults import FaultSettings

FAR = 100_000


@asynccontextmanager
async def engine_of_three_endpoints(
    deployment: SolanaDeployment, tmp_path: Path, *, reverts: bool = False
) -> AsyncIterator[tuple[EngineProcess, ForgetfulGate, set[str]]]:
    """Ready, with the gate that it asks and its honest endpoints; the third is far ahead of the chain, or says of
    everything that it reverted."""
    url = deployment.chain.description.urls["rpc"]
    async with (
        lying_endpoint(url) as second,
        lying_endpoint(url, by=0 if reverts else FAR) as liar,
        forgetful_gate(deployment.folder / "signer.sock", tmp_path / "gate.sock") as gate,
    ):
        liar.reverts = reverts
        config = configuration(deployment, TRIANGLE, folder=tmp_path / "arb-1", signer={"socket": str(gate.path)})
        config["chain"]["rpc"] = [url, second.url, liar.url]
        engine = EngineProcess(config, config_path=tmp_path / "resolved.json")
        await engine.start()
        await engine.until("engine_ready")
        yield engine, gate, {url, second.url}


async def asked(gate: ForgetfulGate, op: str) -> dict[str, Any]:
    """The first request of this kind."""
    async with asyncio.timeout(30):
        while not (found := [request for request in gate.asked if request["op"] == op]):
            await asyncio.sleep(0.02)
    return found[0]


async def test_one_endpoint_that_is_far_ahead_moves_no_height(deployment: SolanaDeployment, tmp_path: Path) -> None:
    async with engine_of_three_endpoints(deployment, tmp_path) as (engine, gate, honest):
        first = deployment.chain.description.pool(*TRIANGLE[0])
        swap_by_somebody_else(deployment.chain, first, str(WSOL), 50_000_000_000)
        await engine.until("executed", status="success")
        evidence = (await asked(gate, "sign_solana"))["evidence"]
        settlement = await asked(gate, "settle_solana")
        assert await engine.terminate() == 0
    node = deployment.chain.node
    height = node.latest_blockhash().last_valid_block_height - node.options.blockhash_valid_blocks
    assert evidence["finalized_block_height"] <= evidence["block_height"] <= height
    assert len(honest & set(evidence["endpoints"])) >= 1 < len(set(evidence["endpoints"]))
    assert settlement["outcome"] == "succeeded"
    assert settlement["slot"] <= settlement["finalized"]["slot"] <= node.slot
    assert settlement["finalized"]["block_height"] <= height
    # All three have it in a final block, and say so.
    assert len(set(settlement["endpoints"])) == 3


async def test_an_expiry_is_settled_with_those_who_do_not_know_the_signature(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    async with engine_of_three_endpoints(deployment, tmp_path) as (engine, gate, honest):
        faults, node = deployment.chain.node.faults, deployment.chain.node
        swap_by_somebody_else(
            deployment.chain, deployment.chain.description.pool(*TRIANGLE[0]), str(WSOL), 50_000_000_000
        )
        faults.set(FaultSettings(drop_share={"*": 1.0}))
        order = await asked(gate, "sign_solana")
        node.advance(node.options.blockhash_valid_blocks + 10)
        expired = await engine.until("executed", status="failed", code="expired")
        assert expired["plan_id"] == order["intent_id"]
        # As the gate sees it, it is surely dead some blocks later, and it takes nobody's word before.
        node.advance(70)
        settlement = await asked(gate, "settle_solana")
        assert await engine.terminate() == 0
    assert engine.said("flight_unfinished") == []
    assert settlement["outcome"] == "expired"
    assert settlement["finalized"]["block_height"] > order["last_valid_block_height"] + 60
    assert set(settlement["endpoints"]) >= honest
    assert settlement["signatures"] == [{"signature": expired["signature"], "status": "absent"}]
    steps = (tmp_path / "arb-1" / "steps").read_text().splitlines()
    assert f"-{order['intent_id']}" in steps


async def test_one_endpoint_that_says_reverted_ends_nothing(deployment: SolanaDeployment, tmp_path: Path) -> None:
    async with engine_of_three_endpoints(deployment, tmp_path, reverts=True) as (engine, gate, honest):
        first = deployment.chain.description.pool(*TRIANGLE[0])
        swap_by_somebody_else(deployment.chain, first, str(WSOL), 50_000_000_000)
        result = await engine.until("executed")
        settlement = await asked(gate, "settle_solana")
        assert await engine.terminate() == 0
    assert result["status"] == "success"
    assert settlement["outcome"] == "succeeded"
    assert set(settlement["endpoints"]) == honest
    assert [told["status"] for told in engine.events("ExecutionResultEvent")] == ["success"]


async def test_what_was_told_wrongly_is_corrected_once_the_chain_has_decided_for_ever(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    async with (
        lying_endpoint(deployment.chain.description.urls["rpc"]) as only,
        forgetful_gate(deployment.folder / "signer.sock", tmp_path / "gate.sock") as gate,
    ):
        config = configuration(deployment, TRIANGLE, folder=tmp_path / "arb-1", signer={"socket": str(gate.path)})
        config["chain"]["rpc"] = [only.url]
        engine = EngineProcess(config, config_path=tmp_path / "resolved.json")
        await engine.start()
        await engine.until("engine_ready")
        only.reverts = True
        first = deployment.chain.description.pool(*TRIANGLE[0])
        swap_by_somebody_else(deployment.chain, first, str(WSOL), 50_000_000_000)
        wrong = await engine.until("executed", status="failed", code="reverted")
        only.reverts = False
        corrected = await engine.until("result_corrected", plan_id=wrong["plan_id"])
        await engine.until("executed", status="success", plan_id=wrong["plan_id"])
        settlement = await asked(gate, "settle_solana")
        assert await engine.terminate() == 0
    assert (corrected["was"], corrected["is"]) == ("reverted", "landed")
    assert settlement["outcome"] == "succeeded"
    told = [event for event in engine.envelopes() if event["type"] == "ExecutionResultEvent"]
    events = [event for event in told if event["body"]["planId"] == wrong["plan_id"]]
    assert [event["body"]["status"] for event in events] == ["failed", "success"]
    assert len({event["id"] for event in events}) == 2
