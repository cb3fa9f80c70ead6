"""What the ends of the slices come to: one table, and one end however many slices end together."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests import builders
from tests.desk import Desk, a_desk
from tradewind.domain.events import IntentCancelRequested, IntentEvent, IntentProcessed, SliceEnded
from tradewind.domain.plan import Exact
from tradewind.domain.slice import Slice, SliceOutcome
from tradewind.planning.endings import unfilled

FILLED, FAILED, EXPIRED, CANCELLED = SliceOutcome
PLAN_ID = UUID(int=7)


def decomposed(intent_id: UUID, slices: int) -> IntentProcessed:
    parts = tuple(
        Slice(
            index=index,
            exact=Exact.OUT,
            token_in=builders.USDC.address,
            token_out=builders.WETH.address,
            amount_raw=10**18,
        )
        for index in range(slices)
    )
    return IntentProcessed(intent_id=intent_id, slices=parts, because="test", gate_id="ab" * 16)


def an_end(intent_id: UUID, index: int, outcome: SliceOutcome, *, planned: bool = True, fee_raw: int = 0) -> SliceEnded:
    plan_id = PLAN_ID if planned else None
    if outcome is FILLED:
        return builders.slice_ended(
            intent_id, plan_id, slice_index=index, filled_in_raw=3_000, filled_out_raw=10, fee_raw=7
        )
    return unfilled(
        intent_id, index, outcome, code=f"code_{index}", message=f"Said {index}.", plan_id=plan_id, fee_raw=fee_raw
    )


async def ended_as(desk: Desk, ends: list[dict[str, Any]], *, planned: bool) -> tuple[str, IntentEvent]:
    """Put an intent with so many slices on record, end them in reverse order, and read its last event."""
    first = builders.submitted()
    facts: list[IntentEvent] = [first, builders.validated(first.intent_id), decomposed(first.intent_id, len(ends))]
    if planned:
        facts.append(builders.planned(first.intent_id, plan_id=PLAN_ID))
    cause = (await desk.record(*facts))[-1]
    for index, end in reversed(list(enumerate(ends))):
        await desk.endings.end_slice(an_end(first.intent_id, index, **end), cause)
    rows = desk.state.events(first.intent_id)
    body = rows[-1].envelope.body
    assert isinstance(body, IntentEvent)
    assert [row.envelope.type for row in rows].count("SliceEnded") == len(ends)
    return desk.view(first.intent_id).status.value, body


@pytest.mark.parametrize(
    ("outcomes", "planned", "status", "type_name", "code"),
    [
        ([FILLED, FILLED], True, "COMPLETED", "ExecutionCompleted", None),
        ([FILLED, FAILED], True, "PARTIALLY_COMPLETED", "ExecutionPartiallyCompleted", "code_1"),
        ([EXPIRED, FILLED, CANCELLED], True, "PARTIALLY_COMPLETED", "ExecutionPartiallyCompleted", "code_0"),
        ([FAILED, FAILED], True, "FAILED", "ExecutionFailed", "code_0"),
        ([EXPIRED, FAILED], True, "FAILED", "ExecutionFailed", "code_1"),
        ([EXPIRED, FAILED], False, "FAILED", "ExecutionFailed", "code_1"),
        ([FAILED, FAILED], False, "REJECTED", "IntentRejected", "code_0"),
        ([EXPIRED, EXPIRED], True, "EXPIRED", "IntentExpired", "code_0"),
        ([EXPIRED], False, "EXPIRED", "IntentExpired", "code_0"),
        ([FAILED, CANCELLED], True, "CANCELLED", "IntentCancelled", "code_1"),
        ([CANCELLED, EXPIRED], False, "CANCELLED", "IntentCancelled", "code_0"),
    ],
)
async def test_the_ends_of_the_slices_make_the_end_of_the_intent(
    tmp_path: Path, outcomes: list[SliceOutcome], planned: bool, status: str, type_name: str, code: str | None
) -> None:
    async with a_desk(tmp_path, planning=False) as desk:
        ends = [{"outcome": outcome, "planned": planned} for outcome in outcomes]
        seen, body = await ended_as(desk, ends, planned=planned)
    assert (seen, body.type_name(), getattr(body, "code", None)) == (status, type_name, code)


async def test_sums_are_those_of_the_fills_and_of_every_fee(tmp_path: Path) -> None:
    async with a_desk(tmp_path, planning=False) as desk:
        ends: list[dict[str, Any]] = [{"outcome": FILLED}, {"outcome": FAILED, "fee_raw": 5}, {"outcome": FILLED}]
        _, body = await ended_as(desk, ends, planned=True)
    found = body.model_dump(mode="json")
    assert (found["filled_in_raw"], found["filled_out_raw"], found["fee_raw"]) == ("6000", "20", "19")
    assert found["message"] == "2 of 3 slices were filled. Slice 2: Said 1."


async def test_gas_that_was_spent_makes_an_expiry_a_failure_and_is_named_by_a_cancel(tmp_path: Path) -> None:
    async with a_desk(tmp_path, planning=False) as desk:
        status, _ = await ended_as(desk, [{"outcome": EXPIRED, "fee_raw": 1}], planned=True)
        assert status == "FAILED"
        status, body = await ended_as(desk, [{"outcome": CANCELLED, "fee_raw": 10**15}], planned=True)
    assert status == "CANCELLED"
    assert body.model_dump()["message"] == ("Said 0. Nothing was traded. Gas of 0.001 of the native coin was spent.")


async def test_slices_that_end_at_the_same_moment_make_one_end(tmp_path: Path) -> None:
    async with a_desk(tmp_path, planning=False) as desk:
        first = builders.submitted()
        intent_id = first.intent_id
        facts = [
            first,
            builders.validated(intent_id),
            decomposed(intent_id, 8),
            builders.planned(intent_id, plan_id=PLAN_ID),
        ]
        cause = (await desk.record(*facts))[-1]
        ends = [an_end(intent_id, index, FILLED) for index in range(8)]
        await asyncio.gather(*(desk.endings.end_slice(end, cause) for end in [*ends, *ends]))
        types = [row.envelope.type for row in desk.state.events(intent_id)]
    assert types[4:] == ["SliceEnded"] * 8 + ["ExecutionCompleted"]


async def test_an_intent_that_was_taken_back_ends_anew_with_what_its_slices_are_now(tmp_path: Path) -> None:
    async with a_desk(tmp_path, planning=False) as desk:
        first = builders.submitted()
        intent_id = first.intent_id
        plan = builders.planned(intent_id, plan_id=PLAN_ID)
        facts = [first, builders.validated(intent_id), decomposed(intent_id, 2), plan]
        cause = (await desk.record(*facts))[-1]
        await desk.endings.end_slice(an_end(intent_id, 0, FILLED), cause, builders.step_confirmed(intent_id, PLAN_ID))
        await desk.endings.end_slice(an_end(intent_id, 1, EXPIRED, planned=False), cause)
        assert desk.view(intent_id).status.value == "PARTIALLY_COMPLETED"
        [cause] = await desk.record(builders.reorganised(intent_id, PLAN_ID))
        assert desk.view(intent_id).status.value == "PROCESSING"
        await desk.endings.end_slice(an_end(intent_id, 0, EXPIRED), cause)
        view = desk.view(intent_id)
    assert (view.status.value, view.round, view.completed) == ("EXPIRED", 1, None)


async def test_what_has_ended_stays_as_it_ended(tmp_path: Path) -> None:
    async with a_desk(tmp_path, planning=False) as desk:
        first = builders.submitted()
        facts = [first, builders.validated(first.intent_id), decomposed(first.intent_id, 1)]
        facts.append(IntentCancelRequested(intent_id=first.intent_id, by="desk", reason="test"))
        cause = (await desk.record(*facts))[-1]
        await desk.endings.end_slice(an_end(first.intent_id, 0, CANCELLED, planned=False), cause)
        rows = desk.state.events(first.intent_id)
        await desk.endings.end_slice(an_end(first.intent_id, 0, FILLED), cause)
        assert desk.state.events(first.intent_id) == rows
