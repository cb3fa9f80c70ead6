"""What became of the other attempts of a step, as the gate has to be told before it takes the step for over."""

from collections.abc import Sequence

from tradewind.errors import Unavailable
from tradewind.execution.signer_questions import EarlierSignature
from tradewind.venues import rpc_answer
from tradewind.venues.solana.cluster import SolanaCluster

_METHOD = "getSignatureStatuses"


async def earlier_of(cluster: SolanaCluster, signatures: Sequence[str]) -> tuple[EarlierSignature, ...]:
    """By a quorum, with its history: `absent`, or `failed` in a final block.

    Raises Unavailable `attempt_undecided` for one that is in a block that is not final, and `attempt_landed` for one
    that took effect: then the step ended by that one.
    """
    if not signatures:
        return ()
    told = await cluster.agree(_METHOD, list(signatures), {"searchTransactionHistory": True})
    statuses = rpc_answer.mapping(told, _METHOD).get("value")
    if not isinstance(statuses, list) or len(statuses) != len(signatures):
        rpc_answer.refuse(_METHOD, f"does not have {len(signatures)} statuses")
    return tuple(_earlier(*one) for one in zip(signatures, statuses, strict=True))


def _earlier(signature: str, status: object) -> EarlierSignature:
    if status is None:
        return EarlierSignature(signature, "absent")
    fields = rpc_answer.mapping(status, _METHOD)
    if fields.get("confirmationStatus") != "finalized":
        raise Unavailable("attempt_undecided", f"The attempt {signature} is in a block that is not final yet.")
    if fields.get("err") is None:
        raise Unavailable("attempt_landed", f"The attempt {signature} took effect: the step ended by that one.")
    return EarlierSignature(signature, "failed")
