"""An execution world in memory: a chain that counts effects, a gate that keeps its rules, lanes that obey orders.

For tests and for trying a strategy's plumbing: the rules are those of the real parts, the bytes are not.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.domain.execution_result_event import ProgramError
from tradewind.errors import Halted, Refused, Unavailable
from tradewind.execution.executors.codes import ANOTHER_WALLET, RECEIPT_IN_USE, STILL_ALIVE, SURELY_DEAD_BLOCKS
from tradewind.execution.executors.outcomes import Expired, Landed, Outcome, Reverted, Unknown
from tradewind.execution.executors.ports import (
    Blockhash,
    BuildRequest,
    LaneHealth,
    Maker,
    RecordedStep,
    Reservation,
    SendKind,
    Sent,
    SignedAttempt,
    Tip,
    UnsignedTransaction,
)
from tradewind.observability.clock import Clock

VALID_BLOCKS = 150
FEE_LAMPORTS = 5_000


class MemoryChain:
    """Takes transactions into blocks. `effects` counts how often each plan took effect: more than once is a defect."""

    def __init__(self) -> None:
        self.height = 1_000
        self.effects: Counter[str] = Counter()
        self.found: dict[str, Landed | Reverted] = {}
        self.receipts: set[str] = set()
        self.funded_by_strangers: set[str] = set()
        self.reverts: dict[str, ProgramError] = {}

    def take(self, attempt: SignedAttempt) -> Sent:
        """As a leader does: too old is refused, what is known is known, the rest lands or reverts."""
        if attempt.signature in self.found:
            return Sent("already_known")
        if self.height > attempt.last_valid_block_height:
            return Sent("refused", code="blockhash_not_found")
        said = json.loads(attempt.transaction)
        self.found[attempt.signature] = self._executed(attempt.signature, said)
        return Sent("accepted", reference=attempt.signature)

    def _executed(self, signature: str, said: dict[str, str]) -> Landed | Reverted:
        plan_id, receipt = said["plan_id"], said["receipt"]
        if receipt and receipt in self.receipts | self.funded_by_strangers:
            return self._reverted(signature, ProgramError(instruction=2, program=None, code=0, name=RECEIPT_IN_USE))
        if plan_id in self.reverts:
            return self._reverted(signature, self.reverts[plan_id])
        self.receipts |= {receipt} if receipt else set()
        self.effects[plan_id] += 1
        fee = FEE_LAMPORTS + int(said["tip"])
        return Landed(signature, self.height, fee, int(said["amount_in"]), int(said["amount_out"]))

    def _reverted(self, signature: str, error: ProgramError) -> Reverted:
        return Reverted(signature, self.height, FEE_LAMPORTS, error)


class MemoryConfirmations:
    """Asks the chain at once, and once more after the wait. `hidden` signatures are not seen for the time being."""

    def __init__(self, chain: MemoryChain, clock: Clock) -> None:
        self._chain = chain
        self._clock = clock
        self.hidden: set[str] = set()
        self.undecided_makers = 0

    async def outcome(self, attempt: SignedAttempt, *, within_ms: int) -> Outcome:
        """Expired only when the chain's height is beyond it and no block has it."""
        if isinstance(found := self._now(attempt), Unknown):
            await self._clock.sleep(within_ms / 1_000)
            found = self._now(attempt)
        return found

    async def receipt_maker(self, attempt: SignedAttempt) -> Maker | None:
        """As the chain has it, once a block is final."""
        if self.undecided_makers:
            self.undecided_makers -= 1
            return None
        said = json.loads(attempt.transaction)
        return "stranger" if said["receipt"] in self._chain.funded_by_strangers else "wallet"

    def _now(self, attempt: SignedAttempt) -> Outcome:
        if attempt.signature in self.hidden:
            return Unknown(attempt.signature)
        if found := self._chain.found.get(attempt.signature):
            return found
        if self._chain.height > attempt.last_valid_block_height:
            return Expired(attempt.signature, self._chain.height, ("memory-1", "memory-2"))
        return Unknown(attempt.signature)


