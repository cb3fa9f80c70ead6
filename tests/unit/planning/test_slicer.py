"""Decides into how many slices an intent goes: the real core's quotes for one pool, checked by its own formula."""

from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import Any

import pytest

from tests import builders
from tests.fake_clock import FakeClock
from tests.memory_market import LIQUIDITY, SWAP_GAS, TIMING, TOKENS, MemoryMarket, a_strategy
from tradewind.domain.asset import AssetSpec
from tradewind.domain.intent import ExecutionStyle, Intent, IntentConstraints, IntentType
from tradewind.domain.plan import Exact
from tradewind.planning.quoting import Quoting
from tradewind.planning.slicer import Sliced, Slicer

WETH, USDC = builders.WETH, builders.USDC
WINDOW_S = 302


def an_intent(
    amount: str = "1.5",
    kind: IntentType = IntentType.ACQUIRE,
    style: ExecutionStyle = ExecutionStyle.PASSIVE,
    slippage: str = "0.005",
) -> Intent:
    return builders.an_intent(
        intent_type=kind,
        assets=(AssetSpec(asset=WETH, amount=Decimal(amount)), AssetSpec(asset=USDC)),
        constraints=IntentConstraints(
            max_slippage=Decimal(slippage), time_window_ms=WINDOW_S * 1_000, execution_style=style
        ),
    )


async def sliced(market: MemoryMarket, intent: Intent, *, window_s: int = WINDOW_S, **strategy: Any) -> Sliced:
    clock = FakeClock()
    slicer = Slicer(quoting=market.quoting, timing=TIMING, clock=clock)
    amount_raw = intent.sized.amount_raw
    assert amount_raw is not None
    best = await market.quoting.best(intent, amount_raw, wallet=builders.WALLET, deadline_s=0)
    until_ns = clock.now_ns() + window_s * 10**9
    return await slicer.slice(intent, a_strategy(**strategy), best, amount_raw, valid_until_ns=until_ns)


