"""The terms of a trade on Solana: what the wallet holds, and what compute units, signature and rents come to."""

from collections.abc import Sequence
from dataclasses import dataclass

from tradewind.domain.plan import BlockRef, PlannedLeg
from tradewind.planning.terms import Spending, Terms
from tradewind.venues.adapter import VenueAdapter
from tradewind.venues.solana.fees import FeePolicy, units_of
from tradewind.venues.solana.unit_prices import UnitPrices
from tradewind.venues.solana.wallets import SolanaWallets
from tradewind.venues.trade_quote import TradeQuote


@dataclass(frozen=True, slots=True)
class SolanaHoldings:
    """A wallet's lamports, and its part that the trade takes from. SOL is spent from the lamports themselves."""

    native_balance_raw: int
    token_balance_raw: int


class SolanaTerms:
    """Asks one cluster."""

    def __init__(self, wallets: SolanaWallets, *, wrapped_native: str, fees: FeePolicy, prices: UnitPrices) -> None:
        self._wallets = wallets
        self._wrapped_native = wrapped_native
        self._fees = fees
        self._prices = prices

    async def holding(self, token: str, wallet: str, block: BlockRef) -> int:
        """How much of `token` the wallet holds at the newest confirmed slot; of SOL, the lamports above the least that
        an account must keep."""
        held = await self._wallets.read(wallet, [token])
        return held.spendable_lamports if token == self._wrapped_native else held.tokens[token].amount_raw

    async def of(
        self,
        venue: VenueAdapter,
        route: TradeQuote,
        legs: Sequence[PlannedLeg],
        *,
        wallet: str,
        deadline_s: int,
    ) -> Terms:
        """Nothing has to be approved. A token account that is missing is made, for its rent."""
        passed = _passed(legs)
        held = await self._wallets.read(wallet, passed)
        missing = sum(not held.tokens[mint].exists for mint in passed if mint != self._wrapped_native)
        hops = len(route.hops)
        price = await self._prices.offered([hop.pool for hop in route.hops], compute_units=units_of(hops))
        gas = self._fees.estimate(hops=hops, new_token_accounts=missing, micro_lamports_per_unit=price)
        spends_native = route.token_in == self._wrapped_native
        balance_raw = held.tokens[route.token_in].amount_raw
        if spends_native:
            balance_raw = max(0, held.spendable_lamports - gas.worst_fee_raw)
        return Terms(
            account=SolanaHoldings(native_balance_raw=held.spendable_lamports, token_balance_raw=balance_raw),
            spending=Spending.ALLOWED,
            gas=gas,
            target=None,
            spender=None,
        )


def _passed(legs: Sequence[PlannedLeg]) -> list[str]:
    """Every token on the way, each once."""
    return list(dict.fromkeys(token for leg in legs for hop in leg.hops for token in (hop.token_in, hop.token_out)))
