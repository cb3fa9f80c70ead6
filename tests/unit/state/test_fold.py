"""The fold says what the events say, and refuses histories that cannot be."""

from uuid import uuid4

import pytest

from tests import builders
from tradewind.domain import events
from tradewind.domain.event import Event, SystemEvent
from tradewind.domain.status import ImpossibleMove, IntentStatus
from tradewind.state.fold import ImpossibleHistory, fold
from tradewind.state.view import IntentView, TimelineEntry
from tradewind.streaming.recorded import Recorded


def recorded(body: Event, seq: int = 1) -> Recorded:
    if isinstance(body, events.IntentEvent):
        return Recorded(seq, builders.envelope(body, at_ns=builders.START_NS + seq), "hash")
    assert isinstance(body, SystemEvent)
    return Recorded(seq, builders.system_envelope(body), "hash")


def folded(*bodies: Event) -> IntentView:
    view = None
    for seq, body in enumerate(bodies, start=1):
        view = fold(view, recorded(body, seq))
    assert view is not None
    return view


def test_a_filled_intent_shows_everything_its_events_said() -> None:
    life = builders.lifecycle()
    submitted, validated, processed, planned, sent, confirmed, completed, _finalized = life
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
    assert (view.finalized, view.is_settled) == (frozenset({0}), True)
    assert (view.first_seq, view.last_seq) == (1, 8)
    assert view.timeline[3] == TimelineEntry(type="PlanCreated", at_ns=builders.START_NS + 4, seq=4)
    assert [entry.seq for entry in view.timeline] == [1, 2, 3, 4, 5, 6, 7, 8]


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
        if isinstance(envelope.body, (events.ExecutionCompleted, events.ExecutionPartiallyCompleted)):
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


class TestReorganisation:
    def test_takes_back_the_step_and_everything_that_was_concluded_from_it(self) -> None:
        life = builders.lifecycle()
        intent_id, plan_id = life[0].intent_id, life[3].plan.plan_id  # type: ignore[attr-defined]
        confirmed = folded(*life[:6])
        ended = folded(*life[:6], builders.slice_ended(intent_id, plan_id), life[6])
        reopened = folded(
            *life[:6],
            builders.slice_ended(intent_id, plan_id),
            life[6],
            gone := builders.reorganised(intent_id, plan_id),
        )
        assert ended.status is IntentStatus.COMPLETED
        assert reopened.status is IntentStatus.PROCESSING
        assert (reopened.results, reopened.ended_slices, reopened.completed) == ((), (), None)
        assert (reopened.round, reopened.reorganised) == (1, (gone,))
        # What was signed and sent stays so.
        assert reopened.submitted == confirmed.submitted

    def test_leaves_the_slices_of_other_plans_as_they_ended(self) -> None:
        life = builders.lifecycle()
        intent_id, plan_id = life[0].intent_id, life[3].plan.plan_id  # type: ignore[attr-defined]
        second = builders.planned(intent_id, slice_index=1)
        other = builders.slice_ended(intent_id, second.plan.plan_id, slice_index=1)
        first = builders.slice_ended(intent_id, plan_id)
        view = folded(*life[:4], second, *life[4:6], first, other, builders.reorganised(intent_id, plan_id))
        assert view.ended_slices == (other,)

    @pytest.mark.parametrize("end", ["completed", "failed", "partial"])
    def test_opens_an_intent_that_ended_in_any_way_that_rests_on_the_chain(self, end: str) -> None:
        life = builders.lifecycle()
        intent_id, plan_id = life[0].intent_id, life[3].plan.plan_id  # type: ignore[attr-defined]
        [partial] = [
            envelope.body for envelope in builders.one_of_each() if envelope.type == "ExecutionPartiallyCompleted"
        ]
        ends = {
            "completed": life[6],
            "failed": builders.failed(intent_id, plan_id),
            "partial": partial.model_copy(update={"intent_id": intent_id}),
        }
        view = folded(*life[:6], ends[end], builders.reorganised(intent_id, plan_id))
        assert (view.status, view.code, view.message) == (IntentStatus.PROCESSING, None, None)

    def test_is_followed_by_the_same_facts_once_more(self) -> None:
        life = builders.lifecycle()
        intent_id, plan_id = life[0].intent_id, life[3].plan.plan_id  # type: ignore[attr-defined]
        again = [body.model_copy(update={"round": 1}) for body in life[5:7]]
        view = folded(*life[:7], builders.reorganised(intent_id, plan_id), *again)
        assert (view.status, view.completed) == (IntentStatus.COMPLETED, again[1])
        assert not view.is_settled
        assert folded(*life[:7], builders.reorganised(intent_id, plan_id), *again, life[7]).is_settled

    def test_facts_of_another_round_are_other_events_and_those_of_the_same_round_the_same(self) -> None:
        intent_id, plan_id = uuid4(), uuid4()
        ids = {
            builders.envelope(body.model_copy(update={"round": number})).id
            for number in (0, 1, 1, 2)
            for body in (
                builders.step_confirmed(intent_id, plan_id),
                builders.completed(intent_id, plan_id),
                builders.slice_ended(intent_id, plan_id),
                builders.reorganised(intent_id, plan_id),
            )
        }
        assert len(ids) == 12

    def test_forgets_in_which_block_the_transaction_was_seen(self) -> None:
        life = builders.lifecycle()
        intent_id, plan_id = life[0].intent_id, life[3].plan.plan_id  # type: ignore[attr-defined]
        seen = events.ExecutionStepSeen(
            intent_id=intent_id, plan_id=plan_id, step=0, tx_hash=builders.TX_HASH, block=builders.BLOCK
        )
        assert folded(*life[:5], seen).seen == (seen,)
        assert folded(*life[:5], seen, life[5], builders.reorganised(intent_id, plan_id)).seen == ()


def test_a_transaction_climbs_from_submitted_over_seen_and_confirmed_to_finalized() -> None:
    life = builders.lifecycle()
    intent_id, plan_id = life[0].intent_id, life[3].plan.plan_id  # type: ignore[attr-defined]
    sent = life[4]
    assert isinstance(sent, events.ExecutionStepSubmitted)
    seen = events.ExecutionStepSeen(
        intent_id=intent_id, plan_id=plan_id, step=0, tx_hash=builders.TX_HASH, block=builders.BLOCK
    )
    ladder = [*life[:5], seen, *life[5:]]
    levels = [folded(*ladder[:count]).level_of(sent) for count in range(5, 10)]
    assert levels == ["submitted", "seen", "confirmed", "confirmed", "finalized"]
    assert folded(*life[:7], builders.reorganised(intent_id, plan_id)).level_of(sent) == "submitted"


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
