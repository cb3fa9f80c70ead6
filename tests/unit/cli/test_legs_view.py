"""How a trade of one leg and of several reads on a terminal and on the page."""

from uuid import uuid4

from tests import builders
from tests.memory_market import SECOND_POOL, TOKENS
from tradewind.api.labels import Labels
from tradewind.api.page import legs_of, reached_of, route_of
from tradewind.cli.legs_view import legs_text, reached_text
from tradewind.domain.plan import ExecutionPlan, Optimality

ONE = "USDC -(0.05 %)-> WETH"
OTHER = "USDC -(0.3 %)-> WETH"
LABELS = Labels(builders.an_intent(), TOKENS, "ETH")


def a_split() -> ExecutionPlan:
    """5,000 USDC for 1.25 WETH in one pool, and 1,000 for 0.25 in the other."""
    [leg] = builders.a_plan(uuid4()).legs
    large = leg.model_copy(
        update={"share_ppm": 833_333, "amount_in_raw": 5_000_000_000, "amount_out_raw": 125 * 10**16}
    )
    hop = leg.hops[0].model_copy(update={"pool": SECOND_POOL, "fee_pips": 3_000})
    small = leg.model_copy(
        update={
            "share_ppm": 166_667,
            "amount_in_raw": 1_000_000_000,
            "amount_out_raw": 25 * 10**16,
            "hops": (hop,),
        }
    )
    return builders.a_plan(uuid4(), legs=(large, small), optimality=Optimality(bound_raw=1, share_ppm=999_800))


def test_one_leg_reads_as_its_path() -> None:
    plan = builders.a_plan(uuid4())
    assert route_of(plan, LABELS) == ONE
    assert legs_text(legs_of(plan, LABELS), "as it is") == "as it is"
    assert reached_of(plan) is None


def test_a_split_reads_as_its_paths_with_their_shares() -> None:
    plan = a_split()
    assert route_of(plan, LABELS) == f"83.3333 % {ONE} + 16.6667 % {OTHER}"
    large, small = legs_text(legs_of(plan, LABELS), "").splitlines()
    assert large == f"83.3333 % {ONE}, pays 5,000 USDC, gets 1.25 WETH"
    assert small == f"16.6667 % {OTHER}, pays 1,000 USDC, gets 0.25 WETH"
    assert [hop.pool for leg in legs_of(plan, LABELS) for hop in leg.hops] == [builders.POOL, SECOND_POOL]
    reached = reached_of(plan)
    assert reached is not None
    assert reached_text(reached) == "99.98 % of what any routing can reach"


def test_a_small_trade_between_pools_that_disagree_is_told_why_it_reaches_little() -> None:
    assert reached_text("0.0063").endswith("(pools disagree, and trading between them counts in that)")
    assert "disagree" not in reached_text("90")
