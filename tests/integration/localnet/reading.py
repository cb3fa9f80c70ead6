"""Asks contracts with eth-abi as the encoder, apart from the code under test."""

from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from tradewind.localnet import EvmLocalnet


async def ask(chain: EvmLocalnet, to: str, signature: str, returns: list[str], *values: Any) -> Any:
    """The answer of a read; several return values come as a tuple. `values` fit flat argument types."""
    types = signature[signature.index("(") + 1 : -1]
    arguments = encode(types.split(",") if types else [], values)
    answer = await chain.rpc.eth_call(to, "0x" + (keccak(text=signature)[:4] + arguments).hex())
    decoded = decode(returns, answer)
    return decoded[0] if len(decoded) == 1 else decoded
