"""A transaction lands while its blockhash lives, and once."""

import pytest
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import Message
from solders.transaction import Transaction

from tests.integration.localnet_solana.asking import PROCESSED, Asking, RpcFailure
from tests.integration.localnet_solana.swapping import pay
from tradewind.localnet.solana import SolanaLocalnet


async def test_a_transaction_lands_up_to_its_last_valid_block_height_and_not_after(
    chain: SolanaLocalnet, rpc: Asking
) -> None:
    trader, receiver = chain.wallets["trader"], Keypair().pubkey()
    latest = await rpc.value("getLatestBlockhash", PROCESSED)
    last = latest["lastValidBlockHeight"]
    in_time = await rpc.signed([pay(trader.pubkey(), receiver, 1_000_000)], trader)
    too_late = await rpc.signed([pay(trader.pubkey(), receiver, 2_000_000)], trader)
    blocks = last - await rpc("getBlockHeight", PROCESSED)
    assert blocks == 149
    chain.node.advance(blocks)
    assert await rpc.value("isBlockhashValid", latest["blockhash"], PROCESSED)
    await rpc.send(in_time)
    chain.node.advance()
    assert await rpc("getBlockHeight", PROCESSED) == last + 1
    assert not await rpc.value("isBlockhashValid", latest["blockhash"], PROCESSED)
    with pytest.raises(RpcFailure) as refused:
        await rpc.send(too_late)
    assert (refused.value.code, refused.value.data["err"]) == (-32002, "BlockhashNotFound")
    assert refused.value.message == "Transaction simulation failed: Blockhash not found"
    # Without a preflight it is taken and silently gone.
    signature = await rpc.send(too_late, skipPreflight=True)
    assert await rpc.status(signature) is None
    assert await rpc.value("getBalance", str(receiver), PROCESSED) == 1_000_000


async def test_the_same_bytes_twice_are_already_processed_and_have_one_effect(
    chain: SolanaLocalnet, rpc: Asking
) -> None:
    trader, receiver = chain.wallets["trader"], Keypair().pubkey()
    wire = await rpc.signed([pay(trader.pubkey(), receiver, 1_000_000)], trader)
    signature = await rpc.send(wire)
    chain.node.advance(3)
    with pytest.raises(RpcFailure) as refused:
        await rpc.send(wire)
    assert (refused.value.code, refused.value.data["err"]) == (-32002, "AlreadyProcessed")
    assert refused.value.message == "Transaction simulation failed: This transaction has already been processed"
    assert await rpc.send(wire, skipPreflight=True) == signature
    assert await rpc.value("getBalance", str(receiver), PROCESSED) == 1_000_000
    assert len(await rpc("getSignaturesForAddress", str(receiver), {"commitment": "confirmed"})) == 1


async def test_a_blockhash_that_was_never_made_is_unknown(chain: SolanaLocalnet) -> None:
    trader = chain.wallets["trader"]
    calls = [pay(trader.pubkey(), trader.pubkey(), 1)]
    message = Message.new_with_blockhash(calls, trader.pubkey(), Hash.new_unique())
    submission = chain.node.submit(bytes(Transaction([trader], message, message.recent_blockhash)), lane="rpc")
    assert submission.refusal is not None
    assert (submission.refusal.code, submission.refusal.err) == ("blockhash_unknown", "BlockhashNotFound")


async def test_block_heights_and_slots_are_different_numbers(rpc: Asking) -> None:
    info = await rpc("getEpochInfo", PROCESSED)
    assert info["absoluteSlot"] == await rpc("getSlot", PROCESSED)
    assert info["blockHeight"] == await rpc("getBlockHeight", PROCESSED)
    assert info["absoluteSlot"] - info["blockHeight"] == 435_888_000 - 414_000_000
    assert info["epoch"] * info["slotsInEpoch"] + info["slotIndex"] == info["absoluteSlot"]


async def test_a_payer_without_lamports_and_a_foreign_signature_are_refused(chain: SolanaLocalnet, rpc: Asking) -> None:
    poor = Keypair()
    with pytest.raises(RpcFailure) as unknown:
        await rpc.send(await rpc.signed([pay(poor.pubkey(), poor.pubkey(), 1)], poor))
    assert (unknown.value.code, unknown.value.data["err"]) == (-32002, "AccountNotFound")
    trader = chain.wallets["trader"]
    wire = bytearray(await rpc.signed([pay(trader.pubkey(), poor.pubkey(), 1_000_000)], trader))
    wire[10] ^= 1
    with pytest.raises(RpcFailure) as forged:
        await rpc.send(bytes(wire))
    assert (forged.value.code, forged.value.message) == (-32003, "Transaction signature verification failure")
    await rpc.send(bytes(wire), skipPreflight=True)
    assert await rpc.value("getBalance", str(poor.pubkey()), PROCESSED) == 0
