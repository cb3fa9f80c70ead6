"""Refusals without reason: each has its code and words, and carries nothing out."""

from typing import Any

import pytest

from tests.integration.localnet.strict_asking import signed
from tests.integration.localnet.strict_desk import SEND, Desk, Expectations
from tradewind.localnet import addresses as at
from tradewind.localnet.strict import Behaviour
from tradewind.localnet.strict.behaviours import refusals

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXPECT = Expectations(refusals)


@pytest.mark.parametrize("kind", EXPECT.catalogue, ids=lambda kind: kind.__name__)
async def test_it_does_what_it_says_and_ends_with_behave(desk: Desk, kind: type[Behaviour]) -> None:
    await EXPECT.hold(desk, kind)


def refuses(behaviour: Behaviour, method: str, code: int, says: str, data: Any = None) -> None:
    """Register a behaviour that refuses `method`, or a send, and carries nothing out."""

    @EXPECT.of(behaviour)
    async def expectation(desk: Desk) -> None:
        params: dict[str, list[Any]] = {
            SEND: [signed()[0]],
            "eth_getLogs": [{}],
            "eth_getBalance": [at.TRADER, "latest"],
            "eth_call": [{"to": at.USDC.address, "data": "0x18160ddd"}, "latest"],
        }
        refused = (await desk.said(method, *params[method])).error
        assert refused["code"] == code
        assert says in refused["message"]
        assert refused.get("data") == data
        assert await desk.trader_nonce() == 0


refuses(refusals.AlreadyKnown(), SEND, -32000, "already known")
refuses(refusals.NonceTooLow(), SEND, -32000, "nonce too low")
refuses(refusals.NonceTooHigh(), SEND, -32000, "nonce too high")
refuses(refusals.Underpriced(), SEND, -32000, "underpriced")
refuses(refusals.FeeTooLow(), SEND, -32000, "max fee per gas less than block base fee")
refuses(refusals.InsufficientFunds(), SEND, -32000, "insufficient funds")
refuses(refusals.QueueTimedOut(), SEND, -32000, "context deadline exceeded")
refuses(refusals.NoSequencer(), SEND, -32000, "sequencer temporarily not available")
refuses(refusals.ConditionNotMet(), SEND, -32003, "condition not met")
refuses(refusals.InternalError(), SEND, -32603, "Internal error")
refuses(refusals.InternalErrorWithText(), SEND, -32603, "connection refused", "trace 4bf92f3577b34da6")
refuses(refusals.InternalErrorAsRevert(), "eth_call", -32603, "execution reverted")
refuses(refusals.ExecutionTimedOut(), "eth_call", -32000, "execution aborted")
refuses(refusals.HeaderNotFound(), "eth_getBalance", -32000, "header not found")
refuses(refusals.StateMissing(), "eth_getBalance", -32000, "missing trie node")
refuses(refusals.RateLimited(), SEND, -32005, "limit exceeded")
refuses(refusals.RateLimitedByProvider(), SEND, 429, "compute units per second")
refuses(refusals.TooManyLogs(), "eth_getLogs", -32005, "more than 10000 results")
refuses(refusals.MethodNotFound(), SEND, -32601, "does not exist")
refuses(refusals.RevertedWithoutReason(), "eth_call", 3, "execution reverted", "0x")
