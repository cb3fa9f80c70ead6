"""The chain client against answers that no real node gives."""

from typing import Any

import pytest
from eth_utils.crypto import keccak

from tests import faulty_rpc
from tests.fake_clock import FakeClock
from tests.faulty_rpc import CHAIN_ID, Fault, FaultyRpc
from tradewind.domain.plan import BlockRef
from tradewind.errors import Unavailable
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.rpc import RpcClient
from tradewind.venues.send_outcome import SendAnswer

HASH, OTHER = "0x" + "ab" * 32, "0x" + "cd" * 32
ADDRESS = "0x" + "11" * 20
TOKEN = "0x" + "22" * 20
BLOCK = {
    "number": "0x10",
    "hash": HASH,
    "parentHash": OTHER,
    "timestamp": "0x5",
    "baseFeePerGas": "0x7",
}
LOG = {
    "address": TOKEN,
    "topics": [OTHER],
    "data": "0x",
    "blockNumber": "0x10",
    "blockHash": HASH,
    "logIndex": "0x0",
}
RECEIPT = {
    "transactionHash": OTHER,
    "blockNumber": "0x10",
    "blockHash": HASH,
    "from": ADDRESS,
    "to": TOKEN,
    "status": "0x1",
    "gasUsed": "0x5208",
    "effectiveGasPrice": "0x9",
    "logs": [LOG],
}


def a_chain(endpoint: FaultyRpc, *, timeout_s: float = 10) -> EvmChain:
    rpc = RpcClient([endpoint.url], chain_id=CHAIN_ID, timeout_s=timeout_s, clock=FakeClock())
    return EvmChain(rpc, chain_id=CHAIN_ID, multicall=ADDRESS)


def ready(block: dict[str, Any] | None = BLOCK, receipt: dict[str, Any] | None = RECEIPT) -> Fault:
    return faulty_rpc.answers(eth_getBlockByNumber=block, eth_getTransactionReceipt=receipt)


async def test_reads_a_receipt_with_the_time_of_its_block() -> None:
    async with FaultyRpc(ready()) as endpoint:
        chain = a_chain(endpoint)
        async with chain.rpc:
            receipt = await chain.receipt(OTHER)
    assert receipt is not None
    assert receipt.block == BlockRef(number=16, hash=HASH, timestamp_s=5)
    assert (receipt.succeeded, receipt.gas_used, receipt.gas_price_wei) == (True, 21000, 9)
    assert receipt.fee_wei == 189_000
    assert receipt.logs[0].topics == (bytes.fromhex("cd" * 32),)


@pytest.mark.parametrize("block", [None, BLOCK | {"hash": OTHER}])
async def test_a_receipt_of_a_block_that_is_not_in_the_chain_is_none(block: dict[str, Any] | None) -> None:
    async with FaultyRpc(ready(block)) as endpoint:
        chain = a_chain(endpoint)
        async with chain.rpc:
            assert await chain.receipt(OTHER) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("transactionHash", HASH),
        ("blockNumber", 16),
        ("blockHash", None),
        ("from", "0x12"),
        ("status", "0x2"),
        ("status", None),
        ("status", "0x0"),
        ("gasUsed", "0x" + "f" * 64),
        ("effectiveGasPrice", "9"),
        ("logs", {}),
        ("logs", [LOG | {"blockHash": OTHER}]),
        ("logs", [LOG, LOG]),
        ("logs", [LOG | {"topics": [OTHER] * 5}]),
        ("logs", [LOG | {"topics": ["0x01"]}]),
        ("logs", [LOG | {"removed": True}]),
        ("logs", [LOG | {"data": "0x1"}]),
        ("logs", [None]),
    ],
)
async def test_refuses_a_receipt_with_a_bad_field_by_its_name(field: str, value: object) -> None:
    async with FaultyRpc(ready(receipt=RECEIPT | {field: value})) as endpoint:
        chain = a_chain(endpoint)
        async with chain.rpc:
            with pytest.raises(Unavailable) as caught:
                await chain.receipt(OTHER)
    assert caught.value.code == "rpc_malformed"
    assert "receipt." in caught.value.message


