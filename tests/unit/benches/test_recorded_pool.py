"""Amounts take a swap as far as they say, and the peer is set up to answer as the real Quoter did."""

import json
import random
from dataclasses import replace

import pytest

from benches.concentrated_quote import compare_any_size
from benches.peers.v3_sdk import V3Sdk
from benches.recorded_pool import FIXTURES, RecordedPool

ANSWERS = FIXTURES / "uniswap_v3_wbtc_weth_quoter_answers.json"


@pytest.fixture(scope="module")
def pool() -> RecordedPool:
    return RecordedPool.load()


def chance() -> random.Random:
    return random.Random(1)


@pytest.mark.parametrize("token", [0, 1])
@pytest.mark.parametrize("ticks", [0, 1, 30, 100])
def test_amounts_cross_exactly_as_many_ticks_as_asked(pool: RecordedPool, token: int, ticks: int) -> None:
    amounts = pool.amounts_crossing(token, ticks, 20, chance())
    assert {pool.crossings(token, amount) for amount in amounts} == {ticks}
    assert len(set(amounts)) > 10


def test_one_unit_more_than_the_most_crosses_another_tick(pool: RecordedPool) -> None:
    most = pool.most_crossing(0, 30)
    assert (pool.crossings(0, most), pool.crossings(0, most + 1)) == (30, 31)


def test_what_the_pool_cannot_take_crosses_nothing(pool: RecordedPool) -> None:
    assert pool.crossings(0, 2**200) is None


def test_sizes_are_of_all_magnitudes_and_none_is_zero(pool: RecordedPool) -> None:
    most = 10**20
    amounts = pool.amounts_of_any_size(1, 500, most, chance())
    assert min(amounts) >= 1
    assert max(amounts) <= most
    assert len({amount.bit_length() for amount in amounts}) > 50


def test_the_peer_answers_what_the_quoter_answered_on_chain(pool: RecordedPool) -> None:
    entries = json.loads(ANSWERS.read_text())["entries"]
    with V3Sdk(pool) as peer:
        compared = 0
        for name, entry in entries.items():
            _, function, tokens, amount = name.split("|")
            token = ("WBTC->WETH", "WETH->WBTC").index(tokens)
            if function == "quoteExactInputSingle" and pool.crossings(token, int(amount)) is not None:
                assert peer.quote(token, [int(amount)])[0] == [entry["value"]], name
                compared += 1
    assert compared > 20


def test_a_peer_with_another_pool_is_noticed(pool: RecordedPool) -> None:
    liquidity = int(pool.for_peers["liquidity"])
    other = replace(pool, for_peers={**pool.for_peers, "liquidity": str(liquidity + liquidity // 1000)})
    with V3Sdk(other) as peer:
        tally = compare_any_size(pool, peer, chance())
    assert 0 <= tally.equal < tally.compared
