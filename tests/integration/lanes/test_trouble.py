"""What goes wrong on the way has a name each, and what may have been taken is never called refused."""

import pytest

from tests.integration.lanes.endpoint import before, unused_url
from tests.integration.lanes.rig import Rig, pool_of
from tradewind.core import CoreError, RpcLane
from tradewind.localnet.solana.faults import FaultSettings


async def test_a_429_is_honoured_for_as_long_as_it_says(rig: Rig) -> None:
    lane = RpcLane(rig.pool)
    await rig.pool.warm_up()
    faults = FaultSettings(fail_share={"rpc": 1.0}, fail_as="too_many_requests", retry_after_s=30)
    rig.chain.node.faults.set(faults)
    outcome = await lane.send(rig.payment().wire)
    assert (outcome.kind, outcome.retry_after_ms) == ("rate_limited", 30_000)
    again = await lane.send(rig.payment().wire)
    assert again.kind == "rate_limited"
    assert again.retry_after_ms is not None
    assert 25_000 < again.retry_after_ms <= 30_000
    # The second one was kept back here.
    assert rig.chain.node.faults.struck == {"fail": 1}
    (standing,) = rig.pool.standing()
    assert (standing.state, standing.rate_limited, standing.failed) == ("limited", 1, 0)


async def test_an_endpoint_that_is_gone_does_not_stop_the_others(rig: Rig) -> None:
    pool = pool_of(rig.chain, unused_url(), rig.chain.rpc_url)
    payment = rig.payment()
    outcome = await RpcLane(pool).send(payment.wire)
    assert (outcome.kind, outcome.endpoint) == ("accepted", rig.chain.rpc_url)
    await rig.received(payment)


async def test_nobody_there_means_that_no_byte_left_and_the_circuit_opens(rig: Rig) -> None:
    lane = RpcLane(pool_of(rig.chain, unused_url(), failures_to_open=2))
    codes = [(await lane.send(rig.payment().wire)).code for _ in range(3)]
    assert codes == ["not_connected", "not_connected", "circuit_open"]


async def test_an_answer_that_never_comes_is_unknown_and_one_that_says_nonsense_too(rig: Rig) -> None:
    async with before(rig.chain.rpc_url) as endpoint:
        lane = RpcLane(pool_of(rig.chain, endpoint.url))
        await lane.send(rig.payment().wire)
        endpoint.body = b"<html>"
        nonsense = await lane.send(rig.payment().wire)
        assert (nonsense.kind, nonsense.code) == ("unknown", "answer_unreadable")
        endpoint.body = None
        endpoint.results["sendTransaction"] = "1" * 64
        other = await lane.send(rig.payment().wire)
        assert (other.kind, other.code) == ("unknown", "answer_unreadable")


async def test_an_endpoint_of_another_chain_is_never_sent_to(rig: Rig) -> None:
    async with before(rig.chain.rpc_url) as endpoint:
        endpoint.results["getGenesisHash"] = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
        pool = pool_of(rig.chain, endpoint.url)
        outcome = await RpcLane(pool).send(rig.payment().wire)
        assert (outcome.kind, outcome.code) == ("unreachable", "wrong_chain")
        assert pool.standing()[0].state == "wrong_chain"
        assert "sendTransaction" not in endpoint.asked


async def test_a_failed_simulation_is_decoded_and_does_not_count_against_the_endpoint(rig: Rig) -> None:
    pool = pool_of(rig.chain, failures_to_open=1)
    outcome = await RpcLane(pool, preflight=True).send(rig.payment(lamports=2**62).wire)
    assert (outcome.kind, outcome.code) == ("refused", "program_error")
    assert outcome.fault is not None
    # The system program's error 1: the source does not have that much.
    assert (outcome.fault.instruction, outcome.fault.instruction_error, outcome.fault.custom) == (0, "custom", 1)
    assert any("insufficient lamports" in line for line in outcome.fault.logs)
    assert pool.standing()[0].state == "ready"


async def test_what_the_node_has_already_is_no_refusal(rig: Rig) -> None:
    lane, payment = RpcLane(rig.pool, preflight=True), rig.payment()
    assert (await lane.send(payment.wire)).kind == "accepted"
    await rig.received(payment)
    again = await lane.send(payment.wire)
    assert (again.kind, again.reference) == ("already_known", payment.signature)


async def test_a_blockhash_that_expired_is_named(rig: Rig) -> None:
    payment = rig.payment()
    rig.chain.node.advance(200)
    outcome = await RpcLane(rig.pool, preflight=True).send(payment.wire)
    assert (outcome.kind, outcome.code) == ("refused", "blockhash_not_found")


@pytest.mark.parametrize(("wire", "code"), [(b"", "transaction_malformed"), (bytes(1233), "transaction_too_large")])
async def test_bytes_that_are_no_signed_transaction_are_refused_here(rig: Rig, wire: bytes, code: str) -> None:
    with pytest.raises(CoreError) as refused:
        RpcLane(rig.pool).send(wire)
    assert refused.value.code == code


async def test_a_dropped_transaction_lands_by_being_sent_again(rig: Rig) -> None:
    payment = rig.payment()
    rig.chain.node.faults.set(FaultSettings(drop_share={"rpc": 1.0}))
    lane = RpcLane(rig.pool)
    assert (await lane.send(payment.wire)).kind == "accepted"
    rig.chain.node.advance(3)
    assert rig.balance(payment.receiver) == 0
    rig.chain.node.faults.clear()
    sending = lane.rebroadcast(
        payment.wire, last_valid_block_height=payment.last_valid_block_height, every_ms=10, most=1_000
    )
    await rig.received(payment)
    sending.stop()
    end = await sending.finished()
    assert end.reason == "stopped"
    assert end.sends >= 1
    assert rig.balance(payment.receiver) == payment.lamports


async def test_the_sending_ends_when_the_height_has_passed(rig: Rig) -> None:
    payment = rig.payment()
    rig.chain.node.faults.set(FaultSettings(drop_share={"rpc": 1.0}))
    rig.chain.node.advance(200)
    last = payment.last_valid_block_height
    # Nobody but who waits holds it.
    end = await RpcLane(rig.pool).rebroadcast(payment.wire, last_valid_block_height=last, every_ms=5).finished()
    assert (end.reason, end.sends) == ("height_passed", 1)
