"""Speaks to `tradewind-signer` over its Unix socket. Holds no key and no state.

No request waits behind another, and a halt never needs what was used before: see signer_connection.py.
"""

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar
from uuid import UUID

from pydantic import ValidationError

from tradewind.core import CoreError, Permit
from tradewind.domain.fill import StepResult
from tradewind.domain.plan import BlockRef, ExecutionPlan, PlanStep, StepKind
from tradewind.errors import Disposition, Halted, Refused, TradewindError, Unavailable
from tradewind.execution.signer_answers import (
    Adopted,
    Answer,
    Budget,
    Budgets,
    Closed,
    Discarded,
    KillEpoch,
    LimitChange,
    Limits,
    NextNonce,
    PolicyVerdict,
    Reclaimable,
    RecordedPermit,
    RecordedSolanaStep,
    RecordedStep,
    Settled,
    Signature,
    SignedAttempt,
    SignedPage,
    SignedStep,
    SignerState,
    SolanaHold,
    SolanaOutcome,
    SolanaReceipt,
    SolanaSignature,
    StepOwner,
    TopUps,
)
from tradewind.execution.signer_connection import SignerConnections
from tradewind.execution.signer_questions import (
    ChainEvidence,
    EarlierSignature,
    LookupTables,
    SolanaEvidence,
    SolanaFinalized,
    SolanaOrder,
    SolanaQuote,
    tables_sent,
)

# What would do something a second time if it were sent twice; everything else is the same whenever it comes again.
_ONCE = frozenset({"halt", "resume", "set_limit", "cancel_raise"})

Upkeep = Literal["sign_reclaim", "sign_top_up"]
A = TypeVar("A", bound=Answer)


