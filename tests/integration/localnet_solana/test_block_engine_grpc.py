"""The block engine's gRPC side: `searcher.SearcherService`, called through a plain gRPC channel."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from tests.integration.localnet_solana.bundles import SOL, id_of, signature_of
from tests.integration.localnet_solana.test_block_engine import ANN, House, house
from tests.integration.localnet_solana.test_block_engine_http import TIP_ACCOUNTS
from tradewind.localnet.solana.faults import FaultSettings
from tradewind.localnet.solana.protocol import bundle_pb2, packet_pb2, searcher_pb2

PATIENCE_S = 10


class Searcher:
    """The calls of a searcher's client."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel

    async def call(self, method: str, request: Any, answer: Any) -> Any:
        ask = self._channel.unary_unary(
            f"/searcher.SearcherService/{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=answer.FromString,
        )
        return await ask(request, timeout=PATIENCE_S)

    async def send(self, wires: list[bytes]) -> str:
        packets = [packet_pb2.Packet(data=wire, meta=packet_pb2.Meta(size=len(wire))) for wire in wires]
        request = searcher_pb2.SendBundleRequest(bundle=bundle_pb2.Bundle(packets=packets))
        return str((await self.call("SendBundle", request, searcher_pb2.SendBundleResponse)).uuid)

    async def results(self) -> Any:
        listen = self._channel.unary_stream(
            "/searcher.SearcherService/SubscribeBundleResults",
            request_serializer=searcher_pb2.SubscribeBundleResultsRequest.SerializeToString,
            response_deserializer=bundle_pb2.BundleResult.FromString,
        )
        stream = listen(searcher_pb2.SubscribeBundleResultsRequest(), timeout=PATIENCE_S)
        await stream.initial_metadata()
        return stream


@asynccontextmanager
async def searching(**options: Any) -> AsyncIterator[tuple[House, Searcher]]:
    async with house(**options) as h, grpc.aio.insecure_channel(h.served.grpc_url) as channel:
        yield h, Searcher(channel)


async def joined(h: House) -> None:
    """Return once the engine has a listener."""
    async with asyncio.timeout(PATIENCE_S):
        while not h.engine.results._open:
            await asyncio.sleep(0.001)


async def test_a_bundle_that_lands_is_accepted_processed_and_finalized() -> None:
    async with searching() as (h, searcher):
        results = await searcher.results()
        await joined(h)
        wires = [h.desk.wire(h.desk.pay(ANN, SOL), h.desk.tip())]
        bundle = await searcher.send(wires)
        assert bundle == id_of(wires)
        h.engine.auction()
        slot = h.desk.node.slot
        h.desk.node.advance(5)
        accepted, processed, finalized = [await results.read() for _ in range(3)]
    me = str(h.desk.node.identity.pubkey())
    assert {result.bundle_id for result in (accepted, processed, finalized)} == {bundle}
    assert (accepted.accepted.slot, accepted.accepted.validator_identity) == (slot, me)
    assert (processed.processed.slot, processed.processed.bundle_index) == (slot, 0)
    assert finalized.WhichOneof("result") == "finalized"


async def test_a_bundle_that_fails_names_the_transaction() -> None:
    async with searching() as (h, searcher):
        results = await searcher.results()
        await joined(h)
        wires = [h.desk.wire(h.desk.tip()), h.desk.wire(h.desk.pay(ANN, 1_000 * SOL))]
        await searcher.send(wires)
        h.engine.auction()
        result = await results.read()
    assert result.rejected.simulation_failure.tx_signature == signature_of(wires[1])
    assert result.rejected.simulation_failure.msg


async def test_a_tip_that_is_too_low_loses_the_auction() -> None:
    async with searching() as (h, searcher):
        results = await searcher.results()
        await joined(h)
        await searcher.send([h.desk.wire(h.desk.tip(999))])
        h.engine.auction()
        result = await results.read()
    assert result.rejected.state_auction_bid_rejected.simulated_bid_lamports == 999


async def test_the_loser_of_an_account_is_outbid() -> None:
    async with searching() as (h, searcher):
        results = await searcher.results()
        await joined(h)
        other = h.desk.wallet(3, lamports=SOL + 2_000_000)
        low = await searcher.send([h.desk.wire(h.desk.pay(ANN, SOL, other), h.desk.tip(2_000, other), payer=other)])
        await searcher.send([h.desk.wire(h.desk.pay(ANN, SOL, other), h.desk.tip(3_000, other), payer=other)])
        h.engine.auction()
        lost = [await results.read() for _ in range(3)][-1]
    assert lost.bundle_id == low
    assert lost.rejected.state_auction_bid_rejected.simulated_bid_lamports == 2_000


