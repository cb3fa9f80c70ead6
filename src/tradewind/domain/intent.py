"""The intent: what a user wants, on which assets, under which limits."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID, uuid4

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from tradewind.domain.amount import PositiveDecimal, to_raw
from tradewind.domain.asset import AssetSpec
from tradewind.domain.model import Model

MAX_TIME_WINDOW_MS = 7 * 24 * 3600 * 1000

_PPM_DECIMALS = 6


class IntentType(StrEnum):
    """Raise or lower a position."""

    ACQUIRE = "acquire"
    DISPOSE = "dispose"


class ExecutionStyle(StrEnum):
    """A hint to the planner: speed, or little market impact."""

    AGGRESSIVE = "aggressive"
    PASSIVE = "passive"


class VenueRule(Model):
    """Which venues may be used: only these, or all but these. Written as a list, it means only these."""

    only: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _list_means_only(cls, data: object) -> object:
        if isinstance(data, (list, tuple)):
            return {"only": tuple(data)}
        if isinstance(data, dict):
            return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
        return data

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.only is None) == (self.exclude is None):
            raise PydanticCustomError("venue_rule", "give either 'only' or 'exclude', not both and not neither.")
        names = self.only if self.only is not None else self.exclude or ()
        if self.only is not None and not names:
            raise PydanticCustomError("venue_rule", "allows no venue at all. Name one, or leave the field out.")
        if len(set(names)) != len(names):
            raise PydanticCustomError("venue_rule", "names a venue twice.")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every venue that the rule mentions."""
        return (self.only or ()) + (self.exclude or ())

    def allows(self, venue: str) -> bool:
        """Whether `venue` may be used."""
        if self.only is not None:
            return venue in self.only
        return venue not in (self.exclude or ())


def _fraction(value: Decimal) -> Decimal:
    if value >= 1:
        raise PydanticCustomError("slippage_out_of_range", 'is a fraction below 1: "0.005" means 0.5 %.')
    try:
        to_raw(value, _PPM_DECIMALS)
    except ValueError:
        raise PydanticCustomError("slippage_too_precise", "has more than six decimals.") from None
    return value


class IntentConstraints(Model):
    """The rules of engagement. `max_slippage` is a fraction of the quoted amount; the window starts at receipt."""

    max_slippage: Annotated[PositiveDecimal, AfterValidator(_fraction)]
    time_window_ms: Annotated[int, Field(ge=1, le=MAX_TIME_WINDOW_MS)]
    execution_style: Annotated[ExecutionStyle, Field(strict=False)] = ExecutionStyle.AGGRESSIVE
    allowed_venues: VenueRule | None = None

    @property
    def max_slippage_ppm(self) -> int:
        """`max_slippage` in millionths."""
        return to_raw(self.max_slippage, _PPM_DECIMALS)

    def allows_venue(self, venue: str) -> bool:
        """Whether the constraints let `venue` be used."""
        return self.allowed_venues is None or self.allowed_venues.allows(venue)


class MLFeatures(Model):
    """Market facts that the sender knows and the prioritizer may weigh. Never used for an amount."""

    market_volatility: Annotated[float, Field(ge=0, le=10)] | None = None
    expected_profit_bps: Annotated[float, Field(ge=-10_000, le=10_000)] | None = None
    urgency: Annotated[float, Field(ge=0, le=1)] | None = None


class Intent(Model):
    """What a user wants. Exactly one asset carries a size; the other is what it is paid with or sold for."""

    id: Annotated[UUID, Field(strict=False)] = Field(default_factory=uuid4)
    strategy_id: Annotated[UUID, Field(strict=False)]
    intent_type: Annotated[IntentType, Field(strict=False)]
    assets: Annotated[tuple[AssetSpec, ...], BeforeValidator(lambda v: tuple(v) if isinstance(v, list) else v)]
    constraints: IntentConstraints
    ml_features: MLFeatures | None = None

    @model_validator(mode="after")
    def _check_assets(self) -> Self:
        if len(self.assets) != 2:
            raise PydanticCustomError(
                "asset_count",
                "an intent names two assets, the one that carries the size and the one it is paid with or sold "
                "for; this one names {count}.",
                {"count": len(self.assets)},
            )
        first, second = (spec.asset for spec in self.assets)
        if first.chain_id != second.chain_id:
            raise PydanticCustomError(
                "assets_on_different_chains",
                "'{first}' is on chain {a} and '{second}' on chain {b}. Both must be on one chain.",
                {"first": first.symbol, "second": second.symbol, "a": first.chain_id, "b": second.chain_id},
            )
        if first.same_as(second):
            raise PydanticCustomError("assets_equal", "both assets are the same token.")
        self._check_size()
        return self

    def _check_size(self) -> None:
        sized = [spec for spec in self.assets if spec.is_sized]
        if not sized:
            raise PydanticCustomError(
                "size_missing", "no asset carries an amount or a percentage. Give one of them a size."
            )
        if len(sized) > 1:
            raise PydanticCustomError(
                "size_twice", "both assets carry a size. Keep it on the one to be acquired or disposed of."
            )
        percentage = sized[0].percentage
        if percentage is not None and self.intent_type is IntentType.DISPOSE and percentage > 100:
            raise PydanticCustomError(
                "percentage_out_of_range", "no more than 100 percent of a holding can be disposed of."
            )
        if percentage is not None and percentage > 10_000:
            raise PydanticCustomError("percentage_out_of_range", "is more than 10,000 percent of the holding.")

    @property
    def sized(self) -> AssetSpec:
        """The asset to be acquired or disposed of."""
        return next(spec for spec in self.assets if spec.is_sized)

    @property
    def counter(self) -> AssetSpec:
        """The asset that it is paid with or sold for."""
        return next(spec for spec in self.assets if not spec.is_sized)

    @property
    def chain_id(self) -> int:
        """The chain of both assets."""
        return self.sized.asset.chain_id
