"""One at a time for each intent: between looking at where it stands and recording what follows from that.

A reorganisation takes facts back; an end rests on them. Whoever records either of them holds the intent's lock, so that
no end is recorded on facts that were taken back a moment before.
"""

import asyncio
from uuid import UUID
from weakref import WeakValueDictionary


class IntentLocks:
    """The locks of the intents that somebody works on; forgotten with the last one who holds or awaits them."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    def of(self, intent_id: UUID) -> asyncio.Lock:
        """The lock of an intent, for `async with`. Never held while waiting for chain or signer."""
        return self._locks.setdefault(intent_id, asyncio.Lock())
