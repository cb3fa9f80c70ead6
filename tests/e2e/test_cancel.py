"""A cancel stops what is not signed, and tells the truth about what is."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from tests.e2e import chain_truth as truth
from tests.e2e.deployment import Deployment, deployed
from tests.e2e.held_signer import holding
from tests.e2e.intents import acquire
from tests.e2e.test_slicing import HALF_ETHER, THREE_SLICES, facts, fills, passive, until_ended
from tradewind.localnet.evm import EvmLocalnet
from tradewind.localnet.strict.behaviours.transport import Held


async def cancel(deployment: Deployment, intent_id: UUID) -> tuple[int, dict[str, Any]]:
    status, answer = await deployment.request("POST", f"/intents/{intent_id}/cancel", {"reason": "the signal is gone"})
    return status, dict(answer)


async def test_an_intent_that_waits_for_a_halt_to_end_is_cancelled_at_once(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    await deployment.request("POST", "/halt", {"reason": "test"})
    intent_id = await deployment.submit(acquire("0.1"))
    status, answer = await cancel(deployment, intent_id)
    assert (status, answer["status"]) == (200, "CANCELLED")
    assert answer["sent_transactions"] == []
    view = await deployment.until_final(intent_id)
    assert (view["status"], view["end"]["code"]) == ("CANCELLED", "cancelled")
    assert "the signal is gone" in view["end"]["message"]
    assert truth.nonce(chain.rpc_url) == 0


async def test_what_has_ended_or_never_was_cannot_be_cancelled(deployment: Deployment) -> None:
    intent_id = await deployment.submit(acquire("0.1"))
    await deployment.until_final(intent_id)
    status, answer = await cancel(deployment, intent_id)
    assert (status, answer["code"]) == (409, "intent_ended")
    status, answer = await cancel(deployment, uuid4())
    assert (status, answer["code"]) == (404, "intent_not_found")


async def test_between_two_slices_a_cancel_keeps_what_is_filled_and_nothing_more_is_sent(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=THREE_SLICES) as deployment:
        intent_id = await deployment.submit(passive(window_ms=32_000))
        await until_ended(deployment, intent_id, 1)
        status, answer = await cancel(deployment, intent_id)
        assert (status, answer["status"]) == (200, "PARTIALLY_COMPLETED")
        # The time of the second slice comes and goes: another intent is filled after it.
        [decomposed] = facts(deployment, intent_id, "IntentProcessed")
        due_ns = decomposed["slices"][1]["not_before_ns"]
        while (fact := await filled_at(deployment)) < due_ns:
            assert fact
        types = [end["outcome"] for end in facts(deployment, intent_id, "SliceEnded")]
    assert types == ["filled", "cancelled", "cancelled"]
    amounts = fills(chain.rpc_url)
    assert amounts[0] == HALF_ETHER
    assert set(amounts[1:]) == {10**16}


async def filled_at(deployment: Deployment) -> int:
    """Fill a tiny intent of the same wallet, so that it can afford hundreds; when it ended."""
    intent_id = await deployment.submit(acquire("0.01"))
    view = await deployment.until_final(intent_id)
    assert view["status"] == "COMPLETED", view["end"]
    [ended] = facts(deployment, intent_id, "SliceEnded")
    return int(ended["at_ns"])


async def test_a_step_that_is_not_signed_yet_is_closed_at_the_gate(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    """The request to sign is on its way when the cancel comes: the gate refuses it when it arrives."""
    through = {'signer_socket = "signer.sock"': 'signer_socket = "held.sock"'}
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=through, start=False) as deployment:
        await deployment.start_signer()
        async with holding(tmp_path, "sign") as signer:
            await deployment.start_service()
            intent_id = await deployment.submit(acquire("0.1"))
            async with asyncio.timeout(20):
                await signer.arrived.wait()
            status, answer = await cancel(deployment, intent_id)
            assert (status, answer["status"]) == (200, "CANCELLED")
            signer.release.set()
            async with asyncio.timeout(20):
                while not signer.answers:
                    await asyncio.sleep(0.02)
            assert signer.answers[0]["refused"]["rule"] == "step_closed"  # type: ignore[index]
            after = await deployment.until_final(await deployment.submit(acquire("0.2")))
            assert after["status"] == "COMPLETED", after["end"]
    assert fills(chain.rpc_url) == [2 * 10**17]


async def test_what_was_signed_is_not_recalled_and_the_chain_decides(
    deployment: Deployment, chain: EvmLocalnet
) -> None:
    held = Held()
    deployment.strict.misbehave(held, methods={"eth_sendRawTransaction"})
    intent_id = await deployment.submit(acquire("0.1"))
    async with asyncio.timeout(20):
        await held.arrived.wait()
    status, answer = await cancel(deployment, intent_id)
    assert (status, answer["status"]) == (202, "PROCESSING")
    assert "If a transaction is signed already" in answer["message"]
    held.release.set()
    view = await deployment.until_final(intent_id)
    assert view["status"] == "COMPLETED", view["end"]
    assert fills(chain.rpc_url) == [10**17]


async def test_what_was_sent_is_named(deployment: Deployment, chain: EvmLocalnet) -> None:
    held = Held()
    deployment.strict.misbehave(held, methods={"eth_getTransactionReceipt"})
    intent_id = await deployment.submit(acquire("0.1"))
    async with asyncio.timeout(20):
        while not (await deployment.request("GET", f"/intents/{intent_id}"))[1]["transactions"]:
            await asyncio.sleep(0.02)
    status, answer = await cancel(deployment, intent_id)
    assert (status, answer["status"]) == (202, "PROCESSING")
    [receipt] = truth.trader_receipts(chain.rpc_url)
    assert answer["sent_transactions"] == [receipt["transactionHash"]]
    assert "cannot be recalled" in answer["message"]
    held.release.set()
    assert (await deployment.until_final(intent_id))["status"] == "COMPLETED"


async def test_a_cancel_is_remembered_over_a_kill(chain: EvmLocalnet, tmp_path: Path, signer_binary: Path) -> None:
    """The signer is away, so nobody can say whether the step was signed; the service dies; the wish is still there."""
    async with deployed(tmp_path, chain, signer=signer_binary, start=False) as deployment:
        await deployment.start_signer()
        await deployment.start_service(kill_at="planned")
        intent_id = await deployment.submit(acquire("0.1"))
        await deployment.until_dead(deployment.service)
        await deployment.kill(deployment.signer)
        await deployment.start_service()
        status, answer = await cancel(deployment, intent_id)
        assert (status, answer["status"]) == (202, "PROCESSING")
        await deployment.kill(deployment.service)
        await deployment.start_signer()
        await deployment.start_service()
        view = await deployment.until_final(intent_id)
    assert view["status"] == "CANCELLED", view["end"]
    assert truth.nonce(chain.rpc_url) == 0