@pytest.mark.parametrize("field", list(BLOCK))
async def test_refuses_a_block_with_a_missing_field_by_its_name(field: str) -> None:
    async with FaultyRpc(ready({**BLOCK, field: None})) as endpoint:
        chain = a_chain(endpoint)
        async with chain.rpc:
            with pytest.raises(Unavailable) as caught:
                await chain.head()
    assert f"block.{field}" in caught.value.message


async def test_an_answer_that_names_another_transaction_leaves_the_sending_unknown() -> None:
    async with FaultyRpc(faulty_rpc.result(HASH)) as endpoint:
        chain = a_chain(endpoint)
        async with chain.rpc:
            sent = await chain.send_raw(b"\x02raw")
    assert (sent.answer, sent.code) == (SendAnswer.UNKNOWN, "rpc_malformed")
    assert sent.tx_hash == "0x" + keccak(b"\x02raw").hex()


async def test_silence_leaves_the_sending_unknown() -> None:
    async with FaultyRpc(faulty_rpc.silence()) as endpoint:
        chain = a_chain(endpoint, timeout_s=0.05)
        async with chain.rpc:
            sent = await chain.send_raw(b"\x02raw")
    assert (sent.answer, sent.code) == (SendAnswer.UNKNOWN, "rpc_timeout")


@pytest.mark.parametrize("answer", ["0x", "0x" + "00" * 31, "0x" + "00" * 64])
async def test_refuses_a_balance_that_is_not_one_word(answer: str) -> None:
    async with FaultyRpc(faulty_rpc.result(answer)) as endpoint:
        chain = a_chain(endpoint)
        async with chain.rpc:
            with pytest.raises(Unavailable) as caught:
                await chain.erc20_balance(TOKEN, ADDRESS)
    assert f"balanceOf of {TOKEN}" in caught.value.message


LAST = BlockRef(number=15, hash=OTHER, timestamp_s=4)
HEAD = BlockRef(number=16, hash=HASH, timestamp_s=5)


def logs_answer(logs: list[object]) -> Fault:
    def respond(body: Any) -> Any:
        results = [logs, BLOCK | {"number": "0xf", "hash": OTHER}, BLOCK]
        return faulty_rpc.raw_json(
            [{"jsonrpc": "2.0", "id": item["id"], "result": value} for item, value in zip(body, results, strict=True)]
        )(body)

    return respond


async def logs_of(fault: Fault) -> object:
    async with FaultyRpc(fault) as endpoint:
        chain = a_chain(endpoint)
        async with chain.rpc:
            return await chain.logs_since(LAST, HEAD, addresses=[TOKEN], topics=[bytes(32)])


async def test_logs_come_in_the_order_of_the_chain() -> None:
    logs = await logs_of(logs_answer([LOG | {"logIndex": "0x2"}, LOG | {"logIndex": "0x1"}]))
    assert isinstance(logs, tuple)
    assert [log.log_index for log in logs] == [1, 2]


async def test_a_log_of_another_head_counts_as_a_reorganisation() -> None:
    assert await logs_of(logs_answer([LOG | {"blockHash": OTHER}])) is None


@pytest.mark.parametrize("number", ["0xf", "0x11"])
async def test_refuses_a_log_of_a_block_that_was_not_asked_for(number: str) -> None:
    with pytest.raises(Unavailable) as caught:
        await logs_of(logs_answer([LOG | {"blockNumber": number}]))
    assert "eth_getLogs" in caught.value.message


@pytest.mark.parametrize("asked", [17, OTHER])
async def test_refuses_another_block_than_the_one_that_was_asked_for(asked: int | str) -> None:
    async with FaultyRpc(faulty_rpc.result(BLOCK)) as endpoint:
        chain = a_chain(endpoint)
        async with chain.rpc:
            with pytest.raises(Unavailable) as caught:
                await chain.header(asked)
    assert "was asked for" in caught.value.message


async def test_reads_a_block_by_its_hash_whatever_the_case_of_its_digits() -> None:
    async with FaultyRpc(faulty_rpc.result(BLOCK)) as endpoint:
        chain = a_chain(endpoint)
        async with chain.rpc:
            assert await chain.block("0x" + "AB" * 32) == BlockRef(number=16, hash=HASH, timestamp_s=5)
