"""A transaction's error from its JSON form into the runtime's bincode, which gRPC carries."""

import json

from solders.transaction_status import TransactionStatus

from tradewind.localnet.solana.events import TransactionErr

# A status begins with slot (u64), no confirmations (1 byte), an Ok (u32), and the mark of an error that is there; it
# ends with the mark of no confirmation status. The runtime's own code writes what stands between.
_HEAD_BYTES = 14
_TAIL_BYTES = 1


def error_bincode(err: TransactionErr) -> bytes:
    """The bytes of the runtime's `TransactionError`."""
    status = {"slot": 0, "confirmations": None, "status": {"Ok": None}, "err": err, "confirmationStatus": None}
    return bytes(TransactionStatus.from_json(json.dumps(status)))[_HEAD_BYTES:-_TAIL_BYTES]
