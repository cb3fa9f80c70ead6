"""A strategy as a user writes one: it takes the gap between two pools, and counts what it gained."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tradewind.strategies import WRAPPED_SOL, Fill, Strategy, Update, Wish


@dataclass(frozen=True)
class Parameters:
    min_profit_raw: int = 100_000
    most_in_raw: int = 20_000_000_000


class Gap(Strategy[Parameters]):
    def on_update(self, update: Update) -> Iterable[Wish]:
        least_raw, most_raw = self.parameters.min_profit_raw, self.parameters.most_in_raw
        for circle in update.circles(WRAPPED_SOL, max_hops=2, tag="gap")[:1]:
            if circle.min_profit_raw > least_raw:
                amount_in_raw = min(circle.amount_in_raw, most_raw)
                yield replace(circle, amount_in_raw=amount_in_raw, min_profit_raw=least_raw)

    def on_fill(self, fill: Fill) -> None:
        gained_raw = fill.gained_raw or 0
        self.state["gained_raw"] = self.state.get("gained_raw", 0) + gained_raw
        left_lamports = fill.cost_lamports + fill.locked_lamports
        self.state["left_lamports"] = self.state.get("left_lamports", 0) + left_lamports
        self.context.log(f"{fill.tag}: gained {gained_raw}")
