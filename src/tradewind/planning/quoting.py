"""What a trade would do right now: the best route over the allowed venues, after gas, with its limits."""

from collections.abc import Mapping
from dataclasses import dataclass

from tradewind.domain.amount import format_raw
from tradewind.domain.chain import ChainTiming
from tradewind.domain.intent import Intent, IntentType
from tradewind.domain.plan import BlockRef, Exact, PlannedLeg
from tradewind.errors import Refused, Unavailable
from tradewind.observability.clock import NS_PER_MS, Clock
from tradewind.planning.limits import leg_limits
from tradewind.planning.price_impact import price_impact_ppm
from tradewind.planning.terms import ChainTerms, Terms
from tradewind.venues.adapter import VenueAdapter
from tradewind.venues.manager import VenueManager
from tradewind.venues.trade_quote import TradeQuote


class BeyondLimit(Unavailable):
    """The price is worse than this part of the intent may pay. It may come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BestQuote:
    """The chosen route at `block`, and what may happen at worst. Amounts in smallest units."""

    venue: VenueAdapter
    route: TradeQuote
    legs: tuple[PlannedLeg, ...]
    block: BlockRef
    terms: Terms
    price_impact_ppm: int
    worst_in_raw: int
    worst_out_raw: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The last quote for a wallet, and what it was for."""

    intent: Intent
    amount_raw: int
    at_ns: int
    best: BestQuote


class Quoting:
    """Asks the venues of a chain. `sync` reads the chain; `best` answers as of what was read; `newest` does both."""

    def __init__(
        self,
        venues: VenueManager[VenueAdapter],
        terms: Mapping[int, ChainTerms],
        *,
        timing: Mapping[int, ChainTiming],
        clock: Clock,
    ) -> None:
        self._venues = venues
        self._terms = terms
        self._timing = timing
        self._clock = clock
        self._asked: dict[tuple[int, str], _Asked] = {}

    async def sync(self, intent: Intent) -> BlockRef:
        """Bring every allowed venue to the newest block; the block of the last one synced."""
        return [await venue.sync() for venue in self._allowed(intent)][-1]

    async def newest(
        self, intent: Intent, amount_raw: int, *, wallet: str, deadline_s: int, limit_raw: int | None = None
    ) -> BestQuote:
        """As `sync` and `best`.

        A whole intent that was quoted less than a poll interval ago is not quoted again, if the venues are still at
        the block of that quote: the answer would be the same.
        """
        asked = self._asked.pop((intent.chain_id, wallet), None)
        if asked is not None and limit_raw is None and self._still_holds(asked, intent, amount_raw):
            return asked.best
        await self.sync(intent)
        return await self._best(intent, amount_raw, wallet=wallet, deadline_s=deadline_s, limit_raw=limit_raw)

    def _still_holds(self, asked: _Asked, intent: Intent, amount_raw: int) -> bool:
        interval_ns = self._timing[intent.chain_id].poll_interval_ms * NS_PER_MS
        return (
            (asked.amount_raw, asked.intent) == (amount_raw, intent)
            and 0 <= self._clock.now_ns() - asked.at_ns < interval_ns
            and all(venue.block.hash == asked.best.block.hash for venue in self._allowed(intent))
        )

    async def best(self, intent: Intent, amount_raw: int, *, wallet: str, deadline_s: int) -> BestQuote:
        """The best answer of the allowed venues for exactly `amount_raw` of the sized asset, as of the last `sync`.

        Raises Refused (no_route, insufficient_liquidity, …) when no venue can carry it.
        """
        at_ns = self._clock.now_ns()
        best = await self._best(intent, amount_raw, wallet=wallet, deadline_s=deadline_s, limit_raw=None)
        # One for each wallet: whoever has its turn plans next.
        asked = _Asked(intent=intent, amount_raw=amount_raw, at_ns=at_ns, best=best)
        self._asked[intent.chain_id, wallet] = asked
        return best

    async def _best(
        self, intent: Intent, amount_raw: int, *, wallet: str, deadline_s: int, limit_raw: int | None
    ) -> BestQuote:
        """As `best`.

        `limit_raw` bounds the other side besides the slippage: the most that may go in, or the least that must come
        out. Raises BeyondLimit when the best one is worse than `limit_raw`.
        """
        routes = [(venue, await quoted(venue, intent, amount_raw)) for venue in self._allowed(intent)]
        if intent.intent_type is IntentType.ACQUIRE:
            venue, route = min(routes, key=lambda found: found[1].amount_in_raw + found[1].cost_raw)
        else:
            venue, route = max(routes, key=lambda found: found[1].amount_out_raw - found[1].cost_raw)
        _check_limit(intent, route, limit_raw)
        return await self._priced(venue, route, intent, wallet=wallet, deadline_s=deadline_s, limit_raw=limit_raw)

    def _allowed(self, intent: Intent) -> list[VenueAdapter]:
        allowed = [
            venue
            for venue in self._venues.on_chain(intent.chain_id)
            if any(intent.constraints.allows_venue(name) for name in venue.venue_names)
        ]
        if not allowed:
            raise Refused("no_venue_allowed", f"The constraints exclude every venue of chain {intent.chain_id}.")
        return allowed

    async def _priced(
        self,
        venue: VenueAdapter,
        route: TradeQuote,
        intent: Intent,
        *,
        wallet: str,
        deadline_s: int,
        limit_raw: int | None,
    ) -> BestQuote:
        worst = leg_limits(route, intent.constraints.max_slippage_ppm, limit_raw)
        legs = venue.planned_legs(route, [(leg.worst_in_raw, leg.worst_out_raw) for leg in worst])
        block, terms = venue.block, self._terms[intent.chain_id]
        return BestQuote(
            venue=venue,
            route=route,
            legs=legs,
            block=block,
            terms=await terms.of(venue, route, legs, wallet=wallet, deadline_s=deadline_s),
            price_impact_ppm=price_impact_ppm(route),
            worst_in_raw=sum(leg.worst_in_raw for leg in legs),
            worst_out_raw=sum(leg.worst_out_raw for leg in legs),
        )

    async def holding(self, intent: Intent, token: str, wallet: str, block: BlockRef) -> int:
        """How much of `token` the wallet holds at `block`."""
        return await self._terms[intent.chain_id].holding(token, wallet, block)


