"""Gas limits and fees from what was read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.errors import Refused
from tradewind.venues.evm_gas import GasConditions, GasPolicy, gas_estimate
from tradewind.venues.rpc_error import Revert
from tradewind.venues.uniswap_v3.swap_gas import HopShape, bitmap_words, swap_gas

POLICY = GasPolicy(base_fee_multiplier_percent=200, padding_percent=30, limit_max=5_000_000)


def test_takes_the_nodes_estimate_which_holds_the_l1_part_already() -> None:
    estimate = gas_estimate(GasConditions(1_000, 40_000, 150_000), modelled_gas=999_999, policy=POLICY)
    assert (estimate.expected_gas, estimate.l1_gas, estimate.gas_limit) == (150_000, 40_000, 195_000)
    assert (estimate.max_fee_per_gas_wei, estimate.max_priority_fee_per_gas_wei) == (2_000, 0)


@pytest.mark.parametrize("no_estimate", [None, Revert("STF", b"")])
def test_takes_the_model_and_adds_the_l1_part_when_the_node_has_none(no_estimate: Revert | None) -> None:
    estimate = gas_estimate(GasConditions(1_000, 40_000, no_estimate), modelled_gas=160_000, policy=POLICY)
    assert (estimate.expected_gas, estimate.l1_gas, estimate.gas_limit) == (200_000, 40_000, 260_000)


@given(st.integers(21_000, 3_000_000), st.integers(0, 10**12))
def test_rounds_the_limit_and_the_fee_up(expected: int, base_fee_wei: int) -> None:
    policy = GasPolicy(base_fee_multiplier_percent=133, padding_percent=7, limit_max=5_000_000)
    estimate = gas_estimate(GasConditions(base_fee_wei, 0, expected), modelled_gas=0, policy=policy)
    assert 0 <= estimate.gas_limit * 100 - expected * 107 < 100
    assert 0 <= estimate.max_fee_per_gas_wei * 100 - base_fee_wei * 133 < 100


def test_refuses_more_gas_than_the_policy_allows() -> None:
    with pytest.raises(Refused) as caught:
        gas_estimate(GasConditions(1, 0, 4_000_000), modelled_gas=0, policy=POLICY)
    assert caught.value.code == "gas_limit_exceeded"


def test_more_hops_legs_ticks_and_a_permit_cost_more() -> None:
    still = HopShape(0, 0)
    one = swap_gas([[still]], with_permit=False)
    assert swap_gas([[still]], with_permit=True) > one
    assert swap_gas([[HopShape(1, 0)]], with_permit=False) > swap_gas([[HopShape(0, 1)]], with_permit=False) > one
    assert swap_gas([[still], [still]], with_permit=False) > swap_gas([[still] * 2], with_permit=False) > one


@pytest.mark.parametrize(
    ("before", "after", "spacing", "words"),
    [(0, 255, 1, 0), (0, 256, 1, 1), (0, -1, 1, 1), (-1, -256, 1, 0), (-2560, 2560, 10, 2), (5, -600, 60, 1)],
)
def test_counts_the_bitmap_words_between_two_ticks(before: int, after: int, spacing: int, words: int) -> None:
    assert bitmap_words(before, after, spacing) == words
