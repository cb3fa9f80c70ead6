"""What happens to the service, its executors and its wallets, beside any intent."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from tradewind.domain.amount import Raw
from tradewind.domain.balances import WalletBalances
from tradewind.domain.event import SystemEvent
from tradewind.domain.plan import BlockRef


class ServiceStarted(SystemEvent):
    """The service recovered its state and takes intents."""

    subject = "system.started"

    software: str
    open_intents: int
    config_digest: str


class ServiceStopped(SystemEvent):
    """The service stopped in good order."""

    subject = "system.shutdown"

    open_intents: int


class KillSwitchEngaged(SystemEvent):
    """After this nothing is signed in its scope until it is released. Without wallet and strategy: nothing at all."""

    subject = "system.killswitch"

    kill_epoch: int
    by: str
    reason: str
    wallet: str | None = None
    strategy_id: str | None = None


class KillSwitchReleased(SystemEvent):
    """Signing is possible again."""

    subject = "system.resumed"

    kill_epoch: int
    by: str


class HaltRequested(SystemEvent):
    """Somebody on the bus asks for a halt: whoever hears it halts through its gate. Nothing on the bus ends one."""

    subject = "system.killswitch"

    by: str
    reason: str
    wallet: str | None = None
    strategy_id: str | None = None


class ShutdownRequested(SystemEvent):
    """Somebody on the bus asks executors to stop in good order; those started after it was asked do not obey."""

    subject = "system.shutdown"

    by: str
    reason: str


class ExecutorStopped(SystemEvent):
    """An executor stopped. `open_plans` are those it leaves to the next start: their bytes are with the gate."""

    subject = "metrics.executor.stopped"

    executor: str
    reason: str
    open_plans: int


class PlanLeftToAnother(SystemEvent):
    """A plan that this executor had taken is carried out by another one with the same gate."""

    subject = "system.plan_left"

    plan_id: UUID
    wallet: str


class BalancesObserved(SystemEvent):
    """A wallet was read at one block. The opening is what its accounts start from; later ones are checkpoints."""

    subject = "system.balances"

    opening: bool
    balances: WalletBalances


class ReceiptsReclaimed(SystemEvent):
    """The rents of receipts came back to their wallet, in a final block. One that failed there has no `receipts`, gave
    nothing back, and cost its fee."""

    subject = "system.receipts"

    chain_id: int
    wallet: str
    signature: str
    block: BlockRef
    receipts: Annotated[int, Field(ge=0)]
    lamports_back: Raw
    fee_lamports: Raw


class WalletToppedUp(SystemEvent):
    """The treasury topped a wallet up, in a final block. A transfer that failed there brought no `lamports`, and cost
    the treasury its fee."""

    subject = "system.top_ups"

    chain_id: int
    treasury: str
    wallet: str
    signature: str
    block: BlockRef
    lamports: Raw
    fee_lamports: Raw
