"""Commitment levels, and slots that are abandoned for a fork."""

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.integration.localnet_solana.asking import CONFIRMED, PROCESSED, Asking, RpcFailure
from tests.integration.localnet_solana.swapping import WSOL, amm_v4_swap, graph_of, pay
from tradewind.localnet import LocalnetError
from tradewind.localnet.solana import SolanaLocalnet
from tradewind.localnet.solana.events import SlotEvent

FINALIZED = {"commitment": "finalized"}


async def test_a_rollback_undoes_a_transaction_and_the_same_bytes_land_again(
    chain: SolanaLocalnet, rpc: Asking
) -> None:
    trader, receiver = chain.wallets["trader"], Keypair().pubkey()
    wire = await rpc.signed([pay(trader.pubkey(), receiver, 1_000_000)], trader)
    before = await rpc.value("getBalance", str(trader.pubkey()), PROCESSED)
    signature = await rpc.send(wire)
    chain.node.advance(2)
    assert (await rpc.status(signature))["confirmationStatus"] == "confirmed"
    landed = await rpc("getSlot", PROCESSED)
    await rpc("tradewind_rollback", 3)
    assert await rpc.status(signature) is None
    assert await rpc("getTransaction", signature, CONFIRMED) is None
    assert await rpc.value("getAccountInfo", str(receiver), PROCESSED) is None
    assert await rpc.value("getBalance", str(trader.pubkey()), PROCESSED) == before
    assert await rpc("getSlot", PROCESSED) == landed + 1
    assert await rpc.send(wire) == signature
    assert await rpc.value("getBalance", str(receiver), PROCESSED) == 1_000_000
    assert (await rpc.status(signature))["slot"] == landed + 1


async def test_a_pool_goes_back_to_the_price_it_had(chain: SolanaLocalnet, rpc: Asking) -> None:
    pool, trader = chain.description.pool("raydium_amm_v4", "SOL/USDC"), chain.wallets["trader"]
    quoted = graph_of(chain).quote_exact_in(pool.pool, str(WSOL), 10**9).amount_out_raw
    for amount_raw in (10**9, 2 * 10**9):
        await rpc.send(await rpc.signed([amm_v4_swap(pool, trader.pubkey(), WSOL, amount_raw, 1)], trader))
        chain.node.advance()
    assert graph_of(chain).quote_exact_in(pool.pool, str(WSOL), 10**9).amount_out_raw < quoted
    chain.node.rollback(3)
    assert graph_of(chain).quote_exact_in(pool.pool, str(WSOL), 10**9).amount_out_raw == quoted


async def test_a_blockhash_dies_with_its_slot(chain: SolanaLocalnet, rpc: Asking) -> None:
    trader = chain.wallets["trader"]
    chain.node.advance(2)
    wire = await rpc.signed([pay(trader.pubkey(), trader.pubkey(), 1)], trader)
    chain.node.rollback(2)
    with pytest.raises(RpcFailure) as refused:
        await rpc.send(wire)
    assert refused.value.data["err"] == "BlockhashNotFound"


async def test_what_is_finalized_cannot_be_rolled_back(chain: SolanaLocalnet, rpc: Asking) -> None:
    root = await rpc("getSlot", FINALIZED)
    with pytest.raises(LocalnetError, match="5 slots cannot be rolled back"):
        chain.node.rollback(5)
    with pytest.raises(RpcFailure) as refused:
        await rpc("tradewind_rollback", 5)
    assert refused.value.code == -32602
    chain.node.rollback(4)
    # The fork is shorter, and the root stays where it was.
    assert await rpc("getSlot", FINALIZED) == root
    assert await rpc("getSlot", CONFIRMED) == root


async def test_subscribers_hear_of_dead_slots_newest_first_and_then_of_the_fork(chain: SolanaLocalnet) -> None:
    node = chain.node
    node.advance(2)
    slots = [node.slot, node.slot - 1]
    events = node.subscribe()
    node.rollback(2)
    told = [event for event in events.pending() if isinstance(event, SlotEvent)]
    assert [(event.slot, event.status) for event in told] == [
        (slots[0], "dead"),
        (slots[1], "dead"),
        (slots[0] + 1, "created"),
    ]
    assert told[-1].parent == slots[1] - 1


