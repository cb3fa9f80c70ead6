"""Who waits at the sequencer, and for how long: the clocks of one transaction, and what goes on for its sender."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tradewind.localnet.strict.rules import Rules

_FIRST_PAUSE_S = 0.002
# Somebody else may use a nonce, or mine: nobody tells us, so we look again.
_LAST_PAUSE_S = 0.1


class Senders:
    """The nonces that are at the sequencer now, by sender; tells those of a sender when one of them moved."""

    def __init__(self) -> None:
        self._nonces: dict[str, Counter[int]] = {}
        self._moved: dict[str, asyncio.Event] = {}

    @contextmanager
    def present(self, sender: str, nonce: int) -> Iterator[None]:
        """This nonce is here for the length of the block."""
        nonces = self._nonces.setdefault(sender, Counter())
        nonces[nonce] += 1
        try:
            yield
        finally:
            nonces[nonce] -= 1
            if not +nonces:
                del self._nonces[sender]
            self.move(sender)

    def is_present(self, sender: str, nonce: int) -> bool:
        """Whether a transaction with this nonce is here."""
        return self._nonces.get(sender, Counter())[nonce] > 0

    def move(self, sender: str) -> None:
        """Wake the others of this sender."""
        if (moved := self._moved.pop(sender, None)) is not None:
            moved.set()

    async def moved(self, sender: str, *, at_most_s: float) -> None:
        """Wait until one of this sender moved, or until the time is over."""
        event = self._moved.setdefault(sender, asyncio.Event())
        try:
            await asyncio.wait_for(event.wait(), at_most_s)
        except TimeoutError:
            return


class Waiting:
    """How long a transaction has waited since it arrived, and since its nonce was looked at first."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._clock = asyncio.get_running_loop()
        self._arrived_s = self.now_s
        self._held_since_s: float | None = None
        self._pause_s = _FIRST_PAUSE_S

    @property
    def now_s(self) -> float:
        """The loop's clock, in seconds."""
        return self._clock.time()

    @property
    def queue_time_is_over(self) -> bool:
        """Whether the sequencer gives it back."""
        return self.now_s - self._arrived_s >= self._rules.queue_timeout_s

    def nonce_hold_is_over(self) -> bool:
        """Whether it has waited long enough for its predecessor; the time begins when this is asked first."""
        if self._held_since_s is None:
            self._held_since_s = self.now_s
        return self.now_s - self._held_since_s >= self._rules.nonce_hold_s

    def next_pause_s(self) -> float:
        """How long to wait before looking again: longer each time."""
        pause_s, self._pause_s = self._pause_s, min(2 * self._pause_s, _LAST_PAUSE_S)
        return pause_s
