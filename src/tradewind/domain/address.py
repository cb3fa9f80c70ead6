"""Addresses: EIP-55 on EVM chains, base58 of 32 bytes on Solana."""

from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from tradewind import core
from tradewind.domain.base58 import from_base58


def parse_evm_address(value: object) -> str:
    """The EIP-55 form; mixed case with a wrong checksum is refused, since it is most often a typing mistake."""
    if not isinstance(value, str):
        raise PydanticCustomError("address_malformed", "must be a string of 0x and 40 hexadecimal digits.")
    try:
        return core.to_checksum_address(value)
    except core.CoreError as error:
        raise PydanticCustomError(error.code, "{message}", {"message": str(error)}) from None


def parse_solana_address(value: object) -> str:
    """A base58 string of exactly 32 bytes."""
    if isinstance(value, str) and 32 <= len(value) <= 44:
        try:
            raw = from_base58(value)
        except ValueError:
            raw = b""
        if len(raw) == 32:
            return value
    raise PydanticCustomError("address_malformed", "must be a base58 Solana address of 32 bytes.")


def parse_address(value: object) -> str:
    """An address of any chain: 0x and hexadecimal digits is an EVM one, anything else has to be a Solana one."""
    if isinstance(value, str) and not value.startswith(("0x", "0X")):
        return parse_solana_address(value)
    return parse_evm_address(value)


def is_evm_address(address: str) -> bool:
    """Whether a checked address is one of an EVM chain."""
    return address.startswith("0x")


EvmAddress = Annotated[str, BeforeValidator(parse_evm_address)]
SolanaAddress = Annotated[str, BeforeValidator(parse_solana_address)]
Address = Annotated[str, BeforeValidator(parse_address)]
