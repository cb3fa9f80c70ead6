"""Chains: an EVM chain id, or 101 for Solana mainnet; CAIP-2 strings are accepted and become the number."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

ARBITRUM_ONE = 42161
SOLANA_MAINNET = 101

WRAPPED_SOL = "So11111111111111111111111111111111111111112"
SYSTEM_PROGRAM = "11111111111111111111111111111111"
# Under this key the signer counts lamports: no mint, and on no list of tokens.
LAMPORTS = SYSTEM_PROGRAM
LAMPORTS_PER_SOL = 10**9
_SOLANA_MAINNET_CAIP2 = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"
_CAIP2_EVM = re.compile(r"eip155:([1-9][0-9]{0,17})")


def parse_chain_id(value: object) -> object:
    """Turn a CAIP-2 string into our number; leave anything else for the type check to judge."""
    if not isinstance(value, str):
        return value
    if value == _SOLANA_MAINNET_CAIP2:
        return SOLANA_MAINNET
    if match := _CAIP2_EVM.fullmatch(value):
        return int(match.group(1))
    raise PydanticCustomError(
        "chain_unknown",
        "'{value}' is not a chain. Give an EVM chain id (42161), 101 for Solana mainnet, or CAIP-2 "
        "('eip155:42161', '" + _SOLANA_MAINNET_CAIP2 + "').",
        {"value": value[:80]},
    )


def caip2(chain_id: int) -> str:
    """The CAIP-2 name of a chain."""
    return _SOLANA_MAINNET_CAIP2 if chain_id == SOLANA_MAINNET else f"eip155:{chain_id}"


def held_as(chain_id: int, token: str) -> str | None:
    """Under which asset a wallet holds a token: on Solana wrapped SOL is the wallet's own SOL (None)."""
    return None if chain_id == SOLANA_MAINNET and token == WRAPPED_SOL else token


def native_decimals(chain_id: int) -> int:
    """How many decimals the chain's own coin has: ether and its like 18, SOL 9."""
    return 9 if chain_id == SOLANA_MAINNET else 18


def is_evm(chain_id: int) -> bool:
    """Whether addresses on this chain are 20 bytes of hex."""
    return chain_id != SOLANA_MAINNET


ChainId = Annotated[int, Field(gt=0, lt=2**53), BeforeValidator(parse_chain_id)]


@dataclass(frozen=True, slots=True)
class ChainTiming:
    """How long things take on a chain, as configured."""

    min_landing_ms: int
    max_validity_s: int
    poll_interval_ms: int
    confirmations: int
    recovery_half_life_ms: int = 60_000
