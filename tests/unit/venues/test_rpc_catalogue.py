"""A catalogue of what endpoints do wrong: each behaviour has a named state, and only some of them are their fault."""

import gzip
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from tests import faulty_rpc
from tests.fake_clock import FakeClock
from tests.faulty_rpc import CHAIN_ID, Fault, FaultyRpc
from tests.unit.venues.test_evm_chain import ADDRESS, BLOCK, HASH, LOG, OTHER, RECEIPT, TOKEN
from tradewind import core
from tradewind.domain.plan import BlockRef
from tradewind.errors import TradewindError
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.multicall import Call
from tradewind.venues.rpc import RpcClient
from tradewind.venues.rpc_error import Revert
from tradewind.venues.send_outcome import SendOutcome

Question = Callable[[EvmChain], Awaitable[object]]

TIMEOUT_S = 1.0
MOST_BYTES = 100_000
RAW = b"\x02raw"
HEALTHY = faulty_rpc.answers(
    eth_gasPrice="0x1",
    eth_blockNumber="0x10",
    eth_getBlockByNumber=BLOCK,
    eth_sendRawTransaction=f"0x{core.keccak256(RAW).hex()}",
)


async def price(chain: EvmChain) -> object:
    return await chain.rpc.call("eth_gasPrice")


async def pair(chain: EvmChain) -> object:
    return await chain.rpc.batch([("eth_gasPrice", []), ("eth_blockNumber", [])])


async def head(chain: EvmChain) -> object:
    return await chain.head()


async def receipt(chain: EvmChain) -> object:
    return await chain.receipt(OTHER)


async def nonce(chain: EvmChain) -> object:
    return await chain.nonce(ADDRESS)


async def balance(chain: EvmChain) -> object:
    return await chain.erc20_balance(TOKEN, ADDRESS)


async def estimate(chain: EvmChain) -> object:
    return await chain.estimate_gas(TOKEN, b"", sender=ADDRESS)


async def reads(chain: EvmChain) -> object:
    return await chain.multicall([Call(TOKEN, b"")], "latest")


async def logs(chain: EvmChain) -> object:
    before = BlockRef(number=15, hash=OTHER, timestamp_s=4)
    return await chain.logs_since(before, BlockRef(number=16, hash=HASH, timestamp_s=5), addresses=[], topics=[])


async def sending(chain: EvmChain) -> object:
    return await chain.send_raw(RAW)


def refusal(code: object, message: object, data: object = None) -> Fault:
    return faulty_rpc.error(code, message, data)


def under_its_id(**fields: object) -> Fault:
    def respond(body: Any) -> Any:
        return faulty_rpc.raw_json({"jsonrpc": "2.0", "id": body["id"], **fields})(body)

    return respond


def batch_of(change: Callable[[list[dict[str, Any]]], object]) -> Fault:
    def respond(body: Any) -> Any:
        right = [{"jsonrpc": "2.0", "id": item["id"], "result": "0x1"} for item in body]
        return faulty_rpc.raw_json(change(right))(body)

    return respond


def block_with(**fields: object) -> Fault:
    return faulty_rpc.answers(eth_getBlockByNumber=BLOCK | fields)


def receipt_with(block: object = BLOCK, **fields: object) -> Fault:
    return faulty_rpc.answers(eth_getTransactionReceipt=RECEIPT | fields, eth_getBlockByNumber=block)


def logs_of(*entries: object, last: str = OTHER) -> Fault:
    def respond(body: Any) -> Any:
        results = [list(entries), BLOCK | {"number": "0xf", "hash": last}, BLOCK]
        both = zip(body, results, strict=True)
        return faulty_rpc.raw_json([{"jsonrpc": "2.0", "id": item["id"], "result": value} for item, value in both])(
            body
        )

    return respond


HEAD_OF_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
HALF = b'{"jsonrpc": "2.0", "id": 3, "resu'
LONG_HEADER = b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n"