@pytest.mark.parametrize(
    ("settings", "slots_back", "reason"),
    [
        (FaultSettings(drop_share={"jito": 1.0}), 0, bundle_pb2.DroppedReason.BlockhashExpired),
        (FaultSettings(unbundle=True), 0, bundle_pb2.DroppedReason.PartiallyProcessed),
        (FaultSettings(), 2, bundle_pb2.DroppedReason.NotFinalized),
    ],
)
async def test_a_bundle_that_does_not_stay_says_why(settings: FaultSettings, slots_back: int, reason: int) -> None:
    async with searching() as (h, searcher):
        results = await searcher.results()
        await joined(h)
        h.desk.node.faults.set(settings)
        wires = [h.desk.wire(h.desk.tip())]
        if settings.unbundle:
            wires.append(h.desk.wire(h.desk.pay(ANN, 1_000 * SOL)))
        await searcher.send(wires)
        h.engine.auction()
        if slots_back:
            h.desk.node.advance()
            h.desk.node.rollback(slots_back)
        else:
            h.desk.node.advance(152)
        while (result := await results.read()).WhichOneof("result") != "dropped":
            pass
    assert result.dropped.reason == reason


async def test_accounts_regions_and_leaders_are_told() -> None:
    async with searching(regions=("ny", "tokyo")) as (h, searcher):
        accounts = await searcher.call(
            "GetTipAccounts", searcher_pb2.GetTipAccountsRequest(), searcher_pb2.GetTipAccountsResponse
        )
        regions = await searcher.call("GetRegions", searcher_pb2.GetRegionsRequest(), searcher_pb2.GetRegionsResponse)
        leader = await searcher.call(
            "GetNextScheduledLeader",
            searcher_pb2.NextScheduledLeaderRequest(regions=["tokyo"]),
            searcher_pb2.NextScheduledLeaderResponse,
        )
        connected = await searcher.call(
            "GetConnectedLeaders", searcher_pb2.ConnectedLeadersRequest(), searcher_pb2.ConnectedLeadersResponse
        )
        by_region = await searcher.call(
            "GetConnectedLeadersRegioned",
            searcher_pb2.ConnectedLeadersRegionedRequest(regions=["ny", "tokyo"]),
            searcher_pb2.ConnectedLeadersRegionedResponse,
        )
        slot, me = h.desk.node.slot, str(h.desk.node.identity.pubkey())
    assert list(accounts.accounts) == TIP_ACCOUNTS
    assert (regions.current_region, list(regions.available_regions)) == ("ny", ["ny", "tokyo"])
    assert (leader.current_slot, leader.next_leader_slot, leader.next_leader_identity) == (slot, slot + 1, me)
    assert leader.next_leader_region == "tokyo"
    assert slot + 1 in connected.connected_validators[me].slots
    assert set(by_region.connected_validators) == {"ny", "tokyo"}


async def status_of(failing: Any) -> Any:
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await failing
    return failure.value.code()


async def test_mistakes_are_answered_with_a_status() -> None:
    async with searching() as (h, searcher):
        wire = h.desk.wire(h.desk.tip())
        assert await status_of(searcher.send([])) == grpc.StatusCode.INVALID_ARGUMENT
        assert await status_of(searcher.send([b"\x01garbage"])) == grpc.StatusCode.INVALID_ARGUMENT
        lying = bundle_pb2.Bundle(packets=[packet_pb2.Packet(data=wire, meta=packet_pb2.Meta(size=3))])
        request = searcher_pb2.SendBundleRequest(bundle=lying)
        call = searcher.call("SendBundle", request, searcher_pb2.SendBundleResponse)
        assert await status_of(call) == grpc.StatusCode.INVALID_ARGUMENT
        await searcher.send([wire])
        assert await status_of(searcher.send([wire])) == grpc.StatusCode.ALREADY_EXISTS
        far = searcher_pb2.NextScheduledLeaderRequest(regions=["moon"])
        call = searcher.call("GetNextScheduledLeader", far, searcher_pb2.NextScheduledLeaderResponse)
        assert await status_of(call) == grpc.StatusCode.INVALID_ARGUMENT


async def test_the_rate_limit_holds_here_too() -> None:
    async with searching(requests_per_second=1) as (h, searcher):
        await searcher.send([h.desk.wire(h.desk.tip())])
        assert await status_of(searcher.send([h.desk.wire(h.desk.tip())])) == grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_listener_that_falls_behind_is_dropped_and_one_too_many_is_refused() -> None:
    async with searching(max_queued_results=1, max_subscribers=1) as (h, searcher):
        results = await searcher.results()
        await joined(h)
        assert await status_of((await searcher.results()).read()) == grpc.StatusCode.RESOURCE_EXHAUSTED
        for tip in (10_000, 20_000):
            h.engine.take([h.desk.wire(h.desk.tip(tip))], "local")
        h.engine.auction()
        assert await status_of(results.read()) == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert dict(await results.trailing_metadata())["error-code"] == "subscriber_lagged"
