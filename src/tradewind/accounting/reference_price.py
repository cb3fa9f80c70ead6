"""Reference prices in US dollars, from the deepest pools against stable coins. Never for an amount on chain.

A configured stable coin is counted as one dollar. Any other token has the spot price of a pool against a stable coin;
where none is deep enough, that of a pool against the wrapped native coin, times that coin's own price.

A pool is deep enough when a probe worth `probe_usd`, put in from either side, moves its price by at most 2 %. Of those,
the one is taken that costs the probe least: how far it moves the price, and the fee. The fee counts, because nobody
corrects a price that is off by less than the fee.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Protocol

from tradewind.domain.amount import to_raw
from tradewind.domain.plan import BlockRef
from tradewind.domain.reference_price import STABLE_USD, PoolPrice, ReferencePrice
from tradewind.domain.token_list import TokenList
from tradewind.errors import Unavailable

MAX_MOVE_PPM = 20_000
STABLE_SOURCE = "counted as 1 USD by the configuration"
# More digits than any pool's price is good for, few enough to be read.
_DIGITS = Context(prec=18, rounding=ROUND_HALF_EVEN)
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


class PricingVenue(Protocol):
    """What is asked of a venue."""

    name: str

    @property
    def block(self) -> BlockRef:
        """The block that its prices are exact at; Unavailable before it was read."""
        ...

    def pool_prices(self, token: str, against: str, probe_raw: int) -> Sequence[PoolPrice]:
        """The pools of a pair, each tried with the probe."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedChain:
    """What the configuration says of a chain's prices. Tokens are addresses."""

    venues: Sequence[PricingVenue]
    stables: frozenset[str]
    wrapped_native: str
    probe_usd: int


@dataclass(slots=True)
class _Known:
    """The prices of one chain as of the blocks that its venues are at."""

    at: tuple[str, ...] = ()
    prices: dict[str, ReferencePrice | None] = field(default_factory=dict)


class ReferencePrices:
    """Answers from what the venues hold in memory; nothing is asked of the chain."""

    def __init__(self, chains: Mapping[int, PricedChain], tokens: TokenList) -> None:
        self._chains = chains
        self._tokens = tokens
        self._known = {chain_id: _Known() for chain_id in chains}

    def price(self, chain_id: int, token: str | None) -> ReferencePrice | None:
        """The price of a token, or of the native coin (None); None when no deep pool leads to a stable coin."""
        chain = self._chains.get(chain_id)
        if chain is None:
            return None
        known = self._known_now(chain_id, chain)
        address = token or chain.wrapped_native
        if address not in known.prices:
            known.prices[address] = self._found(chain_id, chain, address)
        found = known.prices[address]
        return found.model_copy(update={"token": None}) if found is not None and token is None else found

    def prices(self, chain_id: int, tokens: Iterable[str | None]) -> tuple[ReferencePrice, ...]:
        """The known prices of `tokens`, each once; one that is not known is absent."""
        found = (self.price(chain_id, token) for token in dict.fromkeys(tokens))
        return tuple(price for price in found if price is not None)

    def _known_now(self, chain_id: int, chain: PricedChain) -> _Known:
        at = tuple(block.hash for venue in chain.venues if (block := _block(venue)) is not None)
        known = self._known[chain_id]
        if known.at != at:
            known = self._known[chain_id] = _Known(at)
        return known

    def _found(self, chain_id: int, chain: PricedChain, token: str) -> ReferencePrice | None:
        loaded = [(venue, block) for venue in chain.venues if (block := _block(venue)) is not None]
        if not loaded or self._tokens.get(chain_id, token) is None:
            return None
        if token in chain.stables:
            return _reference(token, STABLE_USD, STABLE_SOURCE, loaded[0][1], stable=True)
        stables = [(stable, STABLE_USD) for stable in sorted(chain.stables)]
        found = self._deepest(chain_id, chain, token, stables)
        if found is None and token != chain.wrapped_native:
            native = self.price(chain_id, chain.wrapped_native)
            against = [] if native is None else [(chain.wrapped_native, native.usd)]
            found = self._deepest(chain_id, chain, token, against)
        return found

    def _deepest(
        self, chain_id: int, chain: PricedChain, token: str, against: Iterable[tuple[str, Decimal]]
    ) -> ReferencePrice | None:
        candidates = list(self._candidates(chain_id, chain, token, against))
        return min(candidates, key=lambda candidate: candidate[0])[1] if candidates else None

    def _candidates(
        self, chain_id: int, chain: PricedChain, token: str, against: Iterable[tuple[str, Decimal]]
    ) -> Iterator[tuple[tuple[int, str], ReferencePrice]]:
        for counter, counter_usd in against:
            listed = self._tokens.get(chain_id, counter)
            if listed is None:
                continue
            probe = (chain.probe_usd / counter_usd).quantize(Decimal(1).scaleb(-listed.decimals), context=_WIDE)
            for venue in chain.venues:
                block = _block(venue)
                if block is None:
                    continue
                for pool in venue.pool_prices(token, counter, to_raw(probe, listed.decimals)):
                    if pool.move_ppm <= MAX_MOVE_PPM:
                        source = f"{venue.name} pool {pool.pool} against {listed.symbol}"
                        usd = _WIDE.multiply(pool.price, counter_usd)
                        yield (pool.cost_ppm, pool.pool), _reference(token, usd, source, block)


def _block(venue: PricingVenue) -> BlockRef | None:
    try:
        return venue.block
    except Unavailable:
        return None


def _reference(token: str, usd: Decimal, source: str, block: BlockRef, *, stable: bool = False) -> ReferencePrice:
    return ReferencePrice(
        token=token,
        usd=_DIGITS.plus(usd),
        source=source,
        stable=stable,
        block_number=block.number,
        block_timestamp_s=block.timestamp_s,
    )
