"""Methods that send and simulate transactions, with Agave's refusals."""

import base64
import binascii
from functools import partial
from typing import Any

from solders.message import from_bytes_versioned
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from tradewind.domain.base58 import from_base58
from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.chain import Commitment
from tradewind.localnet.solana.events import TransactionMeta
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.rpc.account_view import AccountView
from tradewind.localnet.solana.rpc.answers import Method, asked_slot, with_context
from tradewind.localnet.solana.rpc.errors import (
    SEND_PREFLIGHT_FAILURE,
    SIGNATURE_VERIFICATION_FAILURE,
    RpcRefusal,
    TooManyRequests,
    invalid_params,
    node_behind,
)
from tradewind.localnet.solana.rpc.params import Config, Params, pubkeys
from tradewind.localnet.solana.rpc.transaction_view import show_inner, show_return_data
from tradewind.localnet.solana.submission import Refusal, RefusalCode, Simulation
from tradewind.localnet.solana.transaction_errors import error_text

LANE = "rpc"
# What a node that says it is behind says of itself.
SLOTS_BEHIND = 150
TRANSACTION = "solana_transaction::versioned::VersionedTransaction"
_UNREADABLE = (RefusalCode.TOO_LARGE, RefusalCode.MALFORMED)


def send_transaction(node: SolanaNode, params: Params) -> object:
    """Send a transaction: its signature, which says nothing about whether it lands."""
    text, config = params.text(0, "transaction"), params.config(1)
    skip_preflight = config.flag("skipPreflight")
    commitment, _ = asked_slot(node, config, name="preflightCommitment")
    config.number("maxRetries")
    wire = _wire(node, text, config)
    _perhaps_fail(node)
    if not skip_preflight:
        _preflight(node, wire, commitment)
    submission = node.submit(wire, lane=LANE)
    refusal = submission.refusal
    if refusal is not None and (refusal.code in _UNREADABLE or (submission.signature is None and not skip_preflight)):
        raise _refused(refusal)
    # Without a preflight nobody looks at the signature, and what is wrong is dropped on the way.
    signature = submission.signature or VersionedTransaction.from_bytes(wire).signatures[0]
    return str(signature)


def simulate_transaction(node: SolanaNode, params: Params) -> object:
    """What a transaction would do, signed or not."""
    text, config = params.text(0, "transaction"), params.config(1)
    commitment, slot = asked_slot(node, config)
    verify, replace = config.flag("sigVerify"), config.flag("replaceRecentBlockhash")
    if verify and replace:
        raise invalid_params("sigVerify may not be used with replaceRecentBlockhash")
    wire = _wire(node, text, config)
    wanted = config.inner("accounts")
    addresses = pubkeys(wanted.items("addresses"), "addresses", most=64)
    encoding = wanted.text("encoding") or "base64"
    if encoding not in ("base64", "jsonParsed"):
        raise invalid_params("Invalid params: accounts are shown in `base64` or `jsonParsed`.")
    done = node.simulate(wire, verify_signatures=verify, replace_blockhash=replace, commitment=commitment)
    if (
        done.meta is None
        and done.refusal is not None
        and done.refusal.code
        in (
            *_UNREADABLE,
            RefusalCode.SIGNATURE_INVALID,
        )
    ):
        raise _refused(done.refusal)
    value = _simulated(done)
    if wanted.has("addresses"):
        read = partial(node.account, commitment=commitment)
        view = AccountView(encoding, 0, None, read)
        after = [done.accounts[key] if key in done.accounts else read(key) for key in addresses]
        shown = [None if account is None else view.show(account) for account in after]
        value["accounts"] = shown if value["err"] is None else [None for _ in shown]
    if replace:
        latest = node.latest_blockhash(commitment)
        value["replacementBlockhash"] = {
            "blockhash": str(latest.blockhash),
            "lastValidBlockHeight": latest.last_valid_block_height,
        }
    if config.flag("innerInstructions"):
        value["innerInstructions"] = [] if done.meta is None else show_inner(done.meta)
    return with_context(slot.number, value)


