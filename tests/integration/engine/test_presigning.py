"""The arb engine has the sign-gate hold what it plans upon an entry, until that has happened or has not."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from solders.account import Account
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from tests.e2e.solana_deployment import SolanaDeployment
from tests.integration.engine.engine_process import EngineProcess
from tests.integration.engine.forgetful_gate import ForgetfulGate, forgetful_gate
from tests.integration.engine.predicting import AMM_V4, LAMPORTS_IN, followed, gained, predictions, somebody
from tests.integration.engine.trading import BOTH_VENUES, TRIANGLE, slots_pass
from tests.integration.localnet_solana.swapping import WSOL, amm_v4_swap
from tradewind.execution.signer_answers import HoldState
from tradewind.execution.signer_client import SignerClient

PATIENT = {"max_hold_ms": "60000", "max_opportunity_age_ms": "60000"}


def asked(gate: ForgetfulGate, op: str, plan_id: str) -> list[dict[str, Any]]:
    return [request for request in gate.asked if request["op"] == op and request.get("intent_id") == plan_id]


def held_bytes(deployment: SolanaDeployment, gate: ForgetfulGate, plan_id: str) -> VersionedTransaction:
    """What the gate was asked to hold, as the wallet's key signs it."""
    request = asked(gate, "presign_solana", plan_id)[0]
    unsigned = VersionedTransaction.from_bytes(bytes.fromhex(request["unsigned_tx"][2:]))
    own = next(pair for pair in deployment.chain.wallets.values() if str(pair.pubkey()) == deployment.wallet.address)
    return VersionedTransaction(unsigned.message, [own])


async def landed(deployment: SolanaDeployment) -> list[str]:
    return [entry["signature"] for entry in await deployment.landed() if entry["err"] is None]


def order_of(engine: EngineProcess, plan_id: str) -> list[str]:
    lines = [line for line in engine.lines if line.get("plan_id") == plan_id]
    return [line["event"] for line in lines if line["event"] != "timed"]


async def assert_given_up(deployment: SolanaDeployment, engine: EngineProcess, plan_id: str) -> None:
    """Nothing of the plan is held or signed, at the gate's own word, and it was told as one that came to nothing."""
    step = await SignerClient(deployment.folder / "signer.sock").solana_step(plan_id, 0)
    assert [hold.state for hold in step.holds] == [HoldState.DISCARDED]
    assert (step.attempts, step.pending, step.closed) == ((), (), True)
    results = [result for result in engine.events("ExecutionResultEvent") if result["planId"] == plan_id]
    assert [(result["status"], result["errorCode"]) for result in results] == [("failed", "discarded")]


def deposit(deployment: SolanaDeployment, account: Pubkey, lamports: int) -> None:
    """An account of wrapped SOL has so much more, in the slot that is."""
    node = deployment.chain.node
    before = node.account(account)
    assert before is not None
    amount_raw = int.from_bytes(before.data[64:72], "little") + lamports
    data = before.data[:64] + amount_raw.to_bytes(8, "little") + before.data[72:]
    node.set_account(account, Account(before.lamports + lamports, data, before.owner))


@pytest.mark.parametrize("truth", ["websocket", "yellowstone"])
async def test_what_was_held_upon_an_entry_is_what_lands_once_it_was_executed(
    deployment: SolanaDeployment, tmp_path: Path, truth: str
) -> None:
    tokens = deployment.account_raw("SOL")
    async with forgetful_gate(deployment.folder / "signer.sock", tmp_path / "gate.sock") as gate:
        engine = await followed(deployment, tmp_path, "presign", truth, gate=gate.path, limits=PATIENT)
        node, seen = deployment.chain.node, len(engine.lines)
        node.fall_behind()
        node.submit(somebody(deployment, "raydium_amm_v4"), lane="rpc")
        held = await engine.until("held", after=seen)
        plan_id = held["plan_id"]
        expected = held_bytes(deployment, gate, plan_id)
        assert engine.events("ExecutionPlanEvent")[-1]["planId"] == plan_id
        assert asked(gate, "release", plan_id) == []
        assert str(expected.signatures[0]) not in await landed(deployment)
        node.catch_up()
        await engine.until("executed", status="success", signature=str(expected.signatures[0]))
        assert await engine.terminate() == 0
    assert deployment.wire_of(str(expected.signatures[0])) == bytes(expected)
    assert asked(gate, "sign_solana", plan_id) == []
    assert order_of(engine, plan_id) == ["planned", "held", "released", "sent", "executed"]
    assert predictions(engine)["came_true"] > 0
    assert deployment.account_raw("SOL") - tokens == gained(engine)


