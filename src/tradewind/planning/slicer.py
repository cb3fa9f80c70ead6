"""Decides into how many slices an intent goes, by quotes for them, and writes their schedule."""

from collections.abc import Mapping
from dataclasses import dataclass

from tradewind.domain.amount import PPM, format_raw, to_raw
from tradewind.domain.asset import Asset
from tradewind.domain.chain import ChainTiming
from tradewind.domain.intent import ExecutionStyle, Intent, IntentType
from tradewind.domain.plan import Exact
from tradewind.domain.slice import ConsideredSlicing, Slice, SlicingDecision
from tradewind.domain.strategy import Strategy
from tradewind.errors import Refused
from tradewind.observability.clock import NS_PER_MS, Clock
from tradewind.planning.quoting import BestQuote, Quoting, direction, quoted
from tradewind.planning.slicing import Slicing, SlicingRules, best_of, equal_parts, slicings, weigh
from tradewind.planning.terms import Spending
from tradewind.venues.trade_quote import TradeQuote

_WHOLE = "one transaction carries the whole intent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sliced:
    """The slices with their schedule, the decision behind them, and both in words."""

    slices: tuple[Slice, ...]
    decision: SlicingDecision
    because: str

    @property
    def chosen(self) -> ConsideredSlicing:
        """What the chosen number of slices comes to."""
        return next(one for one in self.decision.considered if one.slices == self.decision.chosen)


class Slicer:
    """Slices what is passive, or moves the price further than its strategy allows in one transaction."""

    def __init__(self, *, quoting: Quoting, timing: Mapping[int, ChainTiming], clock: Clock) -> None:
        self._quoting = quoting
        self._timing = timing
        self._clock = clock

    async def slice(
        self, intent: Intent, strategy: Strategy, best: BestQuote, amount_raw: int, *, valid_until_ns: int
    ) -> Sliced:
        """The slices of `amount_raw`; `best` is the quote for all of it.

        When every number of slices moves the price further than the strategy allows, one slice: the validator refuses.
        """
        rules = self._rules(intent, strategy, best, valid_until_ns=valid_until_ns)
        gas_raw = await self._gas_per_slice_raw(intent, best)
        options = slicings(amount_raw, rules)
        routes = await self._routes(intent, best, options)
        considered = tuple(
            weigh(option, routes, gas_per_slice_raw=gas_raw) for option in options if _is_quoted(option, routes)
        )
        acquiring = intent.intent_type is IntentType.ACQUIRE
        limit_ppm = strategy.max_price_impact_bps * 100
        chosen = best_of(considered, acquiring=acquiring, max_impact_ppm=limit_ppm) or considered[0]
        decision = SlicingDecision(
            chosen=chosen.slices,
            counted_in=intent.counter.asset.address,
            recovery_half_life_ms=rules.half_life_ms,
            considered=considered,
        )
        return Sliced(
            slices=self._schedule(intent, best, amount_raw, chosen),
            decision=decision,
            because=_because(intent, decision, chosen, max_impact_ppm=limit_ppm),
        )

    def _rules(self, intent: Intent, strategy: Strategy, best: BestQuote, *, valid_until_ns: int) -> SlicingRules:
        timing = self._timing[intent.chain_id]
        within_limit = best.price_impact_ppm <= strategy.max_price_impact_bps * 100
        least = strategy.min_slice.get(intent.sized.asset.symbol)
        left_ms = (valid_until_ns - self._clock.now_ns()) // NS_PER_MS
        return SlicingRules(
            max_slices=1 if _asks_for_speed(intent) and within_limit else strategy.max_slices,
            min_slice_raw=0 if least is None else to_raw(least, intent.sized.asset.decimals),
            min_interval_ms=strategy.min_slice_interval_ms,
            half_life_ms=timing.recovery_half_life_ms,
            span_ms=max(0, left_ms - timing.min_landing_ms),
        )

    async def _gas_per_slice_raw(self, intent: Intent, best: BestQuote) -> int:
        """Each slice is charged what the whole would cost: its swap crosses no more ticks, and it needs its own leave
        to take the token."""
        fee_raw = best.terms.gas.expected_fee_raw
        if best.terms.spending is Spending.APPROVAL:
            fee_raw += best.venue.approval_fee_raw
        return await best.venue.fee_in_token(fee_raw, intent.counter.asset.address)

    async def _routes(self, intent: Intent, best: BestQuote, options: list[Slicing]) -> dict[int, TradeQuote]:
        """The venue's answer for every volume that is asked about; those that it cannot give are left out."""
        volumes = {volume for option in options for move in option.moves for volume in move if volume}
        _, _, exact = direction(intent)
        found = {best.route.amount_out_raw if exact is Exact.OUT else best.route.amount_in_raw: best.route}
        for volume in volumes - found.keys():
            try:
                found[volume] = await quoted(best.venue, intent, volume)
            except Refused:
                continue
        return found

    def _schedule(
        self, intent: Intent, best: BestQuote, amount_raw: int, chosen: ConsideredSlicing
    ) -> tuple[Slice, ...]:
        """The first at once, each other at the start of its equal part of the time in which one can still land."""
        token_in, token_out, exact = direction(intent)
        start_ns = self._clock.now_ns()
        return tuple(
            Slice(
                index=index,
                exact=exact,
                token_in=token_in,
                token_out=token_out,
                amount_raw=part_raw,
                not_before_ns=start_ns + index * chosen.interval_ms * NS_PER_MS if index else 0,
                limit_raw=None if chosen.slices == 1 else _limit_raw(best, exact, part_raw, amount_raw),
            )
            for index, part_raw in enumerate(equal_parts(amount_raw, chosen.slices))
        )