def get_fee_for_message(node: SolanaNode, params: Params) -> object:
    """Lamports that a message would pay; null when its blockhash is not good."""
    text, config = params.text(0, "message"), params.config(1)
    commitment, slot = asked_slot(node, config)
    try:
        message = from_bytes_versioned(_decoded(text, "base64", node))
        signers = message.header.num_required_signatures
        unsigned = VersionedTransaction.populate(message, [Signature.default()] * signers)
        unsigned.sanitize()
    except RpcRefusal:
        raise
    except Exception as error:
        raise invalid_params(f"failed to deserialize message: {error}") from error
    if not node.is_blockhash_valid(message.recent_blockhash, commitment):
        return with_context(slot.number, None)
    done = node.simulate(bytes(unsigned), verify_signatures=False, commitment=commitment)
    return with_context(slot.number, None if done.meta is None else done.meta.fee_lamports)


def request_airdrop(node: SolanaNode, params: Params) -> object:
    """Lamports from the faucet; the signature of the transfer."""
    key, lamports = params.pubkey(0), params.number(1, "lamports")
    params.config(2).commitment()
    try:
        submission = node.airdrop(key, lamports)
    except LocalnetError as error:
        raise invalid_params(f"Invalid param: {error.message}") from error
    if submission.refusal is not None:
        raise _refused(submission.refusal)
    return str(submission.signature)


def _wire(node: SolanaNode, text: str, config: Config) -> bytes:
    return _decoded(text, config.text("encoding") or "base58", node)


def _decoded(text: str, encoding: str, node: SolanaNode) -> bytes:
    most = node.options.max_transaction_bytes
    letters = {"base58": most * 138 // 100 + 1, "base64": (most + 2) // 3 * 4}.get(encoding)
    if letters is None:
        raise invalid_params(f"unsupported encoding: {encoding}. Supported encodings: base58, base64")
    if len(text) > letters:
        raise invalid_params(
            f"{encoding} encoded {TRANSACTION} too large: {len(text)} bytes (max: encoded/raw {letters}/{most})"
        )
    try:
        wire = from_base58(text) if encoding == "base58" else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise invalid_params(f"invalid {encoding} encoding: {error}") from error
    if len(wire) > most:
        raise invalid_params(f"decoded {TRANSACTION} too large: {len(wire)} bytes (max: {most} bytes)")
    return wire


def _perhaps_fail(node: SolanaNode) -> None:
    match node.faults.send_failure(LANE):
        case "node_behind":
            raise node_behind(SLOTS_BEHIND)
        case "too_many_requests":
            raise TooManyRequests(node.faults.settings.retry_after_s)


def _preflight(node: SolanaNode, wire: bytes, commitment: Commitment) -> None:
    done = node.simulate(wire, commitment=commitment)
    if done.meta is None and done.refusal is not None and done.refusal.err in (None, "SanitizeFailure"):
        raise _refused(done.refusal)
    if done.refusal is not None and done.refusal.code is RefusalCode.SIGNATURE_INVALID:
        raise _refused(done.refusal)
    value = _simulated(done)
    if value["err"] is not None:
        message = f"Transaction simulation failed: {error_text(value['err'])}"
        raise RpcRefusal(SEND_PREFLIGHT_FAILURE, message, value)


def _simulated(done: Simulation) -> dict[str, Any]:
    meta: TransactionMeta | None = done.meta
    refused = None if done.refusal is None else done.refusal.err
    return {
        "err": meta.err if meta is not None else refused,
        "logs": [] if meta is None else list(meta.log_messages),
        "accounts": None,
        "unitsConsumed": 0 if meta is None else meta.compute_units_consumed,
        "fee": None if meta is None else meta.fee_lamports,
        "returnData": None if meta is None else show_return_data(meta),
        "innerInstructions": None,
        "replacementBlockhash": None,
    }


def _refused(refusal: Refusal) -> RpcRefusal:
    if refusal.code is RefusalCode.SIGNATURE_INVALID:
        return RpcRefusal(SIGNATURE_VERIFICATION_FAILURE, "Transaction signature verification failure")
    return invalid_params(refusal.message)


METHODS: dict[str, Method] = {
    "sendTransaction": send_transaction,
    "simulateTransaction": simulate_transaction,
    "getFeeForMessage": get_fee_for_message,
    "requestAirdrop": request_airdrop,
}
