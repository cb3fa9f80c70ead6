"""How often and how long a client tries again, and one whole conversation about a request: no I/O, no clock."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from tradewind.client.answer import may_pass, read, retry_after_s
from tradewind.client.call import Call, Lost, Reply
from tradewind.errors import Unavailable

T = TypeVar("T", bound=BaseModel | None)


@dataclass(frozen=True, slots=True)
class Patience:
    """At most `tries` of one request, with pauses that double, and `waits_s` spent in pauses at most (seconds)."""

    tries: int = 4
    first_pause_s: float = 0.2
    longest_pause_s: float = 5.0
    waits_s: float = 20.0

    def pause_s(self, tried: int, asked_s: float | None, waited_s: float) -> float | None:
        """How long to wait after so many tries; None to give up. What the service asks for is never cut short."""
        wanted_s = min(self.longest_pause_s, self.first_pause_s * 2 ** (tried - 1))
        pause_s = wanted_s if asked_s is None else max(wanted_s, asked_s)
        return None if tried >= self.tries or waited_s + pause_s > self.waits_s else pause_s


PATIENCE = Patience()
# A service that is started again takes seconds; whoever listens wants to go on listening.
STREAM_PATIENCE = Patience(tries=60, waits_s=180.0)


@dataclass(frozen=True, slots=True)
class Send:
    """Have the request sent; the answer is a Reply or Lost."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait."""

    seconds: float


Step = Send | Pause
Outcome = Reply | Lost | None


def conversation(call: Call[T], patience: Patience, *, url: str) -> Generator[Step, Outcome, T]:
    """What to do, step by step, until there is an answer or an error; whoever drives it does the sending and waiting.

    Sent again is only what changes nothing twice: what only looks, what has a key, and what never left.
    """
    tried, waited_s = 0, 0.0
    while True:
        outcome = yield Send()
        tried += 1
        pause_s = None
        if isinstance(outcome, Reply):
            if outcome.status in call.statuses:
                return read(call, outcome)
            if call.repeatable and may_pass(outcome):
                pause_s = patience.pause_s(tried, retry_after_s(outcome), waited_s)
            if pause_s is None:
                return read(call, outcome)
        elif isinstance(outcome, Lost):
            if call.repeatable or outcome.unsent:
                pause_s = patience.pause_s(tried, None, waited_s)
            if pause_s is None:
                raise unreachable(url, outcome)
        waited_s += pause_s or 0
        yield Pause(pause_s or 0)


def unreachable(url: str, lost: Lost) -> Unavailable:
    """Nobody answered; whether anything happened is known only if nothing was sent."""
    if lost.unsent:
        return Unavailable(
            "service_unreachable",
            f"No service answers at {url} ({lost.reason}).",
            remedy="Start it: tradewind up",
        )
    return Unavailable(
        "answer_lost",
        f"The service at {url} was asked, and its answer did not arrive ({lost.reason}).",
        remedy="Look whether it was done before asking again.",
    )
