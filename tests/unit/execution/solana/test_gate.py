"""What the gate is told of the chain: heights that a quorum has reached, by the names of those who have."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tests import builders
from tradewind.errors import Unavailable
from tradewind.execution.executors.outcomes import Expired
from tradewind.execution.executors.ports import Blockhash, UnsignedTransaction
from tradewind.execution.signer_answers import RecordedSolanaStep, SolanaAttempt, SolanaSignature
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.signer_questions import EarlierSignature, SolanaEvidence, SolanaFinalized, SolanaOrder
from tradewind.execution.solana.earlier import earlier_of
from tradewind.execution.solana.gate import SolanaGate
from tradewind.venues.solana.cluster import SolanaCluster

UNSIGNED = UnsignedTransaction(b"message", 7, Blockhash("hash", 1_150, 1_000), has_receipt=True)


@dataclass
class Rpc:
    """A quorum's heights and statuses; one endpoint alone would say something else."""

    heights: Mapping[str, tuple[int, tuple[str, ...]]]
    statuses: list[object] = field(default_factory=list)

    async def call(self, method: str, params_json: str = "[]") -> str:
        del params_json
        return json.dumps(2**53 if method == "getBlockHeight" else 1_240)

    async def agree(self, method: str, params_json: str = "[]", *, quorum: int | None = None) -> str:
        del params_json, quorum
        assert method == "getSignatureStatuses"
        return json.dumps({"context": {"slot": 1}, "value": self.statuses})

    async def agreed(self, method: str, params_json: str = "[]") -> tuple[str, Sequence[str]]:
        return await self.agree(method, params_json), ("one", "two")

    async def height(self, commitment: str) -> tuple[int, Sequence[str]]:
        return self.heights[commitment]


@dataclass
class Signer:
    """Takes note of what it is told."""

    attempts: tuple[SolanaAttempt, ...] = ()
    evidence: SolanaEvidence | None = None
    settled: dict[str, Any] = field(default_factory=dict)

    async def sign_solana(self, order: SolanaOrder) -> SolanaSignature:
        self.evidence = order.evidence
        return SolanaSignature(signature="signature", raw_tx=b"", last_valid_block_height=1_150)

    async def solana_step(self, *_: object) -> RecordedSolanaStep:
        return RecordedSolanaStep(found=True, attempts=self.attempts)

    async def settle_solana(self, *_: object, **told: object) -> bool:
        self.settled = told
        return True


def attempt(number: int) -> SolanaAttempt:
    return SolanaAttempt(
        attempt=number,
        signature=f"signature {number}",
        raw_tx=b"",
        blockhash="hash",
        last_valid_block_height=1_000,
        signed_at_ms=1,
    )


def status(**fields: object) -> dict[str, object]:
    return {"confirmationStatus": "finalized", "err": None, **fields}


HEIGHTS = {"confirmed": (1_000, ("one", "two", "three")), "finalized": (968, ("two", "three", "four"))}


def gate_of(rpc: Rpc, signer: Signer) -> SolanaGate:
    return SolanaGate(cast("SignerClient", signer), SolanaCluster(rpc, chain_id=101), endpoints=("asked",))


async def test_a_first_attempt_is_signed_on_a_quorums_heights_by_the_names_of_those_who_told_both() -> None:
    signer = Signer()
    gate = gate_of(Rpc(HEIGHTS), signer)
    await gate.sign(builders.execution_plan(), builders.SOLANA_WALLET, attempt=1, unsigned=UNSIGNED, proof=None)
    assert signer.evidence == SolanaEvidence(1_000, 968, ("two", "three"))


async def test_a_later_attempt_says_of_each_earlier_one_what_a_quorum_says_of_it() -> None:
    signer = Signer(attempts=(attempt(1), attempt(2)))
    gate = gate_of(Rpc(HEIGHTS, [status(err={"InstructionError": [2, {"Custom": 6}]}), None]), signer)
    proof = Expired("signature 2", 960, ("two", "four"))
    await gate.sign(builders.execution_plan(), builders.SOLANA_WALLET, attempt=3, unsigned=UNSIGNED, proof=proof)
    earlier = (EarlierSignature("signature 1", "failed"), EarlierSignature("signature 2", "absent"))
    assert signer.evidence == SolanaEvidence(1_000, 968, ("two", "four"), earlier)


async def test_what_was_never_signed_expires_by_a_quorums_height_and_names() -> None:
    signer = Signer()
    await gate_of(Rpc(HEIGHTS), signer).expire(builders.execution_plan())
    assert signer.settled["finalized"] == SolanaFinalized(1_240, 968)
    assert (signer.settled["endpoints"], signer.settled["signatures"]) == (("two", "three", "four"), ())


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (status(), "attempt_landed"),
        (status(confirmationStatus="confirmed", err="x"), "attempt_undecided"),
        (status(confirmationStatus=None), "attempt_undecided"),
    ],
)
async def test_an_attempt_that_took_effect_or_still_may_is_no_dead_one(told: object, code: str) -> None:
    cluster = SolanaCluster(Rpc(HEIGHTS, [None, told]), chain_id=101)
    with pytest.raises(Unavailable) as refused:
        await earlier_of(cluster, ["one", "two"])
    assert refused.value.code == code


async def test_statuses_of_others_than_were_asked_for_are_not_read() -> None:
    with pytest.raises(Unavailable, match="2 statuses"):
        await earlier_of(SolanaCluster(Rpc(HEIGHTS, [None]), chain_id=101), ["one", "two"])
