"""The kill switch as the service holds it: whatever was said about a halt, and whatever is broken, it is made."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake_clock import FakeClock
from tradewind.domain.events import Envelope, KillSwitchEngaged
from tradewind.errors import Unavailable
from tradewind.execution.kill_switch import KillSwitch, reason_for_gate
from tradewind.execution.signer_client import SignerClient
from tradewind.streaming.recorded import Recorded

RUN = UUID("00000000-0000-4000-8000-000000000001")


class Signer(SignerClient):
    """Notes what it was asked, and confirms it."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"))
        self.asked: list[dict[str, Any]] = []

    async def halt(self, **asked: Any) -> int:
        self.asked.append(asked)
        return len(self.asked)


class Stream:
    """Keeps what is published; `failure` is raised instead."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.published: list[Envelope] = []
        self._failure = failure

    async def publish(self, *events: Envelope) -> list[Recorded]:
        if self._failure is not None:
            raise self._failure
        self.published += events
        return []


async def test_the_journal_keeps_the_whole_reason_and_the_gate_what_it_has_room_for() -> None:
    signer, stream = Signer(), Stream()
    reason = "the feed of " + "ü" * 300 + "\nis wrong"
    await KillSwitch(signer, stream, FakeClock(), RUN).halt(reason=reason, by="desk", wallet="0x1")
    [asked] = signer.asked
    assert asked["reason"] == "the feed of " + "ü" * 122
    assert len(asked["reason"].encode()) == 256
    [envelope] = stream.published
    assert isinstance(envelope.body, KillSwitchEngaged)
    assert (envelope.body.reason, envelope.body.by, envelope.body.wallet) == (reason, "desk", "0x1")


async def test_a_halt_is_made_although_it_cannot_be_written_down() -> None:
    stream = Stream(Unavailable("journal_unavailable", "The disk is full."))
    assert await KillSwitch(Signer(), stream, FakeClock(), RUN).halt(reason="x", by="desk") == 1


@given(st.text(min_size=1, max_size=500))
def test_no_reason_whatever_is_one_that_the_gate_would_refuse(reason: str) -> None:
    """The gate takes one line of 1 to 256 bytes, without control characters."""
    told = reason_for_gate(reason)
    assert 1 <= len(told.encode()) <= 256
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in told)


@pytest.mark.parametrize("text", ["plain", "x" * 256, "🛑" * 64])
def test_a_reason_that_fits_is_left_alone(text: str) -> None:
    assert reason_for_gate(text) == text
