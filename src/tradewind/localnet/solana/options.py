"""How the single Solana node behaves: its pace, its commitment levels and its limits."""

from dataclasses import dataclass

from tradewind.errors import InvalidInput

SLOTS_PER_EPOCH = 432_000


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """Mainnet's rules where nothing else is said.

    `confirmed_after` and `finalized_after` count slots behind the current one (mainnet finalizes after about 32).
    `first_slot` and `first_height` differ, as they do on any chain that ever skipped a slot: whoever takes one for the
    other is found out here. `history_slots` says for how long blocks and transactions are remembered.
    """

    slot_ms: int = 400
    confirmed_after: int = 1
    finalized_after: int = 4
    first_slot: int = 435_888_000
    first_height: int = 414_000_000
    blockhash_valid_blocks: int = 150
    max_transaction_bytes: int = 1232
    max_bundle_transactions: int = 5
    history_slots: int = 4096
    subscriber_queue: int = 4096
    max_delayed_sends: int = 4096
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.confirmed_after <= self.finalized_after:
            raise InvalidInput.one("confirmed_after", "levels_out_of_order", "Confirmed comes before finalized.")
        if self.history_slots <= self.finalized_after + self.blockhash_valid_blocks:
            raise InvalidInput.one("history_slots", "history_too_short", "It must hold every live blockhash.")
