"""Lies about transactions: each differs from the chain's own receipts in what it says."""

from typing import Any

import pytest
from eth_utils.crypto import keccak

from tests.integration.localnet.strict_asking import signed
from tests.integration.localnet.strict_desk import SEND, Desk, Expectations
from tradewind.localnet.strict import Behaviour
from tradewind.localnet.strict.behaviours import transactions

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXPECT = Expectations(transactions)
UNKNOWN_HASH = "0x" + "12" * 32


@pytest.mark.parametrize("kind", EXPECT.catalogue, ids=lambda kind: kind.__name__)
async def test_it_does_what_it_says_and_ends_with_behave(desk: Desk, kind: type[Behaviour]) -> None:
    await EXPECT.hold(desk, kind)


async def receipt_pair(desk: Desk) -> tuple[Any, Any]:
    tx_hash = await desk.swapped()
    true = await desk.true("eth_getTransactionReceipt", tx_hash)
    own = {"gasUsedForL1": "0x0", "l1BlockNumber": true["blockNumber"]}
    return await desk.told("eth_getTransactionReceipt", tx_hash), true | own


@EXPECT.of(transactions.ReceiptHidden())
async def receipt_hidden(desk: Desk) -> None:
    assert (await receipt_pair(desk))[0] is None


@EXPECT.of(transactions.ReceiptStatusSwapped())
async def status_swapped(desk: Desk) -> None:
    told, true = await receipt_pair(desk)
    assert true["status"] == "0x1"
    assert told == true | {"status": "0x0"}


@EXPECT.of(transactions.ReceiptInAnotherBlock())
async def in_another_block(desk: Desk) -> None:
    told, true = await receipt_pair(desk)
    elsewhere = "0x" + "0b" * 32
    assert told == true | {
        "blockHash": elsewhere,
        "logs": [log | {"blockHash": elsewhere} for log in true["logs"]],
    }
    assert await desk.told("eth_getBlockByHash", elsewhere, False) is None


@EXPECT.of(transactions.ReceiptInAFutureBlock())
async def in_a_future_block(desk: Desk) -> None:
    told, true = await receipt_pair(desk)
    assert int(told["blockNumber"], 16) - int(true["blockNumber"], 16) == 1_000_000


@EXPECT.of(transactions.ReceiptOfAnother())
async def receipt_of_another(desk: Desk) -> None:
    told, true = await receipt_pair(desk)
    assert told == true | {"transactionHash": "0x" + "a1" * 32}


@EXPECT.of(transactions.ReceiptWithoutLogs())
async def without_logs(desk: Desk) -> None:
    told, true = await receipt_pair(desk)
    assert true["logs"]
    assert told == true | {"logs": []}


@EXPECT.of(transactions.ReceiptLogsTwice())
async def logs_twice(desk: Desk) -> None:
    told, true = await receipt_pair(desk)
    assert told["logs"][::2] == told["logs"][1::2] == true["logs"]


@EXPECT.of(transactions.ReceiptAmountsDoubled())
async def amounts_doubled(desk: Desk) -> None:
    told, true = await receipt_pair(desk)
    transfer = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
    doubled = 0
    for lied, log in zip(told["logs"], true["logs"], strict=True):
        if log["topics"][0] == transfer:
            assert int(lied["data"], 16) == 2 * int(log["data"], 16)
            doubled += 1
        else:
            assert lied == log
    assert doubled == 2


@EXPECT.of(transactions.ReceiptGasWrong())
async def gas_wrong(desk: Desk) -> None:
    told, true = await receipt_pair(desk)
    assert told == true | {"gasUsed": "0x1"}


@EXPECT.of(transactions.ReceiptFabricated())
async def fabricated(desk: Desk) -> None:
    told, true = await receipt_pair(desk)
    assert told == true
    invented = await desk.told("eth_getTransactionReceipt", UNKNOWN_HASH)
    assert await desk.true("eth_getTransactionReceipt", UNKNOWN_HASH) is None
    assert (invented["status"], invented["transactionHash"]) == ("0x1", UNKNOWN_HASH)
    block = await desk.true("eth_getBlockByNumber", "latest", False)
    assert (invented["blockHash"], invented["blockNumber"]) == (block["hash"], block["number"])
    # Apart from what only some transactions have, it is made like a real one.
    assert set(true) - set(invented) <= {"blockTimestamp", "blobGasPrice", "blobGasUsed", "stateRoot"}


@EXPECT.of(transactions.TransactionHidden())
async def transaction_hidden(desk: Desk) -> None:
    tx_hash = await desk.sent()
    assert await desk.told("eth_getTransactionByHash", tx_hash) is None
    assert (await desk.told("eth_getTransactionReceipt", tx_hash))["status"] == "0x1"


@EXPECT.of(transactions.SendDropped())
async def send_dropped(desk: Desk) -> None:
    raw, tx_hash = signed()
    assert await desk.told(SEND, raw) == tx_hash
    assert await desk.true("eth_getTransactionByHash", tx_hash) is None
    assert await desk.trader_nonce() == 0


async def was_sent(desk: Desk) -> None:
    assert (await desk.true("eth_getTransactionReceipt", signed()[1]))["status"] == "0x1"


@EXPECT.of(transactions.SendOfAnother())
async def send_of_another(desk: Desk) -> None:
    assert await desk.told(SEND, signed()[0]) == "0x" + "5e" * 32
    await was_sent(desk)


@EXPECT.of(transactions.SentButRefused())
async def sent_but_refused(desk: Desk) -> None:
    assert (await desk.said(SEND, signed()[0])).error == {"code": -32603, "message": "internal error"}
    await was_sent(desk)


@EXPECT.of(transactions.SentButTimedOut())
async def sent_but_timed_out(desk: Desk) -> None:
    assert (await desk.said(SEND, signed()[0])).error["message"] == "context deadline exceeded"
    await was_sent(desk)
