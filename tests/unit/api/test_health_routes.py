"""Whether the service lives, for anybody; whether it can work, for whoever holds the token."""

from tests.unit.api.house import House
from tradewind.api.check import Check


async def test_health_needs_no_token_and_says_nothing_but_ok(house: House) -> None:
    async with house.client.get(f"{house.url}/healthz") as response:
        assert response.status == 200
        assert await response.json() == {"status": "ok"}


async def test_readiness_shows_every_check(house: House) -> None:
    response, shown = await house.call("GET", "/readyz")
    assert response.status == 200
    assert shown == {"ready": True, "checks": [{"name": "signer", "ok": True, "detail": "answers"}]}


async def test_one_failing_check_makes_the_service_not_ready_and_names_it(house: House) -> None:
    house.checks.append(Check(name="rpc", ok=False, detail="no answer from the node"))
    response, shown = await house.call("GET", "/readyz")
    assert (response.status, shown["ready"]) == (503, False)
    assert [check["name"] for check in shown["checks"] if not check["ok"]] == ["rpc"]
