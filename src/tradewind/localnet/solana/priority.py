"""The compute price that a transaction offers.

Source: the Compute Budget program's instructions: byte 3 (SetComputeUnitPrice) and a u64 of micro-lamports.
"""

from solders.message import Message, MessageV0
from solders.pubkey import Pubkey

COMPUTE_BUDGET_PROGRAM = Pubkey.from_string("ComputeBudget111111111111111111111111111111")
_SET_PRICE = 3


def price_micro_lamports(message: Message | MessageV0) -> int:
    """Micro-lamports per compute unit; 0 when the transaction says nothing."""
    for call in message.instructions:
        if message.account_keys[call.program_id_index] != COMPUTE_BUDGET_PROGRAM:
            continue
        data = bytes(call.data)
        if len(data) >= 9 and data[0] == _SET_PRICE:
            return int.from_bytes(data[1:9], "little")
    return 0
