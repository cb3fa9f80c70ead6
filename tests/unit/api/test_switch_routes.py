"""The kill switch over HTTP: it needs the switch alone, and says what it did."""

import pytest

from tests import builders
from tests.unit.api.house import House
from tradewind.api.check import Check
from tradewind.api.scopes import Scope
from tradewind.errors import Unavailable

EVERYTHING = {"wallet": None, "strategy_id": None}
STRATEGY = str(builders.STRATEGY_ID)


async def test_a_halt_is_made_in_the_name_of_the_token_and_answers_with_the_epoch(house: House) -> None:
    name, token = house.new_token("night-watch", Scope.HALT)
    own = {"Authorization": f"Bearer {token}"}
    response, shown = await house.call("POST", "/halt", body={"reason": "prices look wrong"}, headers=own)
    assert response.status == 200
    assert shown == {"halted": True, "kill_epoch": 1, "reason": "prices look wrong", **EVERYTHING}
    assert house.switch.calls == [("halt", name)]


@pytest.mark.parametrize("scope", [{"wallet": builders.WALLET}, {"strategy_id": STRATEGY}])
async def test_a_halt_can_be_of_one_wallet_or_one_strategy_alone(house: House, scope: dict[str, str]) -> None:
    response, shown = await house.call("POST", "/halt", body={"reason": "odd fills", **scope})
    assert response.status == 200
    assert shown == {"halted": True, "kill_epoch": 1, "reason": "odd fills", **EVERYTHING, **scope}
    _, state = await house.call("GET", "/halt")
    assert (state["halted"], state["reason"]) == (False, None)
    [halt] = state["halts"]
    assert {key: halt[key] for key in ("kill_epoch", "by", "reason")} == {
        "kill_epoch": 1, "by": "owner", "reason": "odd fills",
    }  # fmt: skip
    assert {key: halt[key] for key in EVERYTHING} == {**EVERYTHING, **scope}


async def test_a_wallet_is_known_in_whatever_case_it_is_written(house: House) -> None:
    _, shown = await house.call("POST", "/halt", body={"reason": "x", "wallet": builders.WALLET.lower()})
    assert shown["wallet"] == builders.WALLET


async def test_each_halt_is_ended_by_its_own_epoch_and_the_others_stay(house: House) -> None:
    await house.call("POST", "/halt", body={"reason": "one", "wallet": builders.WALLET})
    await house.call("POST", "/halt", body={"reason": "two"})
    response, shown = await house.call("POST", "/resume", body={"kill_epoch": 2, "confirm": "resume"})
    assert (response.status, shown["halted"], shown["kill_epoch"]) == (200, False, 2)
    _, state = await house.call("GET", "/halt")
    assert (state["halted"], [halt["kill_epoch"] for halt in state["halts"]]) == (False, [1])
    response, _ = await house.call("POST", "/resume", body={"kill_epoch": 2, "confirm": "resume"})
    assert response.status == 422


async def test_a_halt_works_when_everything_else_is_broken(house: House) -> None:
    house.door.failure = RuntimeError("no intake")
    house.checks[:] = [Check(name="signer", ok=False, detail="away")]
    house.journal.close()
    assert (await house.call("POST", "/intents", data=builders.INTENT_JSON))[0].status >= 500
    response, shown = await house.call("POST", "/halt", body={"reason": "everything is broken"})
    assert (response.status, shown["halted"]) == (200, True)


async def test_the_state_of_the_switch_is_shown(house: House) -> None:
    _, shown = await house.call("GET", "/halt")
    assert shown == {"halted": False, "kill_epoch": 0, "reason": None, "halts": []}
    await house.call("POST", "/halt", body={"reason": "a pause"})
    _, shown = await house.call("GET", "/halt")
    [halt] = shown.pop("halts")
    assert shown == {"halted": True, "kill_epoch": 1, "reason": "a pause"}
    assert halt == {"kill_epoch": 1, "reason": "a pause", "by": "owner", "at": "1970-01-01T00:00:00.000Z", **EVERYTHING}


async def test_a_resume_needs_the_epoch_that_the_switch_shows(house: House) -> None:
    await house.call("POST", "/halt", body={"reason": "a pause"})
    response, problem = await house.call("POST", "/resume", body={"kill_epoch": 0, "confirm": "resume"})
    assert (response.status, problem["code"]) == (422, "kill_epoch")
    assert house.switch.halted
    response, shown = await house.call("POST", "/resume", body={"kill_epoch": 1, "confirm": "resume"})
    assert (response.status, shown["halted"]) == (200, False)
    assert house.switch.calls[-1] == ("resume", "owner")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/halt", {}, "reason"),
        ("/halt", {"reason": ""}, "reason"),
        ("/halt", {"reason": "x" * 501}, "reason"),
        ("/halt", {"reason": "x", "by": "somebody else"}, "by"),
        ("/halt", {"reason": "x", "wallet": "0x12"}, "wallet"),
        ("/halt", {"reason": "x", "wallet": "0x" + "1" * 40}, "wallet"),
        ("/halt", {"reason": "x", "wallet": builders.WALLET.swapcase().replace("0X", "0x")}, "wallet"),
        ("/halt", {"reason": "x", "strategy_id": "example"}, "strategy_id"),
        ("/halt", {"reason": "x", "strategy_id": "00000000-0000-4000-8000-000000000000"}, "strategy_id"),
        ("/halt", {"reason": "x", "strategy_id": STRATEGY, "wallet": builders.WALLET}, "(whole)"),
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
