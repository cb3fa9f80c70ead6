"""The pool graph and the route search, as Python sees them."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.core import CoreError, PoolGraph, PoolQuote, optimize_route
from tradewind.venues.uniswap_v3.movement import movement

FIXTURES = Path(__file__).parents[1] / "fixtures" / "evm"
SNAPSHOT = json.loads((FIXTURES / "uniswap_v3_wbtc_weth_block_24407242.json").read_text())
ANSWERS = json.loads((FIXTURES / "uniswap_v3_wbtc_weth_quoter_answers.json").read_text())["entries"]
POOL: str = SNAPSHOT["pool"]
WBTC: str = SNAPSHOT["token0"]["address"]
WETH: str = SNAPSHOT["token1"]["address"]
OTHER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def recorded_state() -> dict[str, Any]:
    scalars = SNAPSHOT["scalars"]
    ticks = [(int(tick), gross, net) for tick, (gross, net, _) in SNAPSHOT["tick_data"].items()]
    return {
        "pool": POOL,
        "token0": WBTC,
        "token1": WETH,
        "fee_pips": scalars["fee"],
        "tick_spacing": scalars["tick_spacing"],
        "sqrt_price_x96": scalars["sqrt_price_x96"],
        "tick": scalars["tick"],
        "liquidity": scalars["liquidity"],
        "ticks": sorted(ticks),
    }


def pool_at_price_one(number: int, token0: str, token1: str, liquidity: int) -> dict[str, Any]:
    return {
        "pool": address(number),
        "token0": token0,
        "token1": token1,
        "fee_pips": 3000,
        "tick_spacing": 60,
        "sqrt_price_x96": 2**96,
        "tick": 0,
        "liquidity": liquidity,
        "ticks": [(-887220, liquidity, liquidity), (887220, liquidity, -liquidity)],
    }


def address(number: int) -> str:
    """Decimal digits only, so that the text has no case."""
    return f"0x{number:040d}"


@pytest.fixture
def graph() -> PoolGraph:
    graph = PoolGraph()
    graph.upsert_uniswap_v3(**recorded_state())
    return graph


@pytest.mark.parametrize("name", ANSWERS)
def test_equals_every_quoter_answer_that_fills_and_refuses_every_partial_one(graph: PoolGraph, name: str) -> None:
    _, function, tokens, amount = name.split("|")
    token_in, token_out = (WBTC, WETH) if tokens == "WBTC->WETH" else (WETH, WBTC)
    answer = ANSWERS[name]["value"]
    if function == "quoteExactInputSingle":
        quote = outcome(lambda: graph.quote_exact_in(POOL, token_in, int(amount)))
        expected = (int(amount), answer)
    else:
        quote = outcome(lambda: graph.quote_exact_out(POOL, token_out, int(amount)))
        expected = (answer, int(amount))
    if isinstance(quote, CoreError):
        # The Quoter's partial answer is the amount at which the pool runs out.
        assert quote.code == "insufficient_liquidity"
        assert str(answer) in str(quote)
    else:
        assert (quote.amount_in_raw, quote.amount_out_raw) == expected


def outcome(quote: Callable[[], PoolQuote]) -> PoolQuote | CoreError:
    try:
        return quote()
    except CoreError as refusal:
        return refusal


def test_gives_back_the_state_that_it_was_given(graph: PoolGraph) -> None:
    state = graph.uniswap_v3_state(POOL.lower())
    given_state = recorded_state()
    assert {name: getattr(state, name) for name in given_state} == given_state
    assert graph.pools() == [POOL]
    assert len(graph) == 1
    assert POOL.lower() in graph
    assert OTHER not in graph
    assert state == graph.uniswap_v3_state(POOL)


def test_a_swap_log_moves_the_pool_to_where_its_quote_said(graph: PoolGraph) -> None:
    first = graph.quote_exact_in(POOL, WBTC, 10**9)
    graph.apply_swap(
        POOL,
        sqrt_price_x96=movement(first).sqrt_price_after,
        liquidity=movement(first).liquidity_after,
        tick=movement(first).tick_after,
    )
    second = graph.quote_exact_in(POOL, WBTC, 10**9)
    assert movement(second).sqrt_price_before == movement(first).sqrt_price_after
    assert second.amount_out_raw < first.amount_out_raw
    assert movement(first).ticks_crossed > 0


def test_mint_and_burn_logs_change_the_active_liquidity_and_leave_no_trace(graph: PoolGraph) -> None:
    before = graph.uniswap_v3_state(POOL)
    graph.apply_liquidity(POOL, tick_lower=265200, tick_upper=265320, liquidity_delta=10**18)
    assert graph.uniswap_v3_state(POOL).liquidity == before.liquidity + 10**18
    graph.apply_liquidity(POOL, tick_lower=265200, tick_upper=265320, liquidity_delta=-(10**18))
    assert graph.uniswap_v3_state(POOL) == before


def test_a_tick_keeps_its_gross_liquidity_when_its_net_is_zero() -> None:
    graph = PoolGraph()
    graph.upsert_uniswap_v3(**pool_at_price_one(9, address(1), address(2), 1000))
    graph.apply_liquidity(address(9), tick_lower=-60, tick_upper=0, liquidity_delta=7)
    graph.apply_liquidity(address(9), tick_lower=0, tick_upper=60, liquidity_delta=7)
    assert (0, 14, 0) in graph.uniswap_v3_state(address(9)).ticks


def test_quotes_many_amounts_in_one_call(graph: PoolGraph) -> None:
    amounts = [1, 10, 10**8, 10**12]
    expected = [graph.quote_exact_in(POOL, WBTC, amount).amount_out_raw for amount in amounts]
    assert graph.quote_many_exact_in(POOL, WBTC, amounts) == expected
    with pytest.raises(CoreError) as refusal:
        graph.quote_many_exact_in(POOL, WBTC, [1, 0])
    assert refusal.value.code == "amount_zero"


def test_a_route_names_its_hops_its_cost_and_the_paths_not_taken() -> None:
    a, b, c = address(1), address(2), address(3)
    graph = PoolGraph()
    graph.upsert_uniswap_v3(**pool_at_price_one(10, a, c, 10**18))
    graph.upsert_uniswap_v3(**pool_at_price_one(11, a, b, 10**24))
    graph.upsert_uniswap_v3(**pool_at_price_one(12, b, c, 10**24))
    route = optimize_route(graph, token_in=a, token_out=c, amount_raw=10**17, exact="in", hop_cost_raw=1000)
    assert [hop.pool for hop in route.hops] == [address(11), address(12)]
    assert route.hops[0].amount_out_raw == route.hops[1].amount_in_raw
    assert (route.amount_in_raw, route.cost_raw, route.spot_amount_raw) == (10**17, 2000, 10**17)
    assert route.fee_ppm == 5991  # 1 - 0.997 ** 2
    assert [(path.hops, path.pools) for path in route.alternatives] == [(1, [address(10)])]

    back = optimize_route(graph, token_in=a, token_out=c, amount_raw=route.amount_out_raw, exact="out")
    assert back.amount_out_raw == route.amount_out_raw
    assert route.amount_in_raw - 2 <= back.amount_in_raw <= route.amount_in_raw
    assert back.exact == "out"

    direct = optimize_route(graph, token_in=a, token_out=c, amount_raw=10**17, exact="in", excluded_tokens=[b])
    allowed = optimize_route(graph, token_in=a, token_out=c, amount_raw=10**17, exact="in", allowed_pools=[address(10)])
    assert direct == allowed
    assert [hop.pool for hop in direct.hops] == [address(10)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"token0": WETH, "token1": WBTC}, "tokens_unordered"),
        ({"fee_pips": 1_000_000}, "fee_out_of_range"),
        ({"tick_spacing": 0}, "tick_spacing_out_of_range"),
        ({"sqrt_price_x96": 0}, "price_out_of_bounds"),
        ({"tick": 265_270}, "tick_price_mismatch"),
        ({"liquidity": 1}, "liquidity_inconsistent"),
        ({"ticks": []}, "liquidity_inconsistent"),
        ({"ticks": [(0, 1, 1)]}, "tick_malformed"),
        ({"ticks": [(0, 1)]}, "tick_malformed"),
        ({"ticks": ["tick"]}, "tick_malformed"),
        ({"ticks": [(0, 1, 2**127)]}, "integer_out_of_range"),
        ({"liquidity": 2**128}, "integer_out_of_range"),
        ({"liquidity": 1.0}, "integer_required"),
        ({"fee_pips": True}, "integer_required"),
        ({"pool": "0x12"}, "address_malformed"),
        ({"token1": WETH.replace("C02a", "C02A")}, "address_checksum"),
    ],
)
def test_refuses_a_malformed_pool_by_code_and_keeps_the_old_one(
    graph: PoolGraph, change: dict[str, Any], code: str
) -> None:
    before = graph.uniswap_v3_state(POOL)
    with pytest.raises(CoreError) as refusal:
        graph.upsert_uniswap_v3(**(recorded_state() | change))
    assert refusal.value.code == code
    assert next(iter(change)) in str(refusal.value)
    assert graph.uniswap_v3_state(POOL) == before


def test_refuses_what_it_does_not_know_by_code(graph: PoolGraph) -> None:
    refused: dict[str, Any] = {
        "unknown_pool": lambda: graph.quote_exact_in(OTHER, WBTC, 1),
        "token_not_in_pool": lambda: graph.quote_exact_in(POOL, OTHER, 1),
        "amount_zero": lambda: graph.quote_exact_out(POOL, WBTC, 0),
        "amount_too_large": lambda: graph.quote_exact_in(POOL, WBTC, 2**255),
        "integer_out_of_range": lambda: graph.quote_exact_in(POOL, WBTC, -1),
        "insufficient_liquidity": lambda: graph.quote_exact_out(POOL, WETH, 2**200),
        "unknown_token": lambda: route(graph, token_out=OTHER),
        "same_token": lambda: route(graph, token_out=WBTC),
        "max_hops_out_of_range": lambda: route(graph, max_hops=5),
        "exact_unknown": lambda: route(graph, exact="inwards"),
        "no_route": lambda: route(graph, allowed_pools=[]),
        "token_excluded": lambda: route(graph, excluded_tokens=[WETH]),
        "amount_too_small": lambda: route(graph, amount_raw=1),
    }
    for code, call in refused.items():
        with pytest.raises(CoreError) as refusal:
            call()
        assert refusal.value.code == code
        assert isinstance(refusal.value, ValueError)


def route(graph: PoolGraph, **change: Any) -> object:
    request: dict[str, Any] = {"token_in": WBTC, "token_out": WETH, "amount_raw": 10**8, "exact": "in"}
    return optimize_route(graph, **(request | change))


def test_answers_cannot_be_changed(graph: PoolGraph) -> None:
    quote: Any = graph.quote_exact_in(POOL, WBTC, 10**8)
    with pytest.raises(AttributeError):
        quote.amount_out_raw = 0
    assert f"amount_out_raw={quote.amount_out_raw}" in repr(quote)


@given(st.integers(min_value=0, max_value=2**255))
def test_integers_of_every_size_cross_unchanged(amount: int) -> None:
    graph = PoolGraph()
    graph.upsert_uniswap_v3(**recorded_state())
    quote = outcome(lambda: graph.quote_exact_in(POOL, WBTC, amount))
    if isinstance(quote, CoreError):
        assert quote.code in {"amount_zero", "amount_too_large", "insufficient_liquidity"}
    else:
        assert quote.amount_in_raw == amount


def test_many_threads_quote_while_one_changes_the_pool(graph: PoolGraph) -> None:
    here = graph.uniswap_v3_state(POOL)
    there = graph.quote_exact_in(POOL, WBTC, 10**9)
    quotes = {graph.quote_exact_in(POOL, WBTC, 10**8).amount_out_raw}
    stop = threading.Event()

    def move(to_there: bool) -> None:
        price, liquidity, tick = (
            (movement(there).sqrt_price_after, movement(there).liquidity_after, movement(there).tick_after)
            if to_there
            else (here.sqrt_price_x96, here.liquidity, here.tick)
        )
        graph.apply_swap(POOL, sqrt_price_x96=price, liquidity=liquidity, tick=tick)

    def quote_until_stopped() -> list[PoolQuote]:
        seen = [graph.quote_exact_in(POOL, WBTC, 10**8)]
        while not stop.is_set():
            seen.append(graph.quote_exact_in(POOL, WBTC, 10**8))
        return seen

    move(to_there=True)
    quotes.add(graph.quote_exact_in(POOL, WBTC, 10**8).amount_out_raw)
    with ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(quote_until_stopped) for _ in range(4)]
        for turn in range(300):
            move(to_there=turn % 2 == 0)
        stop.set()
        seen = {quote.amount_out_raw for reader in readers for quote in reader.result()}
    # Every answer belongs to one of the two states, never to a mixture.
    assert seen <= quotes
