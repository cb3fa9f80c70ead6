"""Methods about what landed: signatures' statuses, transactions and blocks."""

from typing import Any

from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from tradewind.localnet.solana.chain import Slot
from tradewind.localnet.solana.events import TransactionEvent
from tradewind.localnet.solana.machine import writable_keys
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.priority import price_micro_lamports
from tradewind.localnet.solana.rpc.answers import Method, asked_slot, with_context
from tradewind.localnet.solana.rpc.errors import block_not_available, invalid_params
from tradewind.localnet.solana.rpc.params import Config, Params, pubkeys, signature
from tradewind.localnet.solana.rpc.transaction_view import account_list, show_event, show_meta, transaction_encoding

MAX_STATUSES = 256
MAX_SIGNATURES = 1000
MAX_FEE_ACCOUNTS = 128
FEE_SLOTS = 150
DETAILS = ("full", "accounts", "signatures", "none")


def get_signature_statuses(node: SolanaNode, params: Params) -> object:
    """Where transactions are; null for those that the node does not know."""
    items = params.items(0, "signatures")
    params.config(1).flag("searchTransactionHistory")
    if len(items) > MAX_STATUSES:
        raise invalid_params(f"Too many inputs provided; max {MAX_STATUSES}")
    if not all(isinstance(item, str) for item in items):
        raise invalid_params("Invalid params: invalid type for `signatures`, expected strings.")
    return with_context(node.slot, [_status(node, text) for text in items])


def _status(node: SolanaNode, text: str) -> dict[str, Any] | None:
    wanted = signature(text)
    status = None if node.faults.hides(bytes(wanted)) else node.signature_status(wanted)
    if status is None:
        return None
    return {
        "slot": status.slot,
        "confirmations": status.confirmations,
        "err": status.err,
        "status": {"Ok": None} if status.err is None else {"Err": status.err},
        "confirmationStatus": status.commitment,
    }


def get_transaction(node: SolanaNode, params: Params) -> object:
    """A transaction and what came of it, from confirmed on; null when there is none."""
    wanted = params.signature(0)
    config = _text_or_config(params, 1)
    _, newest = _firm_slot(node, config)
    encoding, version = transaction_encoding(config), config.number("maxSupportedTransactionVersion")
    event = None if node.faults.hides(bytes(wanted)) else node.transaction(wanted)
    if event is None or event.slot > newest:
        return None
    slot = node.chain.slot(event.slot)
    return {
        "slot": event.slot,
        "blockTime": None if slot is None else slot.unix_timestamp_s,
        "transactionIndex": event.index,
        **show_event(event, encoding, version),
    }


def get_signatures_for_address(node: SolanaNode, params: Params) -> object:
    """The transactions that name an account, newest first."""
    key, config = params.pubkey(0, "address"), params.config(1)
    _, newest = _firm_slot(node, config)
    limit = config.number("limit") if config.has("limit") else MAX_SIGNATURES
    if limit is None or not 1 <= limit <= MAX_SIGNATURES:
        raise invalid_params(f"Invalid limit; max {MAX_SIGNATURES}")
    before, until = (_maybe_signature(config, name) for name in ("before", "until"))
    shown: list[dict[str, Any]] = []
    waiting = before is not None
    for slot, event in _newest_first(node, key, newest):
        if waiting:
            waiting = event.signature != before
            continue
        if event.signature == until or len(shown) == limit:
            break
        shown.append(_signature_info(node, slot, event))
    return shown


