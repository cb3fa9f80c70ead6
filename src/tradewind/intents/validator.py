"""Decides whether an intent can be carried out: first by what is configured, then by what the chain says."""

from collections.abc import Mapping
from uuid import UUID

from tradewind.domain.amount import PPM, format_raw, to_raw
from tradewind.domain.chain import ChainTiming, caip2
from tradewind.domain.events import IntentValidated
from tradewind.domain.intent import Intent, IntentType
from tradewind.domain.plan import BlockRef
from tradewind.domain.strategy import Strategy
from tradewind.domain.token_list import Token, TokenList
from tradewind.errors import InvalidInput, Refused
from tradewind.observability.clock import Clock
from tradewind.planning.quoting import BestQuote, Quoting
from tradewind.state.view import IntentView
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.manager import VenueManager

NS_PER_S = 1_000_000_000
# A tolerance is sane up to four times what the trade itself costs: room for the price to move while it lands, and
# not much more to take for whoever sees it coming. Pairs so deep that this would be next to nothing get 1 %.
CEILING_TIMES_COST = 4
CEILING_FLOOR_PPM = 10_000


class IntentValidator:
    """Raises Refused with a named rule, or InvalidInput naming the field; returns what it found otherwise."""

    def __init__(
        self,
        *,
        tokens: TokenList,
        strategies: Mapping[UUID, Strategy],
        venues: VenueManager,
        quoting: Quoting,
        chains: Mapping[int, EvmChain],
        timing: Mapping[int, ChainTiming],
        clock: Clock,
    ) -> None:
        self._chains = chains
        self._timing = timing
        self._tokens = tokens
        self._strategies = strategies
        self._venues = venues
        self._quoting = quoting
        self._clock = clock

    def check_without_chain(self, intent: Intent) -> Strategy:
        """What configuration alone can tell; done before the intent is accepted."""
        strategy = self._strategy(intent)
        self._check_chain_and_venues(intent)
        listed = [self._tokens.check(spec.asset, f"assets.{i}.asset") for i, spec in enumerate(intent.assets)]
        _check_slippage_cap(intent, strategy)
        sized = next(token for token in listed if token.address == intent.sized.asset.address)
        if intent.sized.amount_raw is not None:
            _check_size_cap(sized, intent.sized.amount_raw, strategy)
        self._check_window(intent)
        return strategy

    async def check_with_chain(self, view: IntentView) -> IntentValidated:
        """What only the chain can tell: holdings, depth, price, gas, time."""
        intent, strategy = view.intent, self._strategy(view.intent)
        self._check_time_left(view)
        block = await self._quoting.sync(intent)
        amount_raw = await self._amount_raw(view, block)
        _check_size_cap(self._tokens.check(intent.sized.asset, "assets"), amount_raw, strategy)
        deadline_s = view.valid_until_ns // NS_PER_S
        best = await self._quoting.best(intent, amount_raw, wallet=view.wallet, deadline_s=deadline_s)
        ceiling_ppm = _check_depth(intent, best, strategy)
        _check_funds(intent, best)
        return IntentValidated(
            intent_id=intent.id,
            amount_raw=amount_raw,
            balance_in_raw=best.account.token_balance_raw,
            native_balance_wei=best.account.native_balance_wei,
            slippage_ceiling_ppm=ceiling_ppm,
            block_number=block.number,
        )

    def _strategy(self, intent: Intent) -> Strategy:
        strategy = self._strategies.get(intent.strategy_id)
        if strategy is None:
            raise InvalidInput.one(
                "strategy_id",
                "strategy_unknown",
                f"{intent.strategy_id} is no configured strategy. Add a [strategies.<name>] table with this id.",
                what="intent",
            )
        return strategy

    def _check_chain_and_venues(self, intent: Intent) -> None:
        names = self._venues.names(intent.chain_id)
        if not names:
            configured = ", ".join(str(chain) for chain in self._venues.chains()) or "none"
            raise Refused(
                "chain_not_configured",
                f"Chain {intent.chain_id} ({caip2(intent.chain_id)}) is not configured (configured: {configured}).",
            )
        rule = intent.constraints.allowed_venues
        unknown = [name for name in rule.names if name not in names] if rule else []
        if unknown:
            raise InvalidInput.one(
                "constraints.allowed_venues",
                "venue_not_on_chain",
                f"'{unknown[0]}' is not a venue on chain {intent.chain_id}. There: {', '.join(names)}.",
                what="intent",
            )
        if not any(intent.constraints.allows_venue(name) for name in names):
            raise Refused("no_venue_allowed", f"The constraints exclude every venue of chain {intent.chain_id}.")

    def _check_window(self, intent: Intent) -> None:
        least_ms = self._timing[intent.chain_id].min_landing_ms
        if intent.constraints.time_window_ms < least_ms:
            raise Refused(
                "deadline_unreachable",
                f"A window of {intent.constraints.time_window_ms} ms is too short: a transaction on chain "
                f"{intent.chain_id} is given {least_ms} ms to land.",
            )

    def _check_time_left(self, view: IntentView) -> None:
        left_ms = (view.valid_until_ns - self._clock.now_ns()) // 1_000_000
        least_ms = self._timing[view.intent.chain_id].min_landing_ms
        if left_ms < least_ms:
            raise Refused(
                "deadline_unreachable",
                f"{max(0, left_ms)} ms are left, and a transaction on chain {view.intent.chain_id} is given "
                f"{least_ms} ms to land.",
            )

    async def _amount_raw(self, view: IntentView, block: BlockRef) -> int:
        """The size in smallest units; a percentage is taken of what the wallet holds at `block`, rounded down."""
        spec = view.intent.sized
        if spec.amount_raw is not None:
            return spec.amount_raw
        percentage = spec.percentage
        assert percentage is not None  # noqa: S101 (the model allows no third case)
        held_raw = await self._chains[view.intent.chain_id].erc20_balance(spec.asset.address, view.wallet, block)
        numerator, denominator = percentage.as_integer_ratio()
        amount_raw = held_raw * numerator // (100 * denominator)
        if amount_raw == 0:
            held = format_raw(held_raw, spec.asset.decimals, spec.asset.symbol)
            raise Refused("holding_too_small", f"{percentage} % of the {held} held is nothing.")
        return amount_raw