@pytest.mark.parametrize("fate", ["differed", "expired"])
async def test_what_was_held_upon_an_entry_that_comes_to_nothing_is_discarded_and_its_budget_is_free(
    deployment: SolanaDeployment, tmp_path: Path, fate: str
) -> None:
    signer = SignerClient(deployment.folder / "signer.sock")
    engine = await followed(deployment, tmp_path, "presign", limits=PATIENT)
    before, lamports, landed_before = deployment.account_raw("SOL"), deployment.lamports(), await landed(deployment)
    await until_settled(deployment, engine)
    used = await signer.budgets()
    node, seen = deployment.chain.node, len(engine.lines)
    node.fall_behind()
    node.announce([somebody(deployment, "raydium_amm_v4")])
    if fate == "differed":
        # So little that it opens nothing.
        deposit(deployment, Pubkey.from_string(str(deployment.chain.description.pool(*AMM_V4).quote_vault)), 1_000)
    held = await engine.until("held", after=seen)
    assert await signer.budgets() != used
    node.catch_up()
    gone = await engine.until("discarded", after=seen, plan_id=held["plan_id"])
    assert gone["reason"] == fate
    assert (deployment.account_raw("SOL"), deployment.lamports()) == (before, lamports)
    assert await landed(deployment) == landed_before
    assert await signer.budgets() == used
    assert await engine.terminate() == 0
    assert [line for line in engine.lines[seen:] if line["event"] in {"released", "sent", "executed"}] == []
    for line in engine.said("held"):
        await assert_given_up(deployment, engine, line["plan_id"])


async def until_settled(deployment: SolanaDeployment, engine: EngineProcess) -> None:
    """Until the gate has heard for good how everything ended that was sent."""
    signer = SignerClient(deployment.folder / "signer.sock")
    async with asyncio.timeout(30):
        for line in engine.said("executed"):
            while not (await signer.solana_step(line["plan_id"], 0)).final:
                await slots_pass(deployment, 1)


