"""Money over a socket: holdings by the chain's word, budgets and limits by the signer's."""

import pytest

from tests.unit.api.doubles import DAY_KEY
from tests.unit.api.house import House
from tradewind.errors import Refused, TradewindError, Unavailable


async def test_the_portfolio_has_holdings_strategies_and_budgets_with_what_is_left_of_them(house: House) -> None:
    response, said = await house.call("GET", "/portfolio")
    assert response.status == 200
    [holding] = said["wallets"][0]["holdings"]
    assert (holding["balance_raw"], holding["reserved_raw"], holding["free_raw"]) == (
        "50000000000",
        "6030000000",
        "43970000000",
    )
    assert said["strategies"][0]["name"] == "example"
    [budget] = said["budgets"]
    assert (budget["window"], budget["wallet"], budget["strategy_id"]) == ("day", None, None)
    # 200,000 less 6,030.
    assert (budget["limit"]["decimal"], budget["used"]["decimal"], budget["free"]["decimal"]) == (
        "200000",
        "6030",
        "193970",
    )


@pytest.mark.parametrize("failure", [Refused("nothing", "Nothing."), Unavailable("signer_timeout", "Late.")])
async def test_the_portfolio_is_shown_without_the_signers_budgets_when_it_does_not_answer(
    house: House, failure: TradewindError
) -> None:
    house.policy.failure = failure
    response, said = await house.call("GET", "/portfolio")
    assert response.status == 200
    assert said["budgets"] is None
    assert str(failure) in said["budgets_fault"]
    assert said["wallets"][0]["holdings"][0]["balance_raw"] == "50000000000"


async def test_limits_show_what_is_in_force_what_waits_and_how_far_a_raise_can_go(house: House) -> None:
    _, said = await house.call("GET", "/limits")
    [limit] = said["limits"]
    assert (limit["key"], limit["value"], limit["ceiling"]) == (DAY_KEY, "200000000000", "400000000000")
    # 1,760,000,600 s after 1970.
    assert limit["pending"] == [{"value": "250000000000", "effective_at": "2025-10-09T09:03:20.000Z", "by": "desk"}]
    assert said["budgets"][0]["limit"]["symbol"] == "USDC"


@pytest.mark.parametrize("value", ['{"value": 7}', '{"value": "-1"}', '{"value": "1.5"}', "{}", '{"value": "x"}'])
async def test_a_limit_is_a_whole_number_as_a_decimal_string(house: House, value: str) -> None:
    response, problem = await house.call("PUT", f"/limits/{DAY_KEY}", data=value)
    assert (response.status, problem["faults"][0]["field"]) == (422, "value")
    assert house.policy.changes == []


async def test_a_raise_is_taken_back_with_an_empty_answer(house: House) -> None:
    response, body = await house.call("DELETE", f"/limits/{DAY_KEY}/raise")
    assert (response.status, body) == (204, None)
    assert house.policy.changes == [("cancel", DAY_KEY, 0, "owner")]


async def test_limits_without_a_signer_are_unavailable(house: House) -> None:
    house.policy.failure = Unavailable("signer_unreachable", "No signer answers.")
    response, problem = await house.call("GET", "/limits")
    assert (response.status, problem["code"]) == (503, "signer_unreachable")
