"""What a chain says of a trade before it is planned: what the wallet holds, how the input is taken, what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tradewind.domain.plan import BlockRef, ComputeEstimate, GasEstimate, PlannedLeg
from tradewind.venues.adapter import VenueAdapter
from tradewind.venues.trade_quote import TradeQuote


class Spending(StrEnum):
    """How the venue comes to be allowed to take the input."""

    ALLOWED = "allowed"
    PERMIT = "permit"
    APPROVAL = "approval"


class Holdings(Protocol):
    """What the wallet has, as of the block of the quote."""

    @property
    def native_balance_raw(self) -> int:
        """The chain's own coin, in its smallest unit."""
        ...

    @property
    def token_balance_raw(self) -> int:
        """The token that the trade takes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of one trade. `target` is what its transaction calls, `spender` what takes the input; None where the
    chain knows no such thing."""

    account: Holdings
    spending: Spending
    gas: GasEstimate | ComputeEstimate
    target: str | None
    spender: str | None


class ChainTerms(Protocol):
    """Asks one chain."""

    async def holding(self, token: str, wallet: str, block: BlockRef) -> int:
        """How much of `token` the wallet holds at `block`, in its smallest unit."""
        ...

    async def of(
        self, venue: VenueAdapter, route: TradeQuote, legs: Sequence[PlannedLeg], *, wallet: str, deadline_s: int
    ) -> Terms:
        """The terms as of the venue's block."""
        ...
