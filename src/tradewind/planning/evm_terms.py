"""The terms of a trade on an EVM chain: allowance, permit or approval, and gas."""

from collections.abc import Sequence
from functools import partial

from tradewind.domain.plan import BlockRef, Exact, PlannedLeg
from tradewind.domain.token_list import TokenList
from tradewind.planning.terms import Spending, Terms
from tradewind.venues.adapter import VenueAdapter
from tradewind.venues.evm_adapter import EvmVenueAdapter
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.trade_quote import TradeQuote


class EvmTerms:
    """Asks one EVM chain, in as few round trips as it takes."""

    def __init__(self, chain: EvmChain, tokens: TokenList) -> None:
        self._chain = chain
        self._tokens = tokens

    async def holding(self, token: str, wallet: str, block: BlockRef) -> int:
        """The balance that the token's contract tells at `block`."""
        return await self._chain.erc20_balance(token, wallet, block)

    async def of(
        self, venue: VenueAdapter, route: TradeQuote, legs: Sequence[PlannedLeg], *, wallet: str, deadline_s: int
    ) -> Terms:
        """An allowance that is there is used; else a permit, where the token takes one; else an approval before it."""
        if not isinstance(venue, EvmVenueAdapter):
            raise TypeError(f"{venue.name} is no venue of an EVM chain")
        takes_permits = self._takes_permits(venue.chain_id, route.token_in)
        gas_question = partial(
            venue.gas_reading,
            legs,
            exact=Exact(route.exact),
            wallet=wallet,
            deadline_s=deadline_s,
        )
        account, conditions = await self._chain.read_both(
            self._chain.account_reading(wallet, route.token_in, venue.spender, venue.block),
            gas_question(with_permit=takes_permits, spendable=False),
        )
        spending = Spending.PERMIT if takes_permits else Spending.APPROVAL
        if account.allowance_raw >= sum(leg.worst_in_raw for leg in legs):
            # Only now is it known that the node can run the swap itself.
            spending = Spending.ALLOWED
            conditions = await self._chain.read(gas_question(with_permit=False, spendable=True))
        gas = venue.estimate_gas(route, conditions, with_permit=spending is Spending.PERMIT)
        return Terms(account=account, spending=spending, gas=gas, target=venue.spender, spender=venue.spender)

    def _takes_permits(self, chain_id: int, token: str) -> bool:
        listed = self._tokens.get(chain_id, token)
        return listed is not None and listed.permit is not None
