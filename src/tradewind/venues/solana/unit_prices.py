"""What is offered for a compute unit: what a route's pools have cost lately, between the bounds of the settings."""

from collections.abc import Sequence

from tradewind import core
from tradewind.errors import Unavailable


class UnitPrices:
    """Asks one cluster; where the bounds are the same there is nothing to ask.

    A pool is written by every swap through it, so what its writers offered is what a place beside them costs.
    """

    def __init__(
        self, rpc: core.RPCConnectionPool, *, least_micro_lamports: int, most_micro_lamports: int | None = None
    ) -> None:
        self._least_micro_lamports = least_micro_lamports
        self._recent: core.PriorityFees | None = None
        if most_micro_lamports is not None and most_micro_lamports > least_micro_lamports:
            self._recent = core.PriorityFees(
                rpc, floor_micro_lamports=least_micro_lamports, cap_micro_lamports=most_micro_lamports
            )

    async def offered(self, pools: Sequence[str], *, compute_units: int) -> int:
        """Micro-lamports for each of so many units: the median of the last slots' least prices, and the 75th or 90th
        percentile as that median shows congestion. Raises Unavailable when no endpoint says."""
        if self._recent is None:
            return self._least_micro_lamports
        try:
            fee = await self._recent.quote(list(dict.fromkeys(pools)), compute_units=compute_units)
        except core.CoreError as error:
            raise Unavailable(error.code, f"getRecentPrioritizationFees: {error}") from None
        return fee.micro_lamports_per_compute_unit
