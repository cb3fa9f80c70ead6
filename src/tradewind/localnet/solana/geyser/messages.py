"""The node's events in the form of Yellowstone's messages."""

from solders.message import Message, MessageV0
from solders.transaction import VersionedTransaction

from tradewind.localnet.solana.entries import NUM_HASHES, Entry
from tradewind.localnet.solana.error_bincode import error_bincode
from tradewind.localnet.solana.events import AccountUpdate, SlotEvent, TokenBalance, TransactionEvent, TransactionMeta
from tradewind.localnet.solana.protocol import geyser_pb2 as messages
from tradewind.localnet.solana.protocol import solana_storage_pb2 as storage

SLOT_STATUS = {
    "created": messages.SLOT_CREATED_BANK,
    "completed": messages.SLOT_COMPLETED,
    "processed": messages.SLOT_PROCESSED,
    "confirmed": messages.SLOT_CONFIRMED,
    "finalized": messages.SLOT_FINALIZED,
    "dead": messages.SLOT_DEAD,
}


def account_info(update: AccountUpdate, data: bytes) -> messages.SubscribeUpdateAccountInfo:
    """An account, with so much of its data as was asked for."""
    info = messages.SubscribeUpdateAccountInfo(
        pubkey=bytes(update.pubkey),
        lamports=update.lamports,
        owner=bytes(update.owner),
        executable=update.executable,
        rent_epoch=update.rent_epoch,
        data=data,
        write_version=update.write_version,
    )
    if update.txn_signature is not None:
        info.txn_signature = bytes(update.txn_signature)
    return info


def slot_update(event: SlotEvent, status: messages.SlotStatus) -> messages.SubscribeUpdateSlot:
    """A slot that reached a status."""
    update = messages.SubscribeUpdateSlot(slot=event.slot, parent=event.parent, status=status)
    if status == messages.SLOT_DEAD:
        update.dead_error = "the slot was left by a fork"
    return update


def entry_update(entry: Entry, index: int, first_transaction: int) -> messages.SubscribeUpdateEntry:
    """An entry, at its place in the slot."""
    return messages.SubscribeUpdateEntry(
        slot=entry.slot,
        index=index,
        num_hashes=NUM_HASHES,
        hash=entry.hash,
        executed_transaction_count=len(entry.wires),
        starting_transaction_index=first_transaction,
    )


def transaction_info(event: TransactionEvent) -> messages.SubscribeUpdateTransactionInfo:
    """A transaction and what came of it."""
    return messages.SubscribeUpdateTransactionInfo(
        signature=bytes(event.signature),
        is_vote=False,
        transaction=_transaction(event.wire),
        meta=_meta(event.meta),
        index=event.index,
    )


def transaction_status(event: TransactionEvent) -> messages.SubscribeUpdateTransactionStatus:
    """Whether a transaction succeeded, and nothing else of it."""
    status = messages.SubscribeUpdateTransactionStatus(
        slot=event.slot, signature=bytes(event.signature), is_vote=False, index=event.index
    )
    if event.err is not None:
        status.err.err = error_bincode(event.err)
    return status


def _transaction(wire: bytes) -> storage.Transaction:
    transaction = VersionedTransaction.from_bytes(wire)
    message = transaction.message
    header = message.header
    built = storage.Message(
        header=storage.MessageHeader(
            num_required_signatures=header.num_required_signatures,
            num_readonly_signed_accounts=header.num_readonly_signed_accounts,
            num_readonly_unsigned_accounts=header.num_readonly_unsigned_accounts,
        ),
        account_keys=[bytes(key) for key in message.account_keys],
        recent_blockhash=bytes(message.recent_blockhash),
        versioned=not isinstance(message, Message),
    )
    for call in message.instructions:
        built.instructions.add(
            program_id_index=call.program_id_index, accounts=bytes(call.accounts), data=bytes(call.data)
        )
    if isinstance(message, MessageV0):
        for lookup in message.address_table_lookups:
            built.address_table_lookups.add(
                account_key=bytes(lookup.account_key),
                writable_indexes=bytes(lookup.writable_indexes),
                readonly_indexes=bytes(lookup.readonly_indexes),
            )
    return storage.Transaction(signatures=[bytes(one) for one in transaction.signatures], message=built)


def _meta(meta: TransactionMeta) -> storage.TransactionStatusMeta:
    built = storage.TransactionStatusMeta(
        fee=meta.fee_lamports,
        pre_balances=meta.pre_balances,
        post_balances=meta.post_balances,
        log_messages=meta.log_messages,
        pre_token_balances=[_token_balance(one) for one in meta.pre_token_balances],
        post_token_balances=[_token_balance(one) for one in meta.post_token_balances],
        loaded_writable_addresses=[bytes(key) for key in meta.loaded_writable],
        loaded_readonly_addresses=[bytes(key) for key in meta.loaded_readonly],
        compute_units_consumed=meta.compute_units_consumed,
        return_data_none=meta.return_data is None,
    )
    if meta.err is not None:
        built.err.err = error_bincode(meta.err)
    if meta.return_data is not None:
        program, data = meta.return_data
        built.return_data.program_id, built.return_data.data = bytes(program), data
    for index, calls in meta.inner_instructions:
        group = built.inner_instructions.add(index=index)
        for call in calls:
            group.instructions.add(
                program_id_index=call.program_id_index,
                accounts=call.accounts,
                data=call.data,
                stack_height=call.stack_height,
            )
    return built


def _token_balance(balance: TokenBalance) -> storage.TokenBalance:
    digits = str(balance.amount_raw).rjust(balance.decimals + 1, "0")
    whole, part = digits[: len(digits) - balance.decimals], digits[len(digits) - balance.decimals :].rstrip("0")
    text = f"{whole}.{part}" if part else whole
    return storage.TokenBalance(
        account_index=balance.account_index,
        mint=str(balance.mint),
        owner=str(balance.owner),
        program_id=str(balance.program_id),
        # The float is the protocol's, for display; `amount` is what counts.
        ui_token_amount=storage.UiTokenAmount(
            ui_amount=float(text), decimals=balance.decimals, amount=str(balance.amount_raw), ui_amount_string=text
        ),
    )
