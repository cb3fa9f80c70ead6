"""The fold says what the events say, and refuses histories that cannot be."""

from uuid import uuid4

import pytest

from tests import builders
from tradewind.domain import events
from tradewind.domain.status import ImpossibleMove, IntentStatus
from tradewind.state.fold import ImpossibleHistory, fold
from tradewind.state.view import IntentView, TimelineEntry
from tradewind.streaming.recorded import Recorded


def recorded(body: events.Event, seq: int = 1) -> Recorded:
    if isinstance(body, events.IntentEvent):
        return Recorded(seq, builders.envelope(body, at_ns=builders.START_NS + seq), "hash")
    assert isinstance(body, events.SystemEvent)
    return Recorded(seq, builders.system_envelope(body), "hash")


def folded(*bodies: events.Event) -> IntentView:
    view = None
    for seq, body in enumerate(bodies, start=1):
        view = fold(view, recorded(body, seq))
    assert view is not None
    return view


def test_a_filled_intent_shows_everything_its_events_said() -> None:
    life = builders.lifecycle()
    submitted, validated, processed, planned, sent, confirmed, completed = life
    view = folded(*life)
    assert isinstance(submitted, events.IntentSubmitted)
    assert view.intent == submitted.intent
    assert view.wallet == builders.WALLET
    assert view.priority == submitted.priority
    assert (view.received_at_ns, view.valid_until_ns) == (builders.START_NS, builders.START_NS + 300_000_000_000)
    assert view.status is IntentStatus.COMPLETED
    assert view.validated == validated
    assert isinstance(processed, events.IntentProcessed)
    assert view.slices == processed.slices
    assert isinstance(planned, events.PlanCreated)
    assert view.plans == (planned.plan,)
    assert view.submitted == (sent,)
    assert isinstance(confirmed, events.ExecutionStepConfirmed)
    assert view.results == (confirmed.result,)
    assert view.completed == completed
    assert (view.code, view.message) == (None, None)
    assert (view.first_seq, view.last_seq) == (1, 7)
    assert view.timeline[3] == TimelineEntry(type="PlanCreated", at_ns=builders.START_NS + 4, seq=4)
    assert [entry.seq for entry in view.timeline] == [1, 2, 3, 4, 5, 6, 7]


def test_an_intent_that_ended_without_a_fill_says_why() -> None:
    first = builders.submitted()
    intent_id = first.intent_id
    ends: list[tuple[events.IntentRejected | events.IntentExpired | events.ExecutionFailed, IntentStatus, str]] = [
        (builders.rejected(intent_id), IntentStatus.REJECTED, "balance_too_low"),
        (builders.expired(intent_id), IntentStatus.EXPIRED, "deadline_passed"),
        (builders.failed(intent_id), IntentStatus.FAILED, "step_reverted"),
    ]
    for end, status, code in ends:
        view = folded(first, end)
        assert (view.status, view.code, view.message) == (status, code, end.message)


def test_status_follows_the_events() -> None:
    life = builders.lifecycle()
    statuses = [folded(*life[:count]).status for count in range(1, 8)]
    assert statuses == ["PENDING"] * 3 + ["PROCESSING"] * 3 + ["COMPLETED"]


def test_a_second_slice_may_be_planned_while_the_first_is_in_flight() -> None:
    life = builders.lifecycle()
    second = builders.planned(life[0].intent_id, slice_index=1)
    view = folded(*life[:4], second)
    assert view.status is IntentStatus.PROCESSING
    assert [plan.slice_index for plan in view.plans] == [0, 1]


def test_events_of_the_service_leave_every_view_as_it_is() -> None:
    view = folded(builders.submitted())
    for body in (events.ServiceStopped(open_intents=1), events.KillSwitchReleased(kill_epoch=1, by="operator")):
        assert fold(view, recorded(body, 2)) is view
        assert fold(None, recorded(body, 2)) is None


def test_every_type_of_event_of_an_intent_has_a_place() -> None:
    for envelope in builders.one_of_each():
        if not isinstance(envelope.body, events.IntentEvent) or isinstance(envelope.body, events.IntentSubmitted):
            continue
        intent_id = envelope.body.intent_id
        view = folded(builders.submitted(builders.an_intent(id=intent_id)))
        if isinstance(envelope.body, events.ExecutionCompleted):
            view = view.model_copy(update={"status": IntentStatus.PROCESSING})
        after = fold(view, Recorded(2, envelope, "hash"))
        assert after is not None
        assert after.timeline[-1].type == envelope.type


def test_is_pure() -> None:
    life = builders.lifecycle()
    before = folded(*life[:4])
    copy = before.model_copy(deep=True)
    assert folded(*life) == folded(*life)
    fold(before, recorded(life[4], 5))
    assert before == copy


def test_an_impossible_move_raises() -> None:
    life = builders.lifecycle()
    with pytest.raises(ImpossibleMove):
        folded(*life[:3], life[6])
    with pytest.raises(ImpossibleMove):
        folded(*life[:4], builders.rejected(life[0].intent_id))
    with pytest.raises(ImpossibleMove):
        folded(*life, builders.expired(life[0].intent_id))


@pytest.mark.parametrize("length", [0, 7])
def test_nothing_comes_before_the_submission_or_after_the_end(length: int) -> None:
    life = builders.lifecycle()
    intent_id = life[0].intent_id
    with pytest.raises(ImpossibleHistory):
        folded(*life[:length], builders.validated(intent_id))


def test_an_intent_is_submitted_once_and_events_belong_to_it() -> None:
    first = builders.submitted()
    with pytest.raises(ImpossibleHistory):
        folded(first, first)
    with pytest.raises(ImpossibleHistory):
        folded(first, builders.validated(uuid4()))
