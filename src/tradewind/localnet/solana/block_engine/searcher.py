"""The block engine's gRPC door: `searcher.SearcherService` for one region."""

from collections.abc import AsyncIterator
from typing import Any

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.block_engine.engine import LANE, BlockEngine
from tradewind.localnet.solana.block_engine.rate_limit import RateLimit
from tradewind.localnet.solana.block_engine.tips import TIP_ACCOUNTS
from tradewind.localnet.solana.grpc_port import one_to_many, one_to_one
from tradewind.localnet.solana.options import SLOTS_PER_EPOCH
from tradewind.localnet.solana.protocol import bundle_pb2 as bundles
from tradewind.localnet.solana.protocol import searcher_pb2 as messages

SERVICE = "searcher.SearcherService"
AUTH = "x-jito-auth"
# So many of its leader slots are named: the rest of an epoch would be 432,000 of them, as this node leads all.
SLOTS_NAMED = 64


class SearcherService:
    """The service's methods."""

    def __init__(self, engine: BlockEngine, region: str, limit: RateLimit) -> None:
        self._engine = engine
        self._region = region
        self._limit = limit

    def methods(self) -> dict[str, Any]:
        """The table of methods."""
        return {
            "SendBundle": one_to_one(self._send, messages.SendBundleRequest, messages.SendBundleResponse),
            "SubscribeBundleResults": one_to_many(
                self._results, messages.SubscribeBundleResultsRequest, bundles.BundleResult
            ),
            "GetNextScheduledLeader": one_to_one(
                self._next_leader, messages.NextScheduledLeaderRequest, messages.NextScheduledLeaderResponse
            ),
            "GetConnectedLeaders": one_to_one(
                self._leaders, messages.ConnectedLeadersRequest, messages.ConnectedLeadersResponse
            ),
            "GetConnectedLeadersRegioned": one_to_one(
                self._leaders_by_region,
                messages.ConnectedLeadersRegionedRequest,
                messages.ConnectedLeadersRegionedResponse,
            ),
            "GetTipAccounts": one_to_one(
                self._tip_accounts, messages.GetTipAccountsRequest, messages.GetTipAccountsResponse
            ),
            "GetRegions": one_to_one(self._regions, messages.GetRegionsRequest, messages.GetRegionsResponse),
        }

    async def _send(self, request: messages.SendBundleRequest, context: Any) -> messages.SendBundleResponse:
        self._admit(context)
        if (failure := self._engine.node.faults.send_failure(LANE)) is not None:
            raise LocalnetError(failure, "the block engine refuses this send, as its faults demand")
        wires = [_wire(place, packet) for place, packet in enumerate(request.bundle.packets)]
        return messages.SendBundleResponse(uuid=self._engine.take(wires, self._region))

    async def _results(self, _: Any, __: Any) -> AsyncIterator[bundles.BundleResult]:
        outbox = self._engine.results.join()
        try:
            async for result in outbox:
                yield result
        finally:
            outbox.close()

    async def _next_leader(
        self, request: messages.NextScheduledLeaderRequest, context: Any
    ) -> messages.NextScheduledLeaderResponse:
        self._admit(context)
        regions = self._named(list(request.regions))
        slot = self._engine.node.slot
        return messages.NextScheduledLeaderResponse(
            current_slot=slot,
            next_leader_slot=slot + 1,
            next_leader_identity=str(self._engine.node.leader(slot + 1)),
            next_leader_region=regions[0],
        )

    async def _leaders(self, _: Any, context: Any) -> messages.ConnectedLeadersResponse:
        self._admit(context)
        return self._connected()

    async def _leaders_by_region(
        self, request: messages.ConnectedLeadersRegionedRequest, context: Any
    ) -> messages.ConnectedLeadersRegionedResponse:
        self._admit(context)
        by_region = {region: self._connected() for region in self._named(list(request.regions))}
        return messages.ConnectedLeadersRegionedResponse(connected_validators=by_region)

    async def _tip_accounts(self, _: Any, context: Any) -> messages.GetTipAccountsResponse:
        self._admit(context)
        return messages.GetTipAccountsResponse(accounts=[str(account) for account in TIP_ACCOUNTS])

    async def _regions(self, _: Any, context: Any) -> messages.GetRegionsResponse:
        self._admit(context)
        regions = self._engine.options.regions
        return messages.GetRegionsResponse(current_region=self._region, available_regions=regions)

    def _connected(self) -> messages.ConnectedLeadersResponse:
        node = self._engine.node
        end = min(node.slot + SLOTS_NAMED, (node.epoch + 1) * SLOTS_PER_EPOCH)
        slots: dict[str, messages.SlotList] = {}
        for slot in range(node.slot, end):
            slots.setdefault(str(node.leader(slot)), messages.SlotList()).slots.append(slot)
        return messages.ConnectedLeadersResponse(connected_validators=slots)

    def _named(self, regions: list[str]) -> list[str]:
        for region in regions:
            if region not in self._engine.options.regions:
                known = ", ".join(self._engine.options.regions)
                raise LocalnetError("unknown_region", f"regions: {region!r} is none of {known}")
        return regions or [self._region]

    def _admit(self, context: Any) -> None:
        key = _key(context)
        known = self._engine.options.uuids
        if key is not None and known is not None and key not in known:
            raise LocalnetError("unauthenticated", f"the key in {AUTH} is not one of this block engine's")
        self._limit.admit(self._region, key or _address(context.peer()))


def _key(context: Any) -> str | None:
    return next((value for name, value in context.invocation_metadata() or () if name == AUTH), None)


def _wire(place: int, packet: Any) -> bytes:
    data = bytes(packet.data)
    if packet.HasField("meta") and packet.meta.size not in (0, len(data)):
        said = f"packets[{place}].meta.size says {packet.meta.size} bytes; there are {len(data)}"
        raise LocalnetError("invalid_bundle", said)
    return data


def _address(peer: str) -> str:
    # "ipv4:127.0.0.1:51234": the port changes with each connection.
    return peer.rpartition(":")[0]
