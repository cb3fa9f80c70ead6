"""Assets, and how much of one an intent speaks of."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from tradewind.domain.address import parse_evm_address, parse_solana_address
from tradewind.domain.amount import MAX_RAW, PositiveDecimal, to_raw
from tradewind.domain.chain import ChainId, is_evm
from tradewind.domain.model import Model

MAX_DECIMALS = 36


def _symbol(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and value.isprintable() and " " not in value):
        raise PydanticCustomError("symbol_malformed", "must be printable ASCII without spaces.")
    return value


Symbol = Annotated[str, Field(min_length=1, max_length=32), BeforeValidator(_symbol)]


class Asset(Model):
    """A tradable asset. `address` is written in its chain's own form."""

    symbol: Symbol
    decimals: Annotated[int, Field(ge=0, le=MAX_DECIMALS)]
    # Before the address, which is judged by it.
    chain_id: ChainId
    address: Annotated[str, Field(max_length=64)]

    @field_validator("address", mode="before")
    @classmethod
    def _check_address(cls, address: object, info: ValidationInfo) -> object:
        if "chain_id" not in info.data:
            return address
        parse = parse_evm_address if is_evm(info.data["chain_id"]) else parse_solana_address
        return parse(address)

    def same_as(self, other: "Asset") -> bool:
        """Whether both name the same token; symbols are only labels."""
        return (self.chain_id, self.address) == (other.chain_id, other.address)


class AssetSpec(Model):
    """One asset of an intent, with at most one of an absolute amount or a percentage of the holding."""

    asset: Asset
    amount: PositiveDecimal | None = None
    percentage: PositiveDecimal | None = None

    @field_validator("amount", mode="after")
    @classmethod
    def _check_amount(cls, amount: Decimal | None, info: ValidationInfo) -> Decimal | None:
        asset = info.data.get("asset")
        if amount is None or not isinstance(asset, Asset):
            return amount
        try:
            amount_raw = to_raw(amount, asset.decimals)
        except ValueError:
            raise PydanticCustomError(
                "amount_too_precise",
                "has more decimals than {symbol}, which has {decimals}.",
                {"symbol": asset.symbol, "decimals": asset.decimals},
            ) from None
        if amount_raw > MAX_RAW:
            raise PydanticCustomError("amount_too_large", "does not fit in 256 bits.")
        return amount

    @model_validator(mode="after")
    def _check_one_size(self) -> Self:
        if self.amount is not None and self.percentage is not None:
            raise PydanticCustomError(
                "amount_and_percentage", "carries both an amount and a percentage. Keep one of them."
            )
        return self

    @property
    def is_sized(self) -> bool:
        """Whether this is the asset that carries the size of the intent."""
        return self.amount is not None or self.percentage is not None

    @property
    def amount_raw(self) -> int | None:
        """The amount in smallest units, when it is absolute."""
        return None if self.amount is None else to_raw(self.amount, self.asset.decimals)
