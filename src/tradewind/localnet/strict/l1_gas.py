"""The share of gas that pays for posting a transaction's data to L1, and NodeInterface's answers about it.

The arithmetic is the documented one (OffchainLabs/arbitrum-docs, "how to estimate gas"): a transaction occupies 16
units of L1 gas for each byte of its compressed data and of 140 bytes beside; their price in wei, divided by the base
fee, is the share. Nitro compresses with Brotli. Here zlib at its best level stands in for it, on every machine alike:
sizes come out somewhat different, never zero, and grow with the data just so.
"""

import zlib

from tradewind.localnet.abi import decode_words, encode
from tradewind.localnet.strict.json_rpc import SERVER_ERROR, Refusal

L1_GAS_PER_BYTE = 16
FIXED_BYTES = 140

# The selectors of NodeInterface's two functions about gas, both of (address,bool,bytes).
COMPONENTS = "0xc94e6eeb"
L1_COMPONENT = "0x77d488a2"


def l1_share(data: bytes, *, l1_base_fee_wei: int, base_fee_wei: int) -> int:
    """Gas for the L1 data of a transaction with this calldata, rounded down as nitro does."""
    units = L1_GAS_PER_BYTE * (len(zlib.compress(data, 9)) + FIXED_BYTES)
    return units * l1_base_fee_wei // base_fee_wei


def read_question(calldata: str) -> tuple[str, str, bytes]:
    """Which of the two is asked, about a call to which address, with which data; Refusal for anything else."""
    selector, arguments = calldata[:10].lower(), bytes.fromhex(calldata[10:])
    words = decode_words(arguments)
    if selector not in (COMPONENTS, L1_COMPONENT) or len(words) < 4:
        raise Refusal(SERVER_ERROR, "execution reverted")
    start = words[2]
    size = int.from_bytes(arguments[start : start + 32])
    data = arguments[start + 32 : start + 32 + size]
    if len(data) != size:
        raise Refusal(SERVER_ERROR, "execution reverted")
    return selector, f"0x{words[0]:040x}", data


def components(gas_estimate: int, for_l1: int, base_fee_wei: int, l1_base_fee_wei: int) -> str:
    """gasEstimateComponents' four words."""
    return "0x" + encode(gas_estimate, for_l1, base_fee_wei, l1_base_fee_wei).hex()


def l1_component(for_l1: int, base_fee_wei: int, l1_base_fee_wei: int) -> str:
    """gasEstimateL1Component's three words."""
    return "0x" + encode(for_l1, base_fee_wei, l1_base_fee_wei).hex()
