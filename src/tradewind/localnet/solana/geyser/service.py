"""The methods of `geyser.Geyser`."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from solders.hash import Hash, ParseHashError

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.chain import Commitment
from tradewind.localnet.solana.geyser.hub import Hub, Subscriber
from tradewind.localnet.solana.geyser.options import GeyserOptions
from tradewind.localnet.solana.geyser.subscription import COMMITMENTS, read_request
from tradewind.localnet.solana.grpc_port import many_to_many, one_to_one
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.outbox import Outbox
from tradewind.localnet.solana.protocol import geyser_pb2 as messages

SERVICE = "geyser.Geyser"
TOKEN_HEADER = "x-token"  # noqa: S105 (its name)


class GeyserService:
    """The service over one node. `hub` holds its subscribers."""

    def __init__(self, node: SolanaNode, options: GeyserOptions) -> None:
        self.hub = Hub(node, options.clock)
        self._node = node
        self._options = options

    def methods(self) -> dict[str, Any]:
        """The table of methods."""
        unary = {
            "Ping": (self._ping, messages.PingRequest, messages.PongResponse),
            "GetSlot": (self._slot, messages.GetSlotRequest, messages.GetSlotResponse),
            "GetBlockHeight": (self._height, messages.GetBlockHeightRequest, messages.GetBlockHeightResponse),
            "GetLatestBlockhash": (
                self._blockhash,
                messages.GetLatestBlockhashRequest,
                messages.GetLatestBlockhashResponse,
            ),
            "IsBlockhashValid": (self._valid, messages.IsBlockhashValidRequest, messages.IsBlockhashValidResponse),
            "GetVersion": (self._version, messages.GetVersionRequest, messages.GetVersionResponse),
            "SubscribeReplayInfo": (
                self._replay,
                messages.SubscribeReplayInfoRequest,
                messages.SubscribeReplayInfoResponse,
            ),
        }
        table = {name: one_to_one(self._guarded(answer), *types) for name, (answer, *types) in unary.items()}
        return table | {"Subscribe": many_to_many(self._subscribe, messages.SubscribeRequest, messages.SubscribeUpdate)}

    # One answer

    def _guarded(self, answer: Any) -> Any:
        async def checked(request: Any, context: Any) -> Any:
            self._authenticate(context)
            return answer(request)

        return checked

    def _ping(self, request: messages.PingRequest) -> messages.PongResponse:
        return messages.PongResponse(count=request.count)

    def _slot(self, request: messages.GetSlotRequest) -> messages.GetSlotResponse:
        return messages.GetSlotResponse(slot=self._node.slot_at(_commitment(request)).number)

    def _height(self, request: messages.GetBlockHeightRequest) -> messages.GetBlockHeightResponse:
        height = self._node.faults.told_height(self._node.slot_at(_commitment(request)).height)
        return messages.GetBlockHeightResponse(block_height=height)

    def _blockhash(self, request: messages.GetLatestBlockhashRequest) -> messages.GetLatestBlockhashResponse:
        latest = self._node.latest_blockhash(_commitment(request))
        return messages.GetLatestBlockhashResponse(
            slot=latest.slot,
            blockhash=str(latest.blockhash),
            last_valid_block_height=latest.last_valid_block_height,
        )

    def _valid(self, request: messages.IsBlockhashValidRequest) -> messages.IsBlockhashValidResponse:
        try:
            blockhash = Hash.from_string(request.blockhash)
        except ParseHashError as error:
            raise LocalnetError("invalid_blockhash", f"blockhash: {error}") from error
        commitment = _commitment(request)
        slot = self._node.slot_at(commitment).number
        return messages.IsBlockhashValidResponse(slot=slot, valid=self._node.is_blockhash_valid(blockhash, commitment))

    def _version(self, _: messages.GetVersionRequest) -> messages.GetVersionResponse:
        version = {"package": "tradewind-localnet", "version": "1.0.0", "proto": "geyser", "solana": "litesvm"}
        return messages.GetVersionResponse(version=json.dumps({"version": version, "extra": {"hostname": None}}))

    def _replay(self, _: messages.SubscribeReplayInfoRequest) -> messages.SubscribeReplayInfoResponse:
        return messages.SubscribeReplayInfoResponse()

    # The stream

    async def _subscribe(self, requests: Any, context: Any) -> AsyncIterator[messages.SubscribeUpdate]:
        self._authenticate(context)
        if len(self.hub.subscribers) >= self._options.max_subscribers:
            full = f"There are already {self._options.max_subscribers} subscribers."
            raise LocalnetError("too_many_subscribers", full)
        subscriber = Subscriber(Outbox(self._options.max_queued_updates))
        self.hub.subscribers.append(subscriber)
        tasks = [asyncio.create_task(self._listen(subscriber, requests), name="geyser-listen")]
        if self._options.ping_every_s is not None:
            tasks.append(asyncio.create_task(self._keep_alive(subscriber, self._options.ping_every_s)))
        try:
            async for update in subscriber.outbox:
                yield update
        except LocalnetError as failure:
            if failure.code != "subscriber_lagged":
                raise
            # In Yellowstone's words, with ours for why.
            raise LocalnetError("lagged", "lagged to send an update", remedy=failure.message) from failure
        finally:
            self.hub.subscribers.remove(subscriber)
            subscriber.outbox.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, subscriber: Subscriber, requests: Any) -> None:
        # A client that has nothing more to ask may close its side; the stream goes on.
        async for request in requests:
            try:
                subscribed = read_request(request, self._options)
            except LocalnetError as failure:
                subscriber.outbox.fail(failure)
                return
            if request.HasField("ping"):
                self.hub.tell(subscriber, [], pong=messages.SubscribeUpdatePong(id=request.ping.id))
            else:
                subscriber.subscribed = subscribed

    async def _keep_alive(self, subscriber: Subscriber, every_s: float) -> None:
        while True:
            await self._options.clock.sleep(every_s)
            self.hub.tell(subscriber, [], ping=messages.SubscribeUpdatePing())

    def _authenticate(self, context: Any) -> None:
        if self._options.tokens is None:
            return
        given = dict(context.invocation_metadata() or ()).get(TOKEN_HEADER)
        if given not in self._options.tokens:
            raise LocalnetError("unauthenticated", "No valid auth token")


def _commitment(request: Any) -> Commitment:
    if request.commitment not in COMMITMENTS:
        what = f"commitment {request.commitment} is none of PROCESSED, CONFIRMED, FINALIZED"
        raise LocalnetError("invalid_commitment", what)
    return COMMITMENTS[request.commitment]  # type: ignore[return-value]
