"""Brings a wallet's nonces forward: what the gate has given away and the chain does not have is sent again, in order.

The chain includes nonces one after the other. When it has fewer than the gate gave away, something before the next
transaction is missing: never sent, dropped, or taken back by a reorganisation. The gate knows the bytes, also of steps
that have ended and of intents that nobody else remembers. A nonce that nobody owns is filled with a transaction that
does nothing.
"""

import asyncio
from collections.abc import Mapping
from uuid import UUID

from tradewind.errors import Refused, Unavailable
from tradewind.execution.attempt import Attempts
from tradewind.execution.later_attempts import TOO_LOW, LaterAttempts
from tradewind.execution.signer_answers import SignedAttempt, SignedStep, gap_id
from tradewind.execution.signer_client import SignerClient
from tradewind.observability import events as observe
from tradewind.state.coordinator import StateCoordinator
from tradewind.venues.evm_chain import EvmChain


class WalletNonces:
    """Works on one wallet at a time; sending the same bytes twice is harmless, filling a gap twice is not tried."""

    def __init__(
        self,
        *,
        signer: SignerClient,
        chains: Mapping[int, EvmChain],
        state: StateCoordinator,
        later: LaterAttempts,
    ) -> None:
        self._signer = signer
        self._chains = chains
        self._state = state
        self._later = later
        self._locks: dict[tuple[int, str], asyncio.Lock] = {}

    async def bring_forward(self, chain_id: int, wallet: str, *, below: int | None = None) -> None:
        """Send again what the chain lacks of the nonces below `below`, or of all that were given away.

        Raises Unavailable with code nonce_unsigned for a recorded attempt that is not signed, nonce_unfilled when the
        gate refuses to fill a gap; and what chain and signer raise, such as Halted while the wallet is halted.
        """
        async with self._locks.setdefault((chain_id, wallet), asyncio.Lock()):
            chain = self._chains[chain_id]
            included = await chain.nonce(wallet)
            if below is not None and included >= below:
                return
            given = await self._signer.next_nonce(wallet, chain_id) or 0
            until = given if below is None else min(below, given)
            if included >= until:
                return
            owners = {step.nonce: step for step in await self._signer.signed(wallet, chain_id, from_nonce=included)}
            for nonce in range(included, until):
                owner = owners.get(nonce)
                if owner is None:
                    await self._fill(chain, wallet, nonce)
                    # The gate fills gaps one by one: each must be on the chain before the next.
                    return
                await self._send_again(chain, wallet, owner)

    async def _fill(self, chain: EvmChain, wallet: str, nonce: int) -> None:
        try:
            attempt = await self._later.fill_gap(chain.chain_id, wallet, nonce)
        except Refused as refusal:
            raise _unfilled(wallet, nonce, refusal) from refusal
        await self._hand_over(chain, wallet, attempt, "nobody")

    async def _send_again(self, chain: EvmChain, wallet: str, owner: SignedStep) -> None:
        attempt, name = await self._attempt_of(owner), f"{owner.intent_id}/{owner.step}"
        code = await self._hand_over(chain, wallet, attempt, name)
        if code in TOO_LOW and owner.intent_id == gap_id(chain.chain_id, wallet, owner.nonce):
            # A trade is outbid by whoever carries out its intent; for a gap there is nobody else.
            try:
                dearer = await self._later.fill_gap(
                    chain.chain_id, wallet, owner.nonce, before=Attempts(owner.attempts)
                )
            except Refused as refusal:
                raise _unfilled(wallet, owner.nonce, refusal) from refusal
            await self._hand_over(chain, wallet, dearer, name)

    async def _hand_over(self, chain: EvmChain, wallet: str, attempt: SignedAttempt, owner: str) -> str:
        """Send; the answer is the code of what the endpoint said."""
        outcome = await chain.send_raw(attempt.raw_tx)
        observe.nonce_sent_again(
            chain_id=chain.chain_id,
            wallet=wallet,
            nonce=attempt.nonce,
            owner=owner,
            tx_hash=attempt.tx_hash,
            answer=outcome.answer.value,
        )
        return outcome.code

    async def _attempt_of(self, owner: SignedStep) -> SignedAttempt:
        """The one that the chain had before, else the newest."""
        # Asking for a step has the gate sign what it has only recorded so far.
        attempts = owner.attempts or (await self._signer.step(owner.intent_id, owner.step)).attempts
        if not attempts:
            raise Unavailable(
                "nonce_unsigned",
                f"Nonce {owner.nonce} belongs to step {owner.step} of intent {owner.intent_id}, which is recorded and "
                "not signed: signing is halted, or the policy no longer passes it.",
            )
        had = self._had_by_the_chain(owner)
        return next((attempt for attempt in attempts if attempt.tx_hash in had), attempts[-1])

    def _had_by_the_chain(self, owner: SignedStep) -> set[str]:
        try:
            view = self._state.in_memory(UUID(owner.intent_id))
        except ValueError:
            return set()
        if view is None:
            return set()
        landed = {result.tx_hash for result in view.results if result.step == owner.step}
        return landed | {gone.tx_hash for gone in view.reorganised if gone.step == owner.step}


def _unfilled(wallet: str, nonce: int, refusal: Refused) -> Unavailable:
    return Unavailable(
        "nonce_unfilled", f"Nonce {nonce} of {wallet} belongs to no step, and filling it was refused: {refusal}"
    )
