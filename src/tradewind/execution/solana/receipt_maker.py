"""Who made the account that a step's receipt was to be: the chain's history of that address tells.

Whoever sees a transaction's bytes can pay lamports to its receipt's address first; then each attempt of the step finds
the account there, and reverts. It is there because of somebody else only if the transaction that brought it to life was
not signed by the step's own wallet.
"""

from collections.abc import Mapping
from typing import Any

from tradewind.execution.executors.ports import Maker
from tradewind.venues import rpc_answer
from tradewind.venues.solana.cluster import SolanaCluster

_HISTORY = "getSignaturesForAddress"
_PAGE, _MOST_PAGES = 1_000, 4
# Transactions that name the address before it lives are looked through up to here.
_MOST_LOOKED_AT = 64
_FINALIZED = {"commitment": "finalized"}


async def maker_of(cluster: SolanaCluster, address: str, wallet: str, *, seen_by: str) -> Maker | None:
    """By a quorum, in final blocks. `seen_by` is the attempt that found the account; until the history has that one, it
    says nothing of what was before. None: not known yet, or not within what is looked through."""
    earlier = await _before(cluster, address, seen_by)
    if earlier is None:
        return None
    for signature in earlier[:_MOST_LOOKED_AT]:
        told = await cluster.agree(
            "getTransaction", signature, {**_FINALIZED, "encoding": "json", "maxSupportedTransactionVersion": 0}
        )
        if told is None:
            return None
        transaction = rpc_answer.mapping(told, "getTransaction")
        if _brings_to_life(transaction, address):
            return "wallet" if wallet in _signers(transaction) else "stranger"
    return None


async def _before(cluster: SolanaCluster, address: str, seen_by: str) -> list[str] | None:
    """What succeeded with the address before `seen_by`, oldest first."""
    found, past, before = list[str](), False, ""
    for _ in range(_MOST_PAGES):
        options = {**_FINALIZED, "limit": _PAGE, **({"before": before} if before else {})}
        page = await cluster.agree(_HISTORY, address, options)
        if not isinstance(page, list):
            rpc_answer.refuse(_HISTORY, "is no list")
        for entry in page:
            fields = rpc_answer.mapping(entry, _HISTORY)
            before = str(fields.get("signature"))
            if past and fields.get("err") is None:
                found.append(before)
            past = past or before == seen_by
        if len(page) < _PAGE:
            return found[::-1] if past else None
    return None


def _brings_to_life(transaction: Mapping[str, Any], address: str) -> bool:
    meta: Mapping[str, Any] = rpc_answer.mapping(transaction.get("meta"), "getTransaction.meta")
    loaded: Mapping[str, Any] = meta.get("loadedAddresses") or {}
    keys = [*_keys(transaction), *loaded.get("writable", ()), *loaded.get("readonly", ())]
    if address not in keys:
        return False
    place = keys.index(address)
    return bool(meta["preBalances"][place] == 0 and meta["postBalances"][place] > 0)


def _signers(transaction: Mapping[str, Any]) -> list[str]:
    message = transaction["transaction"]["message"]
    return _keys(transaction)[: message["header"]["numRequiredSignatures"]]


def _keys(transaction: Mapping[str, Any]) -> list[str]:
    return list(transaction["transaction"]["message"]["accountKeys"])
