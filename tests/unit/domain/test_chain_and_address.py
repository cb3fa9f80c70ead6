"""Chains by number or CAIP-2, and addresses in their chain's own form."""

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tradewind.domain.address import EvmAddress, parse_solana_address
from tradewind.domain.asset import Asset
from tradewind.domain.chain import ChainId, caip2, is_evm

# CAIP-2's own examples, and the reference that CAIP registers for Solana mainnet.
NAMES = [
    (1, "eip155:1"),
    (42161, "eip155:42161"),
    (101, "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"),
]
# The wrapped SOL and USDC mints, and the system program.
MINTS = [
    "So11111111111111111111111111111111111111112",
    "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGkZwyTDt1v",
    "11111111111111111111111111111111",
]


@pytest.mark.parametrize(("number", "name"), NAMES)
def test_a_chain_is_its_number_whichever_way_it_is_written(number: int, name: str) -> None:
    adapter: TypeAdapter[int] = TypeAdapter(ChainId)
    assert adapter.validate_python(name) == adapter.validate_python(number) == number
    assert caip2(number) == name
    assert is_evm(number) is name.startswith("eip155")


@pytest.mark.parametrize("name", ["eip155:0", "eip155:01", "eip155:", "eip155:1x", "solana:mainnet", "arbitrum", "1"])
def test_a_name_that_is_no_chain_is_refused(name: str) -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(ChainId).validate_python(name)
    assert raised.value.errors()[0]["type"] == "chain_unknown"


@given(st.binary(min_size=20, max_size=20))
def test_an_evm_address_is_kept_in_its_checksum_form(raw: bytes) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(EvmAddress)
    text = to_checksum_address(raw)
    for form in (text, text.lower(), "0x" + text[2:].upper()):
        assert adapter.validate_python(form) == text


@pytest.mark.parametrize("mint", MINTS)
def test_a_solana_address_is_base58_of_32_bytes(mint: str) -> None:
    assert parse_solana_address(mint) == mint
    asset = Asset(symbol="X", address=mint, decimals=9, chain_id=101)
    assert asset.address == mint


@pytest.mark.parametrize("text", ["", MINTS[0][:-4], MINTS[0] + "1", MINTS[0].replace("S", "0"), "1" * 33, "z" * 44])
def test_what_is_not_32_bytes_of_base58_is_refused(text: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Asset(symbol="X", address=text, decimals=9, chain_id=101)
    assert raised.value.errors()[0]["type"] == "address_malformed"
    assert raised.value.errors()[0]["loc"] == ("address",)
