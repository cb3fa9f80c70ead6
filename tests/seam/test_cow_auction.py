"""An auction of CoW Protocol, as Python reads it; the recorded file is read here once more by json alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from tradewind import core

TEXT = (Path(__file__).parents[1] / "fixtures" / "evm" / "cow_auction_7400693.json").read_text()
FILE: dict[str, Any] = json.loads(TEXT)


@pytest.fixture(scope="module")
def auction() -> core.CowAuction:
    return core.read_cow_auction(TEXT)


def test_every_pool_is_read_or_refused_with_a_reason(auction: core.CowAuction) -> None:
    ids = [pool.id for pool in auction.pools] + [pool.id for pool in auction.refused]
    assert sorted(ids) == sorted(FILE["amms"])
    assert all(pool.code and pool.reason for pool in auction.refused)
    for pool in auction.pools:
        listed = FILE["amms"][pool.id]
        assert pool.pool.lower() == listed["address"].lower()
        assert pool.cost_raw == int(listed["cost"]["amount"])
        assert pool.cost_token.lower() == listed["cost"]["token"].lower()


def test_every_order_is_read_in_the_order_of_the_numbers(auction: core.CowAuction) -> None:
    assert [order.number for order in auction.orders] == [str(number) for number in range(len(FILE["orders"]))]
    for order in auction.orders:
        listed = FILE["orders"][order.number]
        amounts = (order.sell_amount_raw, order.buy_amount_raw)
        assert amounts == (int(listed["sell_amount"]), int(listed["buy_amount"]))
        assert (order.exact == "in") == listed["is_sell_order"]
        assert order.partially_fillable == listed["allow_partial_fill"]
        assert order.sell_token.lower() == listed["sell_token"].lower()
        assert order.buy_token.lower() == listed["buy_token"].lower()


def test_its_pools_are_those_that_a_graph_reads(auction: core.CowAuction) -> None:
    graph = core.PoolGraph()
    assert graph.add(auction.pools_json) == [pool.pool for pool in auction.pools]
    for pool in auction.pools:
        listed = FILE["amms"][pool.id]
        if listed["kind"] != "ConstantProduct" or listed["fee"] != "0.003":
            continue
        token_in, token_out = listed["reserves"]
        amount = int(listed["reserves"][token_in]) // 100
        paid = amount * 997
        reserves = (int(listed["reserves"][token_in]), int(listed["reserves"][token_out]))
        expected = paid and paid * reserves[1] // (reserves[0] * 1000 + paid)
        if expected:
            assert graph.quote_exact_in(pool.pool, token_in, amount).amount_out_raw == expected


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("{", "auction_not_json", "no JSON"),
        ("{}", "auction_malformed", "tokens"),
        (json.dumps(FILE | {"orders": {"0": {"is_sell_order": 1}}}), "auction_malformed", "order 0: is_sell_order"),
    ],
)
def test_what_is_no_auction_is_refused_by_its_field(text: str, code: str, named: str) -> None:
    with pytest.raises(core.CoreError, match=named) as refused:
        core.read_cow_auction(text)
    assert refused.value.code == code
