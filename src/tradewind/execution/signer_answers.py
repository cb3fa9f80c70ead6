"""What `tradewind-signer` answers, as types: read strictly where it matters, blind to what a newer signer adds."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict

from tradewind.core import Permit
from tradewind.domain.amount import Raw
from tradewind.domain.fill import StepOutcome


def _bytes_from_hex(value: object) -> object:
    return bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else value


HexBytes = Annotated[bytes, BeforeValidator(_bytes_from_hex)]


class Answer(BaseModel):
    """An answer of which only the absence of a refusal matters."""

    # A newer signer may say more than this client knows; what it must say is checked.
    model_config = ConfigDict(frozen=True, extra="ignore")


class SignerWallet(Answer):
    """A wallet the signer holds the key of, and the chains it may use it on."""

    address: str
    chains: tuple[int, ...]


class HaltInForce(Answer):
    """A halt that has not been resumed. Without wallet and strategy it stops everything."""

    kill_epoch: int
    wallet: str | None
    strategy_id: str | None
    reason: str
    by: str
    at_ms: int


class SignerState(Answer):
    """What the signer says of itself. `records` only grows; `kill_epoch`, `halted` and `halt_reason` speak of the
    halt of everything, `halts` lists those of single wallets and strategies as well. `liquidators` are the wallets that
    the policy lets liquidate loans."""

    version: str
    gate_id: str
    policy_digest: str
    kill_epoch: int
    halted: bool
    halt_reason: str | None
    wallets: tuple[SignerWallet, ...]
    records: int
    halts: tuple[HaltInForce, ...]
    liquidators: tuple[str, ...] = ()


class KillEpoch(Answer):
    """The epoch of the halt that was made or ended."""

    kill_epoch: int


class SignedAttempt(Answer):
    """One signed transaction of a step, as the gate recorded it. `noop`: it only uses up the step's nonce."""

    attempt: int
    tx_hash: str
    raw_tx: HexBytes
    nonce: int
    noop: bool = False


class RecordedPermit(Answer):
    """A signed token permit, as the gate recorded it."""

    value_raw: Raw
    deadline_s: int
    v: int
    r: HexBytes
    s: HexBytes

    def for_call(self) -> Permit:
        """As the router's calldata wants it."""
        return Permit(value_raw=self.value_raw, deadline_s=self.deadline_s, v=self.v, r=self.r, s=self.s)


class RecordedStep(Answer):
    """What the gate knows of a step. `pending` attempts are recorded, own their nonce, and wait for their signature."""

    found: bool
    closed: bool = False
    kind: str | None = None
    nonce: int | None = None
    outcome: StepOutcome | None = None
    attempts: tuple[SignedAttempt, ...] = ()
    pending: tuple[int, ...] = ()
    pending_because: str | None = None
    permit: RecordedPermit | None = None


class SignedStep(Answer):
    """A step that owns a nonce, with all that was signed for it. `intent_id` is text: a filled gap has no intent."""

    intent_id: str
    step: int
    nonce: int
    kind: str
    outcome: StepOutcome | None
    attempts: tuple[SignedAttempt, ...]
    pending: tuple[int, ...] = ()


class SignedPage(Answer):
    """Steps in ascending order of their nonces; `more_from` is where the next page begins, if there is one."""

    steps: tuple[SignedStep, ...]
    more_from: int | None = None


class PolicyVerdict(Answer):
    """What the policy, the budgets and the kill switch would say to a transaction now."""

    passed: bool
    rule: str | None = None
    message: str | None = None


class BudgetScope(Answer):
    """Whose limit it is: of one wallet, of one strategy, or, with neither, of everything together."""

    wallet: str | None
    strategy_id: str | None


class Budget(Answer):
    """One limit and what is used of it now. `window`: transaction, hour, day or signed_per_day."""

    scope: BudgetScope
    chain_id: int
    token: str
    symbol: str
    window: str
    limit_raw: Raw
    used_raw: Raw


class Budgets(Answer):
    """Every limit of amounts that is in force."""

    budgets: tuple[Budget, ...]


