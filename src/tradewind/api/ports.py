"""What the API needs from the rooms behind it, and nothing more."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol
from uuid import UUID

from tradewind.domain.intent import Intent
from tradewind.domain.model import Model
from tradewind.domain.receipt import IntentReceipt
from tradewind.domain.status import IntentStatus
from tradewind.state.view import IntentView
from tradewind.streaming.recorded import Recorded


class Intake(Protocol):
    """Accepts intents."""

    async def submit(self, intent: Intent) -> IntentReceipt:
        """The receipt, once the intent is on disk."""
        ...


class Intents(Protocol):
    """Knows every intent there ever was."""

    def intent(self, intent_id: UUID) -> IntentView | None:
        """One intent, open or closed."""
        ...

    def list(
        self, status: IntentStatus | None, limit: int, before_seq: int | None
    ) -> tuple[Sequence[IntentView], int | None]:
        """The newest first, and the `before_seq` of the page that follows, if any."""
        ...

    def events(self, intent_id: UUID) -> Sequence[Recorded]:
        """Every event of an intent, in order."""
        ...


class SwitchState(Protocol):
    """Where the kill switch stands."""

    @property
    def kill_epoch(self) -> int:
        """Counts every change."""
        ...

    @property
    def halted(self) -> bool:
        """Whether nothing can be signed."""
        ...

    @property
    def halt_reason(self) -> str | None:
        """Why it was pulled."""
        ...


class Switch(Protocol):
    """The kill switch."""

    async def halt(self, *, reason: str, by: str) -> int:
        """After this returns nothing can be signed; the answer is the kill epoch."""
        ...

    async def resume(self, *, kill_epoch: int, by: str) -> int:
        """Allow signing again; `kill_epoch` must be the current one."""
        ...

    async def state(self) -> SwitchState:
        """Where it stands now."""
        ...


class Check(Model):
    """One thing that must work before intents can be carried out."""

    name: str
    ok: bool
    detail: str


Readiness = Callable[[], Coroutine[Any, Any, Sequence[Check]]]
