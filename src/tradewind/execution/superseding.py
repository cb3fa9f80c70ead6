"""Decides when a signed transaction gets a successor with the same nonce: at a higher fee, or one that does nothing.

A signed transaction owns its nonce until that is used, so what cannot be included must be superseded. Where pending
transactions are public and can be replaced (a mempool), the offer follows the base fee and a cancel can still win.
Elsewhere whatever arrives first with the nonce is final: a successor makes sense only for what cannot land at all.
"""

from dataclasses import dataclass
from enum import Enum

from tradewind.core import Eip1559Transaction
from tradewind.observability.clock import NS_PER_S


class Successor(Enum):
    """What to sign next for the nonce."""

    SAME_TRADE = "same trade"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an attempt stands: what the chain asks for, what is wanted, and how long it has been out already."""

    base_fee_wei: int
    # The endpoint called the fee too low, whatever can be read of the base fee.
    offer_refused: bool
    now_ns: int
    sent_at_ns: int
    deadline_s: int
    cancel_requested: bool
    # The gate refused the same trade at a higher fee, for good.
    trade_refused: bool


@dataclass(frozen=True, slots=True)
class Superseding:
    """The rule of one chain: how long it takes before an attempt gets a successor.

    `refused_s` applies to an offer that was refused as too low, and so is nowhere; `patience_s` to one that lies below
    the base fee; `stuck_s` to a fitting one in a mempool.
    """

    has_mempool: bool
    refused_s: float = 2.0
    patience_s: float = 6.0
    stuck_s: float = 30.0

    def successor(self, last: Eip1559Transaction, standing: Standing, *, is_noop: bool) -> Successor | None:
        """What should follow `last`, the newest attempt; None: nothing yet."""
        waited_s = (standing.now_ns - standing.sent_at_ns) / NS_PER_S
        if standing.offer_refused:
            is_time = waited_s >= self.refused_s
        elif standing.base_fee_wei > last.max_fee_per_gas_wei:
            is_time = waited_s >= self.patience_s
        else:
            recall = standing.cancel_requested and not is_noop
            is_time = self.has_mempool and (recall or waited_s >= self.stuck_s)
        if not is_time:
            return None
        # Past its deadline the trade could only revert.
        over = standing.cancel_requested or standing.now_ns >= standing.deadline_s * NS_PER_S
        return Successor.NOTHING if is_noop or over or standing.trade_refused else Successor.SAME_TRADE
