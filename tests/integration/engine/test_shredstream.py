"""The arb engine before the execution: what it reads in an entry, it plans upon, and holds against the truth."""

from pathlib import Path

import pytest

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.predicting import AMM_V4, LAMPORTS_IN, followed, gained, predictions, somebody
from tests.integration.engine.trading import swap_by_somebody_else
from tests.integration.localnet_solana.swapping import WSOL


@pytest.mark.parametrize("venue", ["raydium_amm_v4", "pumpswap"])
async def test_an_arbitrage_is_found_in_an_entry_and_landed_before_anybody_told_of_its_execution(
    deployment: SolanaDeployment, tmp_path: Path, venue: str
) -> None:
    tokens = deployment.account_raw("SOL")
    engine = await followed(deployment, tmp_path, "send")
    node, seen = deployment.chain.node, len(engine.lines)
    node.fall_behind()
    submission = node.submit(somebody(deployment, venue), lane="rpc")
    assert submission.meta is not None
    assert submission.meta.err is None
    sent = await engine.until("sent", after=seen)
    executed = await engine.until("executed", after=seen, signature=sent["signature"])
    assert executed["status"] == "success"
    node.catch_up()
    assert await engine.terminate() == 0
    results = {result["signature"]: result for result in engine.events("ExecutionResultEvent")}
    assert int(results[sent["signature"]]["actualProfit"]) > 0
    assert deployment.account_raw("SOL") - tokens == gained(engine)


@pytest.mark.parametrize("truth", ["websocket", "yellowstone"])
async def test_a_plan_upon_an_entry_waits_until_it_was_executed(
    deployment: SolanaDeployment, tmp_path: Path, truth: str
) -> None:
    tokens = deployment.account_raw("SOL")
    engine = await followed(deployment, tmp_path, "wait", truth)
    node, seen = deployment.chain.node, len(engine.lines)
    node.fall_behind()
    node.submit(somebody(deployment, "raydium_amm_v4"), lane="rpc")
    await engine.until("plan_waits", after=seen)
    assert [line["event"] for line in engine.lines[seen:] if line["event"] in {"planned", "sent"}] == []
    node.catch_up()
    sent = await engine.until("sent", after=seen)
    await engine.until("executed", status="success", signature=sent["signature"])
    assert await engine.terminate() == 0
    assert predictions(engine)["came_true"] > 0
    assert deployment.account_raw("SOL") - tokens == gained(engine)


@pytest.mark.parametrize("fate", ["abandoned", "failed"])
async def test_an_entry_that_comes_to_nothing_costs_nothing_and_leaves_the_pools_as_they_are(
    deployment: SolanaDeployment, tmp_path: Path, fate: str
) -> None:
    tokens = deployment.account_raw("SOL")
    engine = await followed(deployment, tmp_path, "wait")
    node, seen = deployment.chain.node, len(engine.lines)
    before, lamports = deployment.account_raw("SOL"), deployment.lamports()
    if fate == "abandoned":
        node.announce([somebody(deployment, "raydium_amm_v4")])
    else:
        # More than anybody has: the program fails, and the entry does not say so.
        submission = node.submit(somebody(deployment, "raydium_amm_v4", 400_000_000_000_000), lane="rpc")
        assert submission.meta is not None
        assert submission.meta.err is not None
    waits = await engine.until("plan_waits", after=seen)
    gone = await engine.until("plan_invalidated", after=seen, opportunity_id=waits["opportunity_id"])
    assert gone["reason"] == "expired"
    assert (deployment.account_raw("SOL"), deployment.lamports()) == (before, lamports)
    seen = len(engine.lines)
    swap_by_somebody_else(deployment.chain, deployment.chain.description.pool(*AMM_V4), str(WSOL), LAMPORTS_IN + 1)
    await engine.until("executed", after=seen, status="success")
    assert await engine.terminate() == 0
    assert predictions(engine)["expired"] > 0
    assert {result["status"] for result in engine.events("ExecutionResultEvent")} == {"success"}
    assert deployment.account_raw("SOL") - tokens == gained(engine)
