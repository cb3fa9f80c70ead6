"""Arbitrum's share of gas for posting data to L1, asked from its NodeInterface.

Layout source: OffchainLabs/nitro, `NodeInterface.sol`; on Arbitrum the contract exists only inside eth_call.
"""

from tradewind.errors import Unavailable
from tradewind.venues import abi, rpc_answer

NODE_INTERFACE = "0x00000000000000000000000000000000000000C8"
_ARBITRUM_CHAINS = frozenset({42161, 42170, 421614})
# gasEstimateL1Component(address,bool,bytes) returns (uint64 gasEstimateForL1, uint256 baseFee, uint256 l1BaseFee)
_L1_COMPONENT = bytes.fromhex("77d488a2")


def pays_for_l1(chain_id: int) -> bool:
    """Whether gas on this chain has a share for L1 data."""
    return chain_id in _ARBITRUM_CHAINS


def l1_request(to: str, data: bytes) -> dict[str, str]:
    """The eth_call that asks what a transaction with this calldata pays for L1 data."""
    arguments = abi.address_word(to) + abi.word(0) + abi.word(96) + abi.word(len(data)) + abi.padded(data)
    return {"to": NODE_INTERFACE, "data": f"0x{(_L1_COMPONENT + arguments).hex()}"}


def parse_l1_gas(answer: object) -> int:
    """Gas for L1 data. A node without NodeInterface answers nothing: Unavailable (l1_gas_unknown)."""
    raw = rpc_answer.data(answer, "gasEstimateL1Component")
    if not raw:
        raise Unavailable("l1_gas_unknown", "the endpoint does not answer for Arbitrum's NodeInterface.")
    return abi.Words(raw, "gasEstimateL1Component", count=3).unsigned(0, bits=63)
