"""The kill switch as the service holds it: whatever was said about a halt, and whatever is broken, it is made."""

import asyncio
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
from tradewind.execution.signer_answers import SignerState
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


class Telling(Signer):
    """Says how often it was asked, once `hold` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.told = 0
        self.hold = asyncio.Event()
        self.hold.set()

    async def hello(self) -> SignerState:
        self.told += 1
        told = self.told
        await self.hold.wait()
        return SignerState(
            version="1",
            gate_id="ab" * 16,
            policy_digest="",
            kill_epoch=0,
            halted=False,
            halt_reason=None,
            wallets=(),
            records=told,
            halts=(),
        )


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


async def test_what_the_gate_said_a_moment_ago_is_not_asked_again_until_it_was_told_something() -> None:
    clock, signer = FakeClock(), Telling()
    switch = KillSwitch(signer, Stream(), clock, RUN)
    assert [(await switch.recent_state()).records for _ in range(3)] == [1, 1, 1]
    assert (await switch.state()).records == 2
    await clock.advance(0.05)
    assert (await switch.recent_state()).records == 3
    await switch.halt(reason="test", by="desk")
    assert (await switch.recent_state()).records == 4


async def test_an_answer_from_before_a_halt_is_not_kept_after_it() -> None:
    signer = Telling()
    switch = KillSwitch(signer, Stream(), FakeClock(), RUN)
    await switch.recent_state()
    await switch.halt(reason="first", by="desk")
    signer.hold.clear()
    asked = asyncio.create_task(switch.recent_state())
    await asyncio.sleep(0)
    await switch.halt(reason="second", by="desk")
    signer.hold.set()
    assert (await asked).records == 2
    assert (await switch.recent_state()).records == 3
