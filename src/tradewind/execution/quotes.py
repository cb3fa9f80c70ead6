"""What an intent would do now, and what the signer would say to it. Records, reserves and signs nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tradewind import core
from tradewind.domain.intent import Intent
from tradewind.domain.plan import ExecutionPlan, PlanStep, StepKind
from tradewind.domain.receipt import Priority
from tradewind.errors import TradewindError
from tradewind.execution.signer_client import PolicyVerdict, SignerClient
from tradewind.intents.preview import Preview
from tradewind.intents.prioritizer import Prioritizer
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.manager import VenueManager


class Previews(Protocol):
    """Says what an intent would come to."""

    async def preview(self, intent: Intent) -> Preview:
        """As of now; nothing is recorded."""
        ...


@dataclass(frozen=True, slots=True)
class StepQuote:
    """One transaction that would be signed, but for its permit, and what the signer says to it.

    Without `verdict` it could not be asked; `fault` says why. `permit_is_blank`: the permit is in its place and is
    signed by nobody.
    """

    index: int
    kind: StepKind
    unsigned_tx: bytes
    permit_is_blank: bool
    verdict: PolicyVerdict | None
    fault: TradewindError | None


@dataclass(frozen=True, slots=True)
class Quote:
    """Everything that is known of an intent before it is sent. `steps` are those of the first slice."""

    preview: Preview
    priority: Priority
    steps: tuple[StepQuote, ...]


class QuoteService:
    """Puts together what the rooms behind it would do with an intent."""

    def __init__(
        self,
        *,
        previews: Previews,
        prioritizer: Prioritizer,
        venues: VenueManager,
        chains: Mapping[int, EvmChain],
        signer: SignerClient,
    ) -> None:
        self._previews = previews
        self._prioritizer = prioritizer
        self._venues = venues
        self._chains = chains
        self._signer = signer

    async def quote(self, intent: Intent) -> Quote:
        """Raises Unavailable when the chain does not answer; what speaks against the intent is in the quote."""
        preview = await self._previews.preview(intent)
        steps = () if preview.plan is None else await self._steps(preview.plan)
        return Quote(preview, self._prioritizer.prioritise(intent), steps)

    async def _steps(self, plan: ExecutionPlan) -> tuple[StepQuote, ...]:
        nonce = await self._chains[plan.chain_id].nonce(plan.wallet)
        return tuple([await self._step(plan, step, nonce + place) for place, step in enumerate(plan.steps)])

    async def _step(self, plan: ExecutionPlan, step: PlanStep, nonce: int) -> StepQuote:
        venue = self._venues.get(plan.chain_id, step.venue)
        permit = blank_permit(plan, step) if step.with_permit and step.kind is StepKind.SWAP else None
        tx = await venue.build_swap_tx(plan, step, permit=permit, nonce=nonce)
        unsigned_tx = tx.encode_unsigned()
        verdict: PolicyVerdict | None = None
        fault: TradewindError | None = None
        try:
            verdict = await self._signer.check(
                strategy_id=plan.strategy_id,
                wallet=plan.wallet,
                chain_id=plan.chain_id,
                unsigned_tx=unsigned_tx,
                quoted_in_raw=plan.quoted_in_raw if step.kind is StepKind.SWAP else step.amount_in_raw,
                quoted_out_raw=plan.quoted_out_raw,
            )
        except TradewindError as error:
            fault = error
        return StepQuote(step.index, step.kind, unsigned_tx, permit is not None, verdict, fault)


def blank_permit(plan: ExecutionPlan, step: PlanStep) -> core.Permit:
    """A permit in everything but its signature: a permit is worth money, and only an intent gets one signed."""
    return core.Permit(
        value_raw=step.amount_in_raw, deadline_s=plan.deadline_s, v=27, r=bytes(31) + b"\1", s=bytes(31) + b"\1"
    )
