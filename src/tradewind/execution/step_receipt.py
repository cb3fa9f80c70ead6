"""Turns the receipt of an attempt into the record of its step."""

from collections.abc import Mapping

from tradewind import core
from tradewind.accounting.fill import step_result
from tradewind.domain.fill import StepOutcome, StepResult
from tradewind.domain.plan import ExecutionPlan, PlanStep, StepKind
from tradewind.execution.signer_answers import SignedAttempt
from tradewind.observability import events as observe
from tradewind.venues.evm_adapter import EvmVenueAdapter
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_receipt import Receipt
from tradewind.venues.manager import VenueManager


class StepReceipts:
    """Reads how attempts ended, with the venue's word for a refusal."""

    def __init__(self, *, venues: VenueManager[EvmVenueAdapter], chains: Mapping[int, EvmChain]) -> None:
        self._venues = venues
        self._chains = chains

    async def result(self, plan: ExecutionPlan, step: PlanStep, signed: SignedAttempt, receipt: Receipt) -> StepResult:
        """The result of `step`, which `signed` ended in the block of `receipt`."""
        code = reason = None
        if not receipt.succeeded:
            tx = core.decode_eip1559(signed.raw_tx).transaction
            revert = await self._chains[plan.chain_id].revert_reason(receipt, tx)
            code, reason = self._venues.get(plan.chain_id, step.venue).revert_code(revert), revert.reason
        trades = step.kind is StepKind.SWAP and not signed.noop
        result = step_result(
            receipt,
            step=step.index,
            attempt=signed.attempt,
            nonce=signed.nonce,
            wallet=plan.wallet,
            legs=plan.legs if trades else (),
            revert_code=code,
            revert_reason=reason,
        )
        if signed.noop:
            result = result.model_copy(update={"outcome": StepOutcome.CANCELLED})
        observe.receipt_seen(
            intent_id=plan.intent_id,
            step=step.index,
            tx_hash=result.tx_hash,
            outcome=result.outcome.value,
            block=result.block.number,
        )
        return result
