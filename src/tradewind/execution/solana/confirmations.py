"""What the chain says about a signature, and what a transaction that landed has moved."""

from collections.abc import Mapping
from typing import Any

from tradewind import core
from tradewind.domain.chain import SYSTEM_PROGRAM
from tradewind.domain.execution_result_event import ProgramError
from tradewind.errors import Unavailable
from tradewind.execution.executors.codes import NOT_TOLD, RECEIPT_IN_USE
from tradewind.execution.executors.execution import Commitment
from tradewind.execution.executors.outcomes import Expired, Landed, Outcome, Reverted, Unknown
from tradewind.execution.executors.ports import Maker, SignedAttempt
from tradewind.execution.solana.fill import fill_of, locked_of, tip_of
from tradewind.execution.solana.receipt_maker import maker_of
from tradewind.venues import rpc_answer
from tradewind.venues.solana.cluster import SolanaCluster

# The system program's own number for "an account with this address exists".
_ACCOUNT_IN_USE = 0
# Of the system program: CreateAccountWithSeed, as bincode writes its number.
_CREATE_WITH_SEED = (3).to_bytes(4, "little")
# What reading an answer ends with that lacks a field, or has another kind of value in it.
_UNREADABLE = (AttributeError, LookupError, TypeError, ValueError)


class SolanaConfirmations:
    """Implements `Confirmations` over the core's watch and one cluster."""

    def __init__(self, watch: core.ConfirmationWatch, cluster: SolanaCluster, *, commitment: Commitment) -> None:
        self._watch = watch
        self._cluster = cluster
        self._commitment: Commitment = commitment

    async def outcome(self, attempt: SignedAttempt, *, within_ms: int) -> Outcome:
        """Wait up to `within_ms` for a word on this attempt; Unknown when there is none."""
        try:
            found = await self._watch.wait(
                attempt.signature,
                last_valid_block_height=attempt.last_valid_block_height,
                commitment=self._commitment,
                timeout_ms=max(1, within_ms),
            )
        except core.CoreError as error:
            raise Unavailable(error.code, str(error)) from None
        if found.kind == "expired":
            # Who does not know it. One that was not asked, or did not answer, says nothing.
            told = [
                (endpoint, height)
                for endpoint, height, knows in found.evidence
                if height is not None and knows is False
            ]
            return Expired(attempt.signature, min(height for _, height in told), tuple(name for name, _ in told))
        if found.kind == "pending" or found.slot is None:
            return Unknown(attempt.signature)
        transaction = await self._transaction(attempt.signature)
        if transaction is None:
            return Unknown(attempt.signature, NOT_TOLD, "It landed, and no endpoint tells it yet.")
        try:
            return _in_block(attempt, found, found.slot, transaction)
        except _UNREADABLE as fault:
            rpc_answer.refuse("getTransaction", f"is not as the chain's nodes write it: {fault!r}")

    async def receipt_maker(self, attempt: SignedAttempt) -> Maker | None:
        """Who made the account that its receipt was to be; None as long as final blocks do not tell."""
        decoded = core.decode_solana_transaction(attempt.transaction)
        made = (
            one for one in decoded.instructions if one.program == SYSTEM_PROGRAM and one.data[:4] == _CREATE_WITH_SEED
        )
        # Accounts: who pays, and what is made.
        address = next((one.accounts[1].key for one in made if len(one.accounts) > 1), None)
        if address is None:
            return None
        try:
            return await maker_of(self._cluster, address, attempt.wallet, seen_by=attempt.signature)
        except _UNREADABLE as fault:
            rpc_answer.refuse("getTransaction", f"is not as the chain's nodes write it: {fault!r}")

    async def _transaction(self, signature: str) -> Mapping[str, Any] | None:
        told = await self._cluster.ask(
            "getTransaction",
            signature,
            {"encoding": "json", "commitment": "confirmed", "maxSupportedTransactionVersion": 0},
        )
        return None if told is None else rpc_answer.mapping(told, "getTransaction")


def _in_block(
    attempt: SignedAttempt, found: core.Confirmation, slot: int, told: Mapping[str, Any]
) -> Landed | Reverted:
    meta = rpc_answer.mapping(told.get("meta"), "getTransaction.meta")
    fee = rpc_answer.integer(meta.get("fee"), "meta.fee") + tip_of(told)
    if found.kind == "reverted":
        return Reverted(attempt.signature, slot, fee, _program_error(attempt, told, found.fault))
    paid, got = fill_of(told, attempt.wallet)
    return Landed(attempt.signature, slot, fee, paid, got, locked_of(told, attempt.wallet))


def _program_error(
    attempt: SignedAttempt, meta: Mapping[str, Any], fault: core.TransactionFault | None
) -> ProgramError:
    logs = meta["meta"].get("logMessages") or []
    said = next((str(line) for line in reversed(logs) if "failed" in str(line) or "Error" in str(line)), "")
    if fault is None:
        return ProgramError(instruction=None, program=None, code=None, name="reverted", message=said)
    place, program = fault.instruction, None
    decoded = core.decode_solana_transaction(attempt.transaction)
    if place is not None and place < len(decoded.instructions):
        program = decoded.instructions[place].program
    in_use = program == SYSTEM_PROGRAM and fault.custom == _ACCOUNT_IN_USE and attempt.has_receipt
    name = RECEIPT_IN_USE if in_use else (fault.instruction_error or fault.name)
    return ProgramError(instruction=place, program=program, code=fault.custom, name=name, message=said)
