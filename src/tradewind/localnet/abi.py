"""The few shapes of Solidity's ABI that the local chain's own calls need, written and read as 32-byte words."""

from collections.abc import Sequence

Argument = int | str | bytes

WORD = 32

# The first four bytes of keccak-256 of each signature.
SELECTORS = {
    "allowance(address,address)": "0xdd62ed3e",
    "approve(address,uint256)": "0x095ea7b3",
    "balanceOf(address)": "0x70a08231",
    "createAndInitializePoolIfNecessary(address,address,uint24,uint160)": "0x13ead562",
    "deposit()": "0xd0e30db0",
    "enableFeeAmount(uint24,int24)": "0x8a7c195f",
    "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))": "0x04e45aaf",
    "getPool(address,address,uint24)": "0x1698ee82",
    "initialize(string,string,uint8,address,address)": "0xc820f146",
    "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))": "0x88316456",
    "mint(address,uint256)": "0x40c10f19",
    "quoteExactInput(bytes,uint256)": "0xcdca1753",
    "quoteExactInputSingle((address,address,uint256,uint24,uint160))": "0xc6a5026a",
    "quoteExactOutput(bytes,uint256)": "0x2f80bb1d",
    "quoteExactOutputSingle((address,address,uint256,uint24,uint160))": "0xbd21704a",
    "slot0()": "0x3850c7bd",
    "totalSupply()": "0x18160ddd",
    "transfer(address,uint256)": "0xa9059cbb",
}


def encode_call(signature: str, *arguments: Argument) -> str:
    """Calldata as 0x-hex of a call in `SELECTORS`; the arguments as in `encode`."""
    return SELECTORS[signature] + encode(*arguments).hex()


def encode(*arguments: Argument) -> bytes:
    """Arguments of a call: an int or bool is one word (negative ones in two's complement), a str is a 0x address,
    and bytes stand for `bytes` or `string` (a dynamic value). A static tuple is passed as its members.
    """
    head = b""
    tail = b""
    for argument in arguments:
        if isinstance(argument, bytes):
            head += _word(len(arguments) * WORD + len(tail))
            tail += _word(len(argument)) + argument + bytes(-len(argument) % WORD)
        else:
            head += _word(int(argument, 16) if isinstance(argument, str) else argument)
    return head + tail


def decode_words(data: bytes) -> list[int]:
    """Every 32-byte word of an answer as an unsigned integer."""
    return [int.from_bytes(data[start : start + WORD], "big") for start in range(0, len(data), WORD)]


def decode_array(words: Sequence[int], position: int) -> list[int]:
    """The dynamic array of words whose offset stands at `position`."""
    start = words[position] // WORD
    return list(words[start + 1 : start + 1 + words[start]])


def signed(word: int) -> int:
    """A word read as an int256."""
    return word - (1 << 256) if word >> 255 else word


def _word(value: int) -> bytes:
    return (value % (1 << 256)).to_bytes(WORD, "big")
