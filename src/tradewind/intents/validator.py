"""Decides whether an intent can be carried out: first by what is configured, then by what the chain says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from tradewind.domain.address import is_evm_address
from tradewind.domain.amount import format_raw
from tradewind.domain.chain import ChainTiming, caip2, is_evm
from tradewind.domain.events import IntentValidated
from tradewind.domain.intent import Intent
from tradewind.domain.plan import BlockRef, ExecutionPlan
from tradewind.domain.strategy import Strategy
from tradewind.domain.token_list import TokenList
from tradewind.errors import InvalidInput, Refused
from tradewind.intents.preview import Preview, Refusal
from tradewind.intents.strategy_limits import check_depth, check_size_cap, check_slippage_cap
from tradewind.observability.clock import NS_PER_MS, NS_PER_S, Clock
from tradewind.planning.drafting import draft_plan
from tradewind.planning.funds import check_funds
from tradewind.planning.quoting import BestQuote, Quoting
from tradewind.planning.slicer import Sliced, Slicer
from tradewind.state.view import IntentView
from tradewind.venues.adapter import VenueAdapter
from tradewind.venues.manager import VenueManager


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the chain says of an intent that can be carried out, and the slices that it goes into."""

    facts: IntentValidated
    sliced: Sliced


class IntentValidator:
    """Raises Refused with a named rule, or InvalidInput naming the field; returns what it found otherwise."""

    def __init__(
        self,
        *,
        tokens: TokenList,
        strategies: Mapping[UUID, Strategy],
        venues: VenueManager[VenueAdapter],
        quoting: Quoting,
        slicer: Slicer,
        timing: Mapping[int, ChainTiming],
        clock: Clock,
    ) -> None:
        self._timing = timing
        self._tokens = tokens
        self._strategies = strategies
        self._venues = venues
        self._quoting = quoting
        self._slicer = slicer
        self._clock = clock

    def check_without_chain(self, intent: Intent) -> Strategy:
        """What configuration alone can tell; done before the intent is accepted."""
        strategy = self._strategy(intent)
        _check_wallet(intent, strategy)
        self._check_chain_and_venues(intent)
        listed = [self._tokens.check(spec.asset, f"assets.{i}.asset") for i, spec in enumerate(intent.assets)]
        check_slippage_cap(intent, strategy)
        sized = next(token for token in listed if token.address == intent.sized.asset.address)
        if intent.sized.amount_raw is not None:
            check_size_cap(sized, intent.sized.amount_raw, strategy)
        self._check_window(intent)
        return strategy

    async def check_with_chain(self, view: IntentView) -> Assessment:
        """What only the chain can tell: holdings, depth, price, gas, time; for the whole intent in all its slices."""
        intent, strategy = view.intent, self._strategy(view.intent)
        self._check_time_left(view)
        block = await self._quoting.sync(intent)
        amount_raw = await self._amount_raw(intent, view.wallet, block)
        check_size_cap(self._tokens.check(intent.sized.asset, "assets"), amount_raw, strategy)
        deadline_s = view.valid_until_ns // NS_PER_S
        best = await self._quoting.best(intent, amount_raw, wallet=view.wallet, deadline_s=deadline_s)
        sliced = await self._slicer.slice(intent, strategy, best, amount_raw, valid_until_ns=view.valid_until_ns)
        ceiling_ppm = check_depth(intent, best, sliced.chosen, strategy)
        check_funds(intent, best, slices=sliced.chosen.slices)
        facts = IntentValidated(
            intent_id=intent.id,
            amount_raw=amount_raw,
            balance_in_raw=best.terms.account.token_balance_raw,
            native_balance_raw=best.terms.account.native_balance_raw,
            slippage_ceiling_ppm=ceiling_ppm,
            block_number=block.number,
        )
        return Assessment(facts, sliced)

    async def preview(self, intent: Intent) -> Preview:
        """What the intent would do if it were sent now. What speaks against it is in the answer, not raised.

        Raises Unavailable when the chain does not answer.
        """
        try:
            return await self._preview(intent, self.check_without_chain(intent))
        except (InvalidInput, Refused) as error:
            return Preview(refusals=_refusals(error))

    async def _preview(self, intent: Intent, strategy: Strategy) -> Preview:
        wallet, preview = strategy.wallet, Preview(wallet=strategy.wallet)
        valid_until_ns = self._clock.now_ns() + intent.constraints.time_window_ms * NS_PER_MS
        deadline_s = valid_until_ns // NS_PER_S
        try:
            amount_raw = await self._amount_raw(intent, wallet, await self._quoting.sync(intent))
            preview = preview.model_copy(update={"amount_raw": amount_raw})
            best = await self._quoting.best(intent, amount_raw, wallet=wallet, deadline_s=deadline_s)
        except Refused as error:
            return preview.model_copy(update={"refusals": _refusals(error)})
        sliced = await self._slicer.slice(intent, strategy, best, amount_raw, valid_until_ns=valid_until_ns)
        sized = self._tokens.check(intent.sized.asset, "assets")
        refusals = (
            *_refusals_of(lambda: check_size_cap(sized, amount_raw, strategy)),
            *_refusals_of(lambda: check_depth(intent, best, sliced.chosen, strategy)),
            *_refusals_of(lambda: check_funds(intent, best, slices=sliced.chosen.slices)),
        )
        return Preview(
            wallet=wallet,
            amount_raw=amount_raw,
            plan=await self._first_plan(intent, sliced, best, wallet=wallet, deadline_s=deadline_s),
            slices=sliced.slices,
            slicing=sliced.decision,
            because=sliced.because,
            balance_in_raw=best.terms.account.token_balance_raw,
            native_balance_raw=best.terms.account.native_balance_raw,
            refusals=refusals,
        )

    async def _first_plan(
        self, intent: Intent, sliced: Sliced, best: BestQuote, *, wallet: str, deadline_s: int
    ) -> ExecutionPlan:
        """What the first slice would be planned as."""
        first = sliced.slices[0]
        if len(sliced.slices) > 1:
            best = await self._quoting.best(intent, first.amount_raw, wallet=wallet, deadline_s=deadline_s)
        return draft_plan(intent, first, best, wallet=wallet, deadline_s=deadline_s, executor="preview")

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

    async def _amount_raw(self, intent: Intent, wallet: str, block: BlockRef) -> int:
        """The size in smallest units; a percentage is taken of what the wallet holds at `block`, rounded down."""
        spec = intent.sized
        if spec.amount_raw is not None:
            return spec.amount_raw
        percentage = spec.percentage
        assert percentage is not None  # noqa: S101 (the model allows no third case)
        held_raw = await self._quoting.holding(intent, spec.asset.address, wallet, block)
        numerator, denominator = percentage.as_integer_ratio()
        amount_raw = held_raw * numerator // (100 * denominator)
        if amount_raw == 0:
            held = format_raw(held_raw, spec.asset.decimals, spec.asset.symbol)
            raise Refused("holding_too_small", f"{percentage} % of the {held} held is nothing.")
        return amount_raw


def _check_wallet(intent: Intent, strategy: Strategy) -> None:
    """A wallet lives on EVM chains or on Solana."""
    if is_evm_address(strategy.wallet) is not is_evm(intent.chain_id):
        raise Refused(
            "wallet_not_of_chain",
            f"The wallet of the strategy '{strategy.name}' is {strategy.wallet}, which is none of chain "
            f"{intent.chain_id} ({caip2(intent.chain_id)}).",
            remedy="Send it under a strategy whose wallet is there.",
        )


def _refusals(error: InvalidInput | Refused) -> tuple[Refusal, ...]:
    if isinstance(error, InvalidInput):
        return tuple(Refusal(code=fault.code, message=fault.message, field=fault.field) for fault in error.faults)
    return (Refusal(code=error.code, message=str(error)),)


def _refusals_of(check: Callable[[], object]) -> tuple[Refusal, ...]:
    try:
        check()
    except (InvalidInput, Refused) as error:
        return _refusals(error)
    return ()
