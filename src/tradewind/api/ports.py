"""What the API needs from the rooms behind it, and nothing more."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol
from uuid import UUID

from tradewind.accounting.portfolio_view import PortfolioView
from tradewind.api.check import Check
from tradewind.domain.events import RequestAccepted
from tradewind.domain.intent import Intent
from tradewind.domain.receipt import CancelOutcome, IntentReceipt
from tradewind.execution.quotes import Quote
from tradewind.execution.signer_answers import Budget, LimitChange
from tradewind.execution.signer_answers import Limits as SignerLimits
from tradewind.state.archive import EventsRead, Selection, Summary
from tradewind.state.view import IntentView


class Intake(Protocol):
    """Accepts intents."""

    async def submit(self, intent: Intent, *, by: str, accepted: RequestAccepted | None) -> IntentReceipt:
        """The receipt, once the intent is on disk, and with it what was `accepted` from whom."""
        ...


class Records(Protocol):
    """Knows every intent and every event there ever was."""

    async def intent(self, intent_id: UUID) -> IntentView | None:
        """One intent, open or ended."""
        ...

    async def summaries(
        self, selection: Selection, limit: int, before_seq: int | None
    ) -> tuple[Sequence[Summary], int | None]:
        """The newest first, and the `before_seq` of the page that follows, if any."""
        ...

    async def events(
        self,
        *,
        after_seq: int,
        limit: int,
        intent_id: UUID | None = None,
        types: Sequence[str] | None = None,
        selection: Selection | None = None,
    ) -> EventsRead:
        """The matching ones of up to `limit` events behind `after_seq`, in order."""
        ...


class Feed(Protocol):
    """Tells when there are new events."""

    @property
    def head(self) -> int:
        """The place of the last event."""
        ...

    @property
    def closed(self) -> bool:
        """Whether the service is stopping."""
        ...

    async def news_after(self, seq: int) -> None:
        """Return once there is an event behind `seq`, or the service is stopping."""
        ...


class Halt(Protocol):
    """A halt in force; without wallet and strategy it stops everything."""

    @property
    def kill_epoch(self) -> int:
        """Its own epoch, by which it is ended."""
        ...

    @property
    def wallet(self) -> str | None:
        """The only wallet that it stops."""
        ...

    @property
    def strategy_id(self) -> str | None:
        """The only strategy that it stops."""
        ...

    @property
    def reason(self) -> str:
        """Why it was made."""
        ...

    @property
    def by(self) -> str:
        """Who made it."""
        ...

    @property
    def at_ms(self) -> int:
        """When, in milliseconds UTC."""
        ...


class SwitchState(Protocol):
    """Where the kill switch stands; all but `halts` speak of the halt of everything."""

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

    @property
    def halts(self) -> Sequence[Halt]:
        """Every halt in force, those of single wallets and strategies too."""
        ...


class Switch(Protocol):
    """The kill switch."""

    async def halt(self, *, reason: str, by: str, wallet: str | None = None, strategy_id: str | None = None) -> int:
        """After this returns nothing can be signed in its scope; the answer is the epoch of this halt."""
        ...

    async def resume(self, *, kill_epoch: int, by: str) -> int:
        """End the halt of this epoch; the others stay in force."""
        ...

    async def state(self) -> SwitchState:
        """Where it stands now."""
        ...


Readiness = Callable[[], Coroutine[Any, Any, Sequence[Check]]]


class Canceller(Protocol):
    """Stops intents."""

    async def cancel(self, intent_id: UUID, *, by: str, reason: str, accepted: RequestAccepted | None) -> CancelOutcome:
        """What could still be stopped, once the wish is on disk, and with it what was `accepted` from whom."""
        ...


class Desk(Intake, Canceller, Protocol):
    """Where intents come in and are called off."""


class Accounts(Protocol):
    """Knows what there is and what is under way."""

    async def portfolio(self) -> PortfolioView:
        """Everything, now."""
        ...


class Policy(Protocol):
    """The signer's limits."""

    async def budgets(self) -> Sequence[Budget]:
        """Every limit of amounts, and what is used of it now."""
        ...

    async def limits(self) -> SignerLimits:
        """Every limit in force, and the raises that wait for their time."""
        ...

    async def set_limit(self, *, key: str, value: int, by: str) -> LimitChange:
        """Tighten at once, or present a raise."""
        ...

    async def cancel_raise(self, *, key: str, by: str) -> None:
        """Take back what is not in force yet."""
        ...


class Quotes(Protocol):
    """Says what an intent would do."""

    async def quote(self, intent: Intent) -> Quote:
        """As of now; nothing is recorded and nothing signed."""
        ...
