"""What the chain says a swap would do: the router's answer, or its refusal."""

from tradewind import core
from tradewind.venues import abi
from tradewind.venues.rpc_error import Revert
from tradewind.venues.simulated import Simulated, SimulatedAmounts, SimulatedRevert
from tradewind.venues.uniswap_v3.revert_code import revert_code


def read_simulation(swap: core.RouterSwap, answer: bytes | Revert) -> Simulated:
    """The router's multicall answers bytes[]: one per call, the legs last, each with the side that was not fixed."""
    if isinstance(answer, Revert):
        return SimulatedRevert(revert_code(answer), answer.reason)
    field = "answer of the router"
    results = abi.read_bytes_array(answer, field)
    legs = len(swap.legs)
    answers = [b""] * (legs - len(results)) + results[-legs:]
    moved_raw = sum(abi.Words(answer, field, count=1).unsigned(0) for answer in answers)
    if swap.exact == "in":
        return SimulatedAmounts(swap.amount_in_raw, moved_raw)
    return SimulatedAmounts(moved_raw, swap.amount_out_raw)
