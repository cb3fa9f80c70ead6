"""Reads a transaction's wire bytes, with the checks that need nothing but the bytes."""

from solders.transaction import VersionedTransaction

from tradewind.localnet.solana.submission import Refusal, RefusalCode


def read_transaction(wire: bytes, *, max_bytes: int, verify_signatures: bool = True) -> VersionedTransaction | Refusal:
    """The transaction in these bytes, or why it is none: size, form, offsets, signatures."""
    if len(wire) > max_bytes:
        return Refusal(RefusalCode.TOO_LARGE, f"Transaction too large: {len(wire)} bytes (max: {max_bytes} bytes)")
    try:
        transaction = VersionedTransaction.from_bytes(wire)
        transaction.sanitize()
    except ValueError as error:
        return Refusal(RefusalCode.MALFORMED, f"failed to deserialize transaction: {error}")
    except Exception as error:  # noqa: BLE001 (solders raises a class of its own that it does not export)
        return Refusal(RefusalCode.MALFORMED, f"invalid transaction: {error}", "SanitizeFailure")
    if bytes(transaction) != wire:
        return Refusal(RefusalCode.MALFORMED, "failed to deserialize transaction: bytes are left over")
    if verify_signatures and not all(transaction.verify_with_results()):
        return Refusal(
            RefusalCode.SIGNATURE_INVALID, "Transaction did not pass signature verification", "SignatureFailure"
        )
    return transaction