def get_block(node: SolanaNode, params: Params) -> object:
    """A block and its transactions, from confirmed on."""
    number = params.number(0, "slot")
    config = _text_or_config(params, 1)
    _, newest = _firm_slot(node, config)
    encoding, version = transaction_encoding(config), config.number("maxSupportedTransactionVersion")
    details = config.text("transactionDetails") or "full"
    if details not in DETAILS:
        raise invalid_params(
            f"Invalid params: unknown variant `{details}`, expected one of `full`, `accounts`, `signatures`, `none`."
        )
    slot = node.chain.slot(number)
    if slot is None or number > newest:
        raise block_not_available(number)
    shown: dict[str, Any] = {
        "blockhash": str(slot.blockhash),
        "previousBlockhash": str(slot.previous_blockhash),
        "parentSlot": slot.parent,
        "blockHeight": slot.height,
        "blockTime": slot.unix_timestamp_s,
    }
    if details == "full":
        shown["transactions"] = [show_event(event, encoding, version) for event in slot.transactions]
    elif details == "accounts":
        shown["transactions"] = [_with_accounts(event) for event in slot.transactions]
    elif details == "signatures":
        shown["signatures"] = [str(event.signature) for event in slot.transactions]
    if not config.has("rewards") or config.flag("rewards"):
        shown["rewards"] = []
    return shown


def get_recent_prioritization_fees(node: SolanaNode, params: Params) -> object:
    """The least price of a compute unit (micro-lamports) that landed, slot by slot, for these writable accounts."""
    params.at_most(1)
    wanted = set(pubkeys(params.maybe_items(0, "addresses"), "addresses", most=MAX_FEE_ACCOUNTS))
    fees = [
        {"slot": slot.number, "prioritizationFee": _least_price(slot, wanted)}
        for slot, _ in zip(node.chain.newest_first(), range(FEE_SLOTS), strict=False)
    ]
    return fees[::-1]


def _least_price(slot: Slot, wanted: set[Pubkey]) -> int:
    prices = []
    for event in slot.transactions:
        message = VersionedTransaction.from_bytes(event.wire).message
        if isinstance(message, Message | MessageV0):
            writable = {*writable_keys(message), *event.meta.loaded_writable}
            if wanted <= writable:
                prices.append(price_micro_lamports(message))
    return min(prices, default=0)


def _firm_slot(node: SolanaNode, config: Config) -> tuple[str, int]:
    commitment, slot = asked_slot(node, config)
    if commitment == "processed":
        raise invalid_params("Method does not support commitment below `confirmed`")
    return commitment, slot.number


def _newest_first(node: SolanaNode, key: Pubkey, newest: int) -> list[tuple[Slot, TransactionEvent]]:
    return [
        (slot, event)
        for slot in node.chain.newest_first()
        if slot.number <= newest
        for event in reversed(slot.transactions)
        if key in event.meta.account_keys
    ]


def _signature_info(node: SolanaNode, slot: Slot, event: TransactionEvent) -> dict[str, Any]:
    return {
        "signature": str(event.signature),
        "slot": event.slot,
        "transactionIndex": event.index,
        "err": event.err,
        "memo": None,
        "blockTime": slot.unix_timestamp_s,
        "confirmationStatus": node.chain.level(event.slot),
    }


def _with_accounts(event: TransactionEvent) -> dict[str, Any]:
    transaction = VersionedTransaction.from_bytes(event.wire)
    message = transaction.message
    accounts = account_list(message, event.meta) if isinstance(message, Message | MessageV0) else []
    kept = ("err", "status", "fee", "preBalances", "postBalances", "preTokenBalances", "postTokenBalances")
    meta = show_meta(event.meta)
    return {
        "meta": {name: meta[name] for name in kept},
        "transaction": {
            "accountKeys": accounts,
            "signatures": [str(signature) for signature in transaction.signatures],
        },
        "version": 0 if isinstance(message, MessageV0) else "legacy",
    }


def _maybe_signature(config: Config, name: str) -> object:
    text = config.text(name)
    return None if text is None else signature(text)


def _text_or_config(params: Params, index: int) -> Config:
    if params.is_text(index):
        params.at_most(index + 1)
        return Config({"encoding": params.text(index, "encoding")})
    return params.config(index)


METHODS: dict[str, Method] = {
    "getSignatureStatuses": get_signature_statuses,
    "getTransaction": get_transaction,
    "getSignaturesForAddress": get_signatures_for_address,
    "getBlock": get_block,
    "getRecentPrioritizationFees": get_recent_prioritization_fees,
}
