"""Loans of Kamino's dumped market: the engine finds the unhealthy one, and only that, and plans its liquidation."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import ENGINE, EngineProcess
from tests.integration.engine.lending import SOL_RESERVE, USDC_RESERVE, LendingMarket
from tests.integration.engine.liquidating import configuration, example
from tests.integration.localnet_solana.swapping import WSOL
from tradewind.domain.execution_plan_event import ExecutionPlanEvent, PlanExecutor, PlanStrategy


async def plans(engine: EngineProcess) -> list[dict[str, Any]]:
    """What it has planned, as soon as that is anything, each as the stream's readers take it."""
    async with asyncio.timeout(30):
        while not (told := engine.events("ExecutionPlanEvent")):
            await asyncio.sleep(0.02)
    for body in told:
        plan = ExecutionPlanEvent.model_validate_json(json.dumps(body))
        assert plan.strategy is PlanStrategy.LIQUIDATION
    return told


def first_plan(engine: EngineProcess, loan: str) -> dict[str, Any]:
    """The first one that liquidates this loan."""
    told = engine.events("ExecutionPlanEvent")
    return next(plan for plan in told if plan["liquidation"]["obligation"] == loan)


async def planned_for(engine: EngineProcess, loan: str) -> None:
    """Return once the engine has planned to liquidate this loan."""
    async with asyncio.timeout(30):
        while loan not in {plan["liquidation"]["obligation"] for plan in await plans(engine)}:
            await asyncio.sleep(0.02)


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


async def test_a_replayed_recording_of_changing_loans_gives_the_same_decisions_byte_for_byte(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    lending = LendingMarket(deployment.chain)
    unhealthy = lending.loan(1, dollars=2_000, owed_share=0.73)
    lending.loan(2, dollars=4_000, owed_share=0.5)
    config = configuration(deployment, lending, tmp_path / "liquidation-1")
    recording = tmp_path / "feed.jsonl"
    engine = EngineProcess(config, config_path=tmp_path / "resolved.json")
    await engine.start("--record", str(recording))
    await engine.until("engine_ready")
    # One is found at once, another after its owner borrowed more, and the first is repaid by somebody.
    await planned_for(engine, unhealthy)
    soon = lending.loan(2, dollars=4_000, owed_share=0.74)
    lending.loan(1, dollars=2_000, owed_share=0.2)
    await planned_for(engine, soon)
    assert await engine.terminate() == 0
    told = []
    for name in ("first", "second"):
        # Neither the chain nor the signer is asked for anything, and who trades is in the recording.
        parameters = {name: value for name, value in config["parameters"].items() if name != "wallet"}
        changes = {"mode": "replay", "folder": str(tmp_path / name), "parameters": parameters}
        changes |= {"chain": config["chain"] | {"rpc": ["http://127.0.0.1:1"], "websocket": "ws://127.0.0.1:1"}}
        replayed = EngineProcess(config | changes, config_path=tmp_path / f"{name}.json")
        await replayed.start("--recording", str(recording))
        assert await replayed.exit_code() == 0
        told.append((tmp_path / name / "events.jsonl").read_bytes())
        loans = [plan["liquidation"]["obligation"] for plan in await plans(replayed)]
        assert {unhealthy, soon} == set(loans)
        assert loans.index(unhealthy) < loans.index(soon)
        # What was recorded is decided as it was then, but for the interest of the slots between two decisions.
        [then, now] = [first_plan(run, unhealthy) for run in (engine, replayed)]
        assert (now["wallet"], now["routes"][0]["pool"]) == (then["wallet"], then["routes"][0]["pool"])
        assert abs(int(now["inputAmount"]) - int(then["inputAmount"])) < int(then["inputAmount"]) / 1e4
        assert now["gasEstimate"] == then["gasEstimate"]
    assert told[0] == told[1]


async def test_a_market_that_is_none_is_told_before_anything_runs(deployment: SolanaDeployment, tmp_path: Path) -> None:
    config = configuration(deployment, LendingMarket(deployment.chain), tmp_path / "liquidation-1")
    config["parameters"] |= {"market": str(WSOL)}
    engine = EngineProcess(config, config_path=tmp_path / "resolved.json")
    await engine.start()
    failed = await engine.until("engine_failed", code="market_empty")
    assert "parameters.market" in failed["message"]
    assert await engine.exit_code() == 64
