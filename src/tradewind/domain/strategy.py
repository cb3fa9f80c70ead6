"""A strategy: who sends intents, from which wallet, under which limits of its own."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from tradewind.domain.address import EvmAddress
from tradewind.domain.amount import PositiveDecimal
from tradewind.domain.asset import Symbol
from tradewind.domain.model import Model


class Strategy(Model):
    """The limits are stricter than the signer's, never a replacement for them."""

    name: str
    id: Annotated[UUID, Field(strict=False)]
    wallet: EvmAddress
    max_slippage_bps: Annotated[int, Field(ge=1, le=5_000)] = 100
    max_price_impact_bps: Annotated[int, Field(ge=1, le=5_000)] = 300
    max_amount: dict[Symbol, PositiveDecimal] = Field(default_factory=dict)
