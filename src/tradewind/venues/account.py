"""A wallet as the chain sees it at one block."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """`nonce` counts included transactions; `permit_nonce` is None where the token has no EIP-2612 permits."""

    native_balance_raw: int
    nonce: int
    token_balance_raw: int
    allowance_raw: int
    permit_nonce: int | None
