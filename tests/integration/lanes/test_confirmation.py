"""Landed, reverted, expired by evidence, or pending: nothing else is ever said of a signature."""

import asyncio

from tests.integration.lanes.endpoint import before
from tests.integration.lanes.rig import PATIENCE_S, Rig, pool_of
from tradewind.core import ConfirmationWatch, RpcLane
from tradewind.localnet.solana.faults import FaultSettings


async def test_an_expiry_is_named_with_its_evidence_and_not_before_it_is_final(rig: Rig) -> None:
    watch, payment = ConfirmationWatch(rig.pool), rig.payment()
    last = payment.last_valid_block_height
    rig.chain.node.faults.set(FaultSettings(drop_share={"*": 1.0}))
    assert (await RpcLane(rig.pool).send(payment.wire)).kind == "accepted"
    told = await watch.check(payment.signature, last_valid_block_height=last)
    assert told.kind == "pending"
    rig.chain.node.advance(151)
    # Processed blocks are past the last valid height, final ones are not.
    told = await watch.check(payment.signature, last_valid_block_height=last)
    assert told.kind == "pending"
    rig.chain.node.advance(10)
    told = await watch.check(payment.signature, last_valid_block_height=last)
    assert told.kind == "expired"
    ((endpoint, height, knows),) = told.evidence
    assert (endpoint, knows) == (rig.chain.rpc_url, False)
    assert height is not None
    assert height > last


async def test_one_endpoint_that_lies_about_the_height_cannot_make_it_expire(rig: Rig) -> None:
    payment = rig.payment()
    rig.chain.node.faults.set(FaultSettings(drop_share={"*": 1.0}))
    async with before(rig.chain.rpc_url) as liar, before(rig.chain.rpc_url) as honest:
        pool = pool_of(rig.chain, rig.chain.rpc_url, liar.url, honest.url)
        await RpcLane(pool).send(payment.wire)
        liar.results["getBlockHeight"] = payment.last_valid_block_height + 1_000
        watch = ConfirmationWatch(pool)
        told = await watch.check(payment.signature, last_valid_block_height=payment.last_valid_block_height)
        assert told.kind == "pending"
        assert len(told.evidence) == 3
        honest.results["getBlockHeight"] = payment.last_valid_block_height + 1
        told = await watch.check(payment.signature, last_valid_block_height=payment.last_valid_block_height)
        assert told.kind == "expired"


async def test_whoever_knows_the_signature_keeps_it_from_expiring(rig: Rig) -> None:
    payment = rig.payment()
    lane = RpcLane(rig.pool)
    await lane.send(payment.wire)
    await rig.received(payment)
    rig.chain.node.advance(200)
    async with before(rig.chain.rpc_url) as first, before(rig.chain.rpc_url) as second:
        absent = {"context": {"slot": 1}, "value": [None]}
        first.results["getSignatureStatuses"] = second.results["getSignatureStatuses"] = absent
        pool = pool_of(rig.chain, first.url, second.url, rig.chain.rpc_url)
        last = payment.last_valid_block_height
        told = await ConfirmationWatch(pool).check(payment.signature, last_valid_block_height=last)
        assert told.kind == "landed"
        # That its block is final takes a quorum; that it is gone is said of no signature that one endpoint has.
        told = await ConfirmationWatch(pool).check(
            payment.signature, last_valid_block_height=last, commitment="finalized"
        )
        assert told.kind == "pending"


async def test_a_revert_carries_the_programs_error(rig: Rig) -> None:
    payment = rig.payment(lamports=2**62)
    await RpcLane(rig.pool).send(payment.wire)
    rig.chain.node.advance(5)
    told = await ConfirmationWatch(rig.pool).wait(
        payment.signature, last_valid_block_height=payment.last_valid_block_height
    )
    assert told.kind == "reverted"
    assert told.fault is not None
    assert (told.fault.instruction, told.fault.custom) == (0, 1)
    assert told.fee_lamports == 5_000


async def test_the_subscription_tells_before_the_next_question_would(rig: Rig) -> None:
    hour_ms = 3_600_000
    payment = rig.payment()
    last = payment.last_valid_block_height
    async with before(rig.chain.rpc_url) as endpoint, asyncio.timeout(PATIENCE_S):
        pool = pool_of(rig.chain, endpoint.url)
        watch = ConfirmationWatch(pool, websocket_urls=[rig.chain.ws_url], poll_ms=hour_ms)
        waiting = watch.wait(payment.signature, last_valid_block_height=last, timeout_ms=hour_ms)
        # The last question of a round that found nothing.
        while "getBlockHeight" not in endpoint.asked:
            await asyncio.sleep(0.001)
        await RpcLane(rig.pool).send(payment.wire)
        rig.chain.node.advance(5)
        assert (await waiting).kind == "landed"
        assert endpoint.asked["getSignatureStatuses"] == 2


async def test_a_wait_that_ends_without_a_decision_is_pending(rig: Rig) -> None:
    payment = rig.payment()
    watch = ConfirmationWatch(rig.pool, poll_ms=5)
    told = await watch.wait(payment.signature, last_valid_block_height=payment.last_valid_block_height, timeout_ms=50)
    assert told.kind == "pending"
