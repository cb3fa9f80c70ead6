"""What a strategy knows beside its updates, and how it speaks to whoever reads the engine's log."""

from dataclasses import dataclass, field
from typing import Literal

from tradewind.strategies.pools import Pools

Level = Literal["info", "warning", "error"]
_MOST_CHARACTERS = 2_000


@dataclass(slots=True)
class Context:
    """`wallet` is None where nobody trades, `mints` are those that it pays with; a recording `replays`."""

    instance: str
    wallet: str | None
    mints: tuple[str, ...]
    replays: bool
    pools: Pools = field(default_factory=Pools)
    _lines: list[dict[str, str]] = field(default_factory=list)

    def log(self, message: str, *, level: Level = "info") -> None:
        """Write a line into the engine's log, as `strategy_log`."""
        self._lines.append({"level": level, "message": message[:_MOST_CHARACTERS]})

    def take_lines(self) -> list[dict[str, str]]:
        """What was logged since the last time. For whoever runs a strategy."""
        lines, self._lines = self._lines, []
        return lines
