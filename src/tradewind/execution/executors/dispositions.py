"""What each thing that can go wrong leads to: one table, by code.

Whatever a row says, two rules stand above it. A signature that can still land is never joined by a new one, and no
plan ends while one can: `end_failed` stops the sending and waits for the proof.
"""

from dataclasses import dataclass
from enum import StrEnum

from tradewind.errors import Disposition, TradewindError


class Action(StrEnum):
    """What an executor does next."""

    RETRY_SAME_BYTES = "retry same bytes"
    NEW_ATTEMPT_AFTER_PROOF = "new attempt after proof"
    END_FAILED = "end failed"
    HALT_WALLET = "halt wallet"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Ruling:
    """One row: what the code means, who says it, and what follows."""

    code: str
    said_by: str
    meaning: str
    action: Action


_RETRY, _NEW, _END = Action.RETRY_SAME_BYTES, Action.NEW_ATTEMPT_AFTER_PROOF, Action.END_FAILED
_HALT, _ALARM = Action.HALT_WALLET, Action.ALARM

_ROWS = (
    ("not_seen_yet", "chain", "No block is known to have it, and it can still land.", _RETRY),
    ("expired", "chain", "Its blockhash is too old in a finalized block, and a quorum has no trace of it.", _NEW),
    ("reverted", "chain", "It is in a block, and a program refused it: the fee is spent, nothing else.", _END),
    ("receipt_taken_elsewhere", "chain", "The wallet made the step's receipt, and no attempt on record did.", _HALT),
    ("receipt_taken_by_stranger", "chain", "A stranger paid to the receipt's address first: the step failed.", _ALARM),
    ("transaction_not_told", "chain", "It is in a block, and no endpoint tells the transaction yet.", _RETRY),
    ("evidence_contradicts", "chain", "Endpoints tell of the signature what cannot both be so.", _ALARM),
    ("chain_unreadable", "chain", "No endpoint, or no quorum of them, answers about the signature.", _RETRY),
    ("blockhash_not_found", "lane", "The node does not know the blockhash: it is behind, or the hash too old.", _RETRY),
    ("node_behind", "lane", "The node is too far behind to judge.", _RETRY),
    ("min_context_slot_not_reached", "lane", "The node has not reached the slot that was asked for.", _RETRY),
    ("rate_limited", "lane", "Asked more often than allowed; asked again after the time that it names.", _RETRY),
    ("rpc_error", "lane", "The node met an error of its own.", _RETRY),
    ("no_leader", "lane", "No leader's address is known.", _RETRY),
    ("not_connected", "lane", "No leader's connection is open.", _RETRY),
    ("timed_out", "lane", "No answer in time; it may have been taken.", _RETRY),
    ("connection_lost", "lane", "The connection broke; it may have been taken.", _RETRY),
    ("answer_unreadable", "lane", "The answer cannot be read; it may have been taken.", _RETRY),
    (
        "unavailable",
        "lane",
        "The block engine, or what stands before it, is not there; it may have been taken.",
        _RETRY,
    ),
    ("unauthenticated", "lane", "The block engine does not take the key; another lane may.", _RETRY),
    ("circuit_open", "lane", "The lane rests after too many failures in a row.", _RETRY),
    ("already_processed", "lane", "The node has it in a block already: the chain is asked.", _RETRY),
    ("bundle_dropped", "lane", "The block engine let go of the bundle; the bytes can still land elsewhere.", _NEW),
    ("bundle_rejected", "lane", "The block engine refused the bundle: its tip was too low, or it was too late.", _NEW),
    ("program_error", "lane", "A simulation says that a program refuses it.", _END),
    ("simulation_failed", "lane", "A simulation says that it fails before any program runs.", _END),
    ("insufficient_funds", "lane", "A simulation says that the wallet cannot pay for it.", _END),
    ("invalid_parameters", "lane", "The node says that the request is malformed.", _END),
    ("transaction_malformed", "lane", "The bytes are no signed transaction.", _END),
    ("signature_invalid", "lane", "The node says that the gate's signature is not one.", _HALT),
    ("wrong_chain", "lane", "The endpoint serves another chain than the configured one.", _ALARM),
    ("no_healthy_lane", "selector", "No lane that may carry this plan is healthy.", _RETRY),
    ("no_private_lane", "selector", "What needs the private lane was signed, and none is configured any more.", _END),
    ("blockhash_unavailable", "builder", "No blockhash of a safe age is known; nothing is signed.", _RETRY),
    ("transaction_too_large", "builder", "It has more bytes than the chain takes.", _END),
    ("venue_unsupported", "builder", "No instructions are known for the venue.", _END),
    ("tip_not_worth_it", "builder", "The least tip is more than the share of the profit that a tip may be.", _END),
    ("deadline_passed", "executor", "The plan's deadline came before a signature, or before another one.", _END),
    ("attempts_exhausted", "executor", "As many attempts as are configured have expired.", _END),
    ("internal_error", "executor", "A defect of the executor's own, before anything was signed.", _END),
    ("simulation_not_passed", "executor", "The plan itself says that its simulation failed.", _END),
    ("no_wallet_free", "wallets", "No wallet is healthy, free and rich enough; waited for until the deadline.", _RETRY),
    ("wallet_unknown", "wallets", "The plan names a wallet that this executor does not have.", _END),
    ("halted", "gate", "The kill switch is on for the wallet, the strategy or everything.", _END),
    ("step_closed", "gate", "The step was given up before it was signed.", _END),
    ("step_of_another_wallet", "gate", "Another executor has signed this step: the plan is left to it.", _END),
    ("attempt_alive", "gate", "The gate is not convinced that the older signature is dead.", _RETRY),
    ("validity", "gate", "Blockhash and height do not fit: one is older than the other. Built anew.", _RETRY),
    ("attempt_undecided", "gate", "An older attempt is in a block that is not final, or can still land.", _RETRY),
    ("attempt_landed", "gate", "An older attempt took effect: the step ended by that one.", _RETRY),
    ("cold_start", "gate", "The gate is new to the wallet, and waits until older signatures are dead.", _RETRY),
    ("signer_unreachable", "gate", "The signer does not answer; what it has on record is asked for again.", _RETRY),
    ("signer_timeout", "gate", "The signer does not answer in time; its record is asked for again.", _RETRY),
    ("gate_changed", "gate", "It is another gate than the one that the work began with.", _ALARM),
)

DISPOSITIONS: dict[str, Ruling] = {row[0]: Ruling(*row) for row in _ROWS}


def action_for(code: str | None) -> Action:
    """What a lane's or the chain's code leads to; the bytes are sent again on one that nobody knows."""
    ruling = DISPOSITIONS.get(code or "")
    return ruling.action if ruling else Action.RETRY_SAME_BYTES


def action_for_error(error: TradewindError) -> Action:
    """The table's row; without one, what the error says of itself. A policy's refusal is one of these: it ends."""
    if ruling := DISPOSITIONS.get(error.code):
        return ruling.action
    if error.disposition is Disposition.RETRY:
        return Action.RETRY_SAME_BYTES
    return Action.END_FAILED


def as_markdown() -> str:
    """The table as docs/executors.md has it."""
    rows = (f"| `{row.code}` | {row.said_by} | {row.meaning} | {row.action.value} |" for row in DISPOSITIONS.values())
    return "\n".join(("| code | said by | what it means | what follows |", "|---|---|---|---|", *rows)) + "\n"