def _check_slippage_cap(intent: Intent, strategy: Strategy) -> None:
    asked_ppm, cap_ppm = intent.constraints.max_slippage_ppm, strategy.max_slippage_bps * 100
    if asked_ppm > cap_ppm:
        raise Refused(
            "slippage_above_strategy_limit",
            f"max_slippage of {_percent(asked_ppm)} is above the {_percent(cap_ppm)} that strategy "
            f"'{strategy.name}' allows.",
        )


def _check_size_cap(token: Token, amount_raw: int, strategy: Strategy) -> None:
    cap = strategy.max_amount.get(token.symbol)
    if cap is not None and amount_raw > to_raw(cap, token.decimals):
        raise Refused(
            "amount_above_strategy_limit",
            f"{format_raw(amount_raw, token.decimals, token.symbol)} is more than the {cap} {token.symbol} that "
            f"strategy '{strategy.name}' allows for one intent.",
        )


def _check_depth(intent: Intent, best: BestQuote, strategy: Strategy) -> int:
    impact_cap_ppm = strategy.max_price_impact_bps * 100
    if best.price_impact_ppm > impact_cap_ppm:
        raise Refused(
            "price_impact_too_high",
            f"This size moves the price by {_percent(best.price_impact_ppm)}; strategy '{strategy.name}' allows "
            f"{_percent(impact_cap_ppm)}.",
            remedy="Send a smaller amount, or several over time.",
        )
    ceiling_ppm = max(CEILING_FLOOR_PPM, CEILING_TIMES_COST * (best.route.fee_ppm + best.price_impact_ppm))
    if intent.constraints.max_slippage_ppm > ceiling_ppm:
        raise Refused(
            "slippage_unreasonable",
            f"max_slippage of {_percent(intent.constraints.max_slippage_ppm)} invites being traded against: fees and "
            f"impact of this trade are {_percent(best.route.fee_ppm + best.price_impact_ppm)}, so at most "
            f"{_percent(ceiling_ppm)} is accepted.",
        )
    return ceiling_ppm


def _percent(ppm: int) -> str:
    whole, rest = divmod(ppm * 100, PPM)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".") + " %"


def _check_funds(intent: Intent, best: BestQuote) -> None:
    spent = intent.counter.asset if intent.intent_type is IntentType.ACQUIRE else intent.sized.asset
    account = best.account
    if account.token_balance_raw < best.worst_in_raw:
        raise Refused(
            "balance_too_low",
            f"The wallet holds {format_raw(account.token_balance_raw, spent.decimals, spent.symbol)}, and this may "
            f"take up to {format_raw(best.worst_in_raw, spent.decimals, spent.symbol)} "
            f"(quoted {format_raw(best.route.amount_in_raw, spent.decimals)} plus the slippage allowed).",
        )
    if account.native_balance_wei < best.gas.worst_fee_wei:
        raise Refused(
            "gas_balance_too_low",
            f"The wallet holds {format_raw(account.native_balance_wei, 18)} of the native coin, and gas may cost up "
            f"to {format_raw(best.gas.worst_fee_wei, 18)}.",
        )