async def test_an_account_is_seen_at_each_level_as_it_was_there(chain: SolanaLocalnet, rpc: Asking) -> None:
    trader, receiver = chain.wallets["trader"], Keypair().pubkey()
    for lamports in (1_000_000, 2_000_000):
        await rpc.send(await rpc.signed([pay(trader.pubkey(), receiver, lamports)], trader))
        chain.node.advance()
    await rpc.send(await rpc.signed([pay(trader.pubkey(), receiver, 4_000_000)], trader))
    seen = await _seen(rpc, receiver)
    assert seen == (7_000_000, 3_000_000, 0)
    chain.node.advance()
    assert await _seen(rpc, receiver) == (7_000_000, 7_000_000, 0)
    chain.node.advance()
    assert await _seen(rpc, receiver) == (7_000_000, 7_000_000, 1_000_000)
    chain.node.advance(2)
    assert await _seen(rpc, receiver) == (7_000_000, 7_000_000, 7_000_000)


async def test_a_programs_accounts_are_those_of_the_asked_level(chain: SolanaLocalnet, rpc: Asking) -> None:
    token_program = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
    trader = chain.wallets["trader"].pubkey()
    wanted = {"filters": [{"dataSize": 165}, {"memcmp": {"offset": 32, "bytes": str(trader)}}], "encoding": "base64"}
    assert len(await rpc("getProgramAccounts", token_program, wanted)) == 4
    (gone, *_) = chain.description.wallet("trader").token_accounts.values()
    chain.node.set_account(Pubkey.from_string(gone), None)
    assert len(await rpc("getProgramAccounts", token_program, wanted | PROCESSED)) == 3
    assert len(await rpc("getProgramAccounts", token_program, wanted)) == 4
    chain.node.advance(4)
    assert len(await rpc("getProgramAccounts", token_program, wanted)) == 3


async def test_a_preflight_at_an_older_level_does_not_know_what_is_newer(chain: SolanaLocalnet, rpc: Asking) -> None:
    trader, fresh = chain.wallets["trader"], Keypair()
    old_blockhash = await rpc.signed([pay(trader.pubkey(), fresh.pubkey(), 5_000_000)], trader)
    chain.node.advance(1)
    new_blockhash = await rpc.signed([pay(trader.pubkey(), fresh.pubkey(), 6_000_000)], trader)
    with pytest.raises(RpcFailure) as too_new:
        await rpc.send(new_blockhash, preflightCommitment="finalized")
    assert too_new.value.data["err"] == "BlockhashNotFound"
    await rpc.send(old_blockhash, preflightCommitment="confirmed")
    onward = await rpc.signed([pay(fresh.pubkey(), trader.pubkey(), 1_000_000)], fresh)
    chain.node.advance(1)
    with pytest.raises(RpcFailure) as unfunded:
        await rpc.send(onward, preflightCommitment="finalized")
    assert unfunded.value.data["err"] == "BlockhashNotFound"
    chain.node.advance(2)
    # The blockhash is finalized by now, the payer's lamports are not.
    with pytest.raises(RpcFailure) as unknown_payer:
        await rpc.send(onward, preflightCommitment="finalized")
    assert unknown_payer.value.data["err"] == "AccountNotFound"
    assert await rpc.value("getBalance", str(fresh.pubkey()), PROCESSED) == 5_000_000
    chain.node.advance(1)
    await rpc.send(onward, preflightCommitment="finalized")
    assert await rpc.value("getBalance", str(fresh.pubkey()), PROCESSED) == 4_000_000 - 5000


async def test_confirmations_count_up_until_there_are_no_more_to_wait_for(chain: SolanaLocalnet, rpc: Asking) -> None:
    signature = await rpc("requestAirdrop", str(Keypair().pubkey()), 1_000_000)
    seen = []
    for _ in range(5):
        status = await rpc.status(signature)
        seen.append((status["confirmationStatus"], status["confirmations"]))
        chain.node.advance()
    assert seen == [("processed", 0), ("confirmed", 1), ("confirmed", 2), ("confirmed", 3), ("finalized", None)]


async def _seen(rpc: Asking, key: Pubkey) -> tuple[int, ...]:
    levels = (PROCESSED, CONFIRMED, FINALIZED)
    return tuple([await rpc.value("getBalance", str(key), level) for level in levels])
