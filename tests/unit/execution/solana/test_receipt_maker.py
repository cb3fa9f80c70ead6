"""Who made a receipt's account: by the oldest final transaction that brought it to life, and by its signers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tradewind.execution.solana.receipt_maker import maker_of
from tradewind.venues.solana.cluster import SolanaCluster

ADDRESS, WALLET, STRANGER, SEEN = "address", "wallet", "stranger", "attempt"


@dataclass
class History:
    """Newest first, as the chain tells it; `told` are the transactions by signature."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)

    async def call(self, method: str, params_json: str = "[]") -> str:
        raise AssertionError(f"one endpoint alone is not asked for {method}{params_json}")

    async def agree(self, method: str, params_json: str = "[]", *, quorum: int | None = None) -> str:
        del quorum
        subject, options = json.loads(params_json)
        assert options["commitment"] == "finalized"
        if method == "getTransaction":
            return json.dumps(self.told.get(subject))
        assert (method, subject) == ("getSignaturesForAddress", ADDRESS)
        signatures = [entry["signature"] for entry in self.entries]
        begin = signatures.index(options["before"]) + 1 if "before" in options else 0
        return json.dumps(self.entries[begin : begin + options["limit"]])

    async def agreed(self, method: str, params_json: str = "[]") -> tuple[str, Sequence[str]]:
        return await self.agree(method, params_json), ("one",)

    async def height(self, commitment: str) -> tuple[int, Sequence[str]]:
        raise AssertionError(commitment)

    def add(self, signature: str, *signers: str, before: int = 0, after: int = 0, err: object = None) -> None:
        """One that is newer than all so far."""
        self.entries.insert(0, {"signature": signature, "err": err})
        self.told[signature] = {
            "transaction": {
                "message": {"accountKeys": [*signers, "program"], "header": {"numRequiredSignatures": len(signers)}}
            },
            "meta": {
                "preBalances": [9] * len(signers) + [1, before],
                "postBalances": [8] * len(signers) + [1, after],
                "loadedAddresses": {"writable": [ADDRESS], "readonly": []},
            },
        }

    def seen(self) -> None:
        """The attempt that found the account there."""
        self.add(SEEN, WALLET, before=5, after=5, err={"InstructionError": [2, {"Custom": 0}]})


async def maker(history: History) -> str | None:
    return await maker_of(SolanaCluster(history, chain_id=101), ADDRESS, WALLET, seen_by=SEEN)


@pytest.mark.parametrize(("signers", "made_by"), [((STRANGER,), "stranger"), ((STRANGER, WALLET), "wallet")])
async def test_the_transaction_that_brought_the_account_to_life_says_who_made_it(
    signers: tuple[str, ...], made_by: str
) -> None:
    history = History()
    # Named, and not made: before it lives, and again afterwards.
    history.add("named", WALLET)
    history.add("made", *signers, after=5)
    history.add("more", WALLET if made_by == "stranger" else STRANGER, before=5, after=6)
    history.seen()
    history.add("later", WALLET, before=0, after=5)
    assert await maker(history) == made_by


async def test_a_history_that_does_not_have_the_attempt_yet_tells_nothing() -> None:
    history = History()
    history.add("made", STRANGER, after=5)
    assert await maker(history) is None
    history.seen()
    assert await maker(history) == "stranger"


async def test_a_maker_that_no_endpoint_tells_is_not_guessed() -> None:
    history = History()
    history.add("made", STRANGER, after=5)
    history.seen()
    history.told["made"] = None
    assert await maker(history) is None


async def test_a_history_of_several_pages_is_read_to_its_beginning_and_one_without_end_is_not() -> None:
    history = History()
    history.add("made", STRANGER, after=5)
    history.seen()
    for number in range(2_500):
        history.add(f"noise {number}", STRANGER, before=5, after=5)
    assert await maker(history) == "stranger"
    for number in range(2_500, 4_000):
        history.add(f"noise {number}", STRANGER, before=5, after=5)
    assert await maker(history) is None
