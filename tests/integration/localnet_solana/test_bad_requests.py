"""Whatever is sent, the answer is JSON-RPC with the right error, and never a fault of the node itself."""

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fake_clock import FakeClock
from tests.integration.localnet_solana.asking import Asking
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.options import NodeOptions
from tradewind.localnet.solana.rpc.dispatch import METHODS, answer_body

ALLOWED = {-32700, -32600, -32601, -32602, -32002, -32003, -32004, -32015, -32016}
NODE = SolanaNode(NodeOptions(), FakeClock())

KEY = "So11111111111111111111111111111111111111112"
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=90),
    st.text("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", min_size=31, max_size=90),
    st.sampled_from([KEY, "1" * 32, "1" * 64, "AQ==", "base64", "base58", "jsonParsed", "processed", "confirmed"]),
)
NAMES = """
commitment encoding minContextSlot filters dataSlice offset length memcmp bytes dataSize mint programId withContext
limit before until skipPreflight sigVerify replaceRecentBlockhash accounts addresses innerInstructions rewards
identity seed transactionDetails maxSupportedTransactionVersion mentions preflightCommitment drop_share
"""
names = st.sampled_from(NAMES.split())
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=4)),
    max_leaves=8,
)
calls = st.fixed_dictionaries(
    {
        "jsonrpc": st.one_of(st.just("2.0"), leaves),
        "id": st.one_of(st.just(1), leaves),
        "method": st.one_of(st.sampled_from(sorted(METHODS)), st.text(max_size=10)),
        "params": st.one_of(st.lists(values, max_size=4), values),
    }
)
fast = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def errors_in(answered: Any) -> list[int]:
    items = answered if isinstance(answered, list) else [answered]
    assert all(item["jsonrpc"] == "2.0" and ("result" in item) != ("error" in item) for item in items)
    return [item["error"]["code"] for item in items if "error" in item]


@fast
@given(calls)
def test_any_call_is_answered_and_no_answer_is_a_fault_of_the_node(call: dict[str, Any]) -> None:
    reply = answer_body(NODE, json.dumps(call).encode())
    assert set(errors_in(json.loads(reply.content))) <= ALLOWED


@fast
@given(st.sampled_from(sorted(METHODS)), st.lists(values, max_size=4))
def test_any_parameters_of_a_known_method_are_answered(method: str, params: list[Any]) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    reply = answer_body(NODE, json.dumps(call).encode())
    assert set(errors_in(json.loads(reply.content))) <= ALLOWED - {-32700, -32601}


@fast
@given(st.one_of(st.binary(max_size=200), values.map(lambda value: json.dumps(value).encode())))
def test_any_body_is_answered(content: bytes) -> None:
    reply = answer_body(NODE, content)
    if reply.content:
        assert set(errors_in(json.loads(reply.content))) <= ALLOWED


@fast
@given(st.binary(max_size=1300), st.sampled_from(["sendTransaction", "simulateTransaction", "getFeeForMessage"]))
def test_bytes_that_are_no_transaction_are_refused(wire: bytes, method: str) -> None:
    text = base64.b64encode(wire).decode()
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": [text, {"encoding": "base64"}]}
    if method == "getFeeForMessage":
        call["params"] = [text]
    (code,) = errors_in(json.loads(answer_body(NODE, json.dumps(call).encode()).content)) or (None,)
    assert code in (-32602, -32003)


@pytest.mark.parametrize(
    ("body", "code", "number"),
    [
        (b"{", -32700, None),
        (b"\xff\xfe", -32700, None),
        (b"[]", -32600, None),
        (b'{"jsonrpc":"1.0","id":4,"method":"getSlot"}', -32600, 4),
        (b'{"jsonrpc":"2.0","id":"x","method":7}', -32600, "x"),
        (b'{"jsonrpc":"2.0","id":5,"method":"getNothing"}', -32601, 5),
        (b'{"jsonrpc":"2.0","id":5,"method":"getBalance"}', -32602, 5),
        (b'{"jsonrpc":"2.0","id":5,"method":"getBalance","params":{"a":1}}', -32602, 5),
        (b'{"jsonrpc":"2.0","id":5,"method":"getHealth","params":[1]}', -32602, 5),
        (b'{"jsonrpc":"2.0","id":5,"method":"getMinimumBalanceForRentExemption","params":[-1]}', -32602, 5),
        (b'{"jsonrpc":"2.0","id":5,"method":"getBlock","params":[18446744073709551616]}', -32602, 5),
    ],
)
async def test_each_mistake_has_its_code_over_http(rpc: Asking, body: bytes, code: int, number: object) -> None:
    answered = await rpc.post(body)
    assert answered.status == 200
    assert (answered.document["error"]["code"], answered.document["id"]) == (code, number)


async def test_a_batch_is_answered_item_by_item_and_in_order(rpc: Asking) -> None:
    batch = [
        {"jsonrpc": "2.0", "id": 1, "method": "getHealth"},
        {"jsonrpc": "2.0", "id": 2, "method": "getNothing"},
        {"jsonrpc": "2.0", "method": "getHealth"},
        7,
    ]
    document = (await rpc.post(batch)).document
    assert [item["id"] for item in document] == [1, 2, None]
    assert document[0]["result"] == "ok"
    assert [item["error"]["code"] for item in document[1:]] == [-32601, -32600]


@pytest.mark.parametrize(
    ("text", "config", "words"),
    [
        ("A" * 1652, {"encoding": "base64"}, "too large: 1652 bytes (max: encoded/raw 1644/1232)"),
        ("0OIl", {}, "invalid base58 encoding"),
        ("A", {"encoding": "base64"}, "invalid base64 encoding"),
        ("AAAA", {"encoding": "base64"}, "deserialize"),
        ("AAAA", {"encoding": "hex"}, "unsupported encoding: hex"),
    ],
)
async def test_a_transaction_that_cannot_be_read_is_refused_with_the_reason(
    rpc: Asking, text: str, config: dict[str, str], words: str
) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "sendTransaction", "params": [text, config]}
    error = (await rpc.post(body)).document["error"]
    assert error["code"] == -32602
    assert words in error["message"]
