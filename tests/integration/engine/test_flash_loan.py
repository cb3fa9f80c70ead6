"""A circle on borrowed money: only where the wallet has too little and the fee leaves more, in the executors' bytes."""

import json
from pathlib import Path
from typing import Any

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import EngineProcess
from tests.integration.engine.forgetful_gate import forgetful_gate
from tests.integration.engine.test_same_bytes import AsSigned, built_again
from tests.integration.engine.trading import BOTH_VENUES, configuration
from tests.integration.localnet_solana.swapping import WSOL
from tradewind import core
from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.execution.executors.flash_loan import LEAST_PRICE_MICRO_LAMPORTS, LEAST_UNITS

KAMINO = "KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD"
SOL_RESERVE = "d4A2prbA2whesmvHaL88BH6Ewn5N4bTSU2Ze8P6Bc4Q"
DUMP = Path(__file__).parents[2] / "fixtures" / "solana" / "kamino" / f"{SOL_RESERVE}.bin"
AMOUNT = slice(64, 72)


def lend(deployment: SolanaDeployment) -> None:
    """Mainnet's reserve of SOL, as it was dumped."""
    account = Account(10**9, DUMP.read_bytes(), Pubkey.from_string(KAMINO))
    deployment.chain.node.set_account(Pubkey.from_string(SOL_RESERVE), account)


def leave(deployment: SolanaDeployment, amount_raw: int) -> None:
    """So much wrapped SOL is left to the wallet."""
    node, address = deployment.chain.node, Pubkey.from_string(deployment.wallet.token_accounts["SOL"])
    held = node.account(address)
    assert held is not None
    data = bytearray(held.data)
    rent = held.lamports - int.from_bytes(data[AMOUNT], "little")
    data[AMOUNT] = amount_raw.to_bytes(8, "little")
    node.set_account(address, Account(rent + amount_raw, bytes(data), held.owner))


def engine_that_may_borrow(deployment: SolanaDeployment, tmp_path: Path, **changes: Any) -> EngineProcess:
    config = configuration(deployment, BOTH_VENUES, folder=tmp_path / "arb-1", **changes)
    config["limits"] |= {"max_fee_lamports": "5000000"}
    config["parameters"] |= {"unit_price_micro_lamports": str(LEAST_PRICE_MICRO_LAMPORTS)}
    config["parameters"]["bases"][0] |= {"flash_loan": {"reserve": SOL_RESERVE}}
    return EngineProcess(config, config_path=tmp_path / "resolved.json")


@pytest.mark.parametrize("left_raw", [0, 1_000_000], ids=["nothing", "too little"])
async def test_what_the_wallet_lacks_is_borrowed_in_the_bytes_of_the_executors(
    deployment: SolanaDeployment, tmp_path: Path, left_raw: int
) -> None:
    lend(deployment)
    leave(deployment, left_raw)
    async with forgetful_gate(deployment.folder / "signer.sock", tmp_path / "gate.sock") as gate:
        engine = engine_that_may_borrow(deployment, tmp_path, signer={"socket": str(gate.path)})
        await engine.start()
        # The signer of the local chain lists no reserve, so nothing is signed; what it was asked is what counts.
        refused = await engine.until("executed", status="failed")
        assert await engine.terminate() == 0
    order = next(asked for asked in gate.asked if asked["op"] == "sign_solana")
    told = next(one for one in engine.events("ExecutionPlanEvent") if one["planId"] == order["intent_id"])
    assert refused["code"] in {"program_not_allowed", "flash_loan"}
    plan = ExecutionPlanEvent.model_validate_json(json.dumps(told))
    assert plan.flash_loan is not None
    assert (plan.flash_loan.reserve, plan.flash_loan.amount) == (SOL_RESERVE, plan.input_amount)
    assert plan.input_amount > left_raw
    reserve = core.KaminoReserve(SOL_RESERVE, KAMINO, DUMP.read_bytes())
    out_raw = plan.routes[-1].output_amount
    assert plan.expected_profit == out_raw - plan.input_amount - reserve.fee_raw(plan.input_amount)
    assert plan.routes[-1].limit_amount > plan.input_amount + reserve.fee_raw(plan.input_amount)
    # What the executor that borrows offers at least, the engine offers as well.
    assert (plan.gas_estimate, plan.priority_fee) >= (LEAST_UNITS, LEAST_PRICE_MICRO_LAMPORTS)
    signed = AsSigned(bytes.fromhex(order["unsigned_tx"].removeprefix("0x")))
    assert (await built_again(deployment, plan, signed)).hex() == signed.message.hex()


async def test_who_has_enough_borrows_nothing(deployment: SolanaDeployment, tmp_path: Path) -> None:
    lend(deployment)
    engine = engine_that_may_borrow(deployment, tmp_path)
    # Beyond what the signer of the local chain lets anybody pay for priority.
    engine.config["parameters"] |= {"unit_price_micro_lamports": "0"}
    await engine.start()
    executed = await engine.until("executed", status="success")
    assert await engine.terminate() == 0
    plan = next(one for one in engine.events("ExecutionPlanEvent") if one["planId"] == executed["plan_id"])
    assert plan.get("flashLoan") is None


async def test_a_reserve_that_is_none_ends_the_start_with_what_to_do(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    engine = engine_that_may_borrow(deployment, tmp_path)
    engine.config["parameters"]["bases"][0] |= {"flash_loan": {"reserve": str(WSOL)}}
    await engine.start()
    assert await engine.exit_code() == 64
    assert engine.lines[-1]["code"] == "reserve_unknown"
