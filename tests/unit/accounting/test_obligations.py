"""What an open intent may still spend, by how far it has come."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests import builders
from tests.builders import ARBITRUM, USDC, WETH
from tests.unit.accounting.journal_rows import ETHER, Rows
from tradewind.accounting.obligations import Obligations
from tradewind.domain import events
from tradewind.domain.asset import AssetSpec
from tradewind.domain.intent import Intent, IntentType
from tradewind.domain.plan import Exact, PlanStep, StepKind
from tradewind.state.fold import fold
from tradewind.state.view import IntentView

WORST_RAW = 6_030_000_000
WORST_FEE_WEI = 300_000 * 20_000_000


def after(bodies: Sequence[events.IntentEvent]) -> Obligations:
    view: IntentView | None = None
    rows = Rows()
    for body in bodies:
        view = fold(view, rows.add(body))
    assert view is not None
    due = Obligations()
    due.add(view)
    return due


def in_assets(amounts: Any) -> dict[str, int]:
    names = {USDC.address: "USDC", WETH.address: "WETH", None: "ETH"}
    assert all(chain_id == ARBITRUM for chain_id, _ in amounts)
    return {names[token]: raw for (_, token), raw in amounts.items()}


def disposal() -> Intent:
    assets = (AssetSpec(asset=WETH, amount=Decimal("1.5")), AssetSpec(asset=USDC))
    return builders.an_intent(intent_type=IntentType.DISPOSE, assets=assets)


def test_an_acquisition_is_not_known_to_spend_anything_before_it_is_planned() -> None:
    for stage in (1, 2, 3):
        due = after(builders.lifecycle()[:stage])
        assert (due.unplanned, due.reserved, due.in_flight) == (1, {}, {})


def test_a_disposal_reserves_what_it_sells_as_soon_as_the_chain_agreed() -> None:
    assert after(builders.lifecycle(disposal())[:1]).unplanned == 1
    due = after(builders.lifecycle(disposal())[:2])
    assert (due.unplanned, in_assets(due.reserved)) == (0, {"WETH": 3 * ETHER // 2})


def test_each_slice_of_a_disposal_reserves_its_part() -> None:
    bodies: list[Any] = builders.lifecycle(disposal())[:3]
    part = bodies[2].slices[0].model_copy(update={"exact": Exact.IN, "token_in": WETH.address, "amount_raw": ETHER})
    bodies[2] = bodies[2].model_copy(update={"slices": (part, part.model_copy(update={"index": 1}))})
    assert in_assets(after(bodies).reserved) == {"WETH": 2 * ETHER}


def test_a_plan_reserves_its_worst_case_and_its_worst_gas() -> None:
    due = after(builders.lifecycle()[:4])
    assert in_assets(due.reserved) == {"USDC": WORST_RAW, "ETH": WORST_FEE_WEI}
    assert (due.unplanned, due.in_flight) == (0, {})


def test_what_was_sent_is_in_flight_and_not_reserved() -> None:
    due = after(builders.lifecycle()[:5])
    assert in_assets(due.in_flight) == {"USDC": WORST_RAW, "ETH": WORST_FEE_WEI}
    assert due.reserved == {}


def test_what_is_confirmed_is_neither() -> None:
    due = after(builders.lifecycle()[:6])
    assert (due.reserved, due.in_flight) == ({}, {})


def test_what_the_chain_took_back_is_in_flight_again() -> None:
    bodies = builders.lifecycle()[:6]
    confirmed = bodies[5]
    assert isinstance(confirmed, events.ExecutionStepConfirmed)
    bodies.append(builders.reorganised(confirmed.intent_id, confirmed.plan_id))
    assert in_assets(after(bodies).in_flight) == {"USDC": WORST_RAW, "ETH": WORST_FEE_WEI}


def test_an_approval_costs_gas_and_spends_no_token() -> None:
    bodies: list[Any] = builders.lifecycle()[:4]
    swap: PlanStep = bodies[3].plan.steps[0]
    approve = swap.model_copy(update={"kind": StepKind.APPROVE})
    plan = bodies[3].plan.model_copy(update={"steps": (approve, swap.model_copy(update={"index": 1}))})
    bodies[3] = bodies[3].model_copy(update={"plan": plan})
    assert in_assets(after(bodies).reserved) == {"USDC": WORST_RAW, "ETH": 2 * WORST_FEE_WEI}


def test_a_slice_that_ended_is_free_again() -> None:
    bodies: list[Any] = builders.lifecycle()[:4]
    bodies.append(builders.slice_ended(bodies[0].intent_id, bodies[3].plan.plan_id))
    due = after(bodies)
    assert (due.unplanned, due.reserved, due.in_flight) == (0, {}, {})
