"""A transaction is simulated before anybody signs it: what would fail is dropped, and paper tells the rest."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from solders.account import Account
from solders.pubkey import Pubkey

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import EngineProcess
from tests.integration.engine.trading import TRIANGLE, configuration, swap_by_somebody_else
from tests.integration.localnet_solana.swapping import WSOL

# Of a token account: initialised is 1, frozen is 2.
STATE_AT = 108


def engine_of(deployment: SolanaDeployment, tmp_path: Path, **changes: Any) -> EngineProcess:
    config = configuration(deployment, TRIANGLE, folder=tmp_path / "arb-1", **changes)
    return EngineProcess(config, config_path=tmp_path / "resolved.json")


def open_the_triangle(deployment: SolanaDeployment, amount_raw: int = 50_000_000_000) -> None:
    swap_by_somebody_else(deployment.chain, deployment.chain.description.pool(*TRIANGLE[0]), str(WSOL), amount_raw)


def freeze(deployment: SolanaDeployment, symbol: str) -> None:
    """The issuer freezes the wallet's account of a token that is traded through, which no engine follows."""
    node, address = deployment.chain.node, Pubkey.from_string(deployment.wallet.token_accounts[symbol])
    held = node.account(address)
    assert held is not None
    data = bytearray(held.data)
    data[STATE_AT] = 2
    node.set_account(address, Account(held.lamports, bytes(data), held.owner))


def plan_of(engine: EngineProcess, line: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in engine.events("ExecutionPlanEvent") if one["planId"] == line["plan_id"])


async def test_paper_tells_what_it_would_have_gained_and_never_calls_it_a_success(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    usdc = deployment.chain.description.mint("USDC")
    engine = engine_of(deployment, tmp_path, mode="paper", executes="service", usd_mints=[usdc])
    await engine.start()
    await engine.until("engine_ready")
    tokens, lamports = deployment.account_raw("SOL"), deployment.lamports()
    open_the_triangle(deployment)
    told = await engine.until("simulated")
    assert await engine.terminate() == 0
    result = next(one for one in engine.events("ExecutionResultEvent") if one["planId"] == told["plan_id"])
    plan = plan_of(engine, told)
    assert (result["status"], result["signature"], result["errorCode"]) == ("simulated", None, None)
    # The pools pay what was planned, to the unit, and nothing has moved.
    assert result["actualProfit"] == plan["expectedProfit"] != "0"
    assert (deployment.account_raw("SOL"), deployment.lamports()) == (tokens, lamports)
    # What nobody may execute is for the record, whoever is configured to execute.
    assert (plan["executor"], plan["simulationSuccess"]) == ("engine", True)
    assert Decimal(plan["expectedProfitUsd"]) > 0
    assert engine.said("sent") == []


async def test_without_a_mint_that_counts_as_a_dollar_nobody_knows_what_a_plan_is_worth(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    engine = engine_of(deployment, tmp_path, executes="service")
    await engine.start()
    await engine.until("engine_ready")
    open_the_triangle(deployment)
    # On disk before the line: whoever acts upon it finds it there.
    plan = plan_of(engine, await engine.until("planned"))
    assert plan["expectedProfitUsd"] is None
    assert (plan["executor"], plan["executionMethod"]) == ("service", "auto")
    assert await engine.terminate() == 0


async def test_what_would_fail_is_dropped_with_the_programs_words_and_not_signed(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    engine = engine_of(deployment, tmp_path, simulate=True)
    await engine.start()
    await engine.until("engine_ready")
    freeze(deployment, "TIDE")
    open_the_triangle(deployment)
    dropped = await engine.until("simulation_failed")
    assert dropped["code"] == "simulation_failed"
    # 17 is AccountFrozen of the token program.
    assert "custom 17" in dropped["message"]
    assert await engine.terminate() == 0
    assert engine.said("sent") == []
    assert [entry["err"] for entry in await deployment.landed() if entry["err"] is not None] == []


async def test_what_goes_well_in_the_simulation_is_signed_and_lands(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    engine = engine_of(deployment, tmp_path, simulate=True)
    await engine.start()
    await engine.until("engine_ready")
    open_the_triangle(deployment)
    executed = await engine.until("executed", status="success")
    assert await engine.terminate() == 0
    assert plan_of(engine, executed)["simulationSuccess"] is True
