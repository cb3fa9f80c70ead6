"""Paired measurements: ours and the peer's in turns, so that what slows the machine down slows both."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Better = Literal["lower", "higher"]


@dataclass(slots=True)
class Paired:
    """One pair a round, taken one after the other."""

    better: Better
    ours: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)

    def add(self, *, ours: float, peer: float) -> None:
        """The two measurements of one round."""
        self.ours.append(ours)
        self.peer.append(peer)

    @property
    def ratios(self) -> list[float]:
        """How many times better ours was, round by round."""
        pairs = zip(self.ours, self.peer, strict=True)
        return [peer / ours if self.better == "lower" else ours / peer for ours, peer in pairs]

    @property
    def ratio(self) -> float:
        """The median of the ratios, which is not the ratio of the medians."""
        return statistics.median(self.ratios)

    @property
    def spread(self) -> str:
        """The least and the greatest ratio."""
        return f"{len(self.ratios)} rounds, ratios {min(self.ratios):.4g} to {max(self.ratios):.4g}"


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of all values do not exceed (nearest rank)."""
    if not values or not 0 < percent <= 100:
        raise ValueError("a percentile needs values and a percent above 0 and up to 100")
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]
