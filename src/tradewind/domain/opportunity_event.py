"""OpportunityFound: what an engine's scanner took for paying. Field names are camelCase on the wire."""

from typing import Annotated
from uuid import UUID, uuid5

from pydantic import Field

from tradewind.domain.address import SolanaAddress
from tradewind.domain.amount import Raw, SignedRaw
from tradewind.domain.event import NAMESPACE, Event
from tradewind.domain.execution_plan_event import CAMEL, Milliseconds
from tradewind.domain.model import Model


class OpportunityHop(Model):
    """One pool on the way, and the direction through it."""

    model_config = CAMEL

    pool: SolanaAddress
    input_mint: SolanaAddress
    output_mint: SolanaAddress


class OpportunityFound(Event):
    """A way through the pools promised a profit when the feed was at `slot` and `write_version`.

    `expected_profit` is in raw units of `base`, `input_amount` in those of the first hop's `input_mint`. `not_planned`
    is the code of why no plan was made of it; None when one was.
    """

    stream = "OPPORTUNITIES"
    subject = "opportunity.found"
    model_config = CAMEL

    opportunity_id: UUID
    instance: Annotated[str, Field(min_length=1, max_length=64)]
    slot: Annotated[int, Field(ge=0, lt=2**53)]
    write_version: Annotated[int, Field(ge=0, lt=2**64)]
    base: SolanaAddress
    input_amount: Raw
    expected_profit: SignedRaw
    hops: Annotated[tuple[OpportunityHop, ...], Field(min_length=1, max_length=16)]
    not_planned: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")] | None
    timestamp: Milliseconds

    def event_id(self) -> UUID:
        """The id of the event that says this: the same opportunity is the same event."""
        return uuid5(NAMESPACE, f"opportunity found/{self.opportunity_id}")
