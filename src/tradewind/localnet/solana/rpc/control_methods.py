"""Methods of this node alone: time, forks and faults under a test's control."""

from typing import Any

from tradewind.errors import InvalidInput
from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.rpc.answers import Method
from tradewind.localnet.solana.rpc.errors import invalid_params
from tradewind.localnet.solana.rpc.params import Params

MAX_ADVANCE = 10_000


def set_faults(node: SolanaNode, params: Params) -> object:
    """Put faults in force (see `FaultSettings`); an empty object stops them all. What is now in force."""
    params.at_most(1)
    try:
        settings = node.faults.set_from(params.object(0))
    except InvalidInput as error:
        raise invalid_params(f"Invalid params: {error.message}") from error
    shown: dict[str, Any] = settings.model_dump()
    return shown


def get_faults(node: SolanaNode, params: Params) -> object:
    """The faults in force, and how often each of them struck."""
    params.at_most(0)
    return {"settings": node.faults.settings.model_dump(), "struck": dict(node.faults.struck)}


def advance(node: SolanaNode, params: Params) -> object:
    """Let slots pass at once; the new slot."""
    params.at_most(1)
    slots = params.number(0, "slots")
    if not 1 <= slots <= MAX_ADVANCE:
        raise invalid_params(f"Invalid params: 1 to {MAX_ADVANCE} slots can be passed at once.")
    node.advance(slots)
    return node.slot


def rollback(node: SolanaNode, params: Params) -> object:
    """Abandon the newest slots, as a fork does; the new slot."""
    params.at_most(1)
    try:
        node.rollback(params.number(0, "slots"))
    except LocalnetError as error:
        raise invalid_params(f"Invalid params: {error.message}") from error
    return node.slot


METHODS: dict[str, Method] = {
    "tradewind_setFaults": set_faults,
    "tradewind_faults": get_faults,
    "tradewind_advance": advance,
    "tradewind_rollback": rollback,
}
