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
from tradewind.observability import events as observe

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
    code: str | None = None
    sent: list[bytes] = field(default_factory=list)
    name: Literal["rpc"] = "rpc"

    async def send(self, transaction: bytes) -> Any:
        self.sent.append(transaction)
        return Answer(self.kind, code=self.code)

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


@dataclass
class News:
    """What a region says, of a bundle or of itself."""

    kind: str
    bundle_id: str | None = None
    detail: str = ""
    region: str = "grpc://region"
    slot: int | None = None
    reason: str | None = None


@dataclass
class Newsy(Lane):
    """A lane whose regions say what they are given, and then nothing."""

    news: list[News] = field(default_factory=list)

    async def send(self, transaction: bytes) -> Any:
        return Answer("accepted", reference="ours")

    async def bundle_news(self) -> list[News]:
        if not self.news:
            raise EOFError
        return [self.news.pop(0)]


async def test_news_of_our_bundles_are_said_and_a_region_that_stays_silent_only_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[tuple[object, ...]] = []
    monkeypatch.setattr(observe, "feed_changed", lambda **told: said.append((told["state"], told["detail"])))
    monkeypatch.setattr(observe, "bundle_told", lambda **told: said.append((told["kind"], told["bundle_id"])))
    down = News("interrupted", detail="refused")
    heard = [down, down, News("following"), News("rejected", "ours"), News("rejected", "another's"), down]
    lane = tips(Newsy(news=heard))
    await lane.send(ATTEMPT)
    with pytest.raises(EOFError):
        await lane.follow_news()
    assert said == [("down", "refused"), ("live", ""), ("rejected", "ours"), ("down", "refused")]


@pytest.mark.parametrize(("code", "healthy"), [("unauthenticated", False), ("program_error", True)])
async def test_a_lane_that_does_not_take_our_key_falls_ill_and_one_that_refuses_a_program_does_not(
    code: str, healthy: bool
) -> None:
    lane = SolanaLane(Lane("refused", code), FakeClock())
    for _ in range(32):
        await lane.send(ATTEMPT)
    assert (await lane.health()).healthy is healthy


def floor_of(lamports: int) -> core.TipFloor:
    names = [f"p{percent}_lamports" for percent in (25, 50, 75, 95, 99)]
    return core.TipFloor(**dict.fromkeys(names, lamports))


@dataclass
class Paged(Lane):
    """A lane whose page of tips is read, and counted."""

    asked: int = 0

    async def tip_floor(self) -> core.TipFloor:
        self.asked += 1
        return floor_of(20_000)


@dataclass
class Stream:
    """A stream of tips: silent, or with what it told."""

    told: core.TipFloor | None = None

    def floor(self) -> core.TipFloor | None:
        return self.told


def tips(lane: Lane | None = None, stream: Stream | None = None) -> JitoTips:
    policy = core.TipPolicy(floor_lamports=FLOOR_LAMPORTS, cap_lamports=CAP_LAMPORTS)
    return JitoTips(cast("core.JitoLane", lane or Lane()), policy, FakeClock(), cast("core.TipStream | None", stream))


async def test_tips_follow_the_stream_and_the_page_while_that_is_silent() -> None:
    page, stream = Paged(), Stream(floor_of(30_000))
    plan, lane = builders.execution_plan(expected_profit=10**9), tips(page, stream)
    assert ((await lane.tip(plan, attempt=1)).lamports, page.asked) == (30_000, 0)
    stream.told = None
    assert ((await lane.tip(plan, attempt=1)).lamports, page.asked) == (20_000, 1)
    stream.told = floor_of(40_000)
    assert ((await lane.tip(plan, attempt=1)).lamports, page.asked) == (40_000, 1)


async def test_without_page_and_stream_the_last_known_tips_lead() -> None:
    stream = Stream(floor_of(30_000))
    plan, lane = builders.execution_plan(expected_profit=10**9), tips(Lane(), stream)
    await lane.tip(plan, attempt=1)
    stream.told = None
    assert (await lane.tip(plan, attempt=1)).lamports == 30_000


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
