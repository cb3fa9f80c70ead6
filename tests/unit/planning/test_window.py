"""Work that ends early: at the end of the window, or with a cancel; and nobody is remembered who waits no longer."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import builders
from tests.desk import Desk, a_desk
from tradewind.domain.events import IntentCancelRequested
from tradewind.errors import Refused
from tradewind.planning.window import CancelRequested, IntentWindow, WindowClosed
from tradewind.state.view import IntentView

S = 10**9


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with a_desk(tmp_path, planning=False) as opened:
        yield opened
        assert opened.state._waiting == {}


@pytest.fixture
async def view(desk: Desk) -> IntentView:
    return desk.view(await desk.accept(builders.an_intent()))


async def for_ever(stopped: list[str]) -> None:
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        stopped.append("stopped")


async def test_work_that_is_done_in_time_gives_its_result_or_its_error(desk: Desk, view: IntentView) -> None:
    window, until_ns = IntentWindow(desk.state, desk.clock), desk.clock.now_ns() + S

    async def refused() -> None:
        raise Refused("no_route", "There is none.")

    assert await window.run(view, asyncio.sleep(0, "done"), until_ns=until_ns) == "done"
    with pytest.raises(Refused):
        await window.run(view, refused(), until_ns=until_ns)


async def test_work_is_stopped_at_the_end_of_the_window_and_not_before(desk: Desk, view: IntentView) -> None:
    window, stopped = IntentWindow(desk.state, desk.clock), list[str]()
    running = asyncio.create_task(window.run(view, for_ever(stopped), until_ns=desk.clock.now_ns() + 5 * S))
    await desk.clock.until_asleep()
    await desk.clock.advance(4.9)
    assert not running.done()
    await desk.clock.advance(0.1)
    with pytest.raises(WindowClosed):
        await running
    assert stopped == ["stopped"]


async def test_a_window_that_has_closed_lets_nothing_begin_that_takes_time(desk: Desk, view: IntentView) -> None:
    with pytest.raises(WindowClosed):
        await IntentWindow(desk.state, desk.clock).run(view, for_ever([]), until_ns=desk.clock.now_ns() - 1)


async def test_a_cancel_stops_work_and_comes_before_a_result_that_nobody_has_acted_on(
    desk: Desk, view: IntentView
) -> None:
    window, stopped = IntentWindow(desk.state, desk.clock), list[str]()
    until_ns = desk.clock.now_ns() + S
    running = asyncio.create_task(window.run(view, for_ever(stopped), until_ns=until_ns))
    await desk.clock.until_asleep()
    await desk.record(IntentCancelRequested(intent_id=view.intent.id, by="desk", reason="test"))
    with pytest.raises(CancelRequested):
        await running
    assert stopped == ["stopped"]
    with pytest.raises(CancelRequested):
        await window.run(view, asyncio.sleep(0, "done"), until_ns=until_ns)


async def test_a_service_that_stops_takes_the_work_with_it(desk: Desk, view: IntentView) -> None:
    window, stopped = IntentWindow(desk.state, desk.clock), list[str]()
    running = asyncio.create_task(window.run(view, for_ever(stopped), until_ns=desk.clock.now_ns() + S))
    await desk.clock.until_asleep()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert stopped == ["stopped"]
