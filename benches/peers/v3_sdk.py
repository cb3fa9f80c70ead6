"""@uniswap/v3-sdk in a Node process. It times each of its quotes itself, so that asking it is not counted."""

from pathlib import Path
from types import TracebackType
from typing import Self

from benches.line_process import LineProcess
from benches.peers.packages import ensure_peers
from benches.recorded_pool import RecordedPool
from tradewind.localnet.packages import node

SCRIPT = Path(__file__).with_suffix(".cjs")


class V3Sdk:
    """Quotes one pool. Use as a context."""

    def __init__(self, pool: RecordedPool) -> None:
        self._process = LineProcess([node(), str(SCRIPT), str(ensure_peers())])
        self.name = f"@uniswap/v3-sdk {self._process.ask(op='load', pool=pool.for_peers)['version']}"

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
        return [int(output) for output in answer["outputs"]], answer["ns"]
