"""Lanes of the core as executors know them: their health comes back, and a tip counts in lamports alone."""

from dataclasses import dataclass, field
from typing import Any, Literal, cast

import pytest

from tests import builders
from tests.fake_clock import FakeClock
from tradewind import core
from tradewind.errors import Refused
from tradewind.execution.executors.ports import SignedAttempt
from tradewind.execution.solana.lanes import JitoTips, SolanaLane

FLOOR_LAMPORTS, CAP_LAMPORTS = 1_000, 50_000
ATTEMPT = SignedAttempt(1, builders.SOLANA_WALLET, "signature", b"bytes", 1_000)


@dataclass
class Answer:
    """What the core tells of a sending."""

    kind: str
    lane: str = "rpc"
    code: str | None = None
    detail: str = ""
    reference: str | None = None
    retry_after_ms: int | None = None


@dataclass
class Lane:
    """A lane of the core that answers as it is told, and knows no tip floor."""

    kind: str = "unreachable"
    sent: list[bytes] = field(default_factory=list)
    name: Literal["rpc"] = "rpc"

    async def send(self, transaction: bytes) -> Any:
        self.sent.append(transaction)
        return Answer(self.kind)

    async def tip_floor(self) -> core.TipFloor:
        core.TipPolicy().tip_lamports(profit_lamports=-1)
        raise AssertionError


async def failing_lane(clock: FakeClock) -> tuple[SolanaLane, Lane]:
    """A lane that has just lost its health."""
    asked = Lane()
    lane = SolanaLane(asked, clock)
    while (await lane.health()).healthy:
        await lane.send(ATTEMPT)
    return lane, asked


async def test_a_lane_that_fell_ill_is_tried_again_half_a_minute_after_its_last_failure() -> None:
    clock = FakeClock()
    lane, _ = await failing_lane(clock)
    await clock.advance(29.9)
    assert not (await lane.health()).healthy
    await clock.advance(0.1)
    assert (await lane.health()).healthy


async def test_a_lane_that_fails_when_it_is_tried_again_rests_once_more() -> None:
    clock = FakeClock()
    lane, _ = await failing_lane(clock)
    await clock.advance(30)
    await lane.send(ATTEMPT)
    assert not (await lane.health()).healthy
    await clock.advance(30)
    assert (await lane.health()).healthy


async def test_a_lane_that_takes_what_it_is_tried_with_stays_in_use() -> None:
    clock = FakeClock()
    lane, asked = await failing_lane(clock)
    await clock.advance(30)
    asked.kind = "accepted"
    await lane.send(ATTEMPT)
    assert (await lane.health()).healthy


def tips() -> JitoTips:
    policy = core.TipPolicy(floor_lamports=FLOOR_LAMPORTS, cap_lamports=CAP_LAMPORTS)
    return JitoTips(cast("core.JitoLane", Lane()), policy, FakeClock())


async def test_a_profit_that_is_no_number_of_lamports_is_refused_with_a_code() -> None:
    with pytest.raises(Refused) as refused:
        await tips().tip(builders.execution_plan(expected_profit=1 << 64), attempt=1)
    assert refused.value.code == "integer_out_of_range"


async def test_a_profit_in_sol_has_to_be_worth_its_tip() -> None:
    with pytest.raises(Refused) as refused:
        await tips().tip(builders.execution_plan(expected_profit=1_998), attempt=1)
    assert refused.value.code == "tip_not_worth_it"
    assert (await tips().tip(builders.execution_plan(expected_profit=2_000), attempt=1)).lamports == FLOOR_LAMPORTS


@pytest.mark.parametrize("profit_raw", [1, 1 << 64])
async def test_a_profit_in_another_token_says_nothing_of_lamports_and_pays_the_least_tip(profit_raw: int) -> None:
    usdc = builders.USDC_MINT
    routes = builders.execution_plan().routes[::-1]
    plan = builders.execution_plan(routes=routes, input_token=usdc, output_token=usdc, expected_profit=profit_raw)
    assert (await tips().tip(plan, attempt=1)).lamports == FLOOR_LAMPORTS
    assert (await tips().tip(plan, attempt=2)).lamports == FLOOR_LAMPORTS * 5 // 4
