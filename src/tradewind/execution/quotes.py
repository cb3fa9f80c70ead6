"""What an intent would do now, and what the signer would say to it. Records, reserves and signs nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tradewind.domain.intent import Intent
from tradewind.domain.plan import ExecutionPlan, StepKind
from tradewind.domain.receipt import Priority
from tradewind.errors import TradewindError
from tradewind.execution.signer_answers import PolicyVerdict
from tradewind.intents.preview import Preview
from tradewind.intents.prioritizer import Prioritizer


class Previews(Protocol):
    """Says what an intent would come to."""

    async def preview(self, intent: Intent) -> Preview:
        """As of now; nothing is recorded."""
        ...


@dataclass(frozen=True, slots=True)
class StepQuote:
    """One transaction that would be signed, but for its permit, and what the signer says to it.

    Without `verdict` it could not be asked; `fault` says why. `permit_is_blank`: the permit is in its place and is
    signed by nobody.
    """

    index: int
    kind: StepKind
    unsigned_tx: bytes
    permit_is_blank: bool
    verdict: PolicyVerdict | None
    fault: TradewindError | None


class StepQuotes(Protocol):
    """Builds the transactions of a plan on one chain, and asks the signer's policy about each."""

    async def of(self, plan: ExecutionPlan) -> tuple[StepQuote, ...]:
        """As they would be now."""
        ...


@dataclass(frozen=True, slots=True)
class Quote:
    """Everything that is known of an intent before it is sent. `steps` are those of the first slice."""

    preview: Preview
    priority: Priority
    steps: tuple[StepQuote, ...]


class QuoteService:
    """Puts together what the rooms behind it would do with an intent."""

    def __init__(self, *, previews: Previews, prioritizer: Prioritizer, steps: Mapping[int, StepQuotes]) -> None:
        self._previews = previews
        self._prioritizer = prioritizer
        self._steps = steps

    async def quote(self, intent: Intent) -> Quote:
        """Raises Unavailable when the chain does not answer; what speaks against the intent is in the quote."""
        preview = await self._previews.preview(intent)
        steps = () if preview.plan is None else await self._steps[intent.chain_id].of(preview.plan)
        return Quote(preview, self._prioritizer.prioritise(intent), steps)