def _asks_for_speed(intent: Intent) -> bool:
    return intent.constraints.execution_style is ExecutionStyle.AGGRESSIVE


def _is_quoted(option: Slicing, routes: Mapping[int, TradeQuote]) -> bool:
    return all(volume in routes for move in option.moves for volume in move if volume)


def _limit_raw(best: BestQuote, exact: Exact, part_raw: int, amount_raw: int) -> int:
    """The slice's part of the worst that one transaction for the whole would have been allowed, never looser."""
    if exact is Exact.OUT:
        return best.worst_in_raw * part_raw // amount_raw
    return -(-best.worst_out_raw * part_raw // amount_raw)


def _because(intent: Intent, decision: SlicingDecision, chosen: ConsideredSlicing, *, max_impact_ppm: int) -> str:
    whole, paid = decision.considered[0], intent.counter.asset
    if chosen.price_impact_ppm > max_impact_ppm:
        return f"{_WHOLE}: {_TOO_FAR}"
    if chosen.slices == 1:
        return f"{_WHOLE}: {_why_whole(intent, decision)}"
    saved_raw = _saved_raw(chosen, whole, intent)
    takes = "take" if intent.intent_type is IntentType.ACQUIRE else "give"
    return (
        f"{chosen.slices} slices, one every {_seconds(chosen.interval_ms)}: together they {takes} "
        f"{_amount(chosen.trade_raw, paid)} where one transaction would {takes} {_amount(whole.trade_raw, paid)}; that "
        f"saves {_amount(saved_raw, paid)} of impact and costs {_amount(chosen.gas_raw - whole.gas_raw, paid)} more "
        f"gas, if half of a move of the price recovers every {_seconds(decision.recovery_half_life_ms)}"
    )


_NO_ROOM = "no second slice fits into the window and the strategy's limits for slices"
_TOO_FAR = "no number of slices keeps its move of the price within the strategy's limit"


def _why_whole(intent: Intent, decision: SlicingDecision) -> str:
    whole, *others = decision.considered
    acquiring, paid = intent.intent_type is IntentType.ACQUIRE, intent.counter.asset
    next_best = best_of(others, acquiring=acquiring, max_impact_ppm=PPM)
    if next_best is None:
        return "it asks for speed" if _asks_for_speed(intent) else _NO_ROOM
    return (
        f"{next_best.slices} slices would save {_amount(max(0, _saved_raw(next_best, whole, intent)), paid)} of impact "
        f"and cost {_amount(next_best.gas_raw - whole.gas_raw, paid)} more gas"
    )


def _saved_raw(one: ConsideredSlicing, whole: ConsideredSlicing, intent: Intent) -> int:
    saved_raw = whole.trade_raw - one.trade_raw
    return saved_raw if intent.intent_type is IntentType.ACQUIRE else -saved_raw


def _amount(amount_raw: int, asset: Asset) -> str:
    return format_raw(amount_raw, asset.decimals, asset.symbol)


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:g} s"
