"""Obtains the signature of a step: the one that the gate has on record, or a new one.

The gate is the only witness of what was signed. So it is asked before each try, and no step is given up before the
gate has closed it: a request that seemed lost may still be waiting in its queue.
"""

import asyncio
from collections.abc import Mapping

from tradewind import core
from tradewind.domain.chain import ChainTiming
from tradewind.domain.plan import ExecutionPlan, PlanStep, StepKind
from tradewind.errors import Damaged, Disposition, Halted, Refused, TradewindError, Unavailable
from tradewind.execution.attempt import Attempts, WithoutReceipt
from tradewind.execution.chain_look import seen
from tradewind.execution.kill_switch import KillSwitch
from tradewind.execution.later_attempts import LaterAttempts
from tradewind.execution.overdue import Overdue
from tradewind.execution.signer_answers import RecordedPermit, RecordedStep
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.wallet_nonces import WalletNonces
from tradewind.observability import events as observe
from tradewind.observability.clock import NS_PER_MS, NS_PER_S, Backoff, Clock
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.view import IntentView
from tradewind.venues.account import AccountState
from tradewind.venues.evm_adapter import EvmVenueAdapter
from tradewind.venues.evm_block import BlockHeader
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_gas import gas_of
from tradewind.venues.manager import VenueManager
from tradewind.venues.simulated import SimulatedRevert

# Refusals that time can lift: another step is before this one, or another service was faster.
_PASSING_RULES = frozenset({"nonce_behind", "nonce_gap", "nonce_reused"})
_CANCELLED = WithoutReceipt("cancelled", "This was cancelled before it was signed. Nothing was traded.", cancelled=True)
_EXPIRED = WithoutReceipt(
    "deadline_passed", "The time window closed before this was signed. Nothing was traded.", expired=True
)


