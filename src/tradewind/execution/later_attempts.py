"""Makes further transactions with a nonce that is given away already: the same trade at a higher fee, or one that does
nothing.

One nonce has one effect, so neither can add a second one. Whichever lands is the result of the step.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tradewind import core
from tradewind.domain.plan import ExecutionPlan, PlanStep
from tradewind.execution.attempt import Attempts
from tradewind.execution.chain_look import ChainLook, look
from tradewind.execution.signer_answers import SignedAttempt, gap_id
from tradewind.execution.signer_client import SignerClient
from tradewind.observability import events as observe
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_gas import GasPolicy, padded_limit

# What endpoints say of a fee that does not suffice.
TOO_LOW = ("fee_below_base_fee", "underpriced")
# go-ethereum's pool replaces a transaction when both fees rise by 10 %; an eighth is above that after every rounding.
_RAISE = 8


@dataclass(frozen=True, slots=True)
class Offer:
    """What a fee has to be fit for: the base fee of the next block, which is charged whatever more is offered.

    `was_refused`: the last offer was called too low, although nothing that can be read says so; it is then doubled.
    """

    base_fee_wei: int
    was_refused: bool = False

    def under(self, policy: GasPolicy) -> int:
        """The fee for one gas that the policy offers."""
        return -(-self.base_fee_wei * policy.base_fee_multiplier_percent // 100)


class LaterAttempts:
    """Signs them through the gate, which gives a step its nonce once and refuses another trade under it."""

    def __init__(
        self, *, signer: SignerClient, chains: Mapping[int, EvmChain], gas_policies: Mapping[int, GasPolicy]
    ) -> None:
        self._signer = signer
        self._chains = chains
        self._gas_policies = gas_policies

    async def replace(
        self, plan: ExecutionPlan, step: PlanStep, attempts: Attempts, *, offer: Offer, why: str
    ) -> SignedAttempt:
        """The last attempt's transaction once more, at fees that the chain takes now.

        Raises Refused with the gate's rule: fee_cap when that is above the caps, validity past the deadline.
        """
        now = await look(self._chains[plan.chain_id], plan.wallet)
        before = core.decode_eip1559(attempts.last.raw_tx).transaction
        tx = self._at_higher_fees(before, attempts, offer)
        signed = await self._signer.sign(
            plan,
            step,
            attempt=attempts.last.attempt + 1,
            unsigned_tx=tx.encode_unsigned(),
            evidence=now.evidence,
        )
        self._tell(plan, step, signed, why)
        return signed

    async def cancel(
        self,
        plan: ExecutionPlan,
        step: PlanStep,
        attempts: Attempts | None,
        *,
        nonce: int,
        attempt: int,
        why: str,
        offer: Offer | None = None,
    ) -> SignedAttempt:
        """A transaction that does nothing, as attempt number `attempt` of the step that owns `nonce`."""
        now = await look(self._chains[plan.chain_id], plan.wallet)
        if offer is None:
            offer = Offer(await self._chains[plan.chain_id].next_base_fee())
        tx = await self._nothing(plan.chain_id, plan.wallet, nonce, now, offer)
        if attempts is not None:
            tx = self._at_higher_fees(tx, attempts, offer)
        signed = await self._signer.sign_noop(
            plan.intent_id,
            step.index,
            attempt=attempt,
            strategy_id=plan.strategy_id,
            wallet=plan.wallet,
            chain_id=plan.chain_id,
            unsigned_tx=tx.encode_unsigned(),
            evidence=now.evidence,
        )
        self._tell(plan, step, signed, why)
        return signed

    async def fill_gap(
        self, chain_id: int, wallet: str, nonce: int, *, before: Attempts | None = None
    ) -> SignedAttempt:
        """A transaction that does nothing, for a nonce that no step owns and that later ones wait behind.

        `before` are those that were signed for it already and are too cheap: the new one offers more.
        """
        now = await look(self._chains[chain_id], wallet)
        offer = Offer(await self._chains[chain_id].next_base_fee())
        tx = await self._nothing(chain_id, wallet, nonce, now, offer)
        if before is not None:
            tx = self._at_higher_fees(tx, before, Offer(offer.base_fee_wei, was_refused=True))
        return await self._signer.sign_noop(
            gap_id(chain_id, wallet, nonce),
            0,
            attempt=1 if before is None else before.last.attempt + 1,
            strategy_id=None,
            wallet=wallet,
            chain_id=chain_id,
            unsigned_tx=tx.encode_unsigned(),
            evidence=now.evidence,
        )

    async def _nothing(
        self, chain_id: int, wallet: str, nonce: int, now: ChainLook, offer: Offer
    ) -> core.Eip1559Transaction:
        policy, chain = self._gas_policies[chain_id], self._chains[chain_id]
        gas = await chain.estimate_gas(wallet, b"", sender=wallet, block=now.header.ref)
        return core.Eip1559Transaction(
            chain_id=chain_id,
            nonce=nonce,
            max_priority_fee_per_gas_wei=0,
            max_fee_per_gas_wei=offer.under(policy),
            gas_limit=padded_limit(gas if isinstance(gas, int) else policy.limit_max, policy),
            to=wallet,
            value_wei=0,
            data=b"",
        )

    def _at_higher_fees(self, tx: core.Eip1559Transaction, attempts: Attempts, offer: Offer) -> core.Eip1559Transaction:
        """`tx` with fees above those of every attempt so far, and fit for the base fee of the next block."""
        before = [core.decode_eip1559(attempt.raw_tx).transaction for attempt in attempts.signed]
        highest_wei = max(other.max_fee_per_gas_wei for other in before)
        fee_wei = 2 * highest_wei if offer.was_refused else _raised(highest_wei)
        tip_wei = max(_raised(other.max_priority_fee_per_gas_wei) for other in before)
        return core.Eip1559Transaction(
            chain_id=tx.chain_id,
            nonce=tx.nonce,
            max_priority_fee_per_gas_wei=tip_wei,
            max_fee_per_gas_wei=max(fee_wei, tip_wei, offer.under(self._gas_policies[tx.chain_id])),
            gas_limit=tx.gas_limit,
            to=tx.to,
            value_wei=tx.value_wei,
            data=tx.data,
        )

    def _tell(self, plan: ExecutionPlan, step: PlanStep, signed: SignedAttempt, why: str) -> None:
        observe.later_attempt_signed(
            intent_id=plan.intent_id,
            step=step.index,
            attempt=signed.attempt,
            tx_hash=signed.tx_hash,
            noop=signed.noop,
            why=why,
        )


def _raised(fee_wei: int) -> int:
    """An eighth more, rounded up, and one wei more at least."""
    return fee_wei + -(-fee_wei // _RAISE) + (fee_wei == 0)