class SignerClient:
    """The requests of the sign-gate. Refusals raise Refused (or Halted); silence raises Unavailable."""

    def __init__(self, socket: Path, *, timeout_s: float = 10.0, kept_connections: int = 0) -> None:
        """Whoever has connections kept must `disconnect` at the end."""
        self._connections = SignerConnections(socket, kept=kept_connections)
        self._shown = os.path.normpath(socket)
        self._timeout_s = timeout_s

    def disconnect(self) -> None:
        """Let go of the connections that are kept; the next request makes a new one."""
        self._connections.close()

    async def hello(self) -> SignerState:
        """Who is there, and whether it would sign."""
        return await self._ask(SignerState, "hello")

    async def step(self, intent_id: StepOwner, step: int) -> RecordedStep:
        """Everything on record for a step: the one source of what was signed for it."""
        return await self._ask(RecordedStep, "step", intent_id=str(intent_id), step=step)

    async def close(self, intent_id: UUID, step: int) -> bool:
        """Have the gate never sign a step. False: an attempt is on record already, and has to be landed."""
        return (await self._ask(Closed, "close", intent_id=str(intent_id), step=step)).closed

    async def next_nonce(self, wallet: str, chain_id: int) -> int | None:
        """The nonce after the highest that the gate has given to a step; None without history."""
        return (await self._ask(NextNonce, "next_nonce", wallet=wallet, chain_id=chain_id)).next_nonce

    async def permit(self, plan: ExecutionPlan, step: PlanStep, *, permit_nonce: int) -> Permit:
        """An exact-amount token permit for the step's own spender; the same facts give the same permit."""
        made = await self._ask(
            RecordedPermit,
            "permit",
            **_of_step(plan, step),
            token=step.token_in,
            spender=step.spender,
            value_raw=str(step.amount_in_raw),
            permit_nonce=str(permit_nonce),
            deadline_s=plan.deadline_s,
        )
        return made.for_call()

    async def sign(
        self, plan: ExecutionPlan, step: PlanStep, *, attempt: int, unsigned_tx: bytes, evidence: ChainEvidence
    ) -> SignedAttempt:
        """Have the gate record the attempt, then sign it. The same bytes again give the same signature."""
        signature = await self._ask(
            Signature,
            "sign",
            **_of_step(plan, step),
            attempt=attempt,
            unsigned_tx="0x" + unsigned_tx.hex(),
            quoted=_quoted(plan, step),
            evidence=evidence.sent(),
        )
        return SignedAttempt(attempt=attempt, **signature.model_dump())

    async def sign_noop(
        self,
        intent_id: StepOwner,
        step: int,
        *,
        attempt: int,
        strategy_id: UUID | None,
        wallet: str,
        chain_id: int,
        unsigned_tx: bytes,
        evidence: ChainEvidence,
    ) -> SignedAttempt:
        """A transaction from the wallet to itself: a later attempt that ends a step, or the first one that fills a gap.

        For a gap `intent_id` is `gap_id(...)`, `step` 0, `attempt` 1 and `strategy_id` None.
        """
        signature = await self._ask(
            Signature,
            "sign",
            intent_id=str(intent_id),
            step=step,
            attempt=attempt,
            strategy_id=str(strategy_id) if strategy_id else None,
            wallet=wallet,
            chain_id=chain_id,
            unsigned_tx="0x" + unsigned_tx.hex(),
            quoted={"amount_in_raw": "0", "amount_out_raw": "0"},
            evidence=evidence.sent(),
        )
        return SignedAttempt(attempt=attempt, noop=True, **signature.model_dump())

    async def signed(self, wallet: str, chain_id: int, *, from_nonce: int) -> tuple[SignedStep, ...]:
        """Every step of the wallet that owns `from_nonce` or a higher nonce, in their order."""
        steps: list[SignedStep] = []
        start: int | None = from_nonce
        while start is not None:
            page = await self._ask(SignedPage, "signed", wallet=wallet, chain_id=chain_id, from_nonce=start)
            steps.extend(page.steps)
            if page.more_from is not None and page.more_from <= start:
                raise SignerFault("signer_answer_malformed", "signed: the next page begins before this one ends.")
            start = page.more_from
        return tuple(steps)

    async def settle(
        self, intent_id: StepOwner, result: StepResult, *, endpoints: tuple[str, ...], finalized: BlockRef | None = None
    ) -> bool:
        """Tell the gate how a step ended. With the chain's `finalized` block at or above the step's own, and enough
        endpoints, its budget follows what was really spent from then on; the answer says whether it does."""
        spent_raw = result.fill.amount_in_raw if result.fill else 0
        settled = await self._ask(
            Settled,
            "settle",
            intent_id=str(intent_id),
            step=result.step,
            outcome=result.outcome.value,
            tx_hash=result.tx_hash,
            block_number=result.block.number,
            block_hash=result.block.hash,
            spent_raw=str(spent_raw),
            endpoints=list(endpoints),
            **({"finalized": {"number": finalized.number, "hash": finalized.hash}} if finalized else {}),
        )
        return settled.final

    async def check(
        self,
        *,
        strategy_id: UUID | None,
        wallet: str,
        chain_id: int,
        unsigned_tx: bytes,
        quoted_in_raw: int,
        quoted_out_raw: int,
    ) -> PolicyVerdict:
        """Whether the transaction would pass now. Records nothing and signs nothing; the nonce is not looked at."""
        return await self._ask(
            PolicyVerdict,
            "check",
            strategy_id=str(strategy_id) if strategy_id else None,
            wallet=wallet,
            chain_id=chain_id,
            unsigned_tx="0x" + unsigned_tx.hex(),
            quoted={"amount_in_raw": str(quoted_in_raw), "amount_out_raw": str(quoted_out_raw)},
        )

    async def receipt(self, intent_id: StepOwner, step: int, *, wallet: str, chain_id: int) -> SolanaReceipt:
        """The on-chain lock of a step on Solana, drawn once; asked for before the first attempt or never."""
        return await self._ask(
            SolanaReceipt, "receipt", intent_id=str(intent_id), step=step, wallet=wallet, chain_id=chain_id
        )

    async def sign_solana(self, order: SolanaOrder) -> SolanaSignature:
        """Have the gate record the attempt, then sign it. The same bytes again give the same signature."""
        return await self._ask(SolanaSignature, "sign_solana", **order.sent())

    async def presign_solana(self, order: SolanaOrder, *, hold_ms: int) -> SolanaHold:
        """Have the gate record the attempt by the rules of `sign_solana`, and hold its bytes until it is released."""
        return await self._ask(SolanaHold, "presign_solana", **order.sent(), hold_ms=hold_ms)

    async def release(self, intent_id: StepOwner, step: int, *, attempt: int, block_height: int) -> SolanaSignature:
        """The bytes of a held attempt, the same ones each time: from the first time on it may land."""
        return await self._ask(
            SolanaSignature, "release", intent_id=str(intent_id), step=step, attempt=attempt, block_height=block_height
        )

    async def discard(self, intent_id: StepOwner, step: int, *, attempt: int) -> None:
        """End a held attempt whose bytes never left: its step is free, and what it reserved is given back."""
        await self._ask(Discarded, "discard", intent_id=str(intent_id), step=step, attempt=attempt)

    async def reclaimable(
        self, wallet: str, chain_id: int, *, finalized_block_height: int, after: int = 0
    ) -> Reclaimable:
        """One page of the receipts that may be taken back, by a height that a quorum called final."""
        return await self._ask(
            Reclaimable,
            "reclaimable",
            wallet=wallet,
            chain_id=chain_id,
            finalized_block_height=finalized_block_height,
            after=after,
        )

    async def top_ups(self, chain_id: int) -> TopUps:
        """Whom the treasury of a Solana chain may top up, and with how much."""
        return await self._ask(TopUps, "top_ups", chain_id=chain_id)

    async def sign_upkeep(
        self,
        kind: Upkeep,
        upkeep_id: str,
        *,
        wallet: str,
        chain_id: int,
        unsigned_tx: bytes,
        last_valid_block_height: int,
        evidence: SolanaEvidence,
    ) -> SolanaSignature:
        """Have the gate record a transaction that keeps wallets in order, then sign it: step 0 of `upkeep_id`.

        `sign_reclaim` takes receipts of `wallet` back; `sign_top_up` is the one transfer of the treasury `wallet`.
        """
        return await self._ask(
            SolanaSignature,
            kind,
            intent_id=upkeep_id,
            attempt=1,
            wallet=wallet,
            chain_id=chain_id,
            unsigned_tx="0x" + unsigned_tx.hex(),
            last_valid_block_height=last_valid_block_height,
            evidence=evidence.sent(),
        )

    async def check_solana(
        self,
        *,
        strategy_id: UUID | str | None,
        wallet: str,
        chain_id: int,
        unsigned_tx: bytes,
        quoted: SolanaQuote,
        lookup_tables: LookupTables | None = None,
    ) -> PolicyVerdict:
        """Whether the transaction would pass now. Records nothing and signs nothing; attempts are not looked at."""
        return await self._ask(
            PolicyVerdict,
            "check_solana",
            strategy_id=str(strategy_id) if strategy_id else None,
            wallet=wallet,
            chain_id=chain_id,
            unsigned_tx="0x" + unsigned_tx.hex(),
            lookup_tables=tables_sent(lookup_tables),
            quoted=quoted.sent(),
        )

    async def solana_step(self, intent_id: StepOwner, step: int) -> RecordedSolanaStep:
        """Everything on record for a step on Solana: the one source of what was signed for it."""
        return await self._ask(RecordedSolanaStep, "step", intent_id=str(intent_id), step=step)

    async def settle_solana(
        self,
        intent_id: StepOwner,
        step: int,
        *,
        outcome: SolanaOutcome,
        signature: str | None,
        slot: int | None,
        spent_raw: Mapping[str, int],
        endpoints: tuple[str, ...],
        finalized: SolanaFinalized | None = None,
        signatures: tuple[EarlierSignature, ...] = (),
    ) -> bool:
        """Tell the gate how a step on Solana ended; whether it is final. `spent_raw` is by mint; lamports under the
        native coin's key. `expired` has neither signature nor slot, and names every attempt in `signatures`."""
        settled = await self._ask(
            Settled,
            "settle_solana",
            intent_id=str(intent_id),
            step=step,
            outcome=outcome.value,
            signature=signature,
            slot=slot,
            spent={mint: str(amount_raw) for mint, amount_raw in spent_raw.items()},
            signatures=[earlier.sent() for earlier in signatures],
            endpoints=list(endpoints),
            **({"finalized": finalized.sent()} if finalized else {}),
        )
        return settled.final

    async def adopt_wallet(self, wallet: str, chain_id: int, *, by: str) -> None:
        """End the cold start of a Solana wallet: nothing that another gate signed for it is under way any more."""
        await self._ask(Adopted, "adopt_wallet", wallet=wallet, chain_id=chain_id, by=by)

    async def budgets(self) -> tuple[Budget, ...]:
        """Every limit of amounts, and what is used of it now."""
        return (await self._ask(Budgets, "budgets")).budgets

    async def limits(self) -> Limits:
        """Every limit in force, and the raises that wait for their time."""
        return await self._ask(Limits, "limits")

    async def set_limit(self, *, key: str, value: int, by: str) -> LimitChange:
        """Tighten a limit at once, or present a raise (up to its ceiling) that is in force after the delay."""
        return await self._ask(LimitChange, "set_limit", key=key, value=str(value), by=by)

    async def cancel_raise(self, *, key: str, by: str) -> None:
        """Take back what was presented for a limit and is not in force yet."""
        await self._ask(Answer, "cancel_raise", key=key, by=by)

    async def halt(
        self, *, reason: str, by: str, wallet: str | None = None, strategy_id: UUID | str | None = None
    ) -> int:
        """Stop signing: everything, or what one wallet or one strategy asks for. The answer is the epoch of this halt;
        after it no such signature can be made."""
        scope = {"wallet": wallet} if wallet else {"strategy_id": str(strategy_id)} if strategy_id else {}
        return (await self._ask(KillEpoch, "halt", reason=reason, by=by, **scope)).kill_epoch

    async def resume(self, *, kill_epoch: int, by: str) -> int:
        """End one halt, by its epoch; the others stay in force."""
        answer = await self._ask(KillEpoch, "resume", kill_epoch=kill_epoch, by=by, confirm="resume")
        return answer.kill_epoch

    async def _ask(self, answer_type: type[A], op: str, **fields: object) -> A:
        try:
            async with asyncio.timeout(self._timeout_s):
                line = json.dumps({"op": op, **fields}).encode() + b"\n"
                answer = _object(await self._connections.ask(line, again=op not in _ONCE))
        except TimeoutError:
            raise Unavailable(
                "signer_timeout", f"The signer at {self._shown} did not answer '{op}' in {self._timeout_s:g} s."
            ) from None
        except (OSError, EOFError) as error:
            raise Unavailable(
                "signer_unreachable",
                f"No signer answers at {self._shown} ({type(error).__name__}).",
                remedy="Start it: tradewind-signer run --config signer.toml",
            ) from None
        return _read(answer_type, answer, op)


