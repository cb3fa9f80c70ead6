"""A liquidation of Kamino executed by its own program, of which the user has a build: KLEND_PROGRAM names the file.

The dumped market stands on the local chain with that program. One loan of it owes too much; a live engine finds it, the
signer signs, and the chain has the last word.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.integration.engine.lending import SOL_RESERVE
from tests.integration.engine.liquidating import Liquidating, liquidating


@pytest_asyncio.fixture
async def scene(tmp_path: Path, klend: bytes) -> AsyncIterator[Liquidating]:
    async with liquidating(tmp_path, klend=klend) as scene:
        yield scene


async def test_an_unhealthy_loan_is_repaid_out_of_a_flash_loan_and_its_gain_is_the_wallets(scene: Liquidating) -> None:
    deployment, lending = scene.deployment, scene.lending
    owed_raw, collateral_raw = lending.owed_raw(scene.loan), lending.collateral_raw(scene.loan)
    tokens_raw, lent_raw = deployment.account_raw("SOL"), lending.vault_raw(SOL_RESERVE)
    engine = scene.engine()
    await engine.start()
    executed = await engine.until("executed", status="success", timeout_s=120)
    assert await engine.terminate() == 0
    plan = next(one for one in engine.events("ExecutionPlanEvent") if one["planId"] == executed["plan_id"])
    results = [one for one in engine.events("ExecutionResultEvent") if one["status"] == "success"]
    repaid_raw = int(plan["liquidation"]["repayAmount"])
    assert plan["liquidation"]["obligation"] == scene.loan
    # What the loan owes less, and the reserve has more, is what was repaid, but for the interest until then.
    assert sum(int(one["actualProfit"]) for one in results) == deployment.account_raw("SOL") - tokens_raw > 0
    assert lending.collateral_raw(scene.loan) < collateral_raw
    assert lending.owed_raw(scene.loan) < owed_raw
    if len(results) == 1:
        assert abs(lending.vault_raw(SOL_RESERVE) - lent_raw - repaid_raw) <= repaid_raw / 1e3
        assert abs(owed_raw - lending.owed_raw(scene.loan) - repaid_raw) <= repaid_raw / 1e3


async def test_what_a_node_measures_is_what_is_offered(scene: Liquidating) -> None:
    engine = scene.engine(simulate=True)
    await engine.start()
    executed = await engine.until("executed", status="success", timeout_s=120)
    assert await engine.terminate() == 0
    plan = next(one for one in engine.events("ExecutionPlanEvent") if one["planId"] == executed["plan_id"])
    [landed] = [one for one in await scene.deployment.landed() if one["signature"] == executed["signature"]]
    spent = scene.units_of(landed["signature"])
    assert plan["simulationSuccess"] is True
    assert spent <= plan["gasEstimate"] <= spent * 12 // 10 + 10_000
