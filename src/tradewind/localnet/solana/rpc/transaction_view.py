"""How transactions are shown: as bytes or as JSON, with what came of them."""

import base64
from typing import Any

from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from tradewind.domain.base58 import base58
from tradewind.localnet.solana.events import InnerInstruction, TokenBalance, TransactionEvent, TransactionMeta
from tradewind.localnet.solana.machine import writable_keys
from tradewind.localnet.solana.rpc.account_view import token_amount
from tradewind.localnet.solana.rpc.errors import invalid_params, unsupported_version
from tradewind.localnet.solana.rpc.params import Config

ENCODINGS = ("json", "jsonParsed", "base64", "base58")


def transaction_encoding(config: Config) -> str:
    """The encoding that the request wants."""
    encoding = config.text("encoding") or "json"
    if encoding == "binary":
        encoding = "base58"
    if encoding not in ENCODINGS:
        known = ", ".join(f"`{name}`" for name in ENCODINGS)
        raise invalid_params(f"Invalid params: unknown variant `{encoding}`, expected one of {known}.")
    return encoding


def show_event(event: TransactionEvent, encoding: str, supported_version: int | None) -> dict[str, Any]:
    """A landed transaction with its meta; refused when its version is one that the client does not know."""
    transaction = VersionedTransaction.from_bytes(event.wire)
    message = transaction.message
    versioned = isinstance(message, MessageV0)
    if versioned and supported_version is None:
        raise unsupported_version(0)
    shown: dict[str, Any] = {
        "transaction": show_transaction(transaction, event.wire, event.meta, encoding),
        "meta": show_meta(event.meta),
    }
    if supported_version is not None:
        shown["version"] = 0 if versioned else "legacy"
    return shown


def show_transaction(transaction: VersionedTransaction, wire: bytes, meta: TransactionMeta, encoding: str) -> object:
    """The transaction itself."""
    if encoding == "base64":
        return [base64.b64encode(wire).decode(), "base64"]
    if encoding == "base58":
        return [base58(wire), "base58"]
    message = transaction.message
    if not isinstance(message, Message | MessageV0):
        raise unsupported_version(1)
    shown = _parsed_message(message, meta) if encoding == "jsonParsed" else _raw_message(message)
    return {"signatures": [str(signature) for signature in transaction.signatures], "message": shown}


def show_meta(meta: TransactionMeta) -> dict[str, Any]:
    """What came of it."""
    return {
        "err": meta.err,
        "status": {"Ok": None} if meta.err is None else {"Err": meta.err},
        "fee": meta.fee_lamports,
        "preBalances": list(meta.pre_balances),
        "postBalances": list(meta.post_balances),
        "preTokenBalances": [_token_balance(balance) for balance in meta.pre_token_balances],
        "postTokenBalances": [_token_balance(balance) for balance in meta.post_token_balances],
        "innerInstructions": show_inner(meta),
        "logMessages": list(meta.log_messages),
        "loadedAddresses": {
            "writable": [str(key) for key in meta.loaded_writable],
            "readonly": [str(key) for key in meta.loaded_readonly],
        },
        "returnData": show_return_data(meta),
        "rewards": [],
        "computeUnitsConsumed": meta.compute_units_consumed,
    }


def show_inner(meta: TransactionMeta) -> list[dict[str, Any]]:
    """The instructions that programs called, by the instruction that called them."""
    return [
        {"index": index, "instructions": [_inner(instruction) for instruction in inner]}
        for index, inner in meta.inner_instructions
    ]


def show_return_data(meta: TransactionMeta) -> dict[str, Any] | None:
    """What the last program returned."""
    if meta.return_data is None:
        return None
    program, data = meta.return_data
    return {"programId": str(program), "data": [base64.b64encode(data).decode(), "base64"]}


def account_list(message: Message | MessageV0, meta: TransactionMeta) -> list[dict[str, Any]]:
    """The accounts of a transaction with their roles."""
    static = len(message.account_keys)
    signers = message.header.num_required_signatures
    writable = {*writable_keys(message), *meta.loaded_writable}
    return [
        {
            "pubkey": str(key),
            "signer": index < signers,
            "writable": key in writable,
            "source": "transaction" if index < static else "lookupTable",
        }
        for index, key in enumerate(meta.account_keys)
    ]


def _raw_message(message: Message | MessageV0) -> dict[str, Any]:
    header = message.header
    shown: dict[str, Any] = {
        "header": {
            "numRequiredSignatures": header.num_required_signatures,
            "numReadonlySignedAccounts": header.num_readonly_signed_accounts,
            "numReadonlyUnsignedAccounts": header.num_readonly_unsigned_accounts,
        },
        "accountKeys": [str(key) for key in message.account_keys],
        "recentBlockhash": str(message.recent_blockhash),
        "instructions": [
            {
                "programIdIndex": call.program_id_index,
                "accounts": list(call.accounts),
                "data": base58(bytes(call.data)),
                "stackHeight": 1,
            }
            for call in message.instructions
        ],
    }
    return shown | _lookups(message)


def _parsed_message(message: Message | MessageV0, meta: TransactionMeta) -> dict[str, Any]:
    keys: tuple[Pubkey, ...] = meta.account_keys
    shown: dict[str, Any] = {
        "accountKeys": account_list(message, meta),
        "recentBlockhash": str(message.recent_blockhash),
        "instructions": [
            {
                "programId": str(keys[call.program_id_index]),
                "accounts": [str(keys[index]) for index in call.accounts],
                "data": base58(bytes(call.data)),
                "stackHeight": 1,
            }
            for call in message.instructions
        ],
    }
    return shown | _lookups(message)


def _lookups(message: Message | MessageV0) -> dict[str, Any]:
    if isinstance(message, Message):
        return {}
    return {
        "addressTableLookups": [
            {
                "accountKey": str(lookup.account_key),
                "writableIndexes": list(lookup.writable_indexes),
                "readonlyIndexes": list(lookup.readonly_indexes),
            }
            for lookup in message.address_table_lookups
        ]
    }


def _inner(instruction: InnerInstruction) -> dict[str, Any]:
    return {
        "programIdIndex": instruction.program_id_index,
        "accounts": list(instruction.accounts),
        "data": base58(instruction.data),
        "stackHeight": instruction.stack_height,
    }


def _token_balance(balance: TokenBalance) -> dict[str, Any]:
    return {
        "accountIndex": balance.account_index,
        "mint": str(balance.mint),
        "owner": str(balance.owner),
        "programId": str(balance.program_id),
        "uiTokenAmount": token_amount(balance.amount_raw, balance.decimals),
    }