class MemoryLane:
    """Hands everything to the chain, unless `answers` has something else to say for the next sendings."""

    def __init__(self, chain: MemoryChain, name: str = "rpc") -> None:
        self._chain = chain
        self._name = name
        self.answers: list[Sent] = []
        self.loses_everything = False
        self.healthy = True
        self.sent: list[SignedAttempt] = []
        self.on_send: Callable[[SignedAttempt], None] = lambda _: None

    @property
    def name(self) -> str:
        """As given."""
        return self._name

    async def send(self, attempt: SignedAttempt) -> Sent:
        """An answer that says accepted without the chain having it is a lie that real lanes tell, too."""
        self.sent.append(attempt)
        self.on_send(attempt)
        if self.answers:
            return replace(self.answers.pop(0), lane=self._name)
        if self.loses_everything:
            return Sent("accepted", lane=self._name)
        return replace(self._chain.take(attempt), lane=self._name)

    async def health(self) -> LaneHealth:
        """As set."""
        return LaneHealth(self.healthy, detail="as set")

    async def tip(self, plan: ExecutionPlanEvent, *, attempt: int) -> Tip:
        """1,000 lamports more each time."""
        del plan
        return Tip("96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5", 1_000 * attempt)


class MemoryBuilder:
    """Writes the request down: the same request gives the same bytes."""

    def __init__(self, *, size_bytes: int = 700) -> None:
        self.size_bytes = size_bytes
        self.requests: list[BuildRequest] = []

    async def build(self, request: BuildRequest) -> UnsignedTransaction:
        """Has a receipt whenever one is drawn."""
        self.requests.append(request)
        plan = request.plan
        seed = await request.receipt() if request.receipt else None
        said = {
            "plan_id": str(plan.plan_id),
            "wallet": request.wallet,
            "blockhash": request.blockhash.hash,
            "receipt": seed or "",
            "tip": str(request.tip.lamports if request.tip else 0),
            "amount_in": str(plan.input_amount),
            "amount_out": str(plan.routes[-1].output_amount),
        }
        message = json.dumps(said, sort_keys=True).encode()
        return UnsignedTransaction(message, self.size_bytes, request.blockhash, seed is not None)


class MemoryBlockhashes:
    """One for each height of the chain."""

    def __init__(self, chain: MemoryChain) -> None:
        self._chain = chain

    async def latest(self) -> Blockhash:
        """Valid for 150 blocks."""
        height = self._chain.height
        return Blockhash(hashlib.sha256(str(height).encode()).hexdigest(), height + VALID_BLOCKS, height)


@dataclass(slots=True)
class _Step:
    attempts: list[SignedAttempt] = field(default_factory=list)
    unsigned: SignedAttempt | None = None
    closed: bool = False
    ended: bool = False


