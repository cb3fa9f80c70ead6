"""Where a request names a block, and what its tags mean on Arbitrum: pending is latest, finality is at a set depth."""

from collections.abc import Sequence
from typing import Any

from tradewind.localnet.strict.json_rpc import Call

# The position of the block among the parameters.
BLOCK_AT = {
    "eth_call": 1,
    "eth_createAccessList": 1,
    "eth_estimateGas": 1,
    "eth_feeHistory": 1,
    "eth_getBalance": 1,
    "eth_getBlockByNumber": 0,
    "eth_getBlockReceipts": 0,
    "eth_getBlockTransactionCountByNumber": 0,
    "eth_getCode": 1,
    "eth_getProof": 2,
    "eth_getStorageAt": 2,
    "eth_getTransactionByBlockNumberAndIndex": 0,
    "eth_getTransactionCount": 1,
    "eth_getUncleCountByBlockNumber": 0,
}
# Methods whose block is named inside their first parameter.
RANGES = frozenset({"eth_getLogs", "eth_newFilter"})
_RANGE_KEYS = ("fromBlock", "toBlock")

Resolved = dict[str, str]


def named_blocks(call: Call) -> list[str]:
    """The tags and numbers by which a call names blocks; what it leaves out is the latest one."""
    if call.method in RANGES:
        wanted = call.params[0] if call.params and isinstance(call.params[0], dict) else {}
        return [] if "blockHash" in wanted else [str(wanted.get(key, "latest")) for key in _RANGE_KEYS]
    if (at := BLOCK_AT.get(call.method)) is None:
        return []
    block = call.params[at] if at < len(call.params) else "latest"
    return [block] if isinstance(block, str) else []


def with_blocks(call: Call, meaning: Resolved) -> Call:
    """The call with each tag in `meaning` replaced; a block that it leaves out is named."""
    params = list(call.params)
    if call.method in RANGES and params and isinstance(params[0], dict) and "blockHash" not in params[0]:
        named = {key: params[0].get(key, "latest") for key in _RANGE_KEYS}
        params[0] = params[0] | {key: meaning.get(block, block) for key, block in named.items()}
    elif (at := BLOCK_AT.get(call.method)) is not None and at <= len(params):
        params = _replaced(params, at, meaning)
    return Call(call.method, params, call.id, call.is_notification)


def _replaced(params: Sequence[Any], at: int, meaning: Resolved) -> list[Any]:
    block = params[at] if at < len(params) else "latest"
    named = meaning.get(block, block) if isinstance(block, str) else block
    return [*params[:at], named, *params[at + 1 :]]