def _object(line: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(line))
    except (TypeError, ValueError) as error:
        raise EOFError("answer is not a JSON object") from error


def _of_step(plan: ExecutionPlan, step: PlanStep) -> dict[str, object]:
    return {
        "intent_id": str(plan.intent_id),
        "step": step.index,
        "strategy_id": str(plan.strategy_id),
        "wallet": plan.wallet,
        "chain_id": plan.chain_id,
    }


def _quoted(plan: ExecutionPlan, step: PlanStep) -> dict[str, str]:
    """What a swap was quoted; an approval is for exactly the limit of the swap behind it."""
    amount_in_raw = plan.quoted_in_raw if step.kind is StepKind.SWAP else step.amount_in_raw
    return {"amount_in_raw": str(amount_in_raw), "amount_out_raw": str(plan.quoted_out_raw)}


def _read(answer_type: type[A], answer: dict[str, Any], op: str) -> A:
    if isinstance(refused := answer.get("refused"), dict):
        rule, message = str(refused.get("rule", "")), str(refused.get("message", "The signer refused."))
        if rule == "halted":
            raise Halted("halted", message, remedy="Release it with: tradewind resume")
        raise Refused(str(refused.get("code", "signer_refused")), message, rule=rule)
    if isinstance(error := answer.get("error"), dict):
        raise SignerFault(str(error.get("code", "signer_error")), f"{op}: {error.get('message', '')}")
    try:
        return answer_type.model_validate(answer.get("ok"))
    except (ValidationError, CoreError, ValueError) as error:
        raise SignerFault("signer_answer_malformed", f"{op}: the signer's answer cannot be read: {error}") from None


class SignerFault(TradewindError):
    """The signer could not read the request, or met an error of its own. Not a refusal: it says nothing about what
    was signed, so it must not end a step."""

    disposition = Disposition.RETRY
