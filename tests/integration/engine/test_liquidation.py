"""Loans of Kamino's dumped market: the engine finds the unhealthy one, and only that, and plans its liquidation."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import ENGINE, ROOT, EngineProcess
from tests.integration.engine.lending import SOL_RESERVE, USDC_RESERVE, LendingMarket
from tests.integration.engine.trading import snapshot
from tests.integration.localnet_solana.swapping import WSOL
from tradewind.commander.resolved import content_of
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.domain.execution_plan_event import ExecutionPlanEvent, PlanExecutor, PlanStrategy

EXAMPLE = ROOT / "configs" / "strategies" / "liquidation.yaml"
SOL_USDC = ("raydium_amm_v4", "SOL/USDC")


def example(folder: Path) -> dict[str, Any]:
    """The example as a commander resolves it."""
    content = content_of(read_strategy_file(EXAMPLE).settings, instance="liquidation-1", folder=folder)
    return {"version": 1, **content}


def configuration(deployment: SolanaDeployment, lending: LendingMarket, folder: Path, **changes: Any) -> dict[str, Any]:
    """The example on this chain."""
    described = deployment.chain.description
    folder.mkdir(exist_ok=True)
    pool = described.pool(*SOL_USDC)
    (folder / "pools.json").write_text(snapshot(deployment.chain, [pool]))
    config = example(folder)
    chain = {"rpc": [described.urls["rpc"]], "websocket": described.urls["websocket"]}
    config["chain"] |= chain | {"genesis_hash": described.genesis_hash}
    config["limits"] |= {"max_opportunity_age_ms": "30000"}
    config["inventory"] = {"snapshot": "pools.json", "programs": []}
    config["parameters"] |= {
        "wallet": deployment.wallet.address,
        "lookup_tables": [lending.lookup_table(pool.pool, pool.base_vault, str(pool.quote_vault))],
        "bases": [{"mint": str(WSOL), "min_profit_raw": "1000"}],
    }
    return config | changes


async def plans(engine: EngineProcess) -> list[dict[str, Any]]:
    """What it has planned, as soon as that is anything, each as the stream's readers take it."""
    async with asyncio.timeout(30):
        while not (told := engine.events("ExecutionPlanEvent")):
            await asyncio.sleep(0.02)
    for body in told:
        plan = ExecutionPlanEvent.model_validate_json(json.dumps(body))
        assert plan.strategy is PlanStrategy.LIQUIDATION
    return told


def test_the_example_is_one_that_the_engine_takes(tmp_path: Path) -> None:
    engine = EngineProcess(example(tmp_path / "liquidation-1"), config_path=tmp_path / "resolved.json")
    engine.write()
    arguments = [str(ENGINE), "--strategy", "liquidation", "--config", str(engine.config_path), "--check"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


async def test_only_the_unhealthy_loan_is_planned_and_another_once_a_price_makes_it_unhealthy(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    lending = LendingMarket(deployment.chain)
    lending.dumped_loan()
    # Owed SOL counts 1.25 times; the threshold is 90 % of the deposit.
    unhealthy = lending.loan(1, dollars=2_000, owed_share=0.73)
    soon = lending.loan(2, dollars=4_000, owed_share=0.71)
    lending.loan(3, dollars=2_000, owed_share=0)
    config = configuration(deployment, lending, tmp_path / "liquidation-1")
    engine = EngineProcess(config, config_path=tmp_path / "resolved.json")
    await engine.start()
    await engine.until("engine_ready")
    assert engine.said("loans_found")[0]["loans"] == 3
    first = await plans(engine)
    assert {plan["liquidation"]["obligation"] for plan in first} == {unhealthy}
    plan = first[0]
    assert (plan["inputToken"], plan["outputToken"]) == (lending.usdc, str(WSOL))
    assert (plan["liquidation"]["repayReserve"], plan["liquidation"]["withdrawReserve"]) == (SOL_RESERVE, USDC_RESERVE)
    # A fifth of the debt at once, out of a loan of the same reserve.
    fifth_raw = 2_000 * 0.73 / lending.sol_price * 1e9 / 5
    assert abs(int(plan["liquidation"]["repayAmount"]) - fifth_raw) < fifth_raw / 1e4
    assert plan["flashLoan"]["reserve"] == SOL_RESERVE
    brought_raw = int(plan["routes"][-1]["outputAmount"])
    assert int(plan["expectedProfit"]) == brought_raw - int(plan["liquidation"]["repayAmount"])
    assert int(plan["expectedProfit"]) > 0
    lending.price(SOL_RESERVE, lending.sol_price * 1.03)
    # The larger one leaves more, and both are sold by one way.
    found: set[str] = set()
    async with asyncio.timeout(30):
        while soon not in found:
            found = {plan["liquidation"]["obligation"] for plan in await plans(engine)}
            await asyncio.sleep(0.02)
    assert found == {unhealthy, soon}
    assert engine.said("sent") == []
    assert await engine.terminate() == 0


async def test_a_service_is_told_of_the_plan_and_nothing_is_signed(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    lending = LendingMarket(deployment.chain)
    unhealthy = lending.loan(1, dollars=2_000, owed_share=0.73)
    config = configuration(deployment, lending, tmp_path / "liquidation-1", mode="live", executes="service")
    config["parameters"] |= {"obligations": [unhealthy]}
    engine = EngineProcess(config, config_path=tmp_path / "resolved.json")
    await engine.start()
    [plan, *_] = await plans(engine)
    assert plan["executor"] == PlanExecutor.SERVICE
    assert plan["liquidation"]["obligation"] == unhealthy
    assert await engine.terminate() == 0
    assert await deployment.landed() == []


async def test_a_market_that_is_none_is_told_before_anything_runs(deployment: SolanaDeployment, tmp_path: Path) -> None:
    config = configuration(deployment, LendingMarket(deployment.chain), tmp_path / "liquidation-1")
    config["parameters"] |= {"market": str(WSOL)}
    engine = EngineProcess(config, config_path=tmp_path / "resolved.json")
    await engine.start()
    failed = await engine.until("engine_failed", code="market_empty")
    assert "parameters.market" in failed["message"]
    assert await engine.exit_code() == 64
