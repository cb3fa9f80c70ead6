"""The transactions that a plan on an EVM chain would come to, and the signer's word on each."""

from tradewind import core
from tradewind.domain.plan import ExecutionPlan, PlanStep, StepKind
from tradewind.errors import TradewindError
from tradewind.execution.quotes import StepQuote
from tradewind.execution.signer_answers import PolicyVerdict
from tradewind.execution.signer_client import SignerClient
from tradewind.venues.evm_adapter import EvmVenueAdapter
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.manager import VenueManager


class EvmStepQuotes:
    """One chain's."""

    def __init__(self, *, venues: VenueManager[EvmVenueAdapter], chain: EvmChain, signer: SignerClient) -> None:
        self._venues = venues
        self._chain = chain
        self._signer = signer

    async def of(self, plan: ExecutionPlan) -> tuple[StepQuote, ...]:
        """Each with the nonce that it would have if it were signed now."""
        nonce = await self._chain.nonce(plan.wallet)
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
