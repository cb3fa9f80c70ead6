"""Commands that ask the service, against the real API: tables for people, JSON for programs, and their exit codes."""

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from tests import builders
from tests.unit.api.doubles import DAY_KEY, a_quote, refusal
from tests.unit.api.house import CONFIGS, House, open_house
from tests.unit.cli.terminal import Said, tradewind
from tradewind.cli.amounts import usd_text

INTENT = CONFIGS / "intent.json"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def ask(house: House, *arguments: object, stdin: str | None = None) -> Said:
    where = ("--url", house.url, "--token-file", house.settings.token_file)
    return await asyncio.to_thread(tradewind, *arguments, *where, stdin=stdin)


async def test_a_quote_is_shown_with_its_verdict_first_and_the_file_need_not_be_called_one(house: House) -> None:
    for words in (("quote", INTENT), ("quote", "file", INTENT)):
        said = await ask(house, *words)
        assert said.exit_code == 0, said.stderr
        assert "would be" in said.stdout
        assert "accepted" in said.stdout
        assert "USDC -(0.05 %)-> WETH on uniswap_v3" in said.stdout
        assert "6,000 USDC, at most 6,030 USDC" in said.stdout
    from_stdin = await ask(house, "quote", "--json", "-", stdin=INTENT.read_text())
    assert from_stdin.document["would_be"] == "accepted"


async def test_a_quote_that_would_be_rejected_has_exit_code_1_and_says_why(house: House) -> None:
    house.quotes.answer = a_quote(refusals=(refusal("price_impact_too_high", "It moves the price too much."),))
    said = await ask(house, "quote", INTENT)
    assert said.exit_code == 1
    assert "It moves the price too much. (price_impact_too_high)" in said.stdout


async def test_an_intent_is_submitted_once_under_a_key_of_ones_own(house: House) -> None:
    ids = [(await ask(house, "intent", "submit", INTENT, "--key", "k-1", "--json")).document["id"] for _ in range(2)]
    assert ids[0] == ids[1]
    assert (await ask(house, "intent", "submit", INTENT, "--json")).document["id"] != ids[0]


async def test_lists_go_on_where_the_last_one_ended(house: House) -> None:
    await house.publish([builders.submitted() for _ in range(3)])
    first = await ask(house, "intent", "list", "--limit", "2", "--json")
    rest = await ask(house, "intent", "list", "--cursor", first.document["next_cursor"], "--json")
    assert [len(page.document["intents"]) for page in (first, rest)] == [2, 1]
    assert "older ones: --cursor" in (await ask(house, "intent", "list", "--limit", "2")).stdout


async def test_an_intent_of_several_slices_shows_each_of_them(house: House) -> None:
    life = builders.lifecycle()
    whole = life[2].slices[0]  # type: ignore[attr-defined]
    parts = tuple(whole.model_copy(update={"index": i, "not_before_ns": i * builders.START_NS}) for i in range(2))
    cut = life[2].model_copy(update={"slices": parts, "because": "two cost less than one"})
    plan_id = life[3].plan.plan_id  # type: ignore[attr-defined]
    await house.publish([*life[:2], cut, *life[3:6], builders.slice_ended(life[0].intent_id, plan_id)])
    said = await ask(house, "intent", "show", life[0].intent_id)
    assert "2: two cost less than one" in said.stdout
    slices = [line for line in said.stdout.splitlines() if line.startswith("slice ")]
    assert [" ".join(line.split()) for line in slices] == [
        "slice 1 1.5 WETH, filled",
        "slice 2 1.5 WETH, not before 2025-10-09T08:53:20.000Z",
    ]
    assert "swap succeeded (confirmed)" in said.stdout


async def test_events_are_shown_in_order_followed_and_told_apart_by_intent(house: House) -> None:
    await house.publish(mine := builders.lifecycle())
    await house.publish(builders.lifecycle())
    recorded = await ask(house, "events", "--json")
    assert [json.loads(line)["seq"] for line in recorded.stdout.splitlines()] == list(range(1, 17))
    followed = await ask(house, "events", "-f", "--after", "14", "--limit", "2")
    assert [line.split()[:2] for line in followed.stdout.splitlines()] == [
        ["15", "ExecutionCompleted"],
        ["16", "ExecutionStepFinalized"],
    ]
    one = await ask(house, "events", "--intent", mine[0].intent_id)
    assert len(one.stdout.splitlines()) == len(mine)


async def test_a_cancel_of_what_is_not_there_or_has_ended_has_exit_code_1(house: House) -> None:
    await house.publish([first := builders.submitted(), builders.rejected(first.intent_id)])
    for intent_id, code in ((uuid4(), "intent_not_found"), (first.intent_id, "intent_ended")):
        said = await ask(house, "cancel", intent_id, "--json")
        assert (said.exit_code, said.error["code"]) == (1, code)


async def test_the_portfolio_is_a_table_of_units_and_dollars(house: House) -> None:
    said = await ask(house, "portfolio")
    assert said.exit_code == 0, said.stderr
    [row] = [line for line in said.stdout.splitlines() if line.startswith("USDC")]
    assert row.split() == ["USDC", "50,000", "$50,000.00", "6,030", "0", "43,970"]
    assert "total $50,000.00" in said.stdout
    assert (await ask(house, "portfolio", "--json")).document["total_usd"] == "50000"


async def test_limits_are_shown_without_a_command_and_changed_with_one(house: House) -> None:
    said = await ask(house, "limits")
    assert said.exit_code == 0, said.stderr
    assert DAY_KEY in said.stdout
    lowered = await ask(house, "limits", "set", DAY_KEY, "100000000000")
    assert "in force now" in lowered.stdout
    raised = await ask(house, "limits", "set", DAY_KEY, "300000000000")
    assert "unless it is taken back" in raised.stdout
    assert (await ask(house, "limits", "cancel-raise", DAY_KEY, "--json")).document == {"key": DAY_KEY, "raise": None}
    wrong = await ask(house, "limits", "set", DAY_KEY, "1.5", "--json")
    assert (wrong.exit_code, wrong.error["code"]) == (2, "value_malformed")
    unknown = await ask(house, "limits", "set", "max_nothing", "1", "--json")
    assert (unknown.exit_code, unknown.error["code"]) == (1, "limit_unknown")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (Decimal("1234.505"), "$1,234.50"), (Decimal("-0.01"), "-$0.01"), (Decimal(0), "$0.00")],
)
def test_dollars_read_as_dollars(value: Decimal | None, text: str) -> None:
    assert usd_text(value) == text


@pytest.mark.parametrize("group", ["quote", "limits"])
def test_the_help_of_a_group_with_a_default_is_that_of_the_group(group: str) -> None:
    said = tradewind(group, "--help")
    assert said.exit_code == 0
    assert f"Usage: tradewind {group} [OPTIONS] COMMAND" in said.stdout