def paid(volume_raw: Fraction) -> Fraction:
    """What a pool of one liquidity takes for WETH: x · y = L², y / x = p, so p · x · v / (x - v), and the fee."""
    price = Fraction(3_000 * 10**6, 10**18)
    held = Fraction(isqrt(LIQUIDITY**2 * 10**18 // (3_000 * 10**6)))
    return price * held * volume_raw / (held - volume_raw) / Fraction(9_995, 10_000)


def by_hand(total_raw: int, n: int) -> Fraction:
    """n slices in 300 s, half of a move gone every 60 s (between two halvings along the chord)."""
    halvings, rest_ms = divmod(300_000 // n, 60_000)
    left = Fraction(120_000 - rest_ms, 120_000 * 2**halvings)
    stands, cost, part = Fraction(0), Fraction(0), Fraction(total_raw, n)
    for _ in range(n):
        cost += paid(stands + part) - paid(stands)
        stands = left * (stands + part)
    return cost


async def test_a_passive_intent_is_sliced_and_the_decision_adds_up() -> None:
    """302 s less 2 s to land, in n parts; 220,000 gas at 0.01 gwei are 0.0066 USDC a slice."""
    found = await sliced(MemoryMarket(), an_intent())
    decision = found.decision
    assert [one.slices for one in decision.considered] == list(range(1, 9))
    assert [one.interval_ms for one in decision.considered] == [300_000 // n for n in range(1, 9)]
    assert [one.gas_raw for one in decision.considered] == [n * 6_600 for n in range(1, 9)]
    hand = {n: by_hand(15 * 10**17, n) for n in range(1, 9)}
    for one in decision.considered:
        assert abs(one.trade_raw - hand[one.slices]) < 50
    best = min(hand, key=lambda n: hand[n] + 6_600 * n)
    assert 1 < best < 8
    assert (decision.chosen, len(found.slices), decision.counted_in) == (best, best, USDC.address)


async def test_the_reason_says_in_words_and_numbers_what_is_saved_and_what_it_costs() -> None:
    found = await sliced(MemoryMarket(), an_intent(), max_slices=2)
    one, two = found.decision.considered
    saved, gas = (Decimal(raw).scaleb(-6) for raw in (one.trade_raw - two.trade_raw, two.gas_raw - one.gas_raw))
    assert saved > gas > 0
    assert found.because == (
        f"2 slices, one every 150 s: together they take {Decimal(two.trade_raw).scaleb(-6):,f} USDC where one "
        f"transaction would take {Decimal(one.trade_raw).scaleb(-6):,f} USDC; that saves {saved.normalize():f} USDC of "
        f"impact and costs {gas.normalize():f} USDC more gas, if half of a move of the price recovers every 60 s"
    )


async def test_the_slices_are_the_whole_in_equal_parts_of_the_time_and_none_pays_more_than_its_part_of_the_worst() -> (
    None
):
    intent = an_intent("1.000000000000000003")
    found = await sliced(MemoryMarket(), intent, max_slices=4)
    start_ns, quarter_ns = FakeClock().now_ns(), 75 * 10**9
    assert [part.index for part in found.slices] == [0, 1, 2, 3]
    quarter = 25 * 10**16
    assert [part.amount_raw for part in found.slices] == [quarter + 1, quarter + 1, quarter + 1, quarter]
    assert [part.not_before_ns for part in found.slices] == [0, *(start_ns + k * quarter_ns for k in (1, 2, 3))]
    assert {(part.exact, part.token_in, part.token_out) for part in found.slices} == {
        (Exact.OUT, USDC.address, WETH.address)
    }
    worst_raw = found.decision.considered[0].trade_raw * 1_005 // 1_000
    limits = [part.limit_raw or 0 for part in found.slices]
    assert worst_raw - 4 <= sum(limits) <= worst_raw


async def test_a_disposal_is_sliced_when_it_brings_more_after_gas() -> None:
    found = await sliced(MemoryMarket(), an_intent("5", IntentType.DISPOSE), max_slices=3)
    one, _, three = found.decision.considered
    assert found.decision.chosen == 3
    assert three.trade_raw - three.gas_raw > one.trade_raw - one.gas_raw
    assert sum(part.limit_raw or 0 for part in found.slices) >= one.trade_raw * 995 // 1_000
    assert {part.exact for part in found.slices} == {Exact.IN}
    assert "together they give" in found.because


async def test_gas_that_costs_more_than_the_impact_saved_means_one_slice() -> None:
    market = MemoryMarket()
    market.gas_price_wei = 10**11
    found = await sliced(market, an_intent())
    assert len(found.slices) == 1
    assert found.slices[0].limit_raw is None
    assert found.because.startswith("one transaction carries the whole intent: 2 slices would save ")


async def test_an_approval_of_its_own_is_part_of_what_a_slice_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    market = MemoryMarket()
    without = TOKENS.get(builders.ARBITRUM, USDC.address)
    assert without is not None
    unlisted = type(TOKENS)([(builders.ARBITRUM, without.model_copy(update={"permit": None}))])
    quoting = Quoting(market.venues, market.terms_by(unlisted), timing=TIMING, clock=market.clock)
    monkeypatch.setattr(MemoryMarket, "quoting", quoting)
    found = await sliced(market, an_intent(), max_slices=2)
    gas_raw = -(-(SWAP_GAS + 60_000) * 10**7 * 3_000 * 10**6 // 10**18)
    assert [one.gas_raw for one in found.decision.considered] == [gas_raw, 2 * gas_raw]


async def test_what_asks_for_speed_is_one_transaction() -> None:
    found = await sliced(MemoryMarket(), an_intent(style=ExecutionStyle.AGGRESSIVE))
    assert (len(found.slices), len(found.decision.considered)) == (1, 1)
    assert found.slices[0].amount_raw == 15 * 10**17
    assert found.slices[0].not_before_ns == 0
    assert found.because == "one transaction carries the whole intent: it asks for speed"


async def test_what_asks_for_speed_is_sliced_rather_than_refused_for_its_impact() -> None:
    """12 WETH move the price by about 0.32 %; the strategy allows 0.15 %."""
    intent = an_intent("12", style=ExecutionStyle.AGGRESSIVE, slippage="0.01")
    assert len((await sliced(MemoryMarket(), intent, max_price_impact_bps=50)).slices) == 1
    found = await sliced(MemoryMarket(), intent, max_price_impact_bps=15)
    assert len(found.slices) > 1
    assert found.chosen.price_impact_ppm <= 1_500 < found.decision.considered[0].price_impact_ppm


async def test_without_time_to_recover_slices_do_not_get_around_the_impact_limit() -> None:
    """Eight slices within 16 s leave the price almost where one transaction would."""
    intent = an_intent("12", slippage="0.01")
    found = await sliced(MemoryMarket(), intent, window_s=18, min_slice_interval_ms=1_000, max_price_impact_bps=10)
    assert len(found.decision.considered) == 8
    assert all(one.price_impact_ppm > 1_000 for one in found.decision.considered)
    assert found.chosen.slices == 1
    assert found.because.endswith("no number of slices keeps its move of the price within the strategy's limit")


@pytest.mark.parametrize(
    "limits",
    [
        {"max_slices": 1},
        {"min_slice_interval_ms": 200_000},
        {"min_slice": {"WETH": Decimal("0.8")}},
    ],
)
async def test_the_strategy_can_keep_an_intent_whole(limits: dict[str, Any]) -> None:
    found = await sliced(MemoryMarket(), an_intent(), **limits)
    assert len(found.slices) == 1
    assert found.because.startswith("one transaction carries the whole intent: no second slice fits into")
