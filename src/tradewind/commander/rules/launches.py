"""Counts the pools and curves that a program makes, from the logs of its transactions."""

import re
from collections import deque
from collections.abc import Iterable, Sequence

from tradewind.commander.rules.measured import Measured, unknown

# What each program's own log says when it makes a pool or a curve.
KNOWN: dict[str, tuple[str, ...]] = {
    "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P": ("Create", "CreateV2"),
    "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA": ("CreatePool",),
    "CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C": ("Initialize", "InitializeWithPermission"),
    "CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK": ("CreatePool",),
    "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc": (
        "InitializePool",
        "InitializePoolV2",
        "InitializePoolWithAdaptiveFee",
    ),
    "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8": ("initialize2: InitializeInstruction2",),
}
_MOST = 100_000
_NS_PER_S = 10**9
_NS_PER_MS = 10**6
_LOG = "Program log: "
# The runtime's own lines. A program's words begin with `Program log: `, and no program is called that.
_INVOKE = re.compile(r"Program (?P<program>[1-9A-HJ-NP-Za-km-z]{32,44}) invoke \[(?P<depth>[1-9][0-9]{0,2})\]")
_END = re.compile(r"Program (?P<program>[1-9A-HJ-NP-Za-km-z]{32,44}) (?:success$|failed: )")


class LaunchWindow:
    """The launches of one program within a window. It has to hear the chain for a whole window first."""

    def __init__(self, program: str, instructions: Sequence[str], *, window_s: int, fresh_within_ms: int) -> None:
        self._program = program
        self._said = tuple(instructions or KNOWN.get(program, ()))
        self._window_ns = window_s * _NS_PER_S
        self.fresh_within_ms = fresh_within_ms
        self._at_ns: deque[int] = deque(maxlen=_MOST)
        self._since_ns: int | None = None
        self._heard_ns = 0

    def connected(self, *, now_ns: int) -> None:
        """The logs are heard from now on; what was before is not known any more."""
        self._at_ns.clear()
        self._since_ns = self._heard_ns = now_ns

    def lost(self) -> None:
        """The logs are not heard any more."""
        self._since_ns = None

    def heard(self, *, now_ns: int) -> None:
        """The chain goes on."""
        self._heard_ns = now_ns

    def logs(self, lines: Iterable[str], *, now_ns: int) -> None:
        """The logs of one transaction that succeeded."""
        self._at_ns.extend([now_ns] * launches_in(lines, self._program, self._said))

    def rate(self, *, now_ns: int) -> Measured:
        """Launches a minute over the window, rounded down."""
        if self._since_ns is None:
            return unknown("the logs of its program are not heard")
        if now_ns - self._heard_ns > self.fresh_within_ms * _NS_PER_MS:
            return unknown(f"the chain was not heard for {(now_ns - self._heard_ns) // _NS_PER_S} s")
        while self._at_ns and self._at_ns[0] <= now_ns - self._window_ns:
            self._at_ns.popleft()
        heard_ns = now_ns - self._since_ns
        if heard_ns < self._window_ns:
            return unknown(f"has heard {heard_ns // _NS_PER_S} s of its {self._window_ns // _NS_PER_S} s")
        return Measured(len(self._at_ns) * 60 * _NS_PER_S // self._window_ns)


def launches_in(lines: Iterable[str], program: str, said: Sequence[str]) -> int:
    """How often the program itself, not one that it calls or that calls it, says that it makes one.

    Only lines of the runtime move the stack, and only where their depth and program fit: what a program logs is its own
    word, and may look like one of them.
    """
    stack: list[str] = []
    found = 0
    for line in lines:
        if line.startswith(_LOG):
            text = line.removeprefix(_LOG)
            own = bool(stack) and stack[-1] == program
            found += own and any(text == f"Instruction: {each}" or text.startswith(f"{each} ") for each in said)
        elif invoked := _INVOKE.fullmatch(line):
            if int(invoked["depth"]) != len(stack) + 1:
                return found
            stack.append(invoked["program"])
        elif (ended := _END.match(line)) and (not stack or stack.pop() != ended["program"]):
            return found
    return found
