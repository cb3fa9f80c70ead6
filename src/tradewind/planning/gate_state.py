"""What planning needs to know of the sign-gate: which one it is, how much it knows, and whether it would sign."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from tradewind.errors import Halted
from tradewind.state.view import IntentView


class Halt(Protocol):
    """A halt that has not been resumed; without wallet and strategy it stops everything."""

    @property
    def wallet(self) -> str | None:
        """The only wallet that it stops."""
        ...

    @property
    def strategy_id(self) -> str | None:
        """The only strategy that it stops."""
        ...

    @property
    def reason(self) -> str:
        """Why it was pulled."""
        ...


class GateState(Protocol):
    """The gate's own word."""

    @property
    def gate_id(self) -> str:
        """Which gate it is: it alone will know what was signed for the intent."""
        ...

    @property
    def records(self) -> int:
        """How much it has on record; only grows."""
        ...

    @property
    def halted(self) -> bool:
        """Whether it would refuse to sign anything."""
        ...

    @property
    def halts(self) -> Sequence[Halt]:
        """Every halt in force."""
        ...


Gate = Callable[[], Awaitable[GateState]]


def halt_of(gate: GateState, view: IntentView) -> Halted | None:
    """Why nothing would be signed for the intent now: it then waits without keeping others from the wallet."""
    if gate.halted:
        return Halted("halted", "Signing is halted.")
    for halt in gate.halts:
        whose = {halt.wallet, halt.strategy_id}
        if whose == {None} or whose & {view.wallet, str(view.intent.strategy_id)}:
            return Halted("halted", f"Signing is halted: {halt.reason}.")
    return None


def check_not_halted(gate: GateState, view: IntentView) -> None:
    """Raise what `halt_of` says."""
    if (halt := halt_of(gate, view)) is not None:
        raise halt
