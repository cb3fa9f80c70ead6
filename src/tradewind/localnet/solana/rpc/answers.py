"""What many methods share: the context of an answer, and the slot that it is asked at."""

from collections.abc import Callable
from typing import Any, TypeAlias

from tradewind.localnet.solana.chain import Commitment, Slot
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.rpc.errors import min_context_slot_not_reached
from tradewind.localnet.solana.rpc.params import Config, Params

API_VERSION = "3.0.0"
Method: TypeAlias = Callable[[SolanaNode, Params], Any]


def with_context(slot: int, value: object) -> dict[str, Any]:
    """A value and the slot that it is of."""
    return {"context": {"apiVersion": API_VERSION, "slot": slot}, "value": value}


def asked_slot(node: SolanaNode, config: Config, *, name: str = "commitment") -> tuple[Commitment, Slot]:
    """The commitment level of the request and its slot; refused before `minContextSlot` is reached."""
    commitment = config.commitment(name)
    slot = node.slot_at(commitment)
    wanted = config.number("minContextSlot")
    if wanted is not None and slot.number < wanted:
        raise min_context_slot_not_reached(slot.number)
    return commitment, slot
