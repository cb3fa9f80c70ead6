"""Whether an instance may run now: told by its rule, asked by its supervisor."""

import asyncio
from collections.abc import Callable

from tradewind.commander.instance_state import RuleSeen


class Admission:
    """At first it may not."""

    def __init__(self) -> None:
        self.seen = RuleSeen(may_run=False, because="nothing was measured yet")
        self._changed = asyncio.Condition()
        self._heard: Callable[[RuleSeen], None] = lambda _: None

    @property
    def may_run(self) -> bool:
        """Now."""
        return self.seen.may_run

    def on_seen(self, heard: Callable[[RuleSeen], None]) -> None:
        """`heard` is told whatever is new, also where it changes nothing."""
        self._heard = heard
        heard(self.seen)

    async def tell(self, seen: RuleSeen) -> None:
        """What the rule says now."""
        if seen == self.seen:
            return
        self.seen = seen
        self._heard(seen)
        async with self._changed:
            self._changed.notify_all()

    async def until(self, *, may_run: bool) -> None:
        """Return when it may run, or when it may not any more."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.may_run is may_run)
