"""The kill switch over HTTP: it needs the switch alone, and says what it did."""

import pytest

from tests.unit.api.house import House
from tradewind.api.ports import Check
from tradewind.errors import Unavailable


async def test_a_halt_is_made_in_the_name_of_the_api_and_answers_with_the_epoch(house: House) -> None:
    response, shown = await house.call("POST", "/halt", body={"reason": "prices look wrong"})
    assert response.status == 200
    assert shown == {"halted": True, "kill_epoch": 1, "reason": "prices look wrong"}
    assert house.switch.calls == [("halt", "api")]


async def test_a_halt_works_when_everything_else_is_broken(house: House) -> None:
    house.door.failure = RuntimeError("no intake")
    house.checks[:] = [Check(name="signer", ok=False, detail="away")]
    house.journal.close()
    assert (await house.call("GET", "/intents"))[0].status >= 500
    response, shown = await house.call("POST", "/halt", body={"reason": "everything is broken"})
    assert (response.status, shown["halted"]) == (200, True)


async def test_the_state_of_the_switch_is_shown(house: House) -> None:
    _, shown = await house.call("GET", "/halt")
    assert shown == {"halted": False, "kill_epoch": 0, "reason": None}
    await house.call("POST", "/halt", body={"reason": "a pause"})
    _, shown = await house.call("GET", "/halt")
    assert shown == {"halted": True, "kill_epoch": 1, "reason": "a pause"}


async def test_a_resume_needs_the_epoch_that_the_switch_shows(house: House) -> None:
    await house.call("POST", "/halt", body={"reason": "a pause"})
    response, problem = await house.call("POST", "/resume", body={"kill_epoch": 0, "confirm": "resume"})
    assert (response.status, problem["code"]) == (422, "kill_epoch")
    assert house.switch.halted
    response, shown = await house.call("POST", "/resume", body={"kill_epoch": 1, "confirm": "resume"})
    assert (response.status, shown["halted"]) == (200, False)
    assert house.switch.calls[-1] == ("resume", "api")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/halt", {}, "reason"),
        ("/halt", {"reason": ""}, "reason"),
        ("/halt", {"reason": "x" * 501}, "reason"),
        ("/halt", {"reason": "x", "by": "somebody else"}, "by"),
        ("/resume", {"kill_epoch": 1}, "confirm"),
        ("/resume", {"kill_epoch": 1, "confirm": "yes"}, "confirm"),
        ("/resume", {"kill_epoch": "1", "confirm": "resume"}, "kill_epoch"),
        ("/resume", {"kill_epoch": True, "confirm": "resume"}, "kill_epoch"),
    ],
)
async def test_a_wrong_field_is_named_and_the_switch_left_alone(
    house: House, path: str, body: dict[str, object], field: str
) -> None:
    response, problem = await house.call("POST", path, body=body)
    assert response.status == 422
    assert [fault["field"] for fault in problem["faults"]] == [field]
    assert house.switch.calls == []


async def test_a_halt_that_the_switch_could_not_make_is_never_reported_as_made(house: House) -> None:
    house.switch.failure = Unavailable("signer_unreachable", "No signer answers.")
    response, problem = await house.call("POST", "/halt", body={"reason": "stop"})
    assert (response.status, problem["code"]) == (503, "signer_unreachable")
