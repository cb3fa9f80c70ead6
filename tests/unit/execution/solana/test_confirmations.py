"""What the chain says about a signature: a coded error for what cannot be read, never another."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytest

from tests import builders
from tradewind import core
from tradewind.errors import Unavailable
from tradewind.execution.executors.outcomes import Expired, Landed, Unknown
from tradewind.execution.executors.ports import SignedAttempt
from tradewind.execution.solana.confirmations import SolanaConfirmations
from tradewind.venues.solana.cluster import SolanaCluster

WALLET = builders.SOLANA_WALLET
ATTEMPT = SignedAttempt(1, WALLET, "signature", b"bytes", 1_000)
TOLD: dict[str, Any] = {
    "transaction": {"message": {"accountKeys": [WALLET]}},
    "meta": {"fee": 5_000, "preBalances": [10_000], "postBalances": [5_000]},
}


@dataclass
class Found:
    """The core's word on a signature."""

    kind: str = "landed"
    slot: int | None = 7
    fault: None = None


class Watch:
    """Sees it in a block at once."""

    async def wait(self, *_: object, **__: object) -> Found:
        return Found()


@dataclass
class Rpc:
    """An endpoint with one answer to everything."""

    answer: object

    async def call(self, method: str, params_json: str = "[]") -> str:
        del method, params_json
        return json.dumps(self.answer)

    async def agree(self, method: str, params_json: str = "[]", *, quorum: int | None = None) -> str:
        del quorum
        return await self.call(method, params_json)

    async def agreed(self, method: str, params_json: str = "[]") -> tuple[str, Sequence[str]]:
        return await self.call(method, params_json), ("one",)

    async def height(self, commitment: str) -> tuple[int, Sequence[str]]:
        raise AssertionError(commitment)


def confirmations(answer: object) -> SolanaConfirmations:
    cluster = SolanaCluster(Rpc(answer), chain_id=1)
    return SolanaConfirmations(cast("core.ConfirmationWatch", Watch()), cluster, commitment="confirmed")


async def test_what_landed_is_told_with_its_fee() -> None:
    outcome = await confirmations(TOLD).outcome(ATTEMPT, within_ms=400)
    assert outcome == Landed("signature", 7, 5_000)


async def test_what_landed_and_is_not_told_yet_is_unknown_by_that_name() -> None:
    outcome = await confirmations(None).outcome(ATTEMPT, within_ms=400)
    assert isinstance(outcome, Unknown)
    assert outcome.code == "transaction_not_told"


@pytest.mark.parametrize(
    "odd",
    [
        {**TOLD, "meta": None},
        {"transaction": TOLD["transaction"]},
        {"meta": TOLD["meta"]},
        {**TOLD, "transaction": "base64"},
        {**TOLD, "meta": {"fee": 5_000}},
        {**TOLD, "meta": {**TOLD["meta"], "postBalances": []}},
        {**TOLD, "meta": {**TOLD["meta"], "postBalances": [None]}},
        {**TOLD, "meta": {**TOLD["meta"], "fee": "5000"}},
        {**TOLD, "meta": {**TOLD["meta"], "preTokenBalances": [{"owner": WALLET}]}},
        {**TOLD, "meta": {**TOLD["meta"], "innerInstructions": [{"instructions": [{"programIdIndex": 9}]}]}},
        {**TOLD, "meta": {**TOLD["meta"], "loadedAddresses": []}, "transaction": {"message": []}},
        ["a list"],
    ],
)
async def test_an_answer_that_cannot_be_read_is_a_coded_error(odd: object) -> None:
    with pytest.raises(Unavailable) as refused:
        await confirmations(odd).outcome(ATTEMPT, within_ms=400)
    assert refused.value.code == "rpc_malformed"


async def test_an_expiry_names_only_those_who_were_asked_and_do_not_know_it() -> None:
    class Dead:
        kind = "expired"
        slot = None
        evidence = (("far", 1_400, False), ("near", 1_200, False), ("behind", 900, None), ("silent", None, None))

    class DeadWatch:
        async def wait(self, *_: object, **__: object) -> Dead:
            return Dead()

    cluster = SolanaCluster(Rpc(None), chain_id=1)
    asked = SolanaConfirmations(cast("core.ConfirmationWatch", DeadWatch()), cluster, commitment="confirmed")
    assert await asked.outcome(ATTEMPT, within_ms=1) == Expired("signature", 1_200, ("far", "near"))