class PendingRaise(Answer):
    """A looser value that has been presented and is not in force yet. None: no limit at all."""

    value: str | None
    effective_at_ms: int
    by: str


class Limit(Answer):
    """One limit in force, its ceiling in signer.toml, and the raises that wait. None: no limit at all."""

    key: str
    value: str | None
    ceiling: str | None
    by: str
    since_ms: int
    pending: tuple[PendingRaise, ...]


class Limits(Answer):
    """All limits, by key."""

    now_ms: int
    limits: tuple[Limit, ...]


class LimitChange(Answer):
    """A limit that was set: in force already when `pending` is false, else from `effective_at_ms` on."""

    key: str
    value: str
    pending: bool
    effective_at_ms: int


class Settled(Answer):
    """Whether the gate takes a settlement for final, and so gives back what was not spent."""

    final: bool


class Closed(Answer):
    """Whether the gate will never sign the step."""

    closed: bool


class NextNonce(Answer):
    """The nonce after the highest that the gate has given to a step."""

    next_nonce: int | None


class Signature(Answer):
    """A signature just made, or made before for the same bytes."""

    tx_hash: str
    raw_tx: HexBytes
    nonce: int


class SolanaOutcome(StrEnum):
    """How a step on Solana ended. `expired`: nothing landed, and nothing can any more."""

    SUCCEEDED = "succeeded"
    REVERTED = "reverted"
    EXPIRED = "expired"


class SolanaReceipt(Answer):
    """The account that every attempt of a step must create, so that a second copy reverts on the chain."""

    seed: str
    address: str
    lamports: int


class Reclaimable(Answer):
    """Receipts that may be taken back, the oldest first, and the reclaim of the wallet that is not settled yet."""

    open: str | None
    receipts: tuple[SolanaReceipt, ...]
    more_after: int | None


class ToppedUpWallet(Answer):
    """A wallet that the treasury may top up, and the top-up of it that is not settled yet."""

    wallet: str
    open: str | None


class TopUps(Answer):
    """Whom the treasury may top up, and with how many lamports at most now; None without a treasury."""

    treasury: str | None
    left_lamports: Raw
    wallets: tuple[ToppedUpWallet, ...]


class SolanaSignature(Answer):
    """A signature on Solana just made, or made before for the same bytes. `signature` is base58."""

    signature: str
    raw_tx: HexBytes
    last_valid_block_height: int


class SolanaAttempt(Answer):
    """One signed transaction of a step on Solana, as the gate recorded it."""

    attempt: int
    signature: str
    raw_tx: HexBytes
    blockhash: str
    last_valid_block_height: int
    signed_at_ms: int


class HoldState(StrEnum):
    """What became of a held attempt. `maybe_released`: it was held before the machine started anew."""

    HELD = "held"
    MAYBE_RELEASED = "maybe_released"
    RELEASED = "released"
    DISCARDED = "discarded"


class SolanaHold(Answer):
    """An attempt whose bytes stay, or stayed, in the signer until it is released."""

    attempt: int
    state: HoldState
    held_until_ms: int
    last_valid_block_height: int


class Discarded(Answer):
    """A held attempt has ended, and its bytes never left."""

    discarded: bool


class RecordedSolanaStep(Answer):
    """What the gate knows of a step on Solana. `pending` attempts are recorded and wait for their signature."""

    found: bool
    closed: bool = False
    kind: str | None = None
    outcome: SolanaOutcome | None = None
    final: bool = False
    receipt: SolanaReceipt | None = None
    attempts: tuple[SolanaAttempt, ...] = ()
    holds: tuple[SolanaHold, ...] = ()
    pending: tuple[int, ...] = ()
    pending_because: str | None = None


class Adopted(Answer):
    """A wallet's cold start is over."""

    adopted: bool


def gap_id(chain_id: int, wallet: str, nonce: int) -> str:
    """The name under which a gap in a wallet's nonces is filled; `wallet` in its EIP-55 form."""
    return f"gap-{chain_id}-{wallet}-{nonce}"


StepOwner = UUID | str
