"""The made market has the shape that its description gives it."""

from collections import Counter

from benches.constant_product import graph_of
from benches.synthetic_market import HUBS, SyntheticMarket


def test_the_same_seed_gives_the_same_market() -> None:
    assert SyntheticMarket(500).pools == SyntheticMarket(500).pools
    assert SyntheticMarket(500).pools != SyntheticMarket(500, seed=1).pools


def test_a_smaller_market_is_the_beginning_of_a_larger_one() -> None:
    assert SyntheticMarket(100).pools == SyntheticMarket(1000).pools[:100]


def test_hubs_have_most_pools_and_other_tokens_a_few() -> None:
    market = SyntheticMarket(5000)
    counts = Counter(token for pool in market.pools for token in (pool.token0, pool.token1))
    assert [token for token, _ in counts.most_common(4)] == market.hubs[:4]
    others = [count for token, count in counts.items() if token not in market.hubs]
    assert len(others) > 3000
    assert max(others) <= 10
    assert len(market.hubs) == HUBS


def test_the_core_takes_every_pool() -> None:
    assert len(graph_of(SyntheticMarket(2000).pools)) == 2000
