"""The word encoder agrees with eth-abi, and every selector with keccak."""

import pytest
from eth_abi.abi import encode as eth_abi_encode
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from tradewind.localnet.abi import SELECTORS, decode_array, decode_words, encode, encode_call, signed

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: to_checksum_address("0x" + raw.hex()))
arguments = st.one_of(
    st.integers(0, 2**256 - 1).map(lambda value: ("uint256", value)),
    st.integers(-(2**255), -1).map(lambda value: ("int256", value)),
    addresses.map(lambda value: ("address", value)),
    st.binary(max_size=100).map(lambda value: ("bytes", value)),
    st.booleans().map(lambda value: ("bool", value)),
)


@given(st.lists(arguments, max_size=6))
def test_encodes_what_eth_abi_encodes(values: list[tuple[str, int | str | bytes]]) -> None:
    types, plain = [name for name, _ in values], [value for _, value in values]
    assert encode(*plain) == eth_abi_encode(types, plain)


@pytest.mark.parametrize("signature", SELECTORS)
def test_selector_is_the_hash_of_its_signature(signature: str) -> None:
    selector = function_signature_to_4byte_selector(signature)
    assert SELECTORS[signature] == "0x" + selector.hex()
    assert encode_call(signature) == "0x" + selector.hex()


@given(st.integers(-(2**255), 2**255 - 1))
def test_signed_reads_what_was_written(value: int) -> None:
    (word,) = decode_words(eth_abi_encode(["int256"], [value]))
    assert signed(word) == value


@given(st.lists(st.integers(0, 2**160 - 1), max_size=5), st.lists(st.integers(0, 2**32 - 1), max_size=5))
def test_arrays_are_found_by_their_offsets(first: list[int], second: list[int]) -> None:
    words = decode_words(eth_abi_encode(["uint256", "uint160[]", "uint32[]"], [9, first, second]))
    assert words[0] == 9
    assert decode_array(words, 1) == first
    assert decode_array(words, 2) == second