async def quoted(venue: VenueAdapter, intent: Intent, amount_raw: int) -> TradeQuote:
    """The venue's best answer after gas: that of each hop and of each further leg, in the token of the objective."""
    token_in, token_out, exact = direction(intent)
    counted_in = token_in if exact is Exact.OUT else token_out
    return await venue.quote(
        token_in=token_in,
        token_out=token_out,
        amount_raw=amount_raw,
        exact=exact,
        hop_cost_raw=await venue.fee_in_token(venue.hop_fee_raw, counted_in),
        path_cost_raw=await venue.fee_in_token(venue.leg_fee_raw, counted_in),
        rule=intent.constraints.allowed_venues,
    )


def direction(intent: Intent) -> tuple[str, str, Exact]:
    """Token in, token out, and the exact side: acquiring fixes what comes out, disposing what goes in."""
    sized, counter = intent.sized.asset.address, intent.counter.asset.address
    if intent.intent_type is IntentType.ACQUIRE:
        return counter, sized, Exact.OUT
    return sized, counter, Exact.IN


def _check_limit(intent: Intent, route: TradeQuote, limit_raw: int | None) -> None:
    if limit_raw is None:
        return
    paid = intent.counter.asset
    quoted_raw = route.amount_in_raw if route.exact == "out" else route.amount_out_raw
    if (quoted_raw > limit_raw) if route.exact == "out" else (quoted_raw < limit_raw):
        most = "most that may be paid" if route.exact == "out" else "least that must come"
        raise BeyondLimit(
            "price_beyond_limit",
            f"The quote is {format_raw(quoted_raw, paid.decimals, paid.symbol)}, and the {most} for this part is "
            f"{format_raw(limit_raw, paid.decimals, paid.symbol)}: the price has moved since the intent was accepted.",
        )
