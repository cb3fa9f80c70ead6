"""Speaks to `tradewind-signer` over its Unix socket. Holds no key and no state.

Each request has a connection of its own, so that a halt never waits behind a signature.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from tradewind.core import CoreError, Permit
from tradewind.domain.amount import Raw
from tradewind.domain.fill import StepResult
from tradewind.domain.plan import BlockRef, ExecutionPlan, PlanStep, StepKind
from tradewind.errors import Disposition, Halted, Refused, TradewindError, Unavailable

MAX_LINE_BYTES = 1 << 20


def _bytes_from_hex(value: object) -> object:
    return bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else value


HexBytes = Annotated[bytes, BeforeValidator(_bytes_from_hex)]


class _Answer(BaseModel):
    # A newer signer may say more than this client knows; what it must say is checked.
    model_config = ConfigDict(frozen=True, extra="ignore")


A = TypeVar("A", bound=_Answer)


class SignerWallet(_Answer):
    """A wallet the signer holds the key of, and the chains it may use it on."""

    address: str
    chains: tuple[int, ...]


class SignerState(_Answer):
    """What the signer says of itself."""

    version: str
    gate_id: str
    policy_digest: str
    kill_epoch: int
    halted: bool
    halt_reason: str | None
    wallets: tuple[SignerWallet, ...]


class KillEpoch(_Answer):
    """The epoch of the kill switch after a change."""

    kill_epoch: int


class SignedAttempt(_Answer):
    """One signed transaction of a step, as the gate recorded it."""

    attempt: int
    tx_hash: str
    raw_tx: HexBytes
    nonce: int


class RecordedPermit(_Answer):
    """A signed token permit, as the gate recorded it."""

    value_raw: Raw
    deadline_s: int
    v: int
    r: HexBytes
    s: HexBytes

    def for_call(self) -> Permit:
        """As the router's calldata wants it."""
        return Permit(value_raw=self.value_raw, deadline_s=self.deadline_s, v=self.v, r=self.r, s=self.s)


class RecordedStep(_Answer):
    """What the gate knows of a step. `pending` attempts are recorded, own their nonce, and wait for their signature."""

    found: bool
    attempts: tuple[SignedAttempt, ...] = ()
    pending: tuple[int, ...] = ()
    pending_because: str | None = None
    permit: RecordedPermit | None = None


class _Closed(_Answer):
    closed: bool


class _NextNonce(_Answer):
    next_nonce: int | None


class _Signature(_Answer):
    tx_hash: str
    raw_tx: HexBytes
    nonce: int


@dataclass(frozen=True, slots=True)
class ChainEvidence:
    """What the caller saw of the chain, and from where; the gate checks and records it."""

    latest_nonce: int
    block: BlockRef
    base_fee_wei: int
    endpoints: tuple[str, ...]


class SignerClient:
    """The requests of the sign-gate. Refusals raise Refused (or Halted); silence raises Unavailable."""

    def __init__(self, socket: Path, *, timeout_s: float = 10.0) -> None:
        self._socket = socket
        self._timeout_s = timeout_s

    async def hello(self) -> SignerState:
        """Who is there, and whether it would sign."""
        return await self._ask(SignerState, "hello")

    async def step(self, intent_id: UUID, step: int) -> RecordedStep:
        """Everything on record for a step: the one source of what was signed for it."""
        return await self._ask(RecordedStep, "step", intent_id=str(intent_id), step=step)

    async def close(self, intent_id: UUID, step: int) -> bool:
        """Have the gate never sign a step. False: an attempt is on record already, and has to be landed."""
        return (await self._ask(_Closed, "close", intent_id=str(intent_id), step=step)).closed

    async def next_nonce(self, wallet: str, chain_id: int) -> int | None:
        """The nonce after the highest that the gate has given to a step; None without history."""
        return (await self._ask(_NextNonce, "next_nonce", wallet=wallet, chain_id=chain_id)).next_nonce

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
            _Signature,
            "sign",
            **_of_step(plan, step),
            attempt=attempt,
            unsigned_tx="0x" + unsigned_tx.hex(),
            quoted=_quoted(plan, step),
            evidence={
                "latest_nonce": evidence.latest_nonce,
                "block_number": evidence.block.number,
                "block_hash": evidence.block.hash,
                "base_fee_wei": str(evidence.base_fee_wei),
                "endpoints": list(evidence.endpoints),
            },
        )
        return SignedAttempt(attempt=attempt, **signature.model_dump())

    async def settle(self, intent_id: UUID, result: StepResult, *, endpoints: tuple[str, ...]) -> None:
        """Tell the gate how a step ended, so that its budget follows what was really spent."""
        spent_raw = result.fill.amount_in_raw if result.fill else 0
        await self._ask(
            _Answer,
            "settle",
            intent_id=str(intent_id),
            step=result.step,
            outcome=result.outcome.value,
            tx_hash=result.tx_hash,
            block_number=result.block.number,
            block_hash=result.block.hash,
            spent_raw=str(spent_raw),
            endpoints=list(endpoints),
        )

    async def halt(self, *, reason: str, by: str) -> int:
        """Stop all signing; the answer is the kill epoch, and after it no signature can be made."""
        return (await self._ask(KillEpoch, "halt", reason=reason, by=by)).kill_epoch

    async def resume(self, *, kill_epoch: int, by: str) -> int:
        """Allow signing again; `kill_epoch` must be the one in force."""
        answer = await self._ask(KillEpoch, "resume", kill_epoch=kill_epoch, by=by, confirm="resume")
        return answer.kill_epoch

    async def _ask(self, answer_type: type[A], op: str, **fields: object) -> A:
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._exchange({"op": op, **fields})
        except TimeoutError:
            raise Unavailable(
                "signer_timeout", f"The signer at {self._socket} did not answer '{op}' in {self._timeout_s:g} s."
            ) from None
        except (OSError, EOFError) as error:
            raise Unavailable(
                "signer_unreachable",
                f"No signer answers at {self._socket} ({type(error).__name__}).",
                remedy="Start it: tradewind-signer run --config signer.toml",
            ) from None
        return _read(answer_type, answer, op)

    async def _exchange(self, request: Mapping[str, object]) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(str(self._socket), limit=MAX_LINE_BYTES)
        try:
            writer.write(json.dumps(request).encode() + b"\n")
            await writer.drain()
            line = await reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            raise EOFError("answer too long") from error
        finally:
            writer.close()
        return _object(line)


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
