"""A strategy: who sends intents, from which wallet, under which limits of its own."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from tradewind.domain.address import Address
from tradewind.domain.amount import PositiveDecimal
from tradewind.domain.asset import Symbol
from tradewind.domain.model import Model


class Strategy(Model):
    """The limits are stricter than the signer's, never a replacement for them.

    `max_slices` 1 switches slicing off; `min_slice` is the least of a token that one slice trades.
    """

    name: str
    id: Annotated[UUID, Field(strict=False)]
    """What intents name the strategy by."""
    wallet: Address
    """Who pays and is paid."""
    max_slippage_bps: Annotated[int, Field(ge=1, le=5_000)] = 100
    """The most that an intent may ask for."""
    max_price_impact_bps: Annotated[int, Field(ge=1, le=5_000)] = 300
    """Beyond it an intent is sliced, or refused."""
    max_amount: dict[Symbol, PositiveDecimal] = Field(default_factory=dict)
    """The most of a token that one intent may buy or sell."""
    max_slices: Annotated[int, Field(ge=1, le=32)] = 8
    """Of a passive intent, or of one beyond `max_price_impact_bps`; 1 switches slicing off."""
    min_slice_interval_ms: Annotated[int, Field(ge=1_000, le=86_400_000)] = 10_000
    """The least time between two slices."""
    min_slice: dict[Symbol, PositiveDecimal] = Field(default_factory=dict)
    """The least of a token that one slice trades."""