async def test_an_engine_that_is_killed_while_its_plan_is_held_discards_it_and_trades_what_is_there(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    tokens = deployment.account_raw("SOL")
    async with forgetful_gate(deployment.folder / "signer.sock", tmp_path / "gate.sock") as gate:
        engine = await followed(deployment, tmp_path, "presign", gate=gate.path, limits=PATIENT)
        node, seen = deployment.chain.node, len(engine.lines)
        node.fall_behind()
        node.submit(somebody(deployment, "raydium_amm_v4"), lane="rpc")
        held = await engine.until("held", after=seen)
        await engine.kill()
        node.catch_up()
        seen = len(engine.lines)
        await engine.start()
        gone = await engine.until("discarded", after=seen, plan_id=held["plan_id"])
        assert gone["reason"] == "restarted"
        await engine.until("executed", after=seen, status="success")
        assert await engine.terminate() == 0
    assert asked(gate, "release", held["plan_id"]) == []
    await assert_given_up(deployment, engine, held["plan_id"])
    signature = held_bytes(deployment, gate, held["plan_id"]).signatures[0]
    everything = await landed(deployment)
    assert str(signature) not in everything
    results = [result for result in engine.events("ExecutionResultEvent") if result["status"] == "success"]
    assert sorted(everything) == sorted(result["signature"] for result in results)
    assert deployment.account_raw("SOL") - tokens == gained(engine)


async def test_an_engine_that_is_killed_once_a_hold_was_let_go_follows_just_that_to_its_end(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    tokens = deployment.account_raw("SOL")
    async with forgetful_gate(deployment.folder / "signer.sock", tmp_path / "gate.sock") as gate:
        engine = await followed(deployment, tmp_path, "presign", gate=gate.path, limits=PATIENT)
        node, seen = deployment.chain.node, len(engine.lines)
        node.fall_behind()
        node.submit(somebody(deployment, "raydium_amm_v4"), lane="rpc")
        held = await engine.until("held", after=seen)
        node.catch_up()
        released = await engine.until("released", after=seen, plan_id=held["plan_id"])
        await engine.kill()
        seen = len(engine.lines)
        await engine.start()
        # What it had told before it was killed it tells once more, or was told for good before.
        await engine.until("engine_ready", after=seen)
        async with asyncio.timeout(30):
            while held["plan_id"] not in {result["planId"] for result in engine.events("ExecutionResultEvent")}:
                await slots_pass(deployment, 1)
        assert await engine.terminate() == 0
    assert released["signature"] == str(held_bytes(deployment, gate, held["plan_id"]).signatures[0])
    results = {result["planId"]: result for result in engine.events("ExecutionResultEvent")}
    assert results[held["plan_id"]]["signature"] == released["signature"]
    assert {result["status"] for result in results.values()} == {"success"}
    assert sorted(await landed(deployment)) == sorted(result["signature"] for result in results.values())
    assert deployment.account_raw("SOL") - tokens == sum(int(result["actualProfit"]) for result in results.values())


@pytest.mark.parametrize("op", ["presign_solana", "release"])
@pytest.mark.parametrize("lost", ["answers_to_lose", "requests_to_lose"])
async def test_a_hold_of_which_an_answer_was_lost_has_one_effect_at_most(
    deployment: SolanaDeployment, tmp_path: Path, op: str, lost: str
) -> None:
    tokens = deployment.account_raw("SOL")
    async with forgetful_gate(deployment.folder / "signer.sock", tmp_path / "gate.sock") as gate:
        engine = await followed(deployment, tmp_path, "presign", gate=gate.path, limits=PATIENT)
        node, seen = deployment.chain.node, len(engine.lines)
        gate.op = op
        # A connection that was open may have been closed while idle, so the same request is sent once more.
        setattr(gate, lost, 2)
        node.fall_behind()
        node.submit(somebody(deployment, "raydium_amm_v4"), lane="rpc")
        if op == "release":
            await engine.until("held", after=seen)
            node.catch_up()
        plan_id = (await engine.until("not_signed", after=seen))["plan_id"]
        expected = str(held_bytes(deployment, gate, plan_id).signatures[0])
        if (op, lost) == ("release", "answers_to_lose"):
            assert (await engine.until("resolved", after=seen))["signature"] == expected
            await engine.until("executed", after=seen, status="success", signature=expected)
        else:
            await engine.until("executed", after=seen, plan_id=plan_id, code="answer_lost")
            node.catch_up()
            await engine.until("executed", after=seen, status="success")
        assert await engine.terminate() == 0
    assert set(gate.lost) == {plan_id}
    everything = await landed(deployment)
    assert everything.count(expected) == int((op, lost) == ("release", "answers_to_lose"))
    results = [result for result in engine.events("ExecutionResultEvent") if result["status"] == "success"]
    assert sorted(everything) == sorted(result["signature"] for result in results)
    assert {plan["planId"] for plan in engine.events("ExecutionPlanEvent")} == {
        result["planId"] for result in engine.events("ExecutionResultEvent")
    }
    assert deployment.account_raw("SOL") - tokens == gained(engine)


async def test_of_more_than_may_be_held_the_stalest_goes_and_never_the_newest(
    deployment: SolanaDeployment, tmp_path: Path
) -> None:
    engine = await followed(
        deployment, tmp_path, "presign", pools=(*BOTH_VENUES, *TRIANGLE), limits=PATIENT | {"max_open_holds": "1"}
    )
    node, seen = deployment.chain.node, len(engine.lines)
    node.fall_behind()
    node.announce([somebody(deployment, "raydium_amm_v4")])
    first = await engine.until("held", after=seen)
    payer, pool = deployment.chain.wallets["third"], deployment.chain.description.pool(*TRIANGLE[0])
    other = amm_v4_swap(pool, payer.pubkey(), WSOL, LAMPORTS_IN, 1)
    message = MessageV0.try_compile(payer.pubkey(), [other], [], node.latest_blockhash().blockhash)
    node.announce([bytes(VersionedTransaction(message, [payer]))])
    gone = await engine.until("discarded", after=seen)
    assert (gone["plan_id"], gone["reason"]) == (first["plan_id"], "no_room")
    second = await engine.until("held", after=engine.lines.index(first) + 1)
    await assert_given_up(deployment, engine, first["plan_id"])
    step = await SignerClient(deployment.folder / "signer.sock").solana_step(second["plan_id"], 0)
    assert [hold.state for hold in step.holds] == [HoldState.HELD]
    assert await engine.terminate() == 0
    await assert_given_up(deployment, engine, second["plan_id"])
    assert engine.said("discarded")[-1]["reason"] == "stopping"
