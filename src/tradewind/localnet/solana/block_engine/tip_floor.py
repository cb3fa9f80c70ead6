"""What landed bundles paid: the percentiles that searchers choose their tips by, in Jito's JSON form."""

from collections import deque
from datetime import UTC, datetime
from typing import Any

from tradewind.domain.chain import LAMPORTS_PER_SOL
from tradewind.observability.clock import NS_PER_S

_PERCENTILES = (25, 50, 75, 95, 99)
_REMEMBERED = 1_000
_AVERAGE_OVER = 10


class TipFloor:
    """The tips of the last thousand landed bundles, in lamports; before the first, all levels are the minimum tip."""

    def __init__(self, minimum_lamports: int) -> None:
        self._minimum_lamports = minimum_lamports
        self._tips: deque[int] = deque(maxlen=_REMEMBERED)
        self._average_lamports: int | None = None

    def landed(self, tip_lamports: int) -> None:
        """A bundle landed with this tip."""
        self._tips.append(tip_lamports)
        median = self.percentile_lamports(50)
        before = median if self._average_lamports is None else self._average_lamports
        self._average_lamports = before + (median - before) // _AVERAGE_OVER

    def percentile_lamports(self, percent: int) -> int:
        """The smallest tip that so many percent of the landed ones do not exceed."""
        if not self._tips:
            return self._minimum_lamports
        ordered = sorted(self._tips)
        return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]

    def described(self, now_ns: int) -> list[dict[str, Any]]:
        """The answer of `tip_floor` and each message of `tip_stream`; SOL, as there."""
        time = datetime.fromtimestamp(now_ns // NS_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        row: dict[str, Any] = {"time": time}
        for percent in _PERCENTILES:
            row[f"landed_tips_{percent}th_percentile"] = self.percentile_lamports(percent) / LAMPORTS_PER_SOL
        average = self._minimum_lamports if self._average_lamports is None else self._average_lamports
        return [row | {"ema_landed_tips_50th_percentile": average / LAMPORTS_PER_SOL}]