class MemoryGate:
    """Keeps the gate's rules: one wallet a step, no attempt beside one that lives, nothing while halted.

    `silent` makes the next calls of a name fail after they took effect, as a lost answer does. With `only_records` it
    dies between the record and the signature, and has another policy afterwards.
    """

    def __init__(self, chain: MemoryChain, *, receipts: bool = True) -> None:
        self._chain = chain
        self._receipts = receipts
        self._steps: dict[tuple[UUID, int], _Step] = {}
        self.halts: list[tuple[str | None, str | None]] = []
        self.resumed = 0
        self.only_records = False
        self.silent: Counter[str] = Counter()
        self.settled: dict[UUID, Outcome] = {}

    async def step(self, owner: UUID, step: int) -> RecordedStep:
        """What was signed."""
        self._answer("step")
        found = self._steps.get((owner, step), _Step())
        return RecordedStep(tuple(found.attempts), found.closed, found.ended, found.unsigned is not None)

    async def receipt_seed(self, plan: ExecutionPlanEvent, wallet: str) -> str | None:
        """The same for every attempt of a step."""
        del wallet
        return plan.step_owner.hex if self._receipts else None

    async def sign(
        self,
        plan: ExecutionPlanEvent,
        wallet: str,
        *,
        attempt: int,
        unsigned: UnsignedTransaction,
        proof: Expired | None,
    ) -> SignedAttempt:
        """Record, then sign."""
        step = self._steps.setdefault((plan.step_owner, plan.step), _Step())
        if await self.halted(wallet=wallet, strategy_id=str(plan.strategy_id) if plan.strategy_id else None):
            raise Halted("halted", "The kill switch is on.")
        if step.closed or step.ended:
            raise Refused("step_closed", "The step was given up.")
        if step.attempts and step.attempts[0].wallet != wallet:
            raise Refused(ANOTHER_WALLET, "The step was signed for another wallet.")
        if attempt != len(step.attempts) + 1:
            raise Refused("attempt_out_of_order", f"Attempt {len(step.attempts) + 1} is next.")
        if step.attempts and (proof is None or proof.finalized_height <= step.attempts[-1].last_valid_block_height):
            raise Refused("attempt_alive", "The older attempt can still land.")
        if step.unsigned is not None:
            raise Refused("attempt_conflict", "The attempt was recorded with another transaction.")
        signature = hashlib.sha256(unsigned.message).hexdigest()
        signed = SignedAttempt(
            attempt,
            wallet,
            signature,
            unsigned.message,
            unsigned.blockhash.last_valid_block_height,
            unsigned.has_receipt,
        )
        if self.only_records:
            step.unsigned = signed
            raise Unavailable("signer_unreachable", "The signer is gone.")
        step.attempts.append(signed)
        self._answer("sign")
        return signed

    async def close(self, owner: UUID, step: int) -> bool:
        """False when something is signed."""
        self._answer("close")
        found = self._steps.setdefault((owner, step), _Step())
        found.closed = found.closed or not (found.attempts or found.unsigned)
        return found.closed

    async def settle(self, plan: ExecutionPlanEvent, outcome: Landed | Reverted | Expired) -> None:
        """No more is signed for it."""
        step = self._steps[plan.step_owner, plan.step]
        if isinstance(outcome, Expired) and step.attempts[-1].signature != outcome.signature:
            raise Refused("newer_attempt", "A newer attempt is on record.")
        margin = step.attempts[-1].last_valid_block_height + SURELY_DEAD_BLOCKS
        if isinstance(outcome, Expired) and outcome.finalized_height <= margin:
            raise Refused(STILL_ALIVE, "The attempt is not dead for good yet.")
        step.ended = True
        self.settled[plan.plan_id] = outcome
        self._answer("settle")

    async def expire(self, plan: ExecutionPlanEvent) -> None:
        """Once what is recorded without a signature is dead for good."""
        step = self._steps[plan.step_owner, plan.step]
        if step.attempts or step.unsigned is None:
            raise Refused("newer_attempt", "An attempt of the step is signed.")
        if self._chain.height <= step.unsigned.last_valid_block_height + SURELY_DEAD_BLOCKS:
            raise Refused(STILL_ALIVE, "The attempt is not dead for good yet.")
        step.ended = True

    async def halt(self, *, reason: str, by: str, wallet: str | None = None, strategy_id: str | None = None) -> int:
        """Add a halt."""
        del reason, by
        self.halts.append((wallet, strategy_id))
        self._answer("halt")
        return len(self.halts)

    async def halted(self, *, wallet: str | None = None, strategy_id: str | None = None) -> bool:
        """A halt of everything covers every scope."""
        wanted = {(None, None), (wallet, None), (None, strategy_id)}
        return any(halt in wanted for halt in self.halts)

    async def gate_id(self) -> str:
        """Always the same."""
        return "memory"

    def _answer(self, call: str) -> None:
        if self.silent[call] > 0:
            self.silent[call] -= 1
            raise Unavailable("signer_timeout", f"The signer did not answer '{call}'.")


class MemoryWallets:
    """Round robin over wallets that are free; a wallet carries one plan at a time. `overlaps` must stay 0."""

    def __init__(self, wallets: Sequence[str]) -> None:
        self._wallets = list(wallets)
        self.busy: Counter[str] = Counter()
        self.overlaps = 0

    async def reserve(self, plan: ExecutionPlanEvent) -> Reservation:
        """The plan's own wallet, or the next free one."""
        if plan.wallet is not None and not self.owns(plan.wallet):
            raise Refused("wallet_unknown", f"{plan.wallet} is none of this executor's wallets.")
        for wallet in [plan.wallet] if plan.wallet else list(self._wallets):
            if not self.busy[wallet]:
                self._wallets.append(self._wallets.pop(self._wallets.index(wallet)))
                self.busy[wallet] += 1
                self.overlaps += self.busy[wallet] > 1
                return Reservation(wallet, token=object())
        raise Unavailable("no_wallet_free", "Every wallet carries a plan.")

    async def settle(self, reservation: Reservation, *, slot: int, succeeded: bool) -> None:
        """Free it."""
        del slot, succeeded
        self.busy[reservation.wallet] -= 1

    async def release(self, reservation: Reservation, *, failed: bool) -> None:
        """Free it."""
        del failed
        if reservation.token is not None:
            self.busy[reservation.wallet] -= 1

    def owns(self, wallet: str) -> bool:
        """Whether it is on the list."""
        return wallet in self._wallets


__all__ = [
    "MemoryBlockhashes",
    "MemoryBuilder",
    "MemoryChain",
    "MemoryConfirmations",
    "MemoryGate",
    "MemoryLane",
    "MemoryWallets",
    "SendKind",
]
