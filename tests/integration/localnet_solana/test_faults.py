"""Each fault strikes as it is set, repeats with its seed, and ends when it is switched off."""

import base64

import pytest
from solders.keypair import Keypair

from tests.integration.localnet_solana.asking import PROCESSED, Asking, RpcFailure
from tests.integration.localnet_solana.swapping import pay
from tradewind.localnet.solana import SolanaLocalnet


async def test_a_share_of_the_sends_vanishes_and_the_seed_says_which(chain: SolanaLocalnet, rpc: Asking) -> None:
    landed = []
    for _ in range(2):
        await rpc("tradewind_setFaults", {"seed": 5, "drop_share": {"rpc": 0.5}})
        landed.append([await _lands(chain, rpc) for _ in range(20)])
    assert landed[0] == landed[1]
    assert 3 < sum(landed[0]) < 17
    assert (await rpc("tradewind_faults"))["struck"] == {"drop": 20 - sum(landed[0])}
    await rpc("tradewind_setFaults", {})
    assert await _lands(chain, rpc)


async def test_a_lane_that_is_not_named_is_not_touched(chain: SolanaLocalnet, rpc: Asking) -> None:
    trader = chain.wallets["trader"]
    await rpc("tradewind_setFaults", {"drop_share": {"tpu": 1.0}})
    assert await _lands(chain, rpc)
    wire = await rpc.signed([pay(trader.pubkey(), Keypair().pubkey(), 1_000_000)], trader)
    assert chain.node.submit(wire, lane="tpu").dropped
    await rpc("tradewind_setFaults", {"drop_share": {"*": 1.0, "rpc": 0.0}})
    assert await _lands(chain, rpc)
    assert chain.node.submit(wire, lane="jito").dropped


async def test_a_delayed_send_lands_so_many_slots_later(chain: SolanaLocalnet, rpc: Asking) -> None:
    await rpc("tradewind_setFaults", {"delay_slots": {"rpc": 3}})
    trader, receiver = chain.wallets["trader"], Keypair().pubkey()
    signature = await rpc.send(await rpc.signed([pay(trader.pubkey(), receiver, 1_000_000)], trader))
    sent = await rpc("getSlot", PROCESSED)
    chain.node.advance(2)
    assert await rpc.status(signature) is None
    chain.node.advance()
    assert (await rpc.status(signature))["slot"] == sent + 3


async def test_a_delay_beyond_the_life_of_the_blockhash_lets_the_transaction_expire(
    chain: SolanaLocalnet, rpc: Asking
) -> None:
    await rpc("tradewind_setFaults", {"delay_slots": {"*": 150}})
    trader = chain.wallets["trader"]
    signature = await rpc.send(await rpc.signed([pay(trader.pubkey(), trader.pubkey(), 1)], trader))
    chain.node.advance(200)
    assert await rpc.status(signature) is None


@pytest.mark.parametrize("lie", [-20, 300])
async def test_the_block_height_is_lied_about(rpc: Asking, lie: int) -> None:
    true = await rpc("getBlockHeight", PROCESSED)
    await rpc("tradewind_setFaults", {"block_height_lie": lie})
    assert await rpc("getBlockHeight", PROCESSED) == true + lie
    assert (await rpc("getEpochInfo", PROCESSED))["blockHeight"] == true + lie


async def test_a_share_of_the_statuses_is_hidden_and_stays_hidden(chain: SolanaLocalnet, rpc: Asking) -> None:
    trader = chain.wallets["trader"]
    signatures = [
        await rpc.send(await rpc.signed([pay(trader.pubkey(), trader.pubkey(), number)], trader))
        for number in range(1, 41)
    ]
    chain.node.advance()
    await rpc("tradewind_setFaults", {"hide_status_share": 0.5, "seed": 3})
    first = await rpc.value("getSignatureStatuses", signatures)
    assert 8 < sum(status is None for status in first) < 32
    assert await rpc.value("getSignatureStatuses", signatures) == first
    hidden = signatures[first.index(None)]
    assert await rpc("getTransaction", hidden, {"commitment": "confirmed", "maxSupportedTransactionVersion": 0}) is None
    await rpc("tradewind_setFaults", {})
    assert None not in await rpc.value("getSignatureStatuses", signatures)


async def test_a_node_that_is_behind_refuses_to_send(chain: SolanaLocalnet, rpc: Asking) -> None:
    await rpc("tradewind_setFaults", {"fail_share": {"rpc": 1.0}})
    trader = chain.wallets["trader"]
    wire = await rpc.signed([pay(trader.pubkey(), trader.pubkey(), 1)], trader)
    with pytest.raises(RpcFailure) as refused:
        await rpc.send(wire)
    assert (refused.value.code, refused.value.data) == (-32005, {"numSlotsBehind": 150})
    await rpc("tradewind_setFaults", {})
    assert await rpc.status(await rpc.send(wire)) is not None


async def test_too_many_requests_come_with_http_429_and_retry_after(chain: SolanaLocalnet, rpc: Asking) -> None:
    faults = {"fail_share": {"rpc": 1.0}, "fail_as": "too_many_requests", "retry_after_s": 7}
    await rpc("tradewind_setFaults", faults)
    trader = chain.wallets["trader"]
    text = base64.b64encode(await rpc.signed([pay(trader.pubkey(), trader.pubkey(), 1)], trader)).decode()
    send = {"jsonrpc": "2.0", "id": 1, "method": "sendTransaction", "params": [text, {"encoding": "base64"}]}
    answered = await rpc.post(send)
    assert (answered.status, answered.headers["Retry-After"]) == (429, "7")
    assert answered.document["error"]["code"] == 429


@pytest.mark.parametrize(
    ("faults", "named"),
    [
        ({"drop_share": {"rpc": 1.5}}, "drop_share.rpc"),
        ({"delay_slots": {"rpc": -1}}, "delay_slots.rpc"),
        ({"fail_as": "sulking"}, "fail_as"),
        ({"drop": 1}, "drop"),
        ({"unbundle": "yes"}, "unbundle"),
    ],
)
async def test_wrong_faults_are_refused_by_name_and_change_nothing(
    chain: SolanaLocalnet, rpc: Asking, faults: dict[str, object], named: str
) -> None:
    with pytest.raises(RpcFailure) as refused:
        await rpc("tradewind_setFaults", faults)
    assert refused.value.code == -32602
    assert named in refused.value.message
    assert await _lands(chain, rpc)


async def _lands(chain: SolanaLocalnet, rpc: Asking) -> bool:
    trader, receiver = chain.wallets["trader"], Keypair().pubkey()
    signature = await rpc.send(await rpc.signed([pay(trader.pubkey(), receiver, 1_000_000)], trader))
    return await rpc.status(signature) is not None
