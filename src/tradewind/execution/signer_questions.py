"""What the signer is asked with: orders, evidence, quotes and lookup tables, and how its protocol writes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from tradewind.domain.plan import BlockRef
from tradewind.execution.signer_answers import StepOwner


@dataclass(frozen=True, slots=True)
class ChainEvidence:
    """What the caller saw of the chain, and from where; the gate checks and records it."""

    latest_nonce: int
    block: BlockRef
    base_fee_wei: int
    endpoints: tuple[str, ...]

    def sent(self) -> dict[str, object]:
        """As the protocol writes it."""
        return {
            "latest_nonce": self.latest_nonce,
            "block_number": self.block.number,
            "block_hash": self.block.hash,
            "base_fee_wei": str(self.base_fee_wei),
            "endpoints": list(self.endpoints),
        }


@dataclass(frozen=True, slots=True)
class SolanaQuote:
    """What a transaction is meant to do: `mint_in` equal to `mint_out` is a circular trade. Amounts in raw units."""

    mint_in: str
    mint_out: str
    amount_in_raw: int
    amount_out_raw: int

    def sent(self) -> dict[str, str]:
        """As the protocol writes it."""
        return {
            "mint_in": self.mint_in,
            "mint_out": self.mint_out,
            "amount_in_raw": str(self.amount_in_raw),
            "amount_out_raw": str(self.amount_out_raw),
        }


@dataclass(frozen=True, slots=True)
class EarlierSignature:
    """What became of an earlier attempt, seen at `finalized`: `absent`, or `failed` (landed without effect)."""

    signature: str
    status: Literal["absent", "failed"]

    def sent(self) -> dict[str, str]:
        """As the protocol writes it."""
        return {"signature": self.signature, "status": self.status}


@dataclass(frozen=True, slots=True)
class SolanaEvidence:
    """What the caller saw of Solana: block heights at `confirmed` and `finalized`, and earlier attempts of the step."""

    block_height: int
    finalized_block_height: int
    endpoints: tuple[str, ...]
    signatures: tuple[EarlierSignature, ...] = ()

    def sent(self) -> dict[str, object]:
        """As the protocol writes it."""
        return {
            "block_height": self.block_height,
            "finalized_block_height": self.finalized_block_height,
            "signatures": [earlier.sent() for earlier in self.signatures],
            "endpoints": list(self.endpoints),
        }


@dataclass(frozen=True, slots=True)
class SolanaFinalized:
    """The last finalized slot, and the height of its block."""

    slot: int
    block_height: int

    def sent(self) -> dict[str, int]:
        """As the protocol writes it."""
        return {"slot": self.slot, "block_height": self.block_height}


LookupTables = Mapping[str, Mapping[int, str]]
"""Keys by place, by table address: those places that the transaction uses."""


def tables_sent(tables: LookupTables | None) -> dict[str, dict[str, str]]:
    """As the protocol writes them: places as text."""
    return {table: {str(place): key for place, key in keys.items()} for table, keys in (tables or {}).items()}


@dataclass(frozen=True, slots=True)
class SolanaOrder:
    """One attempt of a step that is to be signed, or held. `owner` is whose step it is: an intent, or a plan."""

    owner: StepOwner
    step: int
    attempt: int
    strategy_id: UUID | str | None
    wallet: str
    chain_id: int
    unsigned_tx: bytes
    last_valid_block_height: int
    quoted: SolanaQuote
    evidence: SolanaEvidence
    lookup_tables: LookupTables | None = None

    def sent(self) -> dict[str, object]:
        """As the protocol writes it."""
        return {
            "intent_id": str(self.owner),
            "step": self.step,
            "attempt": self.attempt,
            "strategy_id": str(self.strategy_id) if self.strategy_id else None,
            "wallet": self.wallet,
            "chain_id": self.chain_id,
            "unsigned_tx": "0x" + self.unsigned_tx.hex(),
            "lookup_tables": tables_sent(self.lookup_tables),
            "last_valid_block_height": self.last_valid_block_height,
            "quoted": self.quoted.sent(),
            "evidence": self.evidence.sent(),
        }
