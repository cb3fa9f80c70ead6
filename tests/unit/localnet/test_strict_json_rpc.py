"""Requests as the strict endpoint reads them, the L1 arithmetic, and when a misbehaviour strikes."""

import json
import zlib
from typing import Any

import pytest

from tradewind.localnet import LocalnetError
from tradewind.localnet.strict import CATALOGUE
from tradewind.localnet.strict.behaviour import Misbehaviour, misbehaviour
from tradewind.localnet.strict.behaviours import KINDS, refusals
from tradewind.localnet.strict.block_tags import named_blocks, with_blocks
from tradewind.localnet.strict.conditions import read_conditions
from tradewind.localnet.strict.json_rpc import MAX_BATCH, Call, Refusal, read_body
from tradewind.localnet.strict.l1_gas import l1_share


def test_a_body_is_read_item_by_item_and_what_is_no_request_is_refused_in_its_place() -> None:
    good = {"jsonrpc": "2.0", "id": "a", "method": "eth_chainId"}
    body = read_body(
        json.dumps([good, 7, good | {"jsonrpc": "1.0"}, good | {"id": [1]}, good | {"params": {}}]).encode()
    )
    assert body.is_batch
    assert body.items[0] == Call("eth_chainId", [])
    assert [item[0] for item in body.items[1:] if isinstance(item, tuple)] == [None, "a", None, "a"]
    assert [item[1]["error"]["code"] for item in body.items[1:] if isinstance(item, tuple)] == [
        *(-32600, -32600, -32600, -32602)
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"[" * 200_000, -32700),
        (b"\xff", -32700),
        (b"[]", -32600),
        (json.dumps([1] * (MAX_BATCH + 1)).encode(), -32600),
    ],
)
def test_what_cannot_be_answered_item_by_item_is_refused_as_a_whole(content: bytes, code: int) -> None:
    with pytest.raises(Refusal) as refused:
        read_body(content)
    assert refused.value.answer["error"]["code"] == code


def test_tags_are_replaced_where_they_stand_and_named_where_they_are_left_out() -> None:
    meaning = {"pending": "latest", "finalized": "0x5"}
    assert with_blocks(Call("eth_getBalance", ["0x1"]), meaning).params == ["0x1", "latest"]
    assert with_blocks(Call("eth_getBalance", ["0x1", "pending"]), meaning).params == ["0x1", "latest"]
    assert with_blocks(Call("eth_getBlockByNumber", ["finalized", True]), meaning).params == ["0x5", True]
    assert with_blocks(Call("eth_call", [{}, {"blockHash": "0x1"}]), meaning).params == [{}, {"blockHash": "0x1"}]
    ranged = with_blocks(Call("eth_getLogs", [{"toBlock": "finalized", "topics": []}]), meaning).params
    assert ranged == [{"toBlock": "0x5", "topics": [], "fromBlock": "latest"}]
    assert with_blocks(Call("eth_getLogs", [{"blockHash": "0x1"}]), meaning).params == [{"blockHash": "0x1"}]
    assert with_blocks(Call("eth_chainId"), meaning).params == []
    assert named_blocks(Call("eth_getTransactionCount", ["0x1", "finalized"])) == ["finalized"]


def test_the_l1_share_is_the_documented_arithmetic() -> None:
    data = bytes(range(256)) * 3
    units = 16 * (len(zlib.compress(data, 9)) + 140)
    assert l1_share(data, l1_base_fee_wei=10**9, base_fee_wei=20_000_000) == units * 10**9 // 20_000_000
    assert l1_share(data, l1_base_fee_wei=0, base_fee_wei=20_000_000) == 0
    assert l1_share(b"", l1_base_fee_wei=10**9, base_fee_wei=10**9) == 16 * (140 + len(zlib.compress(b"", 9)))


@pytest.mark.parametrize(
    "options",
    [
        7,
        {"knownAccount": {}},
        {"blockNumberMin": 5},
        {"timestampMax": "5"},
        {"timestampMax": "0xzz"},
        {"knownAccounts": []},
        {"knownAccounts": {"0x12": {}}},
        {"knownAccounts": {"0x" + "11" * 20: 7}},
        {"knownAccounts": {"0x" + "11" * 20: "0x12"}},
        {"knownAccounts": {"0x" + "11" * 20: {"0x0": "0x0"}}},
        {"knownAccounts": {"0x" + "11" * 20: "0x" + "zz" * 32}},
    ],
)
def test_conditions_that_are_not_understood_are_refused_rather_than_left_out(options: Any) -> None:
    with pytest.raises(Refusal) as refused:
        read_conditions(options)
    assert refused.value.answer["error"]["code"] == -32602


def rule(**when: Any) -> Misbehaviour:
    return misbehaviour(
        refusals.RateLimited(), **({"methods": None, "times": None, "every": 1, "probability": 1.0, "seed": 0} | when)
    )


def test_a_misbehaviour_strikes_as_often_as_it_is_told() -> None:
    twice = rule(times=2)
    assert [twice.strikes(["eth_call"]) for _ in range(4)] == [True, True, False, False]
    third = rule(every=3)
    assert [third.strikes(["eth_call"]) for _ in range(7)] == [False, False, True, False, False, True, False]
    only = rule(methods={"eth_call"})
    assert [only.strikes([name]) for name in ("eth_chainId", "eth_call")] == [False, True]
    assert only.strikes(["eth_chainId", "eth_call"])
    assert (twice.struck, third.struck, only.struck) == (2, 2, 2)


def test_chance_is_repeatable_and_about_as_likely_as_asked() -> None:
    first, again, other = (rule(probability=0.3, seed=seed) for seed in (5, 5, 6))
    drawn = [[item.strikes(["eth_call"]) for _ in range(1_000)] for item in (first, again, other)]
    assert drawn[0] == drawn[1] != drawn[2]
    # Within five standard deviations, sqrt(1000 · 0.3 · 0.7) = 14.5.
    assert abs(first.struck - 300) < 73


def test_a_stopped_misbehaviour_keeps_its_count() -> None:
    one = rule()
    assert one.strikes(["eth_call"])
    one.stop()
    assert not one.strikes(["eth_call"])
    assert one.struck == 1


def test_a_behaviour_is_not_taken_for_methods_that_it_does_nothing_about() -> None:
    with pytest.raises(LocalnetError, match="TooManyLogs does nothing about eth_call"):
        misbehaviour(refusals.TooManyLogs(), methods={"eth_call"}, times=None, every=1, probability=1.0, seed=0)


def test_the_catalogue_has_every_kind_and_each_entry_says_in_one_line_what_it_does() -> None:
    assert len(CATALOGUE) >= 40
    assert len({item.__name__ for item in CATALOGUE}) == len(CATALOGUE)
    assert {item.__module__.rsplit(".", 1)[1] for item in CATALOGUE} == set(KINDS)
    for item in CATALOGUE:
        assert item.__doc__ is not None
        assert item.__doc__.endswith(".")
        assert "\n" not in item.__doc__
        item()
