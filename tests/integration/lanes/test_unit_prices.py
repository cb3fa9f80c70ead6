"""What is offered for a compute unit, from what a real socket says that the last slots cost."""

from collections.abc import Sequence

import pytest

from tests.integration.lanes.endpoint import before, unused_url
from tests.integration.lanes.rig import Rig, pool_of
from tradewind.errors import Unavailable
from tradewind.venues.solana.unit_prices import UnitPrices

POOL = "58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2"


def slots(*prices: int) -> list[dict[str, int]]:
    return [{"slot": at, "prioritizationFee": price} for at, price in enumerate(prices)]


@pytest.mark.parametrize(
    ("recent", "offered"),
    [
        pytest.param(slots(*[0] * 150), 2_000, id="nobody bids: the least"),
        pytest.param(slots(*[4_000] * 90, *[9_000] * 60), 4_000, id="no congestion: the median"),
        pytest.param(slots(*[12_000] * 100, *[30_000] * 50), 30_000, id="a median of 10,000: the 75th percentile"),
        pytest.param(slots(*[150_000] * 150), 50_000, id="more than the most: the most"),
        pytest.param([], 2_000, id="a young chain: the least"),
    ],
)
async def test_a_unit_is_offered_what_the_pools_cost_lately(
    rig: Rig, recent: Sequence[dict[str, int]], offered: int
) -> None:
    async with before(rig.chain.rpc_url) as endpoint:
        endpoint.results["getRecentPrioritizationFees"] = recent
        prices = UnitPrices(pool_of(rig.chain, endpoint.url), least_micro_lamports=2_000, most_micro_lamports=50_000)
        assert await prices.offered([POOL, POOL], compute_units=200_000) == offered


async def test_a_fixed_price_asks_nobody(rig: Rig) -> None:
    async with before(rig.chain.rpc_url) as endpoint:
        pool = pool_of(rig.chain, endpoint.url)
        for most in (None, 2_000):
            prices = UnitPrices(pool, least_micro_lamports=2_000, most_micro_lamports=most)
            assert await prices.offered([POOL], compute_units=200_000) == 2_000
        assert "getRecentPrioritizationFees" not in endpoint.asked


async def test_a_price_that_nobody_tells_is_no_price(rig: Rig) -> None:
    prices = UnitPrices(pool_of(rig.chain, unused_url()), least_micro_lamports=1, most_micro_lamports=2)
    with pytest.raises(Unavailable, match="getRecentPrioritizationFees"):
        await prices.offered([POOL], compute_units=1)
