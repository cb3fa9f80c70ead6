"""degenbot in a Python of its own. It times each of its quotes itself, so that asking it is not counted."""

from types import TracebackType
from typing import Self

from benches.peers.python_packages import python_peer
from benches.recorded_pool import RecordedPool


class Degenbot:
    """Quotes one pool. Use as a context."""

    def __init__(self, pool: RecordedPool) -> None:
        self._process = python_peer("degenbot_quotes", "degenbot")
        self.name = f"degenbot {self._process.ask(op='load', pool=pool.for_peers)['version']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.__exit__(kind, error, traceback)

    def quote(self, token_in: int, amounts_raw: list[int], exact: str = "in") -> tuple[list[int], list[int]]:
        """The other amounts, and the nanoseconds that each took. `token_in` is 0 or 1, in the pool's order."""
        amounts = [str(amount) for amount in amounts_raw]
        answer = self._process.ask(op="quote", token_in=token_in, exact=exact, amounts=amounts)
        return [int(output) for output in answer["answers"]], answer["ns"]
