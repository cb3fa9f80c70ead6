"""How an engine ended, and what that means: finished, come again, cannot start, or crashed."""

import signal
from dataclasses import dataclass
from enum import StrEnum

BAD_CONFIGURATION = 64
UNAVAILABLE = 69
DEFECT = 70
COME_AGAIN = 75


class EndingKind(StrEnum):
    """What an end means to the restart policy."""

    FINISHED = "finished"
    MISCONFIGURED = "misconfigured"
    WAITING = "waiting"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Ending:
    """`exit_code` as the kernel gave it: negative is the number of the signal that killed it.

    `was_late` when the commander ended it because it did not call itself ready in time.
    """

    exit_code: int
    ran_ns: int
    was_late: bool = False

    @property
    def kind(self) -> EndingKind:
        """By the contract's table."""
        if self.was_late:
            return EndingKind.CRASHED
        match self.exit_code:
            case 0:
                return EndingKind.FINISHED
            case 64:
                return EndingKind.MISCONFIGURED
            case 69 | 75:
                return EndingKind.WAITING
        return EndingKind.CRASHED

    def __str__(self) -> str:
        if self.was_late:
            return "it was not ready in time"
        if self.exit_code < 0:
            try:
                return f"killed by {signal.Signals(-self.exit_code).name}"
            except ValueError:
                return f"killed by signal {-self.exit_code}"
        meanings = {
            0: "ended in good order",
            BAD_CONFIGURATION: "refused its configuration",
            UNAVAILABLE: "something that it needs does not answer",
            DEFECT: "a defect",
            COME_AGAIN: "asks to be started again",
        }
        return f"exit code {self.exit_code}" + (f": {said}" if (said := meanings.get(self.exit_code)) else "")
