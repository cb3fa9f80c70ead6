"""A transfer lands through each lane, and the same bytes on all of them have one effect."""

import asyncio
import hashlib

import pytest

from tests.fake_clock import FakeClock
from tests.integration.lanes.endpoint import unused_url
from tests.integration.lanes.rig import PATIENCE_S, Rig, pool_of
from tradewind.core import ConfirmationWatch, CoreError, JitoLane, TpuLane
from tradewind.localnet.solana import SolanaLocalnet
from tradewind.localnet.solana.tpu.server import serve_tpu


@pytest.mark.parametrize("name", ["rpc", "jito", "tpu"])
async def test_a_transfer_lands_through_each_lane(rig: Rig, name: str) -> None:
    lane, payment = await rig.lane(name), rig.payment()
    outcome = await lane.send(payment.wire)
    assert (outcome.lane, outcome.kind, lane.name) == (name, "accepted", name)
    assert outcome.reference == payment.signature or name == "jito"
    await rig.received(payment)
    rig.chain.node.advance(5)
    height = payment.last_valid_block_height
    told = await ConfirmationWatch(rig.pool).wait(payment.signature, last_valid_block_height=height)
    assert (told.kind, told.level, told.fault) == ("landed", "finalized", None)
    # One signature, and no priority fee.
    assert told.fee_lamports == 5_000


async def test_the_same_bytes_on_all_three_lanes_have_one_effect(rig: Rig) -> None:
    lanes = [await rig.lane(name) for name in ("tpu", "jito", "rpc")]
    payment, before = rig.payment(), rig.balance(rig.payer.pubkey())
    outcomes = await asyncio.gather(*(lane.send(payment.wire) for lane in lanes))
    assert {outcome.kind for outcome in outcomes} <= {"accepted", "already_known"}
    await rig.received(payment)
    rig.chain.node.advance(5)
    again = await asyncio.gather(*(lane.send(payment.wire) for lane in lanes))
    rig.chain.node.advance(5)
    assert all(outcome.kind in ("accepted", "already_known", "rate_limited") for outcome in again)
    assert rig.balance(payment.receiver) == payment.lamports
    assert before - rig.balance(rig.payer.pubkey()) == payment.lamports + 10_000 + 5_000


async def test_no_handshake_is_made_on_the_way_of_a_transaction(rig: Rig) -> None:
    lane = await rig.lane("tpu")
    assert isinstance(lane, TpuLane)
    (leader,) = lane.leaders()
    assert (leader.leader, leader.state, leader.handshakes) == (rig.chain.description.identity, "connected", 1)
    for _ in range(20):
        payment = rig.payment()
        assert (await lane.send(payment.wire)).kind == "accepted"
        await rig.received(payment)
    (leader,) = lane.leaders()
    assert (leader.handshakes, leader.sent, leader.failed) == (1, 20, 0)
    lane.close()
    assert (await lane.send(rig.payment().wire)).code == "no_leader"


async def test_a_leader_that_moves_is_found_at_its_new_address() -> None:
    async with SolanaLocalnet(clock=FakeClock(), automatic=False, servers=()) as chain:
        rig = Rig(chain, pool_of(chain))
        lane = TpuLane(rig.pool, slot_every_ms=50, nodes_every_ms=50)
        for _ in range(2):
            async with await serve_tpu(chain.node) as served, asyncio.timeout(PATIENCE_S):
                await lane.start()
                while [(one.address, one.state) for one in lane.leaders()] != [(served.url, "connected")]:
                    await asyncio.sleep(0.001)
                payment = rig.payment()
                assert (await lane.send(payment.wire)).kind == "accepted"
                await rig.received(payment)
        lane.close()


async def test_a_region_that_is_gone_does_not_stop_the_others(rig: Rig) -> None:
    payment, url = rig.payment(), rig.chain.description.urls["jito"]
    outcome = await JitoLane([unused_url(), url]).send(payment.wire)
    assert (outcome.kind, outcome.endpoint) == ("accepted", url)
    await rig.received(payment)


async def test_a_lane_that_was_not_started_says_that_no_byte_left(rig: Rig) -> None:
    outcome = await TpuLane(rig.pool).send(rig.payment().wire)
    assert (outcome.kind, outcome.code, outcome.answers) == ("unreachable", "no_leader", [])


async def test_an_identity_is_kept_and_its_seed_must_have_32_bytes(rig: Rig) -> None:
    # RFC 8032, section 7.1, test 1; in base 58.
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    lane = TpuLane(rig.pool, identity_seed=seed)
    assert lane.identity == "FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z"
    with pytest.raises(CoreError) as refused:
        TpuLane(rig.pool, identity_seed=seed[:-1])
    assert refused.value.code == "identity_malformed"


async def test_a_bundle_of_two_lands_whole_and_its_statuses_tell_it(rig: Rig) -> None:
    lane = JitoLane([rig.chain.description.urls["jito"]])
    payments = [rig.payment(), rig.payment()]
    wires = [payment.wire for payment in payments]
    for malformed in ([], wires * 3, [wires[0], wires[0]]):
        with pytest.raises(CoreError) as refused:
            await lane.send_bundle(malformed)
        assert refused.value.code == "bundle_malformed"
    outcome = await lane.send_bundle(wires)
    # As the block engine derives it: SHA-256 of the signatures, joined by commas.
    bundle = hashlib.sha256(",".join(payment.signature for payment in payments).encode()).hexdigest()
    assert (outcome.kind, outcome.reference) == ("accepted", bundle)
    for payment in payments:
        await rig.received(payment)
    again = await lane.send_bundle(wires)
    assert again.kind == "rate_limited"
    rig.chain.node.advance(5)
    patient = JitoLane([rig.chain.description.urls["jito"]], request_timeout_ms=10_000)
    (inflight,) = await patient.inflight_statuses([bundle])
    assert inflight is not None
    assert inflight.status == "landed"
    (status,) = await patient.bundle_statuses([bundle])
    assert status is not None
    assert status.transactions == [payment.signature for payment in payments]
    assert (status.slot, status.fault) == (inflight.landed_slot, None)


async def test_the_block_engines_accounts_tips_and_statuses_are_read(rig: Rig) -> None:
    url = rig.chain.description.urls["jito"]
    lane = JitoLane([url], tip_floor_url=f"{url}/api/v1/bundles/tip_floor")
    assert await lane.tip_accounts() == list(rig.chain.description.tip_accounts)
    assert (await lane.tip_floor()).p50_lamports >= 1_000
    unknown = ["ab" * 32]
    with pytest.raises(CoreError) as refused:
        await lane.bundle_statuses(unknown * 6)
    assert refused.value.code == "too_many_bundles"
    with pytest.raises(CoreError) as unset:
        await JitoLane([url]).tip_floor()
    assert unset.value.code == "tip_floor_unset"
