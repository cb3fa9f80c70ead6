"""Plans and results of executors on the wire: names, strings for amounts, milliseconds, and what is refused."""

import json
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from tests import builders
from tradewind.domain.events import Envelope
from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.domain.execution_result_event import ExecutionResultEvent, ResultStatus

PLAN_FIELDS = {
    *("planId", "opportunityId", "strategy", "executionMethod", "routes", "inputToken", "outputToken", "inputAmount"),
    *("expectedProfit", "simulationSuccess", "gasEstimate", "slippage", "maxLatency", "deadline", "priorityFee"),
    *("flashLoan", "timestamp"),
}
RESULT_FIELDS = {
    *("executionId", "planId", "opportunityId", "status", "signature", "blockSlot", "confirmationTime"),
    *("expectedProfit", "actualProfit", "executionCost", "netProfit", "latency", "executionMethod", "error"),
    *("errorCode", "timestamp"),
}


def body_of(event: ExecutionPlanEvent | ExecutionResultEvent) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(builders.plan_envelope(event).to_json())["body"]
    return made


def read_back(body: dict[str, Any], event: ExecutionPlanEvent | ExecutionResultEvent) -> Envelope:
    document = json.loads(builders.plan_envelope(event).to_json())
    return Envelope.from_json(json.dumps({**document, "body": body}))


def test_a_plan_has_the_fields_of_the_guide() -> None:
    body = body_of(builders.execution_plan())
    assert set(body) >= PLAN_FIELDS
    assert (body["inputAmount"], body["expectedProfit"]) == ("1000000000", "2000000")
    assert body["deadline"] == 1_760_000_060_000
    assert body["routes"][0]["limitAmount"] == "179000000"


def test_a_result_has_the_fields_of_the_guide() -> None:
    body = body_of(builders.execution_result(builders.execution_plan()))
    assert set(body) >= RESULT_FIELDS
    assert (body["status"], body["netProfit"], body["confirmationTime"]) == ("success", "2085000", 812)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("inputAmount", 1000000000.5),
        ("inputAmount", "-1"),
        ("deadline", 1.5),
        ("slippage", 10_001),
        ("executor", "anybody"),
        ("inputToken", "not-an-address"),
        ("outputToken", builders.USDC_MINT),
        ("routes", []),
        ("plan_id", "0c2f1a5e"),
        ("gasEstimate", 1_400_001),
        ("expectedProfitUsd", 0.36),
        ("intentId", "6f1f3a9e-6a0c-5f0b-9d55-2d1f6f0c7c55"),
    ],
)
def test_a_plan_that_is_not_right_is_refused(field: str, value: object) -> None:
    plan = builders.execution_plan()
    with pytest.raises(ValidationError):
        read_back({**body_of(plan), field: value}, plan)


def test_a_result_is_published_under_its_status() -> None:
    plan = builders.execution_plan()
    for status in ResultStatus:
        code = None if status is ResultStatus.SUCCESS else "not_seen_yet"
        signature = {"signature": None} if status is ResultStatus.SIMULATED else {}
        event = builders.plan_envelope(builders.execution_result(plan, outcome=status, error_code=code, **signature))
        assert event.subject == f"executed.{status}.{plan.opportunity_id}"


@pytest.mark.parametrize("outcome", [ResultStatus.FAILED, ResultStatus.TIMEOUT])
def test_what_is_no_success_has_a_code(outcome: ResultStatus) -> None:
    with pytest.raises(ValidationError):
        builders.execution_result(builders.execution_plan(), outcome=outcome)


def test_what_was_simulated_is_an_end_of_its_own_without_a_signature() -> None:
    plan = builders.execution_plan()
    simulated = builders.execution_result(plan, outcome=ResultStatus.SIMULATED, signature=None)
    assert simulated.is_final
    with pytest.raises(ValidationError):
        builders.execution_result(plan, outcome=ResultStatus.SIMULATED)


def test_a_plan_whose_worth_nobody_knows_says_so() -> None:
    plan = builders.execution_plan(expected_profit_usd=None)
    body = body_of(plan)
    assert body["expectedProfitUsd"] is None
    assert read_back(body, plan).body == plan


def test_a_plan_has_one_end_and_at_most_one_timeout() -> None:
    plan = builders.execution_plan()
    success = builders.execution_result(plan)
    failed = builders.execution_result(plan, outcome=ResultStatus.FAILED, error_code="reverted", execution_id=uuid4())
    timeout = builders.execution_result(plan, outcome=ResultStatus.TIMEOUT, error_code="not_seen_yet")
    assert success.event_id() == failed.event_id()
    assert timeout.event_id() not in {success.event_id(), plan.event_id()}