# What the endpoint does, what is asked, the state it leads to; a state is an error's code or a sending's answer.
# Held against an endpoint is what is no answer at all, and a newest block that is none. What an answer is worth to a
# reader of balances or receipts is the reader's business: a wrong token address must not put healthy endpoints away.
HELD_AGAINST_IT: dict[str, tuple[Fault, Question, str]] = {
    "429": (faulty_rpc.text("slow down", 429), price, "rpc_http_429"),
    "429 with Retry-After": (faulty_rpc.asked_to_wait("9"), price, "rpc_http_429"),
    "429 with a date": (faulty_rpc.asked_to_wait("Wed, 21 Oct 2065 07:28:00 GMT"), price, "rpc_http_429"),
    "429 with a broken Retry-After": (faulty_rpc.asked_to_wait("a while"), price, "rpc_http_429"),
    "rate limit as an error": (refusal(-32005, "limit exceeded"), price, "rpc_rate_limited"),
    "rate limit in a provider's words": (refusal(429, "compute units per second"), price, "rpc_rate_limited"),
    "rate limit for a sending": (refusal(-32005, "limit exceeded"), sending, "unknown"),
    "401": (faulty_rpc.text("who are you", 401), price, "rpc_http_401"),
    "403": (faulty_rpc.text("no", 403), price, "rpc_http_403"),
    "404": (faulty_rpc.text("not here", 404), price, "rpc_http_404"),
    "500": (faulty_rpc.text("oops", 500), price, "rpc_http_500"),
    "502 with a page": (faulty_rpc.text("<html>Bad gateway</html>", 502), price, "rpc_http_502"),
    "503": (faulty_rpc.text("", 503), price, "rpc_http_503"),
    "504 while sending": (faulty_rpc.text("", 504), sending, "unknown"),
    "redirect": (faulty_rpc.text("", 301), price, "rpc_http_301"),
    "page": (faulty_rpc.text("<!doctype html><p>Sign in"), price, "rpc_malformed"),
    "nothing": (faulty_rpc.text(""), price, "rpc_malformed"),
    "half JSON": (faulty_rpc.half_of_it(), price, "rpc_malformed"),
    "two answers in one": (faulty_rpc.text('{"jsonrpc":"2.0","id":3,"result":1}{}'), price, "rpc_malformed"),
    "deep JSON": (faulty_rpc.text('{"a":' * 10_000), price, "rpc_malformed"),
    "not UTF-8": (lambda _: web.Response(body=b'"\xff\xfe"'), price, "rpc_malformed"),
    "NaN": (faulty_rpc.text('{"jsonrpc":"2.0","id":3,"result":NaN}'), price, "rpc_malformed"),
    "infinity": (faulty_rpc.text('{"jsonrpc":"2.0","id":3,"result":-Infinity}'), price, "rpc_malformed"),
    "a number of 5,000 digits": (faulty_rpc.text("1" * 5_000), price, "rpc_malformed"),
    "huge body": (faulty_rpc.huge(MOST_BYTES * 3), price, "rpc_answer_too_large"),
    "small body that unpacks to a huge one": (
        faulty_rpc.zipped(gzip.compress(b" " * MOST_BYTES * 50)),
        price,
        "rpc_answer_too_large",
    ),
    "body that does not unpack": (faulty_rpc.zipped(b"not gzip"), price, "rpc_unreachable"),
    "silence": (faulty_rpc.silence(), price, "rpc_timeout"),
    "silence in the middle": (
        faulty_rpc.on_the_wire(HEAD_OF_ANSWER + b"Content-Length: 900\r\n\r\n" + HALF, stays_open=True),
        price,
        "rpc_timeout",
    ),
    "hung up": (faulty_rpc.on_the_wire(b""), price, "rpc_unreachable"),
    "hung up in the middle": (
        faulty_rpc.on_the_wire(HEAD_OF_ANSWER + b"Content-Length: 900\r\n\r\n" + HALF),
        price,
        "rpc_unreachable",
    ),
    "hung up while sending": (faulty_rpc.on_the_wire(b""), sending, "unknown"),
    "not HTTP": (faulty_rpc.on_the_wire(b"SSH-2.0-OpenSSH_9.6\r\n"), price, "rpc_unreachable"),
    "broken chunks": (
        faulty_rpc.on_the_wire(HEAD_OF_ANSWER + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        price,
        "rpc_unreachable",
    ),
    "long header": (faulty_rpc.on_the_wire(LONG_HEADER), price, "rpc_unreachable"),
    "wrong id": (faulty_rpc.with_id(999_999), price, "rpc_wrong_id"),
    "id as text": (faulty_rpc.with_id("3"), price, "rpc_wrong_id"),
    "id true": (faulty_rpc.with_id(True), price, "rpc_wrong_id"),
    "no id": (faulty_rpc.with_id(None), price, "rpc_wrong_id"),
    "version 1.0": (
        lambda body: faulty_rpc.raw_json({"id": body["id"], "result": "0x1"})(body),
        price,
        "rpc_malformed",
    ),
    "neither result nor error": (under_its_id(), price, "rpc_malformed"),
    "error as text": (under_its_id(error="no"), price, "rpc_malformed"),
    "error without code": (refusal(None, "no"), price, "rpc_malformed"),
    "error with a code as text": (refusal("-32000", "no"), price, "rpc_malformed"),
    "error without message": (refusal(-32000, None), price, "rpc_malformed"),
    "an array for one request": (faulty_rpc.raw_json([]), price, "rpc_malformed"),
    "batch: one answer missing": (batch_of(lambda right: right[:1]), pair, "rpc_malformed"),
    "batch: one answer twice": (batch_of(lambda right: [right[0], right[0]]), pair, "rpc_wrong_id"),
    "batch: an answer too many": (batch_of(lambda right: [*right, right[0]]), pair, "rpc_malformed"),
    "batch: null in it": (batch_of(lambda right: [right[0], None]), pair, "rpc_wrong_id"),
    "batch: one object": (batch_of(lambda right: right[0]), pair, "rpc_malformed"),
    "head: null": (faulty_rpc.answers(eth_getBlockByNumber=None), head, "rpc_malformed"),
    "head: number without 0x": (block_with(number="16"), head, "rpc_malformed"),
    "head: number as JSON number": (block_with(number=16), head, "rpc_malformed"),
    "head: number below zero": (block_with(number="-0x1"), head, "rpc_malformed"),
    "head: number beyond 63 bits": (block_with(number=hex(2**63)), head, "rpc_malformed"),
    "head: hash too short": (block_with(hash="0x12"), head, "rpc_malformed"),
    "head: no base fee": (block_with(baseFeePerGas=None), head, "rpc_malformed"),
    "head: base fee of 300 bits": (block_with(baseFeePerGas="0x" + "f" * 75), head, "rpc_malformed"),
    "head: time after the end of time": (block_with(timestamp=hex(2**64)), head, "rpc_malformed"),
}
NOT_HELD_AGAINST_IT: dict[str, tuple[Fault, Question, str]] = {
    "revert with data": (refusal(3, "execution reverted", "0x08c379a0"), estimate, "Revert"),
    "revert in words only": (refusal(-32000, "execution reverted: STF"), estimate, "Revert"),
    "revert under internal error": (refusal(-32603, "execution reverted", "0x"), estimate, "Revert"),
    "internal error": (refusal(-32603, "Internal error"), price, "rpc_error"),
    "internal error with HTML": (refusal(-32603, "<html>upstream</html>"), price, "rpc_error"),
    "unknown method": (refusal(-32601, "the method does not exist"), price, "rpc_error"),
    "bad parameters": (refusal(-32602, "invalid argument 0"), price, "rpc_error"),
    "no such block": (refusal(-32000, "header not found"), nonce, "rpc_error"),
    "pruned state": (refusal(-32000, "missing trie node 1a2b (path ) state is not available"), nonce, "rpc_error"),
    "too many logs": (refusal(-32005, "query returned more than 10000 results"), price, "rpc_error"),
    "batches are off": (
        faulty_rpc.raw_json({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no"}}),
        pair,
        "rpc_error",
    ),
    "error with another HTTP status": (faulty_rpc.error(-32602, "bad params", status=400), price, "rpc_error"),
    "send: already known": (refusal(-32000, "already known"), sending, "already_known"),
    "send: AlreadyKnown": (refusal(-32010, "AlreadyKnown"), sending, "already_known"),
    "send: nonce too low": (refusal(-32000, "nonce too low: address 0x1, tx: 5 state: 7"), sending, "nonce_too_low"),
    "send: nonce too high": (refusal(-32000, "nonce too high: address 0x1, tx: 9 state: 7"), sending, "nonce_too_high"),
    "send: underpriced": (refusal(-32000, "transaction underpriced"), sending, "rejected"),
    "send: replacement underpriced": (refusal(-32003, "replacement transaction underpriced"), sending, "rejected"),
    "send: below the base fee": (refusal(-32000, "max fee per gas less than block base fee"), sending, "rejected"),
    "send: oversized": (refusal(-32000, "oversized data"), sending, "rejected"),
    "send: no money": (refusal(-32000, "insufficient funds for gas * price + value"), sending, "rejected"),
    "send: queue timeout": (refusal(-32000, "context deadline exceeded"), sending, "unknown"),
    "send: internal error": (refusal(-32603, "Internal error"), sending, "unknown"),
    "send: another hash": (faulty_rpc.result(HASH), sending, "unknown"),
    "send: null": (faulty_rpc.result(None), sending, "unknown"),
    "send: silence": (faulty_rpc.silence(), sending, "unknown"),
    "nonce of 2^64": (faulty_rpc.result(hex(2**64)), nonce, "rpc_malformed"),
    "nonce as a float": (faulty_rpc.result(1.5), nonce, "rpc_malformed"),
    "balance of no contract": (faulty_rpc.result("0x"), balance, "rpc_malformed"),
    "balance of half a byte": (faulty_rpc.result("0x123"), balance, "rpc_malformed"),
    "multicall: empty": (
        lambda body: faulty_rpc.raw_json([{"jsonrpc": "2.0", "id": item["id"], "result": "0x"} for item in body])(body),
        reads,
        "rpc_malformed",
    ),
    "receipt of another transaction": (receipt_with(transactionHash=HASH), receipt, "rpc_malformed"),
    "receipt with status 2": (receipt_with(status="0x2"), receipt, "rpc_malformed"),
    "receipt in another block": (receipt_with(blockHash=OTHER), receipt, "None"),
    "receipt without its block": (receipt_with(None), receipt, "None"),
    "receipt that is text": (faulty_rpc.answers(eth_getTransactionReceipt="0x"), receipt, "rpc_malformed"),
    "receipt with a log that was taken back": (receipt_with(logs=[LOG | {"removed": True}]), receipt, "rpc_malformed"),
    "receipt with a log twice": (receipt_with(logs=[LOG, LOG]), receipt, "rpc_malformed"),
    "failed receipt with logs": (receipt_with(status="0x0"), receipt, "rpc_malformed"),
    "logs of a later block": (logs_of(LOG | {"blockNumber": "0x11"}), logs, "rpc_malformed"),
    "logs of another fork": (logs_of(LOG | {"blockHash": OTHER}), logs, "None"),
    "logs after a reorganisation": (logs_of(LOG, last=HASH), logs, "None"),
}


async def state_after(question: Question, chain: EvmChain) -> str:
    """The name of what came of it."""
    try:
        answer = await question(chain)
    except TradewindError as error:
        return error.code
    if isinstance(answer, SendOutcome):
        return answer.answer.value
    return "Revert" if isinstance(answer, Revert) else repr(answer)


def a_chain(*urls: str) -> EvmChain:
    client = RpcClient(
        urls, chain_id=CHAIN_ID, timeout_s=TIMEOUT_S, clock=FakeClock(), max_answer_bytes=MOST_BYTES, rest_s=5
    )
    return EvmChain(client, chain_id=CHAIN_ID, multicall=ADDRESS)


@pytest.mark.parametrize("name", [*HELD_AGAINST_IT, *NOT_HELD_AGAINST_IT])
async def test_every_behaviour_leads_to_its_named_state(name: str) -> None:
    fault, question, state = (HELD_AGAINST_IT | NOT_HELD_AGAINST_IT)[name]
    async with FaultyRpc(fault) as endpoint:
        chain = a_chain(endpoint.url)
        async with chain.rpc:
            assert await state_after(question, chain) == state


@pytest.mark.parametrize("name", NOT_HELD_AGAINST_IT)
async def test_a_healthy_endpoint_goes_on_being_asked_first_after_what_is_not_its_fault(name: str) -> None:
    fault, question, _ = NOT_HELD_AGAINST_IT[name]
    async with FaultyRpc(fault) as first, FaultyRpc(fault) as second:
        chain = a_chain(first.url, second.url)
        async with chain.rpc:
            await state_after(question, chain)
            first.faults = [HEALTHY]
            second.asked.clear()
            await price(chain)
    assert (first.asked[-1], second.asked) == ("eth_gasPrice", [])


@pytest.mark.parametrize("name", HELD_AGAINST_IT)
async def test_the_next_endpoint_answers_in_place_of_a_faulty_one_which_then_rests(name: str) -> None:
    fault, question, state = HELD_AGAINST_IT[name]
    async with FaultyRpc(fault) as first, FaultyRpc(HEALTHY) as second:
        chain = a_chain(first.url, second.url)
        async with chain.rpc:
            assert await state_after(question, chain) != state
            asked_first = len(first.asked)
            assert await price(chain) == "0x1"
    assert asked_first == len(first.asked) >= 1


WRONG: dict[str, tuple[FaultyRpc, str]] = {
    "another chain": (FaultyRpc(HEALTHY, chain_id=1), "wrong_chain"),
    "chain id as a number": (FaultyRpc(faulty_rpc.result(42161), chain_id=None), "rpc_malformed"),
    "chain id and no first block": (FaultyRpc(faulty_rpc.result("0xa4b1"), chain_id=None), "rpc_malformed"),
    "does not say": (FaultyRpc(refusal(-32601, "no such method"), chain_id=None), "rpc_identity_untold"),
    "silent from the start": (FaultyRpc(faulty_rpc.silence(), chain_id=None), "rpc_timeout"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_an_endpoint_that_cannot_show_its_chain_is_asked_nothing(name: str) -> None:
    endpoint, state = WRONG[name]
    async with endpoint:
        chain = a_chain(endpoint.url)
        async with chain.rpc:
            assert await state_after(price, chain) == state
    assert "eth_gasPrice" not in endpoint.asked


def test_the_catalogue_has_what_it_promises() -> None:
    assert len(HELD_AGAINST_IT) + len(NOT_HELD_AGAINST_IT) + len(WRONG) >= 100
