"""A real node's answers, damaged: what comes of each is a value that can be relied on, or an error with a code."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.venues.conftest import client_of, venue_on
from tests.integration.venues.mutations import dumps, mutated
from tests.integration.venues.trader import Order, Trader
from tradewind.domain.plan import BlockRef
from tradewind.errors import TradewindError
from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at
from tradewind.venues.account import AccountState
from tradewind.venues.evm_block import BlockHeader
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_gas import GasConditions, gas_reading
from tradewind.venues.evm_receipt import Log, Receipt
from tradewind.venues.multicall import Call
from tradewind.venues.rpc_endpoint import RpcEndpoint
from tradewind.venues.rpc_error import Revert
from tradewind.venues.send_outcome import SendAnswer, SendOutcome

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXAMPLES, POOL_EXAMPLES = 2_500, 60
MOST_S = 5.0

BALANCE_OF = bytes.fromhex("70a08231")
CODE = re.compile(r"[a-z][a-z0-9_]*\Z")
HASH = re.compile(r"0x[0-9a-f]{64}\Z")
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}\Z")

Question = Callable[[EvmChain], Awaitable[Any]]
Exchange = tuple[str, str]


@dataclass
class Recording:
    """What a real node answered, by method and parameters, and what was asked for it."""

    results: dict[Exchange, Any]
    asked: dict[str, list[Exchange]]
    questions: dict[str, Question]
    truths: dict[str, Any]
    tx_hash: str
    raw_tx: bytes
    before: BlockRef


@dataclass(frozen=True)
class Failed:
    """An error on purpose, as its code and text."""

    code: str
    text: str


def exchange_of(request: dict[str, Any]) -> Exchange:
    return request["method"], json.dumps(request["params"])


class RecordedNode:
    """Stands in for the HTTP exchange of an endpoint: answers from the recording, with one result replaced."""

    def __init__(self, recording: Recording, replaced: Exchange | None, result: Any) -> None:
        self._results = recording.results
        self._by_method = {method: result for (method, _), result in recording.results.items()}
        self._replaced = replaced
        self._result = result

    async def post(self, _session: object, body: bytes) -> bytes:
        requests = json.loads(body)
        if isinstance(requests, list):
            return dumps([self._answer(request) for request in requests])
        return dumps(self._answer(requests))

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        exchange = exchange_of(request)
        if exchange == self._replaced:
            result = self._result
        else:
            # A damaged answer may lead to a question that was never asked of the real node.
            result = self._results.get(exchange, self._by_method.get(request["method"]))
        return {"jsonrpc": "2.0", "id": request["id"], "result": result}


async def ask(recording: Recording, question: Question, replaced: Exchange | None, result: Any) -> Any:
    """What comes of a question when one answer to it is another."""
    node = RecordedNode(recording, replaced, result)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RpcEndpoint, "_post", node.post)
        async with client_of("http://127.0.0.1:1") as rpc:
            try:
                async with asyncio.timeout(MOST_S):
                    return await question(EvmChain(rpc, chain_id=at.CHAIN_ID, multicall=at.MULTICALL3))
            except TradewindError as error:
                return Failed(error.code, str(error))


@pytest_asyncio.fixture(loop_scope="session")
async def recording(localnet: EvmLocalnet) -> AsyncIterator[Recording]:
    """Every question asked once of a real node, around a real swap."""
    results: dict[Exchange, Any] = {}
    order: list[Exchange] = []
    real_post = RpcEndpoint._post

    async def recorded(endpoint: RpcEndpoint, session: Any, body: bytes) -> bytes:
        content = await real_post(endpoint, session, body)
        requests, answers = json.loads(body), json.loads(content)
        if isinstance(requests, dict):
            requests, answers = [requests], [answers]
        by_id = {answer["id"]: answer for answer in answers}
        for request in requests:
            results[exchange_of(request)] = by_id[request["id"]].get("result")
            order.append(exchange_of(request))
        return content

    async with client_of(localnet.rpc_url) as rpc:
        chain = EvmChain(rpc, chain_id=at.CHAIN_ID, multicall=at.MULTICALL3)
        venue = venue_on(chain)
        trader = Trader(localnet, venue)
        await trader.approve(at.USDC, 10**12)
        before = await chain.head()
        raw_tx = trader.sign(await trader.transaction(await trader.plan(Order(at.USDC, at.WETH, 10**9))))
        tx_hash = (await trader.send_raw(raw_tx)).tx_hash
        questions = _questions(tx_hash, raw_tx, before, await chain.head())
        asked, truths = {}, {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(RpcEndpoint, "_post", recorded)
            for name, question in questions.items():
                order.clear()
                truths[name] = await question(chain)
                asked[name] = list(dict.fromkeys(order))
            # The node refuses bytes that it has; what it said to the first sending was the hash.
            results[asked["sending"][0]] = tx_hash
            truths["sending"] = SendOutcome(SendAnswer.ACCEPTED, tx_hash, "accepted", "accepted")
            results |= {
                ("eth_chainId", "[]"): await localnet.rpc.call("eth_chainId"),
                ("eth_getBlockByNumber", '["0x0", false]'): await localnet.rpc.call(
                    "eth_getBlockByNumber", "0x0", False
                ),
            }
    yield Recording(results, asked, questions, truths, tx_hash, raw_tx, before)


def _questions(tx_hash: str, raw_tx: bytes, before: BlockRef, head: BlockRef) -> dict[str, Question]:
    owner = BALANCE_OF + bytes(12) + bytes.fromhex(at.TRADER[2:])
    calls = [Call(token.address, owner) for token in at.TOKENS.values()] + [Call(at.USDC.address, b"\xde\xad\xbe\xef")]
    swap_topic = bytes.fromhex("c42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67")
    pools = [at.USDC.address, at.WETH.address]
    transfer = bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")

    async def agreed_receipt(chain: EvmChain) -> Any:
        receipt, endpoints = await chain.agreed_receipt(tx_hash)
        return receipt, len(endpoints)

    async def finalized(chain: EvmChain) -> Any:
        header, endpoints = await chain.finalized_header()
        return header, len(endpoints)

    async def gas(chain: EvmChain) -> Any:
        header = await chain.head_header()
        return await chain.read(
            gas_reading(chain.chain_id, header, to=at.USDC.address, data=owner, sender=at.TRADER, estimate=True)
        )

    async def account_with_head(chain: EvmChain) -> Any:
        reading = chain.account_reading(at.TRADER, at.USDC.address, at.SWAP_ROUTER_02, head)
        return await chain.head_with(reading, head)

    async def pools_read(chain: EvmChain) -> Any:
        venue = venue_on(chain)
        block = await venue.sync()
        return block, len(venue.graph)

    return {
        "header": lambda chain: chain.head_header(),
        "receipt": lambda chain: chain.receipt(tx_hash),
        "agreed receipt": agreed_receipt,
        "finalized": finalized,
        "finalized nonce": lambda chain: chain.finalized_nonce(at.TRADER),
        "logs": lambda chain: chain.logs_since(before, head, addresses=pools, topics=[swap_topic, transfer]),
        "account": lambda chain: chain.account(at.TRADER, at.USDC.address, at.SWAP_ROUTER_02, head),
        "multicall": lambda chain: chain.multicall(calls, head),
        "account with the head": account_with_head,
        "gas": gas,
        "transaction of a nonce": lambda chain: chain.transaction_with_nonce(at.TRADER, 1, since_block=before.number),
        "sending": lambda chain: chain.send_raw(raw_tx),
        "pools": pools_read,
    }


def is_block(block: object) -> bool:
    return (
        isinstance(block, BlockRef)
        and 0 <= block.number < 2**63
        and 0 <= block.timestamp_s < 2**63
        and bool(HASH.match(block.hash))
    )


def is_header(header: object) -> bool:
    return (
        isinstance(header, BlockHeader)
        and is_block(header.ref)
        and bool(HASH.match(header.parent_hash))
        and type(header.base_fee_wei) is int
        and 0 <= header.base_fee_wei < 2**128
    )


def is_log(log: object) -> bool:
    return (
        isinstance(log, Log)
        and bool(ADDRESS.match(log.address))
        and len(log.topics) <= 4
        and all(len(topic) == 32 for topic in log.topics)
        and isinstance(log.data, bytes)
        and 0 <= log.log_index < 2**32
    )


def is_receipt(recording: Recording, receipt: object) -> bool:
    if receipt is None:
        return True
    return (
        isinstance(receipt, Receipt)
        and receipt.tx_hash == recording.tx_hash
        and is_block(receipt.block)
        and bool(ADDRESS.match(receipt.sender))
        and (receipt.target is None or bool(ADDRESS.match(receipt.target)))
        and type(receipt.succeeded) is bool
        and 0 <= receipt.gas_used < 2**63
        and 0 <= receipt.gas_price_wei < 2**128
        and all(is_log(log) and log.block_hash == receipt.block.hash for log in receipt.logs)
        and len({log.log_index for log in receipt.logs}) == len(receipt.logs)
        and (receipt.succeeded or not receipt.logs)
    )


def is_account(account: object) -> bool:
    return isinstance(account, AccountState) and all(
        type(number) is int and 0 <= number < 2**256
        for number in (
            account.native_balance_raw,
            account.nonce,
            account.token_balance_raw,
            account.allowance_raw,
            account.permit_nonce or 0,
        )
    )


def is_gas(gas: object) -> bool:
    return (
        isinstance(gas, GasConditions)
        and 0 <= gas.base_fee_wei < 2**128
        and 0 <= gas.l1_gas < 2**64
        and (isinstance(gas.estimated, Revert) or 0 <= (gas.estimated or 0) < 2**63)
    )


def are_logs(recording: Recording, logs: Any) -> bool:
    places = [(log.block_number, log.log_index) for log in logs or ()]
    return (
        all(number > recording.before.number for number, _ in places)
        and places == sorted(set(places))
        and all(is_log(log) for log in logs or ())
    )


# Whether a value is of the right type, in its range, and about what was asked.
RELIABLE: dict[str, Callable[[Recording, Any], bool]] = {
    "header": lambda _, value: is_header(value),
    "receipt": is_receipt,
    "agreed receipt": lambda recording, value: is_receipt(recording, value[0]) and value[1] == 1,
    "finalized": lambda _, value: is_header(value[0]) and value[1] == 1,
    "finalized nonce": lambda _, value: type(value) is int and 0 <= value < 2**63,
    "logs": are_logs,
    "account": lambda _, value: is_account(value),
    "account with the head": lambda _, value: is_header(value[0]) and (value[1] is None or is_account(value[1])),
    "multicall": lambda _, value: (
        len(value) == len(at.TOKENS) + 1 and all(one is None or isinstance(one, bytes) for one in value)
    ),
    "gas": lambda _, value: is_gas(value),
    "transaction of a nonce": lambda _, value: value is None or bool(HASH.match(value)),
    "sending": lambda recording, value: isinstance(value, SendOutcome) and value.tx_hash == recording.tx_hash,
    "pools": lambda _, value: is_block(value[0]) and value[1] >= 0,
}


async def test_the_recorded_answers_give_what_the_node_itself_gave(recording: Recording) -> None:
    for name, question in recording.questions.items():
        assert await ask(recording, question, None, None) == recording.truths[name]
        assert RELIABLE[name](recording, recording.truths[name])
    assert recording.truths["receipt"].logs
    assert recording.truths["logs"]
    assert recording.truths["multicall"][-1] is None
    assert recording.truths["transaction of a nonce"] == recording.tx_hash


def _damage(data: st.DataObject, recording: Recording, names: list[str]) -> tuple[str, Exchange, Any]:
    name = data.draw(st.sampled_from(names))
    exchange = data.draw(st.sampled_from(recording.asked[name]))
    return name, exchange, data.draw(mutated(recording.results[exchange]))


def _hold_every_example_to_it(recording: Recording, names: list[str], examples: int) -> dict[str, int]:
    """Run so many examples, each in a loop of its own thread's; how many gave a value, and how many an error."""
    seen = {"values": 0, "errors": 0}

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    @given(st.data())
    def hold(data: st.DataObject) -> None:
        name, exchange, result = _damage(data, recording, names)
        outcome = runner.run(ask(recording, recording.questions[name], exchange, result))
        if isinstance(outcome, Failed):
            seen["errors"] += 1
            assert CODE.match(outcome.code)
            # What is shown of a hostile answer is short.
            assert len(outcome.text) < 2_000
        else:
            seen["values"] += 1
            assert RELIABLE[name](recording, outcome)

    with asyncio.Runner() as runner:
        hold()
    return seen


@pytest.mark.slow
async def test_no_damaged_answer_gets_past_as_anything_but_a_value_or_a_coded_error(recording: Recording) -> None:
    names = [name for name in recording.questions if name != "pools"]
    seen = await asyncio.to_thread(_hold_every_example_to_it, recording, names, EXAMPLES)
    assert sum(seen.values()) >= EXAMPLES
    # Both must happen often, or the damage is not the kind that is worth trying.
    assert seen["values"] > EXAMPLES // 20
    assert seen["errors"] > EXAMPLES // 4


async def test_no_damaged_answer_about_the_pools_gets_past_either(recording: Recording) -> None:
    seen = await asyncio.to_thread(_hold_every_example_to_it, recording, ["pools"], POOL_EXAMPLES)
    assert sum(seen.values()) >= POOL_EXAMPLES
