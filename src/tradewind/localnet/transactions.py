"""Transactions that the node signs itself, for accounts it holds or impersonates: built, sent together, verified."""

import asyncio
from collections.abc import Sequence
from typing import Any

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.rpc import JsonRpc

MAX_FEE_PER_GAS_WEI = 10**12
RECEIPT_TIMEOUT_S = 10
POLL_S = 0.002

Transaction = dict[str, str]
Receipt = dict[str, Any]


def transaction(
    sender: str, to: str | None, data: str = "0x", *, gas: int, value_wei: int = 0, nonce: int | None = None
) -> Transaction:
    """A transaction for `eth_sendTransaction`; `to` None creates a contract.

    `gas` is always given: without it anvil mines what reverts, and its own estimate can run out.
    """
    fields = {
        "from": sender,
        "data": data,
        "gas": hex(gas),
        "value": hex(value_wei),
        "maxFeePerGas": hex(MAX_FEE_PER_GAS_WEI),
        "maxPriorityFeePerGas": "0x0",
    }
    if to is not None:
        fields["to"] = to
    if nonce is not None:
        fields["nonce"] = hex(nonce)
    return fields


async def send_all(rpc: JsonRpc, transactions: Sequence[Transaction]) -> list[Receipt]:
    """Send in order, mine, and return the receipts; LocalnetError names the first that did not succeed."""
    hashes = await rpc.batch([("eth_sendTransaction", [fields]) for fields in transactions])
    await rpc.call("evm_mine")
    return await wait_for_success(rpc, transactions, hashes)


async def wait_for_success(rpc: JsonRpc, transactions: Sequence[Transaction], hashes: Sequence[str]) -> list[Receipt]:
    """The receipts of transactions that were sent; LocalnetError names the first that did not succeed."""
    receipts = await _wait_for_receipts(rpc, hashes)
    for fields, receipt in zip(transactions, receipts, strict=True):
        if receipt["status"] != "0x1":
            raise LocalnetError(
                "transaction_reverted",
                f"A transaction from {fields['from']} to {fields.get('to', 'a new contract')} reverted on the local "
                f"chain: {await _reason(rpc, fields, receipt)}.",
            )
    return receipts


async def _wait_for_receipts(rpc: JsonRpc, hashes: Sequence[str]) -> list[Receipt]:
    """The receipts once all are mined: the node mines on its own time, after it has answered."""
    try:
        async with asyncio.timeout(RECEIPT_TIMEOUT_S):
            while True:
                receipts = await rpc.batch([("eth_getTransactionReceipt", [item]) for item in hashes])
                if all(receipts):
                    return receipts
                await asyncio.sleep(POLL_S)
    except TimeoutError as error:
        raise LocalnetError(
            "transaction_not_mined", f"The local chain did not mine a transaction within {RECEIPT_TIMEOUT_S} s."
        ) from error


async def _reason(rpc: JsonRpc, fields: Transaction, receipt: Receipt) -> str:
    trace = await rpc.call("debug_traceTransaction", receipt["transactionHash"], {"tracer": "callTracer"})
    reason = trace.get("revertReason") or trace.get("error") or "no reason given"
    return f"{reason} (calldata {fields['data'][:10]}, gas used {int(receipt['gasUsed'], 16)})"
