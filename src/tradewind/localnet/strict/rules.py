"""The limits of Arbitrum One that the strict endpoint keeps, each with the value that the chain has.

Sources: OffchainLabs/nitro `execution/gethexec/sequencer.go` and `tx_pre_checker.go` (queue, nonces, size, conditions);
OffchainLabs/arbitrum-docs, chain parameters (gas) and "how to estimate gas" (L1 data).
"""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Rules:
    """What the strict endpoint enforces; a running one reads it anew for each request.

    queue_timeout_s: how long a transaction may wait for a block before it is given back as not accepted.
    nonce_hold_s: how long one with a future nonce waits for its predecessor.
    finalized_depth, safe_depth: how many blocks behind the latest these tags are (anvil's own: 64 and 32).
    condition_age_s, condition_max_blocks: the conditions of a conditional send must also have held this long ago, for
    which this many blocks are looked back.
    l1_base_fee_wei: the price of L1 data. Zero keeps estimates and receipts equal to what anvil charges; above zero
    estimates carry a share for L1, while receipts go on saying what was really charged.
    """

    queue_timeout_s: float = 12.0
    nonce_hold_s: float = 1.0
    max_transaction_bytes: int = 95_000
    max_transaction_gas: int = 32_000_000
    max_body_bytes: int = 5 * 1024 * 1024
    condition_age_s: float = 2.0
    condition_max_blocks: int = 4
    finalized_depth: int = 64
    safe_depth: int = 32
    l1_base_fee_wei: int = 0
