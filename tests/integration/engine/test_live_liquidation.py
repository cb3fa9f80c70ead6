"""A live engine liquidates a loan of Kamino's dumped market, as far as that goes without Kamino's program.

The same scene has its end with the program, of which only a user has a build: `tests/extra/test_kamino_liquidation.py`.
"""

import json
from pathlib import Path

from solders.signature import Signature

from tests.integration.engine.forgetful_gate import forgetful_gate
from tests.integration.engine.lending import KAMINO
from tests.integration.engine.liquidating import liquidating
from tests.integration.localnet_solana.swapping import WSOL
from tradewind import core
from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.localnet.solana.programs import RAYDIUM_AMM_V4, ensure_programs
from tradewind.localnet.solana.submission import RefusalCode

# By the first eight bytes of an instruction.
BORROW, REPAY = "87e734a70734d4c1", "b97500cb60f5b4ba"
REFRESH_RESERVE, REFRESH_OBLIGATION, LIQUIDATE = "02da8aeb4fc91966", "218493e497c04859", "a2a1238f1ebbb967"


async def test_the_signer_signs_a_liquidation_that_only_lacks_the_program_on_the_chain(tmp_path: Path) -> None:
    async with (
        liquidating(tmp_path) as scene,
        forgetful_gate(scene.deployment.folder / "signer.sock", tmp_path / "gate.sock") as gate,
    ):
        engine = scene.engine(signer={"socket": str(gate.path)})
        await engine.start()
        sent = await engine.until("sent")
        await engine.kill()
        order = next(one for one in gate.asked if one["op"] == "sign_solana" and one["intent_id"] == sent["plan_id"])
        told = next(one for one in engine.events("ExecutionPlanEvent") if one["planId"] == sent["plan_id"])
        plan = ExecutionPlanEvent.model_validate_json(json.dumps(told))
        assert plan.liquidation is not None
        assert plan.flash_loan is not None
        assert plan.liquidation.obligation == scene.loan
        # To the gate it is a circle in the debt's token, with everything that was borrowed.
        borrowed = str(plan.flash_loan.amount)
        quoted = {name: order["quoted"][name] for name in ("mint_in", "mint_out", "amount_in_raw")}
        assert quoted == {"mint_in": str(WSOL), "mint_out": str(WSOL), "amount_in_raw": borrowed}
        unsigned = bytes.fromhex(order["unsigned_tx"].removeprefix("0x"))
        of_kamino = [
            bytes(one.data[:8]).hex()
            for one in core.decode_solana_transaction(unsigned).instructions
            if one.program == str(KAMINO)
        ]
        assert of_kamino == [BORROW, REFRESH_RESERVE, REFRESH_RESERVE, REFRESH_OBLIGATION, LIQUIDATE, REPAY]
        # One signature, behind its count; whatever the chain says to it is not about the signature.
        signed = unsigned[:1] + bytes(Signature.from_string(sent["signature"])) + unsigned[65:]
        answer = scene.deployment.chain.node.simulate(signed)
        assert answer.refusal is not None
        assert (answer.refusal.code, answer.refusal.err) == (RefusalCode.NOT_EXECUTABLE, "InvalidProgramForExecution")
        assert await scene.deployment.landed() == []


async def test_what_a_node_cannot_execute_is_not_signed(tmp_path: Path) -> None:
    async with liquidating(tmp_path) as scene:
        engine = scene.engine(simulate=True)
        await engine.start()
        dropped = await engine.until("simulation_failed")
        assert "invalid_program_for_execution" in dropped["message"]
        assert await engine.terminate() == 0
        assert engine.said("sent") == []
        assert scene.lending.owed_raw(scene.loan) > 0


async def test_with_another_program_in_its_place_all_that_stands_in_front_of_it_goes_well(tmp_path: Path) -> None:
    another = ensure_programs()[RAYDIUM_AMM_V4]
    async with liquidating(tmp_path, klend=another) as scene:
        engine = scene.engine(simulate=True)
        await engine.start()
        dropped = await engine.until("simulation_failed")
        # Limit, price, receipt, and the account for the collateral's tokens, whose mint is there; then the loan.
        assert "it would fail: instruction 4" in dropped["message"]
        assert await engine.terminate() == 0
        assert engine.said("sent") == []


async def test_without_a_rule_in_the_signers_policy_it_does_not_start_and_says_what_to_add(tmp_path: Path) -> None:
    async with liquidating(tmp_path, allowed=False) as scene:
        engine = scene.engine()
        await engine.start()
        assert await engine.exit_code() == 64
        failed = engine.lines[-1]
        assert failed["code"] == "liquidation_not_allowed"
        assert "[chains.101.liquidations]" in failed["message"]
