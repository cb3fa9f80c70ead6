"""A wallet's first nonce at a gate is decided by a quorum: the gate counts on from it for good."""

from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from tests import builders
from tradewind.errors import Unavailable
from tradewind.execution.step_signing import StepSigning
from tradewind.venues.account import AccountState


class Chain:
    """`included` is what a quorum says."""

    def __init__(self, included: int) -> None:
        self.included = included

    async def agreed_nonce(self, address: str) -> int:
        return self.included


def signing(included: int) -> StepSigning:
    parts: dict[str, Any] = dict.fromkeys(
        ("venues", "signer", "clock", "timing", "state", "switch", "later", "nonces"), SimpleNamespace()
    )
    return StepSigning(chains=cast("Any", {builders.ARBITRUM: Chain(included)}), **parts)


def account(nonce: int) -> AccountState:
    return AccountState(native_balance_raw=1, nonce=nonce, token_balance_raw=0, allowance_raw=0, permit_nonce=None)


@pytest.mark.parametrize("told", [6, 8, 10**15])
async def test_what_one_endpoint_says_alone_is_not_taken(told: int) -> None:
    with pytest.raises(Unavailable) as caught:
        await signing(7)._require_turn(builders.a_plan(uuid4()), account(told), None)
    assert caught.value.code == "nonce_unclear"


async def test_what_a_quorum_says_is_taken() -> None:
    await signing(7)._require_turn(builders.a_plan(uuid4()), account(7), None)