class StepSigning:
    """Signs steps of plans on EVM chains, through the gate."""

    def __init__(
        self,
        *,
        venues: VenueManager[EvmVenueAdapter],
        signer: SignerClient,
        clock: Clock,
        chains: Mapping[int, EvmChain],
        timing: Mapping[int, ChainTiming],
        state: StateCoordinator,
        switch: KillSwitch,
        later: LaterAttempts,
        nonces: WalletNonces,
    ) -> None:
        self._venues = venues
        self._signer = signer
        self._clock = clock
        self._chains = chains
        self._timing = timing
        self._state = state
        self._switch = switch
        self._later = later
        self._nonces = nonces

    async def obtain(self, plan: ExecutionPlan, step: PlanStep, view: IntentView) -> Attempts | WithoutReceipt:
        """The attempts to land, or how the step ended, which the gate then has closed for good.

        `view` is that of the plan's intent: it names the gate that the intent began with, and what was sent so far.
        """
        backoff, overdue = Backoff(self._clock), Overdue(plan, self._clock, view)
        while True:
            try:
                recorded = await self._signer.step(plan.intent_id, step.index)
                if recorded.attempts:
                    return Attempts(recorded.attempts)
                if recorded.pending:
                    return await self._without_trade(plan, step, recorded)
                await self._check_gate(view, step)
                ended = await self._try(plan, step, recorded.permit)
                if isinstance(ended, Attempts) or await self._signer.close(plan.intent_id, step.index):
                    return ended
            except TradewindError as error:
                observe.waiting(intent_id=plan.intent_id, what="signature", code=error.code, message=str(error))
                overdue.check("signature")
            await backoff.pause()

    async def _check_gate(self, view: IntentView, step: PlanStep) -> None:
        """A gate that knows nothing of a step is believed only if it is the gate that would know."""
        was_sent = any(submitted.step == step.index for submitted in view.submitted)
        gate = await self._signer.hello()
        records = view.processed.gate_records if view.processed else 0
        if was_sent or gate.gate_id != view.gate_id or gate.records < records:
            raise Damaged(
                "gate_replaced",
                "The signer's gate is not the one that this intent began with, or has lost records since: it cannot "
                "say what was signed.",
                remedy="Stop the signer and put its gate file back; nothing is signed for this intent until then.",
            )

    async def _without_trade(self, plan: ExecutionPlan, step: PlanStep, recorded: RecordedStep) -> Attempts:
        """An attempt is on record and owns a nonce, but is not signed: wait, or use the nonce up without it."""
        because = recorded.pending_because or "signing is halted"
        gate = await self._signer.hello()
        halted = gate.halted or any(
            halt.wallet == plan.wallet or halt.strategy_id == str(plan.strategy_id) for halt in gate.halts
        )
        if halted or recorded.closed or recorded.nonce is None:
            raise Halted("attempt_pending", f"An attempt is on record and is not signed: {because}.")
        signed = await self._later.cancel(
            plan, step, None, nonce=recorded.nonce, attempt=recorded.pending[-1] + 1, why=because
        )
        return Attempts((signed,))

    async def _try(
        self, plan: ExecutionPlan, step: PlanStep, permit: RecordedPermit | None
    ) -> Attempts | WithoutReceipt:
        """Sign; what speaks against it for good becomes the end, what may pass is raised."""
        if (view := self._state.in_memory(plan.intent_id)) is not None and view.cancel_requested is not None:
            return _CANCELLED
        least_ns = self._timing[plan.chain_id].min_landing_ms * NS_PER_MS
        if self._clock.now_ns() + least_ns >= plan.deadline_s * NS_PER_S:
            return _EXPIRED
        try:
            return await self._sign(plan, step, permit)
        except ForeignNonce as foreign:
            await self._switch.halt_wallet(plan.wallet, reason=foreign.message)
            return WithoutReceipt(foreign.code, f"This was not signed: {foreign}")
        except Refused as refusal:
            if refusal.rule in _PASSING_RULES:
                raise
            return WithoutReceipt(refusal.code, f"This was not signed: {refusal}")
        except TradewindError as error:
            if error.disposition is Disposition.REJECT:
                return WithoutReceipt(error.code, f"This was not signed: {error}")
            raise

    async def _sign(
        self, plan: ExecutionPlan, step: PlanStep, recorded_permit: RecordedPermit | None
    ) -> Attempts | WithoutReceipt:
        venue, chain = self._venues.get(plan.chain_id, step.venue), self._chains[plan.chain_id]
        # Most plans are signed at the block that they were made at: then the header comes with what is asked about it.
        at_plan = chain.account_reading(plan.wallet, step.token_in, venue.spender, plan.block)
        (header, account), recorded_next = await asyncio.gather(
            chain.head_with(at_plan, plan.block), self._signer.next_nonce(plan.wallet, plan.chain_id)
        )
        if account is None:
            account = await chain.account(plan.wallet, step.token_in, venue.spender, header.ref)
        await self._require_turn(plan, account, recorded_next)
        nonce = account.nonce
        _check_gas(plan, account, header)
        permit = recorded_permit.for_call() if recorded_permit else None
        if step.with_permit and permit is None:
            permit = await self._permit(plan, step, account)
        tx = await venue.build_swap_tx(plan, step, permit=permit, nonce=nonce)
        simulated = await venue.simulate(tx, plan.wallet, header.ref) if step.kind is StepKind.SWAP else None
        if isinstance(simulated, SimulatedRevert):
            said = simulated.reason or "no reason given"
            return WithoutReceipt(simulated.code, f"This was not signed: the chain says it would revert: {said}.")
        evidence = seen(chain, header, account.nonce).evidence
        signed = await self._signer.sign(plan, step, attempt=1, unsigned_tx=tx.encode_unsigned(), evidence=evidence)
        observe.attempt_signed(
            intent_id=plan.intent_id, step=step.index, attempt=1, tx_hash=signed.tx_hash, nonce=signed.nonce
        )
        return Attempts((signed,), simulated)

    async def _require_turn(self, plan: ExecutionPlan, account: AccountState, recorded_next: int | None) -> None:
        """The chain's next nonce must be the one after the last that the gate gave away."""
        if recorded_next == account.nonce:
            return
        if recorded_next is None:
            await self._require_first_nonce(plan, account)
            return
        if account.nonce < recorded_next:
            await self._nonces.bring_forward(plan.chain_id, plan.wallet)
            raise Unavailable(
                "nonce_behind",
                f"The chain has included {account.nonce} transactions of {plan.wallet}, and the gate has signed "
                f"{recorded_next}: an earlier one is not on chain (or no longer, after a reorganisation) and was sent "
                "again.",
            )
        included = await self._chains[plan.chain_id].agreed_nonce(plan.wallet)
        if included <= recorded_next:
            raise Unavailable(
                "nonce_unclear",
                f"One endpoint says that the chain has included {account.nonce} transactions of {plan.wallet}, but not "
                f"enough of them do; the gate knows of {recorded_next}.",
            )
        raise ForeignNonce(
            "nonce_foreign",
            f"The chain has included {included} transactions of {plan.wallet}, and the gate knows of {recorded_next}: "
            "somebody else signs for this wallet.",
            remedy="The wallet is halted. Find out who. If it was you: tradewind-signer adopt-nonce "
            f"--wallet {plan.wallet} --chain {plan.chain_id} --nonce {included}, then tradewind resume.",
        )

    async def _require_first_nonce(self, plan: ExecutionPlan, account: AccountState) -> None:
        """The gate counts on from a wallet's first nonce for good: one endpoint's word does not decide it."""
        included = await self._chains[plan.chain_id].agreed_nonce(plan.wallet)
        if included != account.nonce:
            raise Unavailable(
                "nonce_unclear",
                f"One endpoint says that the chain has included {account.nonce} transactions of {plan.wallet}, and "
                f"enough of them agree on {included}; the gate knows of none.",
            )

    async def _permit(self, plan: ExecutionPlan, step: PlanStep, account: AccountState) -> core.Permit:
        if account.permit_nonce is None:
            raise Refused(
                "token_without_permit",
                f"{step.token_in} is configured with a permit domain, but the token gives no permit nonce.",
                remedy="Remove its 'permit' from both configurations; an approval is sent instead.",
            )
        return await self._signer.permit(plan, step, permit_nonce=account.permit_nonce)


class ForeignNonce(Refused):
    """The chain has included a transaction of the wallet that the gate never signed, for good."""


def _check_gas(plan: ExecutionPlan, account: AccountState, header: BlockHeader) -> None:
    """What is signed now must be able to pay for itself now: it owns its nonce from then on."""
    if header.base_fee_wei > gas_of(plan).max_fee_per_gas_wei:
        raise Unavailable(
            "base_fee_above_offer",
            f"The base fee is {header.base_fee_wei} wei, and the plan offers {gas_of(plan).max_fee_per_gas_wei}.",
        )
    if account.native_balance_raw < plan.gas.worst_fee_raw:
        raise Unavailable(
            "gas_balance_too_low",
            f"{plan.wallet} holds {account.native_balance_raw} wei, and gas may cost {plan.gas.worst_fee_raw}.",
        )
