"""The six stages of the demo, and its picture."""

import io
import xml.etree.ElementTree as ET
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from tests.unit.cli import fill_seen as chain
from tests.unit.cli import told
from tradewind.cli.demo.story import Story
from tradewind.cli.demo.svg import save_svg
from tradewind.cli.demo.verdict import judge
from tradewind.cli.demo.view import WIDTH, duration, percent, picture, price
from tradewind.domain.events import IntentRejected
from tradewind.errors import Misconfigured


def drawn(story: Story, *, proven: bool | None = None, width: int = WIDTH) -> str:
    checks = None
    if proven is not None:
        evidence = chain.evidence() if proven else chain.evidence(chain_quote_in_raw=1)
        checks = judge(chain.promise(), evidence)
    canvas = Console(width=width, file=io.StringIO(), force_terminal=False)
    with canvas.capture() as capture:
        canvas.print(picture(story, checks, took_s=2.5))
    return capture.get()


def test_each_stage_lasts_from_its_event_to_the_next_ones() -> None:
    durations = [stage.duration_ns for stage in told.filled().stages]
    assert durations == [1_000_000, 8_000_000, 22_000_000, 10_000_000, 50_000_000, 10_000_000]


def test_a_stage_under_way_has_no_duration_yet() -> None:
    story = told.accepted()
    told.hear(story, told.submitted(story), 8)
    assert [stage.is_running for stage in story.stages] == [False, False, True, False, False, False]
    assert story.stages[2].duration_ns is None


def test_a_rejection_fails_the_stage_that_was_under_way() -> None:
    story = told.accepted()
    assert story.intent is not None
    told.hear(story, told.submitted(story), 8)
    rejected = IntentRejected(intent_id=story.intent.id, code="balance_too_low", message="Only 3 USDC are there.")
    told.hear(story, rejected, 12)
    assert [stage.failed for stage in story.stages] == [False, False, True, False, False, False]
    text = drawn(story)
    assert "balance_too_low" in text
    assert "Only 3 USDC are there." in text


def test_the_picture_tells_everything_within_a_hundred_columns() -> None:
    text = drawn(told.filled(), proven=True)
    assert max(map(len, text.splitlines())) <= WIDTH
    for told_there in (
        "Acquire 1.5 WETH paid with USDC",
        "at most 0.5 % slippage, within 5 min, aggressive",
        "USDC ──0.05 %──▶ WETH",
        "price impact 0.0402 %",
        "4,527.135406 USDC",
        "3,003.074897",
        chain.TX_HASH,
        "187,332 gas at 0.02 gwei",
        "0.00000374664 ETH",
        "6 of 10",
        "Proven from the chain in 2.5 s",
    ):
        assert told_there in text
    assert text.count("✔") == 6 + 7


def test_the_picture_of_a_broken_verdict_says_so() -> None:
    text = drawn(told.filled(), proven=False)
    assert "✘" in text
    assert "Not proven" in text
    assert "Proven from the chain" not in text


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_picture_can_be_drawn_at_any_stage_and_width(width: int) -> None:
    for story in (Story(told.accepted().tokens, {}), told.accepted(), told.filled()):
        assert max(map(len, drawn(story, width=width).splitlines())) <= width


def test_the_saved_picture_is_a_whole_svg(tmp_path: Path) -> None:
    save_svg(picture(told.filled(), judge(chain.promise(), chain.evidence())), tmp_path / "demo.svg")
    text = (tmp_path / "demo.svg").read_text()
    ET.fromstring(text)  # noqa: S314 (our own file)
    assert "url(http" not in text
    assert "Proven" in text


def test_a_picture_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        save_svg(picture(told.filled()), tmp_path / "no" / "demo.svg")


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (None, "–"),
        (0, "<1 µs"),
        (1_000, "1.00 µs"),
        (130_400, "130 µs"),
        (24_300_000, "24.3 ms"),
        (1_500_000_000, "1.50 s"),
        (999_999, "1000 µs"),
    ],
)
def test_durations_have_three_digits_and_a_unit(nanoseconds: int | None, text: str) -> None:
    assert duration(nanoseconds) == text


def test_fractions_become_percentages_without_trailing_zeros() -> None:
    assert [percent(ppm) for ppm in (500, 5_000, 402, 10_000, 1_000_000, 0)] == [
        "0.05 %", "0.5 %", "0.0402 %", "1 %", "100 %", "0 %",
    ]  # fmt: skip


def test_the_price_is_what_one_whole_token_cost() -> None:
    # 3,000 USDC for 2 WETH.
    assert price(3_000_000_000, chain.USDC, 2 * 10**18, chain.WETH) == Decimal("1500.000000")
