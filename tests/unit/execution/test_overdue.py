"""An open step long after its deadline raises one alarm."""

from uuid import uuid4

import pytest

from tests import builders
from tests.builders import a_plan
from tests.fake_clock import START_NS, FakeClock
from tests.unit.state.test_fold import folded, recorded
from tradewind.execution.overdue import FINAL_WITHIN_S, GRACE_S, Overdue, is_late_to_settle, is_overdue
from tradewind.observability import events
from tradewind.state.fold import fold
from tradewind.state.view import IntentView

NS_PER_S = 1_000_000_000


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(events, "overdue", lambda *, intent_id, what: told.append(what))
    return told


def reopened(after_ns: int) -> IntentView:
    """An intent that had ended, until a reorganisation took its transaction back."""
    life = builders.lifecycle()
    plan_id = life[3].plan.plan_id  # type: ignore[attr-defined]
    row = recorded(builders.reorganised(life[0].intent_id, plan_id), after_ns)
    view = fold(folded(*life[:7]), row)
    assert view is not None
    return view


async def test_the_alarm_is_raised_once_and_not_before_the_grace_is_over(told: list[str]) -> None:
    clock = FakeClock()
    plan = a_plan(uuid4(), deadline_s=clock.now_ns() // 10**9)
    watch = Overdue(plan, clock)
    await clock.advance(GRACE_S)
    watch.check("receipt")
    assert told == []
    await clock.advance(1)
    watch.check("receipt")
    watch.check("receipt")
    assert told == ["receipt"]


async def test_what_a_reorganisation_opened_again_gets_its_time_anew(told: list[str]) -> None:
    hour_ns = 3_600 * NS_PER_S
    view = reopened(hour_ns)
    clock = FakeClock(START_NS + hour_ns)
    watch = Overdue(view.plans[0], clock, view)
    watch.check("receipt")
    assert not is_overdue(view, clock.now_ns())
    assert told == []
    await clock.advance(GRACE_S + 1)
    watch.check("receipt")
    assert is_overdue(view, clock.now_ns())
    assert told == ["receipt"]


def test_an_intent_is_overdue_once_its_window_and_the_grace_are_over() -> None:
    view = folded(*builders.lifecycle()[:5])
    last_ns = view.valid_until_ns + GRACE_S * NS_PER_S
    assert not is_overdue(view, last_ns)
    assert is_overdue(view, last_ns + 1)


def test_an_intent_that_has_ended_is_late_to_settle_until_its_transactions_are_final() -> None:
    life = builders.lifecycle()
    open_still, ended, settled = folded(*life[:6]), folded(*life[:7]), folded(*life)
    last_ns = ended.timeline[-1].at_ns + FINAL_WITHIN_S * NS_PER_S
    assert not is_late_to_settle(ended, last_ns)
    assert is_late_to_settle(ended, last_ns + 1)
    assert not is_late_to_settle(open_still, last_ns + 1)
    assert not is_late_to_settle(settled, last_ns + 1)
