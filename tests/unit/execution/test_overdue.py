"""An open step long after its deadline raises one alarm."""

from uuid import uuid4

import pytest

from tests.builders import a_plan
from tests.fake_clock import FakeClock
from tradewind.execution.overdue import GRACE_S, Overdue
from tradewind.observability import events


async def test_the_alarm_is_raised_once_and_not_before_the_grace_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(events, "overdue", lambda *, intent_id, what: told.append(what))
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
