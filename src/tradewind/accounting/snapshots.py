"""Places in the journal from which a report can go on, so that a window costs its own length and not all of history."""

from tradewind.accounting.ledger import Ledger, Snapshot
from tradewind.accounting.report import Selection
from tradewind.streaming.recorded import Recorded

# How many steps lie between two snapshots to begin with. When there are too many, every other one is dropped and the
# distance doubles: their number stays the same however long the history gets.
EVERY_STEPS = 1_000
MOST = 64


class Snapshots:
    """Follows a ledger; give `apply` each row after the ledger has had it."""

    def __init__(self, ledger: Ledger, *, every_steps: int = EVERY_STEPS, most: int = MOST) -> None:
        self._ledger = ledger
        self._every_steps = every_steps
        self._most = most
        self._taken: list[Snapshot] = []
        self._next_at = every_steps

    def apply(self, _: Recorded) -> None:
        """Take a snapshot when enough steps were booked since the last one."""
        if self._ledger.booked < self._next_at:
            return
        self._taken.append(self._ledger.snapshot())
        if len(self._taken) > self._most:
            del self._taken[::2]
            self._every_steps *= 2
        self._next_at = self._ledger.booked + self._every_steps

    def best(self, selection: Selection) -> Snapshot | None:
        """The newest one that a report of `selection` can go on from; None when it has to read everything."""
        usable = (taken for taken in reversed(self._taken) if self._serves(taken, selection))
        return next(usable, None)

    def _serves(self, taken: Snapshot, selection: Selection) -> bool:
        if selection.since_ns is not None:
            return taken.newest_ns < selection.since_ns
        if selection.steps is None or selection.wallet is not None or selection.until_ns is not None:
            return False
        # The totals go on from those of the snapshot, and the listed steps must all be behind it.
        newer = self._ledger.booked_of(selection.strategy_id) - taken.accounts.steps(selection.strategy_id)
        return newer >= selection.steps
