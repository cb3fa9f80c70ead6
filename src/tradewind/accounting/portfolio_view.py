"""What a portfolio looks like: holdings of each wallet, and what each strategy has reserved, in flight and confirmed.

Amounts are smallest units with their exact decimal beside them. A value in dollars is None where a price is unknown.
"""

from decimal import Decimal
from uuid import UUID

from tradewind.domain.amount import Raw, SignedRaw
from tradewind.domain.model import Model
from tradewind.domain.plan import BlockRef
from tradewind.domain.usd import Units, Usd


class PriceView(Model):
    """A reference price and how far to trust it: `age_s` seconds old, from `source` (a pool, or the configuration)."""

    usd: Usd
    age_s: int
    source: str
    block_number: int


class AssetView(Model):
    """Which asset is spoken of; `token` is None for the native coin."""

    symbol: str
    token: str | None
    decimals: int


class QuantityView(Model):
    """An amount of an asset that cannot be below zero."""

    asset: AssetView
    raw: Raw
    amount: Units
    usd: Usd | None


class ChangeView(Model):
    """A change of an asset: above zero came in, below zero went out."""

    asset: AssetView
    raw: SignedRaw
    amount: Units
    usd: Usd | None


class HoldingView(Model):
    """One asset of a wallet. `free_raw` is what is neither reserved nor in flight; below zero it is promised twice."""

    asset: AssetView
    balance_raw: Raw
    balance: Units
    usd: Usd | None
    price: PriceView | None
    reserved_raw: Raw
    in_flight_raw: Raw
    free_raw: SignedRaw


class WalletView(Model):
    """A wallet on one chain at `block`. Without `block` the chain did not answer, `fault` says why.

    In no sum, by symbol: what is `unpriced`, and what is `unread`, since its contract did not tell the balance.
    """

    chain_id: int
    chain: str
    wallet: str
    block: BlockRef | None
    fault: str | None
    holdings: tuple[HoldingView, ...]
    total_usd: Usd
    unpriced: tuple[str, ...]
    unread: tuple[str, ...]


class StrategyView(Model):
    """What a strategy has under way on one chain, besides what its wallet holds.

    `reserved`: the worst that open intents may spend and have not sent. `in_flight`: the worst that transactions may
    spend which were sent and not confirmed. `confirmed_not_final`: what the chain did and could still take back.
    `position`: what it bought less what it sold, since its first trade. `unplanned_slices`: parts of open intents
    whose spending is not known before they are planned; they are in no sum.
    """

    strategy_id: UUID
    name: str
    wallet: str
    chain_id: int
    open_intents: int
    reserved: tuple[QuantityView, ...]
    in_flight: tuple[QuantityView, ...]
    confirmed_not_final: tuple[ChangeView, ...]
    position: tuple[ChangeView, ...]
    unplanned_slices: int
    realised_usd: Usd
    gas_usd: Usd
    unpriced_fills: int


class PortfolioView(Model):
    """Everything, as of `at_ns` (nanoseconds UTC). `total_usd` leaves out what has no price, which wallets name."""

    at_ns: int
    wallets: tuple[WalletView, ...]
    strategies: tuple[StrategyView, ...]
    total_usd: Usd


ZERO_USD = Decimal(0)
